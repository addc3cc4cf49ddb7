"""`insert … on conflict … do update`, made once for each table: making one costs more than running it."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Table, func
from sqlalchemy.dialects.postgresql import Insert, insert


@cache
def upsert(table: Table, columns: tuple[str, ...], *, now: tuple[str, ...] = ()) -> Insert:
    """Insert a row, or change `columns` of the one with the same primary key. To be run with the row's values.

    `now`: columns that a change sets to the present; on insertion their default counts.
    """
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in columns} | {name: func.now() for name in now}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)
