"""In which columns of the database a text is, whatever their type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from scripts.stored_columns import SCHEMAS

Rows = Callable[[str], Awaitable[Sequence[Any]]]
"""Runs a query in the schema."""


async def columns_with(rows: Rows, schema: str, texts: Iterable[str], *, without: Iterable[str] = ()) -> set[str]:
    """`table.column` of every column of the schema's tables that has one of the texts, in any case of its letters.

    Also of the jobs that wait. `without`: tables that are left out.
    """
    wanted = [text.lower() for text in texts]
    columns = {table.name: [one.name for one in table.columns] for table in SCHEMAS[schema].sorted_tables}
    columns["procrastinate_jobs"] = ["args", "lock", "queueing_lock"]
    found = set()
    for table, names in columns.items():
        if table in set(without):
            continue
        shown = ", ".join(f'"{name}"::text' for name in names)
        for row in await rows(f"select {shown} from {table}"):
            found |= {
                f"{table}.{name}"
                for name, value in zip(names, row, strict=True)
                if value is not None and any(text in value.lower() for text in wanted)
            }
    return found
