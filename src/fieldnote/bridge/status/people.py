"""Siro's users as they were last listed, and the choices of people about reps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class SiroUser:
    """A user of Siro."""

    user_id: str
    email: str | None
    name: str | None
    team: str | None

    @property
    def called(self) -> str:
        """Name and email, as far as they are known."""
        name, email = self.name or "", self.email or ""
        return f"{name} ({email})" if name and email and name != email else name or email or self.user_id


async def siro_users(conn: AsyncConnection, connection: str) -> list[SiroUser]:
    """All of them, by name."""
    rows = await conn.execute(_USERS, {"connection": connection})
    return [SiroUser(row.user_id, row.email, row.name, row.team) for row in rows]


async def chosen_reps(conn: AsyncConnection, connection: str) -> set[str]:
    """The reps for whom a person chose something here."""
    return {str(one) for one in await conn.scalars(_CHOSEN, {"connection": connection})}


REPS_OF_PERSON: Final = """
    select own.rep_id
      from bridge.board_reps own
      left join bridge.siro_users seen on seen.connection = own.connection and seen.user_id = own.user_id
     where own.connection = :connection
       and (lower(own.email) = lower(person.email) or lower(seen.email) = lower(person.email)
            or (person.role = 'coach' and exists (
                select from bridge.siro_users coach
                 where coach.connection = own.connection and coach.user_id = any(seen.coaches)
                   and lower(coach.email) = lower(person.email))))
"""
"""The CRM ids of the reps that a `person` (email, role) is, and of those whom a coach coaches in Siro. A part of the
query that finds a session, so that no page needs another statement for it."""

_USERS: Final = text("""
    select user_id, email, name, team from siro_users where connection = :connection
    order by lower(coalesce(name, email, user_id)), user_id
""")
_CHOSEN: Final = text("select rep_id from rep_choices where connection = :connection")
