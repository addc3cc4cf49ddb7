"""The reps on appointments and deals, one by one: the same rows that a sync nests in its records.

Who is put on a record or taken off it here is matched again, as after a sync.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from sqlalchemy import Table

from fieldnote.db.workspace_tables import (
    crm_users,
    engagement_users,
    engagements,
    opportunities,
    opportunity_users,
)
from fieldnote.matching.people import name_key
from fieldnote.siro.models import EngagementUserSave, OpportunityUserSave
from fieldnote.workspace.domain.crm.records import Touched
from fieldnote.workspace.domain.crm.rep_users import map_users
from fieldnote.workspace.domain.crm.writes import Given, Owner, Placed, place, put, stamp
from fieldnote.workspace.domain.matching.linking import defer_links
from fieldnote.workspace.http import cursors
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.endpoints import Handler
from fieldnote.workspace.http.errors import ApiError, failed, invalid, missing, not_found
from fieldnote.workspace.http.views import moment

_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class RecordUsers:
    """The reps on one kind of record."""

    what: str
    """One of them, in messages."""
    of: str
    """The record, in messages."""
    table: Table
    records: Table
    record: str
    """The column that names the record."""
    name: str
    """The same in the contract."""
    model: type[EngagementUserSave | OpportunityUserSave]


ENGAGEMENTS: Final = RecordUsers(
    "Engagement user", "Engagement", engagement_users, engagements, "engagement_id", "engagementId", EngagementUserSave
)
OPPORTUNITIES: Final = RecordUsers(
    "Opportunity user",
    "Opportunity",
    opportunity_users,
    opportunities,
    "opportunity_id",
    "opportunityId",
    OpportunityUserSave,
)


class _Member(NamedTuple):
    id: str
    record_id: str
    person_id: str
    share_of_sale: float | None
    organization_id: str
    created_at: datetime
    updated_at: datetime
    name: str | None
    connection_id: str


class _CrmUser(NamedTuple):
    external_id: str
    connection_id: str


@dataclass(frozen=True, slots=True)
class RecordUserOperations:
    """The operations on one kind of record user."""

    list: Handler
    get: Handler
    create: Handler
    update: Handler
    delete: Handler


def operations(kind: RecordUsers) -> RecordUserOperations:
    """The five operations."""
    return RecordUserOperations(
        *(_of(kind, work) for work in (list_members, get_member, create_member, update_member, delete_member))
    )


def _of(kind: RecordUsers, work: Callable[[RecordUsers, Call], Awaitable[object]]) -> Handler:
    handler = partial(work, kind)
    handler.__name__ = f"{work.__name__}_of_{kind.table.name}"  # type: ignore[attr-defined]
    handler.__doc__ = work.__doc__
    return handler


async def list_members(kind: RecordUsers, call: Call) -> list[dict[str, object]]:
    """Those who are on records, the earliest first; of one record or rep. The cursor is the last id that was seen."""
    wheres: list[str] = []
    values: dict[str, object] = {"limit": _PAGE}
    for name, column in ((kind.name, kind.record), ("userId", "crm_user_id")):
        if (given := call.id(name)) is not None:
            values[name] = given
            wheres.append(f"p.{column} = %({name})s")
    if (last := call.id("cursor")) is not None:
        values["last"] = last
        seen = f"select 1 from {kind.table.name} p where {' and '.join((*wheres, 'p.id = %(last)s'))}"  # noqa: S608 - names of our own
        if not await call.transaction.exists(seen, values):
            raise cursors.refused()
        after = f"select l.created_at, l.id from {kind.table.name} l where l.id = %(last)s"  # noqa: S608 - as above
        wheres.append(f"(p.created_at, p.id) > ({after})")
    rows = await call.transaction.read(_Member, _select(kind, *wheres), values)
    return [_member(kind, row) for row in rows]


async def get_member(kind: RecordUsers, call: Call) -> dict[str, object]:
    """One of them."""
    return _member(kind, await _find(kind, call))


async def create_member(kind: RecordUsers, call: Call) -> dict[str, object]:
    """Put a rep on a record; one who is on it already stays the same one."""
    wanted = call.read(kind.model)
    record, person = wanted.wire().get(kind.name), wanted.user_id
    lacking = [name for name, value in ((kind.name, record), ("userId", person)) if value is None]
    if lacking:
        raise invalid([missing([name]) for name in lacking])
    record_id = await _known(call, kind.records, record, kind.of)
    person_id = await _known(call, crm_users, person, "User")
    await _place(kind, call, record_id, person_id, wanted)
    return _member(kind, await _find_pair(kind, call, record_id, person_id))


async def update_member(kind: RecordUsers, call: Call) -> dict[str, object]:
    """Give them another share or name, or move them to another record or rep."""
    wanted, row = call.read(kind.model), await _find(kind, call)
    record, person = wanted.wire().get(kind.name), wanted.user_id
    record_id = row.record_id if record is None else await _known(call, kind.records, record, kind.of)
    person_id = row.person_id if person is None else await _known(call, crm_users, person, "User")
    if (record_id, person_id) != (row.record_id, row.person_id):
        await _move(kind, call, row, record_id, person_id)
    await _place(kind, call, record_id, person_id, wanted)
    return _member(kind, await _find_pair(kind, call, record_id, person_id))


async def delete_member(kind: RecordUsers, call: Call) -> bool:
    """Take a rep off a record. Whether they were on it."""
    try:
        row = await _find(kind, call)
    except ApiError:
        return False
    off = Placed(None, datetime.now(UTC))
    await place(call.transaction, _owner(call, row), kind.table, {(row.record_id, row.person_id): off})
    await _look_again(kind, call, {row.record_id})
    return True


async def _place(
    kind: RecordUsers, call: Call, record_id: str, person_id: str, wanted: EngagementUserSave | OpportunityUserSave
) -> None:
    share = wanted.amount_percentage if isinstance(wanted, OpportunityUserSave) else None
    owner = Owner(call.organization_id, call.caller.connection_id)
    on = Placed(None if share is None else float(share), None)
    changed = await place(call.transaction, owner, kind.table, {(record_id, person_id): on})
    users: set[str] = set()
    if wanted.name is not None and await _rename(call, person_id, wanted.name):
        users = await map_users(call.conn, [person_id])
        changed = {record_id}
    await _look_again(kind, call, changed, users)


async def _rename(call: Call, person_id: str, name: str) -> bool:
    """The name is the CRM user's own. Whether it was another."""
    [row] = await call.transaction.read(
        _CrmUser, "select external_id, connection_id::text from crm_users where id = %(id)s", {"id": person_id}
    )
    given = {row.external_id: Given({}, {"name": name, "name_key": name_key(name)})}
    done = await put(call.transaction, Owner(call.organization_id, row.connection_id), crm_users, given)
    return done[row.external_id].changed


async def _move(kind: RecordUsers, call: Call, row: _Member, record_id: str, person_id: str) -> None:
    """The row keeps its id, and takes the place of one that was taken off. Raises ApiError if the rep is on it."""
    values = {"id": row.id, "record": record_id, "person": person_id}
    there = f"{kind.record} = %(record)s and crm_user_id = %(person)s"
    table = kind.table.name
    on_it = f"select 1 from {table} where {there} and deleted_at is null"  # noqa: S608 - names of our own
    if await call.transaction.exists(on_it, values):
        raise failed(409, "The user is on the record already")
    await call.transaction.driver.execute(f"delete from {table} where {there}", values)  # noqa: S608 - as above
    moved = f"{kind.record} = %(record)s, crm_user_id = %(person)s, updated_at = now()"
    await call.transaction.driver.execute(f"update {table} set {moved} where id = %(id)s", values)  # noqa: S608 - as above
    await _look_again(kind, call, {row.record_id, record_id})


async def _look_again(kind: RecordUsers, call: Call, records: set[str], users: set[str] | None = None) -> None:
    await stamp(call.transaction, kind.records, records)
    ids = sorted(records)
    appointments = kind is ENGAGEMENTS
    touched = Touched(
        engagements=ids if appointments else [], opportunities=[] if appointments else ids, users=users or set()
    )
    await defer_links(call.conn, call.organization_id, touched)


# --- reading


def _select(kind: RecordUsers, *wheres: str) -> LiteralString:
    conditions = " and ".join(("p.deleted_at is null", *wheres))
    return f"""
select p.id::text, p.{kind.record}::text as record_id, p.crm_user_id::text as person_id, p.share_of_sale,
       p.organization_id::text, p.created_at, p.updated_at, u.name, u.connection_id::text
  from {kind.table.name} p join crm_users u on u.id = p.crm_user_id
 where {conditions}
 order by p.created_at, p.id limit %(limit)s
"""  # noqa: S608 - names of our own


async def _find(kind: RecordUsers, call: Call) -> _Member:
    """The one whose id is in the path. Raises ApiError."""
    values = {"id": call.record_id(kind.what), "limit": 1}
    rows = await call.transaction.read(_Member, _select(kind, "p.id = %(id)s"), values)
    if not rows:
        raise not_found(kind.what)
    return rows[0]


async def _find_pair(kind: RecordUsers, call: Call, record_id: str, person_id: str) -> _Member:
    values = {"record": record_id, "person": person_id, "limit": 1}
    statement = _select(kind, f"p.{kind.record} = %(record)s", "p.crm_user_id = %(person)s")
    [row] = await call.transaction.read(_Member, statement, values)
    return row


async def _known(call: Call, table: Table, record_id: object, what: str) -> str:
    """The id, of a record that there is. Raises ApiError."""
    try:
        values = {"id": str(UUID(str(record_id)))}
    except ValueError:
        raise not_found(what) from None
    statement = f"select 1 from {table.name} where id = %(id)s"  # noqa: S608 - as above
    if not await call.transaction.exists(statement, values):
        raise not_found(what)
    return values["id"]


def _owner(call: Call, row: _Member) -> Owner:
    return Owner(call.organization_id, row.connection_id)


def _member(kind: RecordUsers, row: _Member) -> dict[str, object]:
    share: dict[str, object] = (
        {} if row.share_of_sale is None or kind is ENGAGEMENTS else {"amountPercentage": row.share_of_sale}
    )
    name: dict[str, object] = {} if row.name is None else {"name": row.name}
    return (
        {
            "id": row.id,
            kind.name: row.record_id,
            "userId": row.person_id,
            "organizationId": row.organization_id,
            "integrationConnectionId": row.connection_id,
            "createdAt": moment(row.created_at),
            "updatedAt": moment(row.updated_at),
        }
        | share
        | name
    )
