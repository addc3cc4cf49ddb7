"""Seals every stored secret again, under the current master key."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import text

from fieldnote.workspace.audit import PROGRAM, Operator, commanded
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.rows import read_rows

SEALED: Final = (("webhook_endpoints", "id", "secret"), ("webhook_endpoints", "id", "previous_secret"),
                 ("audio_keys", "organization_id", "sealed"), ("multimedia_events", "id", "download_url"))  # fmt: skip
"""Each column that holds a sealed secret: table, key, column. A test compares it with the tables."""


class _Sealed(NamedTuple):
    key: str
    sealed: bytes


async def reseal_all(workspace: Workspace, *, by: Operator = PROGRAM) -> int:
    """How many secrets there are. All in one transaction: a rotation that is killed begins again.

    Raises DatabaseError for a secret that neither key opens, and changes nothing then.
    """
    count = 0
    async with workspace.engine.begin() as conn:
        for table, key, column in SEALED:
            found = f"select {key}::text as key, {column} as sealed from {table} where {column} is not null for update"  # noqa: S608
            for row in await read_rows(conn, _Sealed, text(found), {}):
                values = {"key": row.key, "sealed": workspace.box.reseal(row.sealed)}
                await conn.execute(text(f"update {table} set {column} = :sealed where {key}::text = :key"), values)  # noqa: S608
                count += 1
        for organization_id in (await conn.execute(text("select id::text from organizations"))).scalars().all():
            await commanded(conn, organization_id, by, "rotate-key", [organization_id])
    return count
