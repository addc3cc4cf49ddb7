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


async def reps_of_person(conn: AsyncConnection, connection: str, email: str, *, as_coach: bool) -> frozenset[str]:
    """The CRM ids of the reps that a person with this email is, and of those whom they coach in Siro."""
    values = {"connection": connection, "email": email.casefold(), "as_coach": as_coach}
    return frozenset(str(one) for one in await conn.scalars(_OF_PERSON, values))


_OF_PERSON: Final = text("""
    select r.rep_id
      from board_reps r left join siro_users u on u.connection = r.connection and u.user_id = r.user_id
     where r.connection = :connection
       and (lower(r.email) = :email or lower(u.email) = :email
            or (:as_coach and exists (
                select from siro_users c
                 where c.connection = r.connection and c.user_id = any(u.coaches) and lower(c.email) = :email)))
""")
_USERS: Final = text("""
    select user_id, email, name, team from siro_users where connection = :connection
    order by lower(coalesce(name, email, user_id)), user_id
""")
_CHOSEN: Final = text("select rep_id from rep_choices where connection = :connection")
