"""A person's choice for a rep: the Siro user that they are, or that they do not use Siro.

A choice counts here at once: in states, in counts, and where the appointment of a recording is looked for. Siro's own
mapping is Siro's: an administrator changes it there.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.reps import Rep, match
from fieldnote.bridge.session import Bridge
from fieldnote.errors import FieldnoteError
from fieldnote.siro.models import User


async def choose_user(bridge: Bridge, rep_id: str, user_id: str, *, actor: str) -> str:
    """Map a rep to a Siro user. Returns the user's name. Raises FieldnoteError if either is not known."""
    async with bridge.engine.begin() as conn:
        await _must_exist(conn, bridge, rep_id)
        values = {"connection": bridge.name, "rep": rep_id, "user": user_id, "actor": actor}
        name = (await conn.execute(_USER, values)).scalar_one_or_none()
        if name is None:
            raise FieldnoteError(
                f"Siro has no user with this id: {user_id}",
                hint="Choose one of the list. `fieldnote users` reads it again.",
            )
        await conn.execute(_CHOOSE, values)
        await conn.execute(_CHOSEN, values)
    return str(name)


async def declare_ignored(bridge: Bridge, rep_id: str, *, actor: str) -> None:
    """Declare that a rep does not use Siro: their recordings are not expected. Raises FieldnoteError."""
    async with bridge.engine.begin() as conn:
        await _must_exist(conn, bridge, rep_id)
        values = {"connection": bridge.name, "rep": rep_id, "actor": actor}
        await conn.execute(_DECLARE, values)
        await conn.execute(_IGNORED, values)


async def undo_choice(bridge: Bridge, rep_id: str) -> bool:
    """Take a choice back; whether there was one. The rep is compared again with the users as they were last listed."""
    values = {"connection": bridge.name, "rep": rep_id}
    async with bridge.engine.begin() as conn:
        was = (await conn.execute(_UNDO, values)).one_or_none()
        if was is not None:
            await _compare_again(conn, values)
    return was is not None


async def _compare_again(conn: AsyncConnection, values: dict[str, str]) -> None:
    row = (await conn.execute(_REP, values)).one_or_none()
    if row is None:
        return
    users = [User(id=one.user_id, email=one.email, first_name=one.name) for one in await conn.execute(_USERS, values)]
    found = match(Rep(row.rep_id, row.email, row.name), users, {})
    result = {"user": found.user.id if found.user else None, "method": found.method.value, "why": found.why}
    await conn.execute(_COMPARED, values | result)


async def _must_exist(conn: AsyncConnection, bridge: Bridge, rep_id: str) -> None:
    known = await conn.scalar(_KNOWN, {"connection": bridge.name, "rep": rep_id})
    if not known:
        raise FieldnoteError(
            f"no appointment names this rep: {rep_id}", hint="Check the id; `fieldnote users` lists them."
        )


_KNOWN: Final = text("select count(*) from board_reps where connection = :connection and rep_id = :rep")
_USER: Final = text("""
    select coalesce(name, email, user_id) from siro_users where connection = :connection and user_id = :user
""")
_CHOOSE: Final = text("""
    insert into rep_choices (connection, rep_id, user_id, actor) values (:connection, :rep, :user, :actor)
    on conflict (connection, rep_id) do update
    set user_id = excluded.user_id, ignored = false, actor = excluded.actor, at = now()
""")
_CHOSEN: Final = text("""
    update board_reps set user_id = :user, method = 'override', why = 'mapped by a person', ignored = false
    where connection = :connection and rep_id = :rep
""")
_DECLARE: Final = text("""
    insert into rep_choices (connection, rep_id, ignored, actor) values (:connection, :rep, true, :actor)
    on conflict (connection, rep_id) do update
    set user_id = null, ignored = true, actor = excluded.actor, at = now()
""")
_IGNORED: Final = text("update board_reps set ignored = true where connection = :connection and rep_id = :rep")
_UNDO: Final = text("delete from rep_choices where connection = :connection and rep_id = :rep returning user_id")
_REP: Final = text("select rep_id, email, name from board_reps where connection = :connection and rep_id = :rep")
_USERS: Final = text("select user_id, email, name from siro_users where connection = :connection")
_COMPARED: Final = text("""
    update board_reps set user_id = :user, method = :method, why = :why, ignored = false
    where connection = :connection and rep_id = :rep
""")
