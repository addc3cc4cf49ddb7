"""The CRM's reps beside Siro's users, as they were last compared. Pages read these and never ask Siro."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.ignored import ignored_reps
from fieldnote.bridge.remote import clean
from fieldnote.bridge.reps import Mapped, MappingMethod, Rep, match, overrides_of
from fieldnote.bridge.run_log import begin, finish
from fieldnote.bridge.session import Bridge
from fieldnote.siro.errors import SiroError
from fieldnote.siro.models import User

log = logging.getLogger(__name__)


async def keep_people(bridge: Bridge) -> bool:
    """List Siro's users and teams, and map the reps of all appointments. Whether Siro answered."""
    try:
        users = await bridge.remote.users()
        overrides = await overrides_of(bridge) or {}
    except SiroError as error:
        log.info("people_unknown", extra={"connection": bridge.name, "error": type(error).__name__})
        return False
    await refresh(bridge)
    ignored = await ignored_reps(bridge)
    async with bridge.engine.begin() as conn:
        mapped = await map_reps(conn, bridge.name, users, overrides)
        await save_users(conn, bridge.name, users)
        await save_reps(conn, bridge.name, mapped, ignored)
    return True


async def keep_people_if_old(bridge: Bridge) -> None:
    """The same, at most once an hour."""
    async with bridge.engine.connect() as conn:
        is_fresh = await conn.scalar(_IS_FRESH, {"connection": bridge.name, "kind": _RUN, "hours": _HOURS})
    if is_fresh:
        return
    run_id = await begin(bridge.engine, bridge.name, _RUN)
    answered = await keep_people(bridge)
    await finish(bridge.engine, run_id, {} if answered else {"error": "Unavailable"})


async def kept_people(conn: AsyncConnection, connection: str) -> tuple[list[User], dict[str, str]] | None:
    """Siro's users, and the reps that a person mapped to one (CRM id -> user id), if listed within the hour; else None.

    `fieldnote run` lists them every hour, so that nothing else has to.
    """
    values = {"connection": connection, "kind": _RUN, "hours": _HOURS}
    if not await conn.scalar(_WAS_LISTED, values):
        return None
    users = [User(id=row.user_id, email=row.email, first_name=row.name) for row in await conn.execute(_USERS, values)]
    chosen = await conn.execute(_MAPPED_BY_PERSON, values | {"method": MappingMethod.OVERRIDE.value})
    return users, {row.rep_id: row.user_id for row in chosen}


async def map_reps(
    conn: AsyncConnection, connection: str, users: Sequence[User], overrides: Mapping[str, str]
) -> list[Mapped]:
    """The reps of all appointments, each with its Siro user."""
    rows = await conn.execute(_REPS, {"connection": connection})
    reps = [Rep(row.id, row.email, row.name) for row in rows]
    # Each rep is compared with every user.
    return await asyncio.to_thread(lambda: [match(rep, users, overrides) for rep in reps])


async def save_users(conn: AsyncConnection, connection: str, users: Sequence[User]) -> None:
    """Keep these users, and no other."""
    values = {
        "connection": connection,
        "ids": [user.id for user in users],
        "emails": [user.email for user in users],
        "names": [user.full_name or None for user in users],
        "phones": [clean(user.phone_number) or None for user in users],
        "teams": [user.member_team_id for user in users],
        "coaches": [json.dumps(_coaches(user, users)) for user in users],
    }
    await conn.execute(_DROP_USERS, values)
    await conn.execute(_SAVE_USERS, values)


def _coaches(user: User, users: Sequence[User]) -> list[str]:
    team = user.member_team_id
    return [one.id for one in users if team is not None and team in one.coach_team_ids]


async def save_reps(conn: AsyncConnection, connection: str, mapped: Sequence[Mapped], ignored: Iterable[str]) -> None:
    """Keep these reps, and no other. `ignored`: ids and emails of those who do not use Siro."""
    unused = set(ignored)
    names = [{(item.rep.external_id or "").casefold(), (item.rep.email or "").casefold()} for item in mapped]
    values = {
        "connection": connection,
        "ids": [item.rep.external_id for item in mapped],
        "emails": [item.rep.email for item in mapped],
        "names": [item.rep.name for item in mapped],
        "users": [item.user.id if item.user else None for item in mapped],
        "methods": [item.method.value for item in mapped],
        "whys": [item.why for item in mapped],
        "ignored": [bool(unused & name) for name in names],
    }
    await conn.execute(_DROP_REPS, values)
    await conn.execute(_SAVE_REPS, values)


_RUN: Final = "people"
_HOURS: Final = 1

_IS_FRESH: Final = text("""
    select exists (select from runs where connection = :connection and kind = :kind
                   and started_at > now() - make_interval(hours => :hours))
""")

_WAS_LISTED: Final = text("""
    select exists (select from runs where connection = :connection and kind = :kind and finished_at is not null
                   and outcome ->> 'error' is null and started_at > now() - make_interval(hours => :hours))
""")

_USERS: Final = text("""
    select user_id, email, name from siro_users where connection = :connection order by user_id
""")

_MAPPED_BY_PERSON: Final = text("""
    select rep_id, user_id from board_reps
     where connection = :connection and method = :method and user_id is not null
""")

_REPS: Final = text("""
    select rep_id as id, max(rep_email) as email, max(rep_name) as name
    from board_records
    where connection = :connection and stream = 'engagements' and rep_id is not null and state <> 'cancelled'
    group by rep_id order by rep_id
""")

_DROP_USERS: Final = text("""
    delete from siro_users where connection = :connection and user_id <> all(cast(:ids as text[]))
""")

_SAVE_USERS: Final = text("""
    insert into siro_users (connection, user_id, email, name, phone, team, coaches)
    select :connection, user_id, email, name, phone, team, array(select jsonb_array_elements_text(coaches))
    from unnest(cast(:ids as text[]), cast(:emails as text[]), cast(:names as text[]), cast(:phones as text[]),
                cast(:teams as text[]), cast(:coaches as jsonb[])) as given (user_id, email, name, phone, team, coaches)
    on conflict (connection, user_id) do update
    set email = excluded.email, name = excluded.name, phone = excluded.phone, team = excluded.team,
        coaches = excluded.coaches
""")

_DROP_REPS: Final = text("""
    delete from board_reps where connection = :connection and rep_id <> all(cast(:ids as text[]))
""")

_SAVE_REPS: Final = text("""
    insert into board_reps (connection, rep_id, email, name, user_id, method, why, ignored)
    select :connection, given.*
    from unnest(cast(:ids as text[]), cast(:emails as text[]), cast(:names as text[]), cast(:users as text[]),
                cast(:methods as text[]), cast(:whys as text[]), cast(:ignored as boolean[])) as given
    on conflict (connection, rep_id) do update
    set email = excluded.email, name = excluded.name, user_id = excluded.user_id, method = excluded.method,
        why = excluded.why, ignored = excluded.ignored
    where board_reps is distinct from excluded
""")
