"""The reps of the CRM, as lists choose among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from fieldnote.bridge.board.sight import Sight, of_records
from fieldnote.bridge.session import Bridge


@dataclass(frozen=True, slots=True)
class KnownRep:
    """A rep of the CRM."""

    rep_id: str
    name: str
    """Else the email, else the id."""


async def list_reps(bridge: Bridge, sight: Sight) -> tuple[KnownRep, ...]:
    """The reps that are seen, by name."""
    async with bridge.engine.connect() as conn:
        rows = await conn.execute(_REPS, sight.values | {"connection": bridge.name})
        return tuple(KnownRep(*row) for row in rows)


_REPS: Final = text(f"""
select k.rep_id, coalesce(k.name, k.email, k.rep_id) as name
  from board_reps k where k.connection = :connection and {of_records("k")}
 order by lower(coalesce(k.name, k.email, k.rep_id)), k.rep_id
""")  # noqa: S608
