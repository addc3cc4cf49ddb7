"""Log lines for a terminal and for a log collector: an event's stable name, then its context."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from fieldnote.printable import printable

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}
# Libraries that log request lines, bodies or SQL: silent below a warning, whatever the level.
_CHATTY = ("httpx2", "httpcore2", "sqlalchemy", "alembic", "asyncio", "uvicorn.access", "procrastinate")


class EventFormatter(logging.Formatter):
    """`2026-02-15T14:00:00Z INFO fieldnote.bridge.push record_sent stream=engagements key=7`.

    A traceback shows its lines of code and the kinds of its errors, without their messages: these may quote a row.
    """

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{time} {record.levelname} {record.name} {record.getMessage()}{_context(record)}"
        return printable(f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - the name that logging calls
        """The errors from the first cause on, each with its place in the code."""
        parts: list[str] = []
        error = ei[1]
        while error is not None:
            frames = "".join(traceback.format_tb(error.__traceback__))
            parts.insert(0, f"Traceback (most recent call last):\n{frames}{_kind(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(parts)


def _kind(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None)
    return type(error).__name__ if state is None else f"{type(error).__name__} ({state})"


def _context(record: logging.LogRecord) -> str:
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return "".join(
        f" {name}={value if isinstance(value, int | float) else json.dumps(str(value), ensure_ascii=False)}"
        for name, value in extra.items()
    )


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr as it is at each line: a program that runs a command may have replaced it since."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def configure_logging(level: int) -> None:
    """Send Fieldnote's own log lines of `level` and above to stderr."""
    handler = _StderrHandler()
    handler.setFormatter(EventFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("fieldnote").setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
