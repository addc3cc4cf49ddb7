"""The console's users, as an administrator keeps them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.console.access.passwords import hash_password
from fieldnote.console.access.roles import Role
from fieldnote.errors import ConfigError

_EMAIL: Final = re.compile(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+")


@dataclass(frozen=True, slots=True)
class User:
    """A user of the console."""

    id: int
    email: str
    name: str
    role: Role
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None
    reps: tuple[str, ...]
    """The CRM's ids of the reps that they see; of importance for coaches and reps alone."""


async def add_user(
    engine: AsyncEngine,
    *,
    email: str,
    role: Role,
    name: str | None = None,
    password: str | None = None,
    connection: str = "",
    reps: Iterable[str] = (),
) -> int:
    """Add a user. Without a password, only a one-time link signs them in. Raises `ConfigError`."""
    address = _checked(email)
    kept = None if password is None else await asyncio.to_thread(hash_password, password)
    async with engine.begin() as conn:
        values = {"email": address, "name": (name or "").strip() or address, "role": role.value, "hash": kept}
        added = (await conn.execute(_ADD, values)).scalar_one_or_none()
        if added is None:
            raise ConfigError(
                f"the user exists already: {address}",
                hint="Change the password with `fieldnote console user password`.",
            )
        await _set_reps(conn, int(added), connection, reps)
    return int(added)


async def ensure_user(engine: AsyncEngine, *, email: str, role: Role, name: str) -> int:
    """The user with this email, added without a password where there is none."""
    values = {"email": _checked(email), "name": name, "role": role.value}
    async with engine.begin() as conn:
        return int((await conn.execute(_ENSURE, values)).scalar_one())


async def list_users(engine: AsyncEngine, connection: str = "") -> list[User]:
    """All users, by email."""
    async with engine.connect() as conn:
        rows = await conn.execute(_LIST, {"connection": connection})
        return [
            User(
                r.id, r.email, r.name, Role(r.role), r.has_password, r.created_at, r.disabled_at, r.seen, tuple(r.reps)
            )
            for r in rows
        ]


async def count_users(engine: AsyncEngine) -> int:
    """The users that may sign in."""
    async with engine.connect() as conn:
        return int((await conn.execute(_COUNT)).scalar_one())


async def set_password(engine: AsyncEngine, email: str, password: str) -> None:
    """Change a password. The user's sessions end. Raises `ConfigError`."""
    kept = await asyncio.to_thread(hash_password, password)
    await _change(engine, email, _PASSWORD, {"hash": kept})


async def set_disabled(engine: AsyncEngine, email: str, *, disabled: bool) -> None:
    """Disable a user, whose sessions and links end, or enable them again. Raises `ConfigError`."""
    await _change(engine, email, _DISABLE if disabled else _ENABLE, {})


async def set_role(
    engine: AsyncEngine, email: str, role: Role, *, connection: str = "", reps: Iterable[str] | None = None
) -> None:
    """Change a role, and the reps that go with it. Raises `ConfigError`."""
    user_id = await _change(engine, email, _ROLE, {"role": role.value})
    if reps is not None:
        async with engine.begin() as conn:
            await _set_reps(conn, user_id, connection, reps)


async def _change(engine: AsyncEngine, email: str, statement: object, values: dict[str, object]) -> int:
    address = _checked(email)
    async with engine.begin() as conn:
        changed = (await conn.execute(statement, {"email": address, **values})).scalar_one_or_none()  # type: ignore[call-overload]
        if changed is None:
            raise ConfigError(
                f"unknown user: {address}", hint="`fieldnote console user list` shows the users of the console."
            )
        if statement is not _ENABLE:
            await conn.execute(_END_SESSIONS, {"id": changed})
            await conn.execute(_END_LINKS, {"id": changed})
    return int(changed)


async def _set_reps(conn: AsyncConnection, user_id: int, connection: str, reps: Iterable[str]) -> None:
    key = {"id": user_id, "connection": connection}
    await conn.execute(_CLEAR_REPS, key)
    for rep in dict.fromkeys(reps):
        await conn.execute(_ADD_REP, {**key, "rep": rep})


def _checked(email: str) -> str:
    address = email.strip().lower()
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise ConfigError(f"the email is not an address: {email!r}", hint="Write it as name@example.com.")
    return address


_ADD: Final = text("""
    insert into users (email, name, role, password_hash) values (:email, :name, :role, :hash)
    on conflict (email) do nothing returning id
""")
_ENSURE: Final = text("""
    insert into users (email, name, role) values (:email, :name, :role)
    on conflict (email) do update set role = excluded.role, disabled_at = null returning id
""")
_LIST: Final = text("""
    select u.id, u.email, u.name, u.role, u.password_hash is not null as has_password, u.created_at, u.disabled_at,
           (select max(s.seen_at) from sessions s where s.user_id = u.id) as seen,
           array(select r.rep from user_reps r
                  where r.user_id = u.id and r.connection = :connection order by r.rep) as reps
      from users u order by u.email
""")
_COUNT: Final = text("select count(*) from users where disabled_at is null")
_PASSWORD: Final = text("update users set password_hash = :hash where email = :email returning id")
_DISABLE: Final = text("update users set disabled_at = coalesce(disabled_at, now()) where email = :email returning id")
_ENABLE: Final = text("update users set disabled_at = null where email = :email returning id")
_ROLE: Final = text("update users set role = :role where email = :email returning id")
_END_SESSIONS: Final = text("delete from sessions where user_id = :id")
_END_LINKS: Final = text("delete from one_time_links where user_id = :id")
_CLEAR_REPS: Final = text("delete from user_reps where user_id = :id and connection = :connection")
_ADD_REP: Final = text("insert into user_reps (user_id, connection, rep) values (:id, :connection, :rep)")
