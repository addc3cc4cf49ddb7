"""The sends of one record to Siro, and what each changed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST: Final = 50
_MOST_CHANGES: Final = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One field of Siro's record."""

    name: str
    """`account.name`"""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """One send, or an attempt that failed."""

    at: datetime
    state: str
    """sent, or the state that the failure left: refused, unmapped or pending."""
    reason: str | None
    changes: tuple[Change, ...]
    """Compared with the send before it; of the first one, all fields."""


async def sends_of(conn: AsyncConnection, connection: str, stream: str, key: str) -> list[Send]:
    """The sends that are kept, the latest first."""
    rows = (await conn.execute(_SENDS, {"connection": connection, "stream": stream, "key": key, "limit": MOST})).all()
    found: list[Send] = []
    before: Mapping[str, Any] = {}
    for row in reversed(rows):
        if row.state == "sent":
            after = row.payload or {}
            found.append(Send(row.at, row.state, None, tuple(_changes(before, after))[:_MOST_CHANGES]))
            before = after
        else:
            found.append(Send(row.at, row.state, row.reason, ()))
    return found[::-1]


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = dict(_flat(before)), dict(_flat(after))
    for name in [*new, *(name for name in old if name not in new)]:
        if old.get(name) != new.get(name):
            yield Change(name, old.get(name), new.get(name))


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Each value by its path; one that is empty is left out. Pure."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            yield from _flat(item, f"{path}[{number}]" if len(value) > 1 else path)
    elif value not in (None, ""):
        yield path, str(value)


_SENDS: Final = text("""
    select * from (
        select id, at, state, reason, payload from sends
        where connection = :connection and stream = :stream and key = :key
        union all
        select 9223372036854775807, sent_at, 'sent', null, payload from sent
        where connection = :connection and stream = :stream and key = :key and sent_at is not null
    ) as kept order by at desc, id desc limit :limit
""")
