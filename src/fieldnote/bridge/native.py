"""Siro's own integrations: where one is active, a push of the same appointments would double each of them.

The answer is kept with the connection for a day, so that a push with nothing to do costs no call.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, update

from fieldnote.bridge.errors import NativeIntegrationActive
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import connections
from fieldnote.siro.errors import Forbidden, NotFound
from fieldnote.siro.models.enums import IntegrationPlatform

if TYPE_CHECKING:
    from fieldnote.siro.models import Connection

_ASK_AGAIN: Final = timedelta(days=1)


async def active_integrations(bridge: Bridge) -> list[Connection] | None:
    """Siro's own integrations that sync now; None where Siro does not say. Remembers them. Raises SiroError."""
    try:
        listed = await bridge.remote.client.connections.list()
    except (NotFound, Forbidden):
        await _remember(bridge, None)
        return None
    active = [
        item
        for item in listed
        if item.is_active
        and item.deleted_at is None
        and item.integration_platform != IntegrationPlatform.SIRO_CUSTOM_INPUT
    ]
    await _remember(bridge, ", ".join(map(describe, active)) or None)
    return active


def describe(integration: Connection) -> str:
    """`SERVICE_TITAN (Acme Roofing)`."""
    return f"{integration.integration_platform} ({integration.name or integration.id})"


async def refuse_doubling(bridge: Bridge, *, allowed: bool = False, ask: bool = True) -> None:
    """Raise `NativeIntegrationActive` where a push would double records, unless a person or the file allows it.

    `ask`: ask Siro if the last answer is older than a day, or was that one is active.
    """
    if allowed or (bridge.config.push is not None and bridge.config.push.allow_native):
        return
    async with bridge.engine.connect() as conn:
        columns = select(connections.c.native_integrations, connections.c.native_checked_at)
        row = (await conn.execute(columns.where(connections.c.name == bridge.name))).one_or_none()
    names, checked_at = (row.native_integrations, row.native_checked_at) if row is not None else (None, None)
    if ask and (names or checked_at is None or datetime.now(UTC) - checked_at > _ASK_AGAIN):
        names = ", ".join(map(describe, await active_integrations(bridge) or ()))
    if names:
        raise NativeIntegrationActive(
            f"Siro's own integration is active: {names}; a push would double its records",
            hint="Remove `push` from the file and only pull. If it syncs other records, set "
            "`push: {allow_native: true}` or run `fieldnote push --allow-native` once.",
        )


async def _remember(bridge: Bridge, names: str | None) -> None:
    async with bridge.engine.begin() as conn:
        values = {"native_integrations": names, "native_checked_at": func.now()}
        await conn.execute(update(connections).where(connections.c.name == bridge.name).values(values))
