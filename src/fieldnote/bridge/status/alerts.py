"""Alerts: one message when a connection's status turns bad, changes, or is good again.

The last message is a run of the kind `watch`, so a restarted or second daemon does not repeat it. A message has no
customer data.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sqlalchemy import select

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.run_log import begin, finish
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.health import Problem, status
from fieldnote.db.bridge_tables import runs
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apprise

    from fieldnote.config import Config

log = logging.getLogger(__name__)

WATCH = "watch"


async def watch(bridge: Bridge) -> bool:
    """Send the problems if they changed since the last message. Returns whether a message was sent.

    If no address accepts the message, the next look sends it again. The connection must have been verified once.
    """
    async with exclusive(bridge.engine, WATCH, bridge.name, max_wait=0):
        problems = (await status(bridge)).problems
        names = sorted(problem.name for problem in problems)
        if names == await _last_sent(bridge):
            return False
        sent = await asyncio.to_thread(_send, bridge.config, problems)
        if sent:
            await finish(bridge.engine, await begin(bridge.engine, bridge.name, WATCH), {"problems": names})
    log.info("alert_sent" if sent else "alert_not_sent", extra={"connection": bridge.name, "problems": len(problems)})
    return sent


def check_addresses(config: Config) -> None:
    """Raises ConfigError for an invalid address. The address itself is a secret."""
    if config.alerts.to:
        _open(config)


async def _last_sent(bridge: Bridge) -> list[str]:
    """The names of the problems in the last message."""
    last = select(runs.c.outcome).where(
        runs.c.connection == bridge.name, runs.c.kind == WATCH, runs.c.finished_at.is_not(None)
    )
    async with bridge.engine.connect() as conn:
        outcome = await conn.scalar(last.order_by(runs.c.started_at.desc()).limit(1))
    return list((outcome or {}).get("problems", []))


def _open(config: Config) -> apprise.Apprise:
    import apprise  # noqa: PLC0415 - large, and needed only with alerts

    for chatty in ("apprise", "urllib3"):  # they log addresses, which have secrets
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    opened = apprise.Apprise()
    for index, address in enumerate(config.alerts.to):
        if not opened.add(address.get_secret_value()):
            raise ConfigError(
                f"{config.at(('alerts', index))}: alerts[{index}] is not a valid Apprise URL",
                hint="Write it as https://appriseit.com says, for example mailto://user:password@example.com.",
            )
    return opened


def _send(config: Config, problems: Sequence[Problem]) -> bool:
    """Whether any address accepted it."""
    title, body = message(config.connection, problems)
    return any(_open(config).notify(title=title, body=body, body_format="text"))


def message(connection: str, problems: Sequence[Problem]) -> tuple[str, str]:
    """Title and text. Pure."""
    if not problems:
        return f"Fieldnote: connection {connection} is OK again", "All reported problems are fixed."
    lines = [f"- {problem.words}\n  {problem.hint}" for problem in problems]
    return f"Fieldnote: connection {connection} needs attention", "\n".join(lines)
