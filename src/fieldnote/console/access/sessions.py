"""Sessions and one-time links. The database has only hashes of their tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.bridge.status.people import REPS_OF_PERSON
from fieldnote.console.access.roles import Role, Viewer

LONGEST: Final = timedelta(days=7)
IDLE: Final = timedelta(hours=12)
LINK_LASTS: Final = timedelta(hours=12)


def fingerprint(token: str) -> bytes:
    """The stored form of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def csrf_token(token: str) -> str:
    """The proof that a form came from a page of this session."""
    return hmac.new(token.encode(), b"fieldnote console form", hashlib.sha256).hexdigest()


async def begin(engine: AsyncEngine, user_id: int, address: str) -> str:
    """A new session's token, for the cookie."""
    token = secrets.token_urlsafe(32)
    values = {"hash": fingerprint(token), "user": user_id, "lasts": LONGEST, "address": address}
    async with engine.begin() as conn:
        await conn.execute(_TIDY, {"idle": IDLE})
        await conn.execute(_BEGIN, values)
    return token


async def end(engine: AsyncEngine, token: str) -> None:
    """End a session."""
    async with engine.begin() as conn:
        await conn.execute(_END, {"hash": fingerprint(token)})


async def viewer_of(engine: AsyncEngine, token: str, connection: str, *, seen: bool = True) -> Viewer | None:
    """The user of a session that is still good. Without a `connection` there are no reps.

    A rep sees also the visits of the rep with the same email, a coach also those of their team in Siro. `seen`: whether
    the person looks, which keeps the session alive; a browser that asks ahead does not.
    """
    values = {"hash": fingerprint(token), "idle": IDLE, "connection": connection}
    async with engine.begin() as conn:
        row = (await conn.execute(_LOOK_WITH_REPS if connection else _LOOK, values)).one_or_none()
        if row is None:
            return None
        if row.stale and seen:
            await conn.execute(_SEEN, {"hash": values["hash"]})
    role = Role(row.role)
    sees_all = role in {Role.ADMIN, Role.VIEWER}
    return Viewer(row.id, row.email, row.name, role, None if sees_all else frozenset(row.reps))


async def is_good(engine: AsyncEngine, token: str) -> bool:
    """Whether a session is still good. Unlike `viewer_of` it is no sign of life: a stream keeps no session alive."""
    values = {"hash": fingerprint(token), "idle": IDLE, "connection": ""}
    async with engine.connect() as conn:
        return (await conn.execute(_LOOK, values)).one_or_none() is not None


async def make_link(engine: AsyncEngine, user_id: int) -> str:
    """A token that signs this user in, once."""
    token = secrets.token_urlsafe(24)
    async with engine.begin() as conn:
        await conn.execute(_LINK, {"hash": fingerprint(token), "user": user_id, "lasts": LINK_LASTS})
    return token


async def use_link(engine: AsyncEngine, token: str) -> int | None:
    """The user that an unused link signs in. It is used now."""
    async with engine.begin() as conn:
        return (await conn.execute(_USE, {"hash": fingerprint(token)})).scalar_one_or_none()


_BEGIN: Final = text("""
    insert into sessions (token_hash, user_id, ends_at, address) values (:hash, :user, now() + :lasts, :address)
""")
_END: Final = text("delete from sessions where token_hash = :hash")
_TIDY: Final = text("delete from sessions where ends_at < now() or seen_at < now() - cast(:idle as interval)")
_LOOK_FORM: Final = """
    select person.id, person.email, person.name, person.role, s.seen_at < now() - interval '5 minutes' as stale,
           {reps} as reps
      from sessions s join users person on person.id = s.user_id
     where s.token_hash = :hash and s.ends_at > now() and s.seen_at > now() - cast(:idle as interval)
       and person.disabled_at is null
"""
_LOOK: Final = text(_LOOK_FORM.format(reps="cast(array[] as text[])"))
_LOOK_WITH_REPS: Final = text(
    _LOOK_FORM.format(
        reps=f"""array(select r.rep from user_reps r where r.user_id = person.id and r.connection = :connection
                 union {REPS_OF_PERSON} and person.role in ('rep', 'coach'))"""  # noqa: S608
    )
)
_SEEN: Final = text("update sessions set seen_at = now() where token_hash = :hash")
_LINK: Final = text("""
    insert into one_time_links (token_hash, user_id, ends_at) values (:hash, :user, now() + :lasts)
""")
_USE: Final = text("""
    delete from one_time_links l using users u
     where l.token_hash = :hash and l.ends_at > now() and u.id = l.user_id and u.disabled_at is null
    returning l.user_id
""")
