"""Tells the addresses under `alerts` when a connection's status turns bad, changes, or is well again: once each.

What was told last is kept as a run of the kind `watch`, so that a daemon that starts anew, or a second one, does not
tell it again. Nothing of a customer's is told.
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
    """Look at the status, and tell of it if its problems are others than those told last; whether it was told.

    Where no address takes the message, the next look tells it again. The connection must have been verified once.
    """
    async with exclusive(bridge.engine, WATCH, bridge.name, max_wait=0):
        problems = (await status(bridge)).problems
        names = sorted(problem.name for problem in problems)
        if names == await _told(bridge):
            return False
        sent = await asyncio.to_thread(_send, bridge.config, problems)
        if sent:
            await finish(bridge.engine, await begin(bridge.engine, bridge.name, WATCH), {"problems": names})
    log.info("alert_sent" if sent else "alert_not_sent", extra={"connection": bridge.name, "problems": len(problems)})
    return sent


def check_addresses(config: Config) -> None:
    """Raises ConfigError where an address is none that can be told anything. The address itself is a secret."""
    if config.alerts.to:
        _open(config)


async def _told(bridge: Bridge) -> list[str]:
    """The names of the problems that were told last."""
    told = select(runs.c.outcome).where(
        runs.c.connection == bridge.name, runs.c.kind == WATCH, runs.c.finished_at.is_not(None)
    )
    async with bridge.engine.connect() as conn:
        outcome = await conn.scalar(told.order_by(runs.c.started_at.desc()).limit(1))
    return list((outcome or {}).get("problems", []))


def _open(config: Config) -> apprise.Apprise:
    import apprise  # noqa: PLC0415 - it is large, and only where alerts are asked for

    for chatty in ("apprise", "urllib3"):  # they would log addresses, and secrets stand in those
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    opened = apprise.Apprise()
    for place, address in enumerate(config.alerts.to):
        if not opened.add(address.get_secret_value()):
            raise ConfigError(
                f"{config.at(('alerts',))}: address {place + 1} of alerts is none that Apprise knows",
                hint="Write it as https://appriseit.com says, for example mailto://user:password@example.com.",
            )
    return opened


def _send(config: Config, problems: Sequence[Problem]) -> bool:
    """Whether any address took it."""
    title, body = message(config.connection, problems)
    return any(_open(config).notify(title=title, body=body, body_format="text"))


def message(connection: str, problems: Sequence[Problem]) -> tuple[str, str]:
    """Title and text. Pure."""
    if not problems:
        return f"Fieldnote: connection {connection} is well again", "All problems that were told of are gone."
    lines = [f"- {problem.words}\n  {problem.hint}" for problem in problems]
    return f"Fieldnote: connection {connection} needs somebody", "\n".join(lines)
