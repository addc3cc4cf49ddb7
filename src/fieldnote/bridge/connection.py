"""A connection: one CRM joined to one Siro organization, and the proof that it still is.

It remembers the organization, the base URL and the CRM that it was first used with. If one of them is another
now, every push and pull stops: ids of two CRMs, or of two organizations, would be taken for each other.
While credential, base URL and CRM are those that were verified, the check costs no call.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.driver_calls import call_driver
from fieldnote.bridge.errors import ConnectionChanged
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import backfills, connections, due, events, pulls, recordings, sent, streams

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """The two sides of a connection."""

    organization_id: str
    base_url: str
    crm_identity: str


async def verify(bridge: Bridge, *, accept_change: bool = False) -> Identity:
    """Make sure that this is still the same organization, base URL and CRM; the first use remembers them.

    With `accept_change` the new ones are remembered instead, and what was known about the old ones is
    forgotten: see `_forget`. Raises `ConnectionChanged` otherwise.
    """
    credential = bridge.box.fingerprint(bridge.remote.credential)
    crm_identity = await call_driver(lambda: bridge.crm.identity, doing="connecting to the CRM")
    known = await _read(bridge)
    base_url = bridge.remote.base_url
    if known is not None and (known.credential, known.base_url, known.crm_identity) == (
        credential,
        base_url,
        crm_identity,
    ):
        return Identity(known.organization_id, base_url, crm_identity)
    found = Identity(await bridge.remote.organization_id(), base_url, crm_identity)
    if known is None:
        return await _remember_first(bridge, found, credential)
    changes = _changes(known, found)
    if changes and not accept_change:
        raise _changed(bridge.name, changes)
    await _remember(bridge, known, found, credential)
    return found


async def _read(bridge: Bridge) -> Any:
    async with bridge.engine.connect() as conn:
        return (await conn.execute(select(connections).where(connections.c.name == bridge.name))).one_or_none()


async def _remember_first(bridge: Bridge, found: Identity, credential: str) -> Identity:
    row = {
        "name": bridge.name,
        "organization_id": found.organization_id,
        "base_url": found.base_url,
        "crm_identity": found.crm_identity,
        "credential": credential,
    }
    async with bridge.engine.begin() as conn:
        added = await conn.execute(insert(connections).values(row).on_conflict_do_nothing())
    if added.rowcount:
        log.info("connection_made", extra={"connection": bridge.name})
        return found
    return await verify(bridge)  # another process was quicker; it may have another file


def _changes(known: Any, found: Identity) -> list[tuple[str, str, str]]:
    pairs = (
        ("organization", known.organization_id, found.organization_id),
        ("base URL", known.base_url, found.base_url),
        ("CRM", known.crm_identity, found.crm_identity),
    )
    return [(what, before, now) for what, before, now in pairs if before != now]


def _changed(name: str, changes: list[tuple[str, str, str]]) -> ConnectionChanged:
    lines = "; ".join(f"the {what} was {before} and is {now}" for what, before, now in changes)
    return ConnectionChanged(
        f"connection '{name}' has changed: {lines}",
        hint="For another CRM or organization, set a separate `connection: NAME` in the file. "
        "If the same one moved, run `fieldnote push --accept-change` once.",
    )


async def _remember(bridge: Bridge, known: Any, found: Identity, credential: str) -> None:
    values: dict[str, Any] = {
        "organization_id": found.organization_id,
        "base_url": found.base_url,
        "crm_identity": found.crm_identity,
        "credential": credential,
        "verified_at": func.now(),
    }
    siro_changed = (known.organization_id, known.base_url) != (found.organization_id, found.base_url)
    if siro_changed:
        values |= {"integration_connection_id": None, "native_integrations": None, "native_checked_at": None}
    async with bridge.engine.begin() as conn:
        await conn.execute(update(connections).where(connections.c.name == bridge.name).values(values))
        await _forget(conn, bridge.name, siro=siro_changed, crm=known.crm_identity != found.crm_identity)
    changed = [what for what, _, _ in _changes(known, found)]
    log.info("connection_changed", extra={"connection": bridge.name, "changed": ", ".join(changed)})


async def _forget(conn: AsyncConnection, name: str, *, siro: bool, crm: bool) -> None:
    """Another Siro has received nothing from us and has other recordings; another CRM is read from its start.

    What was written into the CRM, and its provenance, stays known either way.
    """
    if siro:
        for table in (sent, streams, due, events, pulls, backfills, recordings):
            await conn.execute(delete(table).where(table.c.connection == name))
    elif crm:
        await conn.execute(delete(streams).where(streams.c.connection == name))
