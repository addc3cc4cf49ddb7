"""The parts of the file that the board depends on, as the database knows them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.session import Bridge
from fieldnote.bridge.zones import zone_setting
from fieldnote.db.bridge_tables import board_settings, connections
from fieldnote.db.engine import Application, open_engine

_JOINT: Final = "\x1f"
_FEW: Final = 2_000
"""Changes that are copied in about a tenth of a second."""
_COUNT_STALE: Final = text("""
    select count(*) from (select from board_stale where connection = :connection limit :few) as stale
""")
_COUNT_SENT: Final = text("""
    select count(*) from (select from sent where connection = :connection limit :few) as some_of_it
""")
_ANALYZE: Final = text("analyze sent, recordings, recording_links, recording_contents, fields")
_SIZE: Final = text("""
    select (select count(*) from board_records where connection = :connection) as records,
           (select count(*) from board_recordings where connection = :connection) as recordings
""")
_REFRESH_IF_KNOWN: Final = text("""
    select board_refresh(:connection) from board_settings
     where connection = :connection and models = cast(:models as text[]) and columns = cast(:columns as text[])
       and zone is not distinct from cast(:zone as text)
""")


async def prepare(bridge: Bridge) -> None:
    """Tell the board what the file writes and where days are counted; compute it again where that changed.

    Does nothing before the connection's first push or pull.
    """
    wanted = _wanted(bridge)
    async with bridge.engine.connect() as conn:
        if await _known(conn, bridge.name) == wanted:
            return
    async with bridge.engine.begin() as conn:
        exists = select(connections.c.name).where(connections.c.name == bridge.name).with_for_update()
        if await conn.scalar(exists) is None or await _known(conn, bridge.name) == wanted:
            return
        statement = insert(board_settings).values(connection=bridge.name, **wanted)
        await conn.execute(statement.on_conflict_do_update(index_elements=["connection"], set_=wanted))
        await rebuild(conn, bridge.name)


async def refresh(bridge: Bridge) -> None:
    """Copy to the board what changed since it was last read. Call it before you read."""
    async with bridge.engine.begin() as conn:
        known = await conn.execute(_REFRESH_IF_KNOWN, {"connection": bridge.name, **_wanted(bridge)})
        if known.first() is not None:
            return
    await prepare(bridge)
    async with bridge.engine.begin() as conn:
        await conn.execute(text("select board_refresh(:connection)"), {"connection": bridge.name})


async def refresh_if_few(bridge: Bridge) -> None:
    """The same at the end of a push or pull, so that little is left to the next reader."""
    async with bridge.engine.begin() as conn:
        if int(await conn.scalar(_COUNT_STALE, {"connection": bridge.name, "few": _FEW}) or 0) < _FEW:
            await conn.execute(text("select board_refresh(:connection)"), {"connection": bridge.name})


async def rebuild(conn: AsyncConnection, connection: str) -> None:
    """Compute the board of a connection from the ledger.

    A ledger that was filled a moment ago has no statistics: the database would compute a large board row by row.
    """
    if int(await conn.scalar(_COUNT_SENT, {"connection": connection, "few": _FEW}) or 0) >= _FEW:
        await conn.execute(_ANALYZE)
    await conn.execute(text("select board_rebuild(:connection)"), {"connection": connection})


async def rebuild_all(url: str) -> list[tuple[str, int, int]]:
    """Compute the boards of all connections in this database: each one's name, records and recordings.

    Raises DatabaseError.
    """
    engine = await open_engine(Application.BRIDGE, url, pool_size=1)
    try:
        async with engine.connect() as conn:
            names = list(await conn.scalars(select(connections.c.name).order_by(connections.c.name)))
        found = []
        for name in names:
            async with engine.begin() as conn:
                await rebuild(conn, name)
                row = (await conn.execute(_SIZE, {"connection": name})).one()
            found.append((name, int(row.records), int(row.recordings)))
        return found
    finally:
        await engine.dispose()


async def _known(conn: AsyncConnection, connection: str) -> dict[str, Any] | None:
    columns = [board_settings.c[name] for name in ("models", "columns", "zone")]
    row = (await conn.execute(select(*columns).where(board_settings.c.connection == connection))).one_or_none()
    return None if row is None else dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def _wanted(bridge: Bridge) -> dict[str, Any]:
    targets = bridge.config.pull.targets() if bridge.config.pull is not None else {}
    columns = {
        _JOINT.join((model, target.table, settings.to))
        for model, target in targets.items()
        for settings in target.fields.values()
    }
    return {"models": sorted(targets), "columns": sorted(columns), "zone": zone_setting(bridge)}
