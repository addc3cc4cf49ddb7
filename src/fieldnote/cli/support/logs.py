"""Log lines for a terminal and for a log collector: an event's stable name, then its context."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from fieldnote.printable import printable

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}
# Libraries that log request lines, bodies or SQL: silent below a warning, whatever the level.
_CHATTY = ("httpx2", "httpcore2", "sqlalchemy", "alembic", "asyncio", "uvicorn.access", "procrastinate")


class EventFormatter(logging.Formatter):
    """`2026-02-15T14:00:00Z INFO fieldnote.bridge.push record_sent stream=engagements key=7`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{time} {record.levelname} {record.name} {record.getMessage()}{_context(record)}"
        return printable(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)


def _context(record: logging.LogRecord) -> str:
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return "".join(
        f" {name}={value if isinstance(value, int | float) else json.dumps(str(value), ensure_ascii=False)}"
        for name, value in extra.items()
    )


def configure_logging(level: int) -> None:
    """Send Fieldnote's own log lines of `level` and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EventFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("fieldnote").setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
