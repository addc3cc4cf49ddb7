"""Teams: who is in them and who coaches them. A user is in one team at most, and may coach several."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from psycopg.types.json import Jsonb

from fieldnote.siro.models import TeamCreate, TeamUpdate
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import not_found
from fieldnote.workspace.http.views import moment, person_names
from fieldnote.workspace.rows import Id

_TEAMS: Final = """
select t.id::text, t.organization_id::text, t.name, t.conversation_types, t.created_at,
       array(select u.id::text from users u where u.member_team_id = t.id order by u.email_key) as members,
       array(select u.id::text from team_coaches c join users u on u.id = c.user_id
              where c.team_id = t.id order by u.email_key) as coaches
  from teams t
"""
_ONE: Final = _TEAMS + " where t.id = %(id)s"
_FIRST: Final = _TEAMS + " order by t.created_at, t.id limit %(limit)s"
_NEXT: Final = _TEAMS + " where (t.created_at, t.id) > (%(at)s, %(id)s) order by t.created_at, t.id limit %(limit)s"
_ALL: Final = _TEAMS + " order by t.created_at, t.id"
_CREATE: Final = """
insert into teams (organization_id, name, conversation_types) values (%(organization)s, %(name)s, %(types)s)
returning id::text
"""
_UPDATE: Final = """
update teams set name = coalesce(%(name)s, name), conversation_types = coalesce(%(types)s, conversation_types)
 where id = %(id)s
"""
_DELETE: Final = "delete from teams where id = %(id)s"
_KNOWN: Final = "select id::text from users where id::text = any(%(ids)s)"
_LEAVE: Final = "update users set member_team_id = null where member_team_id = %(id)s and id::text <> all(%(users)s)"
_JOIN: Final = "update users set member_team_id = %(id)s where id::text = any(%(users)s)"
_DISMISS: Final = "delete from team_coaches where team_id = %(id)s and user_id::text <> all(%(users)s)"
_APPOINT: Final = """
insert into team_coaches (organization_id, team_id, user_id)
select %(organization)s::uuid, %(id)s, u.id from users u where u.id::text = any(%(users)s)
    on conflict do nothing
"""
# A user who coaches a team is a coach, unless they administer; a user who no longer coaches any is a rep again.
_ROLES: Final = """
update users u set role = r.role
  from (select id, case when exists (select from team_coaches c where c.user_id = w.id) then 'coach' else 'rep' end
               as role from users w where role <> 'admin') r
 where r.id = u.id and u.role <> r.role
"""
_PEOPLE: Final = "select id::text, email, name, first_name, last_name from users where id::text = any(%(ids)s)"


class _Team(NamedTuple):
    id: str
    organization_id: str
    name: str
    conversation_types: list[str]
    created_at: datetime
    members: list[str]
    coaches: list[str]


class _Person(NamedTuple):
    id: str
    email: str
    name: str
    first_name: str | None
    last_name: str | None


async def list_teams(call: Call) -> dict[str, object]:
    """Teams by page, the earliest first."""
    _own(call)
    size, listing = call.page_size(default=50), call.listing()
    after = listing.moment_and_word()
    place = {} if after is None else {"at": after[0], "id": after[1]}
    rows = await call.transaction.read(_Team, _NEXT if place else _FIRST, place | {"limit": size + 1})
    more = listing.cursor(rows[size - 1].created_at, rows[size - 1].id) if len(rows) > size else None
    return {"data": await _shown(call, rows[:size]), "cursor": more}


async def get_team(call: Call) -> dict[str, object]:
    """One team."""
    _own(call)
    return await _one(call, _named(call))


async def create_team(call: Call) -> dict[str, object]:
    """Make a team. Members of another team leave it."""
    _own(call)
    wanted = call.read(TeamCreate)
    values = {
        "organization": call.organization_id,
        "name": wanted.name,
        "types": Jsonb(list(wanted.new_user_default_conversation_types or ())),
    }
    [made] = await call.transaction.read(Id, _CREATE, values)
    await _staff(call, made.id, wanted)
    return await _one(call, made.id)


async def update_team(call: Call) -> dict[str, object]:
    """Change what is given of a team; lists of people replace those that there were."""
    _own(call)
    wanted, team_id = call.read(TeamUpdate), _named(call)
    await _one(call, team_id)
    types = wanted.new_user_default_conversation_types
    values = {"id": team_id, "name": wanted.name, "types": None if types is None else Jsonb(list(types))}
    await call.transaction.driver.execute(_UPDATE, values)
    await _staff(call, team_id, wanted)
    return await _one(call, team_id)


async def delete_team(call: Call) -> dict[str, object]:
    """Dissolve a team: its people have none. The team as it was."""
    _own(call)
    team_id = _named(call)
    team = await _one(call, team_id)
    await call.transaction.driver.execute(_DELETE, {"id": team_id})
    await call.transaction.driver.execute(_ROLES)
    return team


async def add_coach(call: Call, user_id: str, team_ids: Sequence[str]) -> None:
    """Have a user coach these teams, too. Raises ApiError for one that is not there."""
    for team_id in team_ids:
        values = {"organization": call.organization_id, "id": await require_team(call, team_id), "users": [user_id]}
        await call.transaction.driver.execute(_APPOINT, values)
    await call.transaction.driver.execute(_ROLES)


async def require_team(call: Call, team_id: str) -> str:
    """The id, of a team that there is. Raises ApiError."""
    if not await call.transaction.exists("select 1 from teams where id = %(id)s", {"id": team_id}):
        raise not_found("Team")
    return team_id


async def all_teams(call: Call) -> list[dict[str, object]]:
    """All teams, as an organization shows them."""
    rows = await call.transaction.read(_Team, _ALL, {})
    return [{"id": row.id, "name": row.name, "coachUids": row.coaches, "memberUids": row.members} for row in rows]


async def _staff(call: Call, team_id: str, wanted: TeamCreate | TeamUpdate) -> None:
    for given, leave, join in ((wanted.member_uids, _LEAVE, _JOIN), (wanted.coach_uids, _DISMISS, _APPOINT)):
        if given is None:
            continue
        await require_users(call, given)
        values = {"organization": call.organization_id, "id": team_id, "users": list(given)}
        await call.transaction.driver.execute(leave, values)
        await call.transaction.driver.execute(join, values)
    await call.transaction.driver.execute(_ROLES)


async def require_users(call: Call, user_ids: Sequence[str]) -> None:
    """Raises ApiError where one of these is nobody."""
    known = await call.transaction.read(Id, _KNOWN, {"ids": list(user_ids)})
    if {row.id for row in known} != set(user_ids):
        raise not_found("User")


async def _one(call: Call, team_id: str) -> dict[str, object]:
    rows = await call.transaction.read(_Team, _ONE, {"id": team_id})
    if not rows:
        raise not_found("Team")
    return (await _shown(call, rows))[0]


async def _shown(call: Call, rows: Sequence[_Team]) -> list[dict[str, object]]:
    ids = sorted({user for row in rows for user in (*row.members, *row.coaches)})
    people = {row.id: _person(row) for row in await call.transaction.read(_Person, _PEOPLE, {"ids": ids})}
    return [
        {
            "id": row.id,
            "name": row.name,
            "organizationId": row.organization_id,
            "coachUids": row.coaches,
            "coachManifest": {user: people[user] for user in row.coaches},
            "memberUids": row.members,
            "memberManifest": {user: people[user] for user in row.members},
            "newUserDefaultConversationTypes": row.conversation_types,
            "createdAt": moment(row.created_at),
        }
        for row in rows
    ]


def _person(row: _Person) -> dict[str, object]:
    first, last = person_names(row)
    return {"email": row.email, "firstName": first, "lastName": last}


def _named(call: Call) -> str:
    """The team's id in the path, which may be any word."""
    return call.word("teamId")


def _own(call: Call) -> None:
    """Another organization is as good as none."""
    if call.record_id("Organization", "orgId") != call.organization_id:
        raise not_found("Organization")
