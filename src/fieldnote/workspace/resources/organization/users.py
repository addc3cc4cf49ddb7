"""The organization's own users."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from psycopg.types.json import Jsonb

from fieldnote.matching.people import LONGEST_KEY, email_key, name_key
from fieldnote.siro.models import UserCreate, UserUpdate
from fieldnote.workspace.domain.crm.records import Touched
from fieldnote.workspace.domain.crm.rep_users import map_users
from fieldnote.workspace.domain.matching.linking import defer_links, release_links
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found
from fieldnote.workspace.http.views import moment, person_names
from fieldnote.workspace.resources.organization.teams import add_coach, require_team
from fieldnote.workspace.resources.organization.tokens import own
from fieldnote.workspace.rows import Id

# Of the CRM's id that which was given when the user was made, else one of the CRM's users who is taken for them.
_USERS: Final = """
select * from (
    select u.id::text, u.organization_id::text, u.email, u.email_key, u.name, u.first_name, u.last_name,
           u.phone_number, u.disabled, u.billable, u.contact_settings, u.created_at, u.member_team_id::text,
           array(select c.team_id::text from team_coaches c join teams t on t.id = c.team_id
                  where c.user_id = u.id order by t.created_at, t.id) as coach_team_ids,
           coalesce(u.external_id, (select c.external_id from crm_users c where c.user_id = u.id
                                     order by c.created_at, c.id limit 1)) as external_id
      from users u) u
"""
_ALL: Final = _USERS + " order by email_key"
_ONE: Final = _USERS + " where id = %(id)s"
_COLUMNS: Final = (
    "email", "email_key", "name", "name_key", "first_name", "last_name", "phone_number", "disabled", "billable",
    "contact_settings", "member_team_id",
)  # fmt: skip
_RECORDED: Final = """
select user_id::text, count(*) as recordings, max(created_at) as last from recordings where deleted_at is null
 group by user_id
"""
_CREATE: Final = f"""
insert into users (organization_id, role, external_id, {", ".join(_COLUMNS)})
values (%(organization)s, %(role)s, %(external_id)s, {", ".join(f"%({name})s" for name in _COLUMNS)})
    on conflict (organization_id, email_key) do nothing
returning id::text"""  # noqa: S608 - names of our own columns
_OVERRIDE: Final = """
insert into user_overrides (organization_id, external_id, user_id) values (%(organization)s, %(external_id)s, %(user)s)
    on conflict (organization_id, external_id) do update set user_id = excluded.user_id
"""
_TAKEN: Final = "select 1 from users where email_key = %(email_key)s and id <> %(id)s::uuid"
_UPDATE: Final = f"""
update users set {", ".join(f"{name} = %({name})s" for name in _COLUMNS)} where id = %(id)s
"""  # noqa: S608 - as above


class _User(NamedTuple):
    id: str
    organization_id: str
    email: str
    email_key: str
    name: str
    first_name: str | None
    last_name: str | None
    phone_number: str | None
    disabled: bool
    billable: bool
    contact_settings: dict[str, object] | None
    created_at: datetime
    member_team_id: str | None
    coach_team_ids: list[str]
    external_id: str | None


class _Recorded(NamedTuple):
    user_id: str
    recordings: int
    last: datetime


async def list_users(call: Call) -> dict[str, object]:
    """Everybody, by email; those who are disabled or not, or of one id of the CRM's, where asked."""
    disabled, external_id = call.flag("disabled"), call.text("externalId")
    call.flag("excludeSiroUsers")  # the workspace has no staff of Siro's
    found = [
        _user(row)
        for row in await call.transaction.read(_User, _ALL, {})
        if disabled in (None, row.disabled) and external_id in (None, row.external_id)
    ]
    return {"data": found, "cursor": None}


async def list_organization_users(call: Call) -> dict[str, object]:
    """Everybody in the organization, by email, with how much they recorded; for a user token."""
    if call.record_id("Organization") != call.organization_id:
        raise not_found("Organization")
    recorded = {row.user_id: row for row in await call.transaction.read(_Recorded, _RECORDED, {})}
    return {"data": [_member(row, recorded.get(row.id)) for row in await call.transaction.read(_User, _ALL, {})]}


def _member(row: _User, recorded: _Recorded | None) -> dict[str, object]:
    shown = _user(row)
    created_at = shown.pop("createdAt")
    return shown | {
        "uid": shown.pop("id"),
        "dateCreated": created_at,
        "countRecordings": 0 if recorded is None else recorded.recordings,
        "lastRecordingDate": None if recorded is None else moment(recorded.last),
    }


async def get_user(call: Call) -> dict[str, object]:
    """One user."""
    return _user(await _find(call, call.record_id("User")))


async def create_user(call: Call) -> dict[str, object]:
    """Add a user. An `externalId` maps the CRM user with that id to them."""
    wanted = call.read(UserCreate)
    await _check(call, wanted)
    values = _identity(wanted.email, wanted.first_name, wanted.last_name, wanted.email) | {
        "organization": call.organization_id,
        "role": "admin" if wanted.is_admin else "rep",
        "external_id": wanted.external_id,
        "phone_number": wanted.phone_number,
        "disabled": False,
        "billable": wanted.billable is not False,
        "contact_settings": wanted.contact_settings and Jsonb(wanted.contact_settings.wire()),
        "member_team_id": wanted.member_team_id,
    }
    made = await call.transaction.read(Id, _CREATE, values)
    if not made:
        raise failed(409, "A user with this email exists already")
    if wanted.external_id is not None:
        await call.transaction.driver.execute(_OVERRIDE, values | {"user": made[0].id})
    await add_coach(call, made[0].id, wanted.coach_team_ids or ())
    await _map_again(call)
    return _user(await _find(call, made[0].id))


async def update_user(call: Call) -> dict[str, object]:
    """Change what is given of a user. The CRM's users are mapped again, and links decided."""
    wanted = call.read(UserUpdate)
    row = await _find(call, call.record_id("User"))
    await _check(call, wanted)
    first, last = person_names(row)
    email = row.email if wanted.email is None else wanted.email
    names = (
        first if wanted.first_name is None else wanted.first_name,
        last if wanted.last_name is None else wanted.last_name,
    )
    settings = row.contact_settings if wanted.contact_settings is None else wanted.contact_settings.wire()
    values = _identity(email, *names, row.name) | {
        "id": row.id,
        "phone_number": row.phone_number if wanted.phone_number is None else wanted.phone_number,
        "disabled": row.disabled if wanted.disabled is None else wanted.disabled,
        "billable": row.billable if wanted.billable is None else wanted.billable,
        "contact_settings": None if settings is None else Jsonb(settings),
        "member_team_id": row.member_team_id if wanted.member_team_id is None else wanted.member_team_id,
    }
    if await call.transaction.exists(_TAKEN, values):
        raise failed(409, "A user with this email exists already")
    await call.transaction.driver.execute(_UPDATE, values)
    await _map_again(call)
    return _user(await _find(call, row.id))


async def _check(call: Call, wanted: UserCreate | UserUpdate) -> None:
    """Raises ApiError for another organization, a team that is not there, or an email that nobody can have."""
    if wanted.organization_id is not None:
        own(call, wanted.organization_id)
    if wanted.member_team_id is not None:
        await require_team(call, wanted.member_team_id)
    texts = {"email": wanted.email, "firstName": wanted.first_name, "lastName": wanted.last_name}
    issues = [
        issue("too_big", [name], f"String must contain at most {LONGEST_KEY} character(s)")
        for name, value in texts.items()
        if value is not None and len(value) > LONGEST_KEY
    ]
    if wanted.email is not None and not email_key(wanted.email):
        issues.append(issue("invalid_string", ["email"], "Invalid email"))
    if issues:
        raise invalid(issues)


def _identity(email: str, first: str | None, last: str | None, otherwise: str) -> dict[str, object]:
    name = " ".join(part for part in (first, last) if part) or otherwise
    return {
        "email": email,
        "email_key": email_key(email),
        "name": name,
        "name_key": name_key(name),
        "first_name": first,
        "last_name": last,
    }


async def _find(call: Call, user_id: str) -> _User:
    found = await call.transaction.read(_User, _ONE, {"id": user_id})
    if not found:
        raise not_found("User")
    return found[0]


async def _map_again(call: Call) -> None:
    mapped = await map_users(call.conn)
    await release_links(call.conn, users=mapped)
    await defer_links(call.conn, call.organization_id, Touched(users=mapped))


def _user(row: _User) -> dict[str, object]:
    first, last = person_names(row)
    settings: dict[str, object] = {} if row.contact_settings is None else {"contactSettings": row.contact_settings}
    return settings | {
        "id": row.id,
        "organizationId": row.organization_id,
        "email": row.email,
        "firstName": first,
        "lastName": last,
        "phoneNumber": row.phone_number,
        "externalId": row.external_id,
        "disabled": row.disabled,
        "billable": row.billable,
        "memberTeamId": row.member_team_id,
        "coachTeamIds": row.coach_team_ids,
        "createdAt": moment(row.created_at),
    }
