"""How CRM records get into their tables: one statement a table, be it for one record or for a thousand.

A record is laid over what is known of it, key by key: what is not named stays, null clears. A row that says the
same already is neither written nor locked. Rows that are written are locked in the order of their external ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final, LiteralString, NamedTuple

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from fieldnote.db.workspace_tables import accounts, contacts, crm_users, engagements, leads, opportunities
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.rows import Id

_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
_PLACE: Final = ("latitude", "longitude")
_WRITTEN: Final[Mapping[Table, Sequence[str]]] = {
    accounts: (*_PLACE, "deleted_at"),
    leads: (*_PLACE, "deleted_at"),
    contacts: (*_PLACE, "account_id", "deleted_at"),
    opportunities: ("account_id", "contact_id", "deleted_at"),
    engagements: (
        "activity_type", "type_name", "starts_at", "ends_at", "account_id", "contact_id", "lead_id", "opportunity_id",
        "deleted_at",
    ),
    crm_users: ("email", "name", "email_key", "name_key"),
}  # fmt: skip
"""By table: the columns that a request may name, beside `fields`, which has all that was ever sent."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of these records."""

    organization_id: str
    connection_id: str


@dataclass(frozen=True, slots=True)
class Given:
    """A request's values for a record. Of a value that is named twice, the last one counts."""

    fields: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)

    def add(self, fields: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
        self.fields.update(fields)
        self.columns.update(columns)


class Put(NamedTuple):
    """The result of a write for one record."""

    key: str
    """The CRM's id."""
    id: str
    stands_for: str
    """The record that a reference to it means: itself, or the one that it was merged into."""
    changed: bool
    """Whether it is new, or not as it was."""
    was: datetime | None
    """An engagement's start before this; None for what is new."""
    deleted: bool
    """Whether the record that a reference means was deleted before this."""


async def put(transaction: Transaction, owner: Owner, table: Table, records: Mapping[str, Given]) -> dict[str, Put]:
    """Lay records over their known fields. Takes and returns external ids."""
    done: dict[str, Put] = {}
    while missing := [key for key in records if key not in done]:
        given = [{"key": key, "fields": records[key].fields, "columns": records[key].columns} for key in missing]
        values = {
            "organization": owner.organization_id,
            "connection": owner.connection_id,
            "given": _json(given),
        }
        # A key that does not come back was put in by somebody else just now, and this statement could not see it.
        done |= {row.key: row for row in await transaction.read(Put, _put(table), values)}
    return done


@cache
def _put(table: Table) -> LiteralString:
    columns = _WRITTEN[table]
    keeps_fields = "fields" in table.c
    new = [_value(table, name, f"t.{name}") for name in columns] + ["t.fields || g.fields"] * keeps_fields
    old = [f"t.{name}" for name in columns] + ["t.fields"] * keeps_fields
    written = [*columns, "fields"] if keeps_fields else [*columns]
    fresh = [_value(table, name, _default(table, name)) for name in columns] + ["g.fields"] * keeps_fields
    was = "t.starts_at" if table is engagements else "null::timestamptz"
    merged = "t.merged_to_id" if "merged_to_id" in table.c else "null::uuid"
    deleted = "t.deleted_at is not null" if "deleted_at" in table.c else "false"
    if "merged_to_id" in table.c:
        survivor = f"(select s.deleted_at is not null from {table.name} s where s.id = t.merged_to_id)"  # noqa: S608 - ours
        deleted = f"case when t.merged_to_id is null then {deleted} else {survivor} end"
    own = "t.organization_id = %(organization)s::uuid and t.connection_id = %(connection)s::uuid"
    # The rows are found one by one: for a join the planner might read the whole organization, which it takes to
    # be small as long as it has no statistics.
    return f"""
with given as materialized (
    select g.key, g.fields, g.columns, t.id, t.merged, t.was, t.differs, t.deleted
      from jsonb_to_recordset(%(given)s::jsonb) as g (key text, fields jsonb, columns jsonb)
      left join lateral (
           select t.id, {merged} as merged, {was} as was, {deleted} as deleted,
                  ({", ".join(new)}) is distinct from ({", ".join(old)}) as differs
             from {table.name} t where {own} and t.external_id = g.key limit 1) t on true
     order by g.key
), made as (
    insert into {table.name} (organization_id, connection_id, external_id, {", ".join(written)})
    select %(organization)s::uuid, %(connection)s::uuid, g.key, {", ".join(fresh)}
      from given g where g.id is null order by g.key
        on conflict (organization_id, connection_id, external_id) do nothing
    returning id, external_id
), locked as materialized (
    select l.id
      from given g cross join lateral (select t.id from {table.name} t where t.id = g.id for no key update) l
     where g.differs
), changed as (
    update {table.name} t
       set {", ".join(f"{name} = {value}" for name, value in zip(written, new, strict=True))}, updated_at = now()
      from given g
     where t.id = any(array(select id from locked)) and g.id = t.id
       and ({", ".join(new)}) is distinct from ({", ".join(old)})
    returning t.id
)
select g.key, coalesce(g.id, m.id)::text as id, coalesce(g.merged, g.id, m.id)::text as stands_for,
       m.id is not null or c.id is not null as changed, g.was, coalesce(g.deleted, false) as deleted
  from given g
  left join made m on m.external_id = g.key
  left join changed c on c.id = g.id
 where g.id is not null or m.id is not null
"""  # noqa: S608 - names of our own tables and columns


def _value(table: Table, name: str, otherwise: str) -> str:
    kind = table.c[name].type.compile(dialect=_DIALECT)
    return f"case when g.columns ? '{name}' then (g.columns ->> '{name}')::{kind} else {otherwise} end"


def _default(table: Table, name: str) -> str:
    return "null" if table.c[name].nullable else "''"


def _json(given: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(given, default=datetime.isoformat)


@dataclass(frozen=True, slots=True)
class Placed:
    """A CRM user on a record: an engagement or a deal."""

    share: float | None
    """Of the sale; None: as it was."""
    deleted_at: datetime | None
    """When they were taken off."""


async def place(
    transaction: Transaction, owner: Owner, kind: Table, people: Mapping[tuple[str, str], Placed]
) -> set[str]:
    """Put people on records, or take them off; by (record, person). The records whose kind is another now."""
    given = [
        {"record": record, "person": person, "share": one.share, "deleted_at": one.deleted_at}
        for (record, person), one in people.items()
    ]
    if not given:
        return set()
    values = {"organization": owner.organization_id, "given": _json(given)}
    return {row.id for row in await transaction.read(Id, _place(kind), values)}


@cache
def _place(kind: Table) -> LiteralString:
    record = next(column.name for column in kind.primary_key if column.name != "crm_user_id")
    share = "coalesce(excluded.share_of_sale, p.share_of_sale)"
    return f"""
insert into {kind.name} as p (organization_id, {record}, crm_user_id, share_of_sale, deleted_at)
select %(organization)s::uuid, g.record, g.person, g.share, g.deleted_at
  from jsonb_to_recordset(%(given)s::jsonb)
       as g (record uuid, person uuid, share double precision, deleted_at timestamptz)
 where not exists (
       select from {kind.name} p
        where p.{record} = g.record and p.crm_user_id = g.person
          and (coalesce(g.share, p.share_of_sale), g.deleted_at) is not distinct from (p.share_of_sale, p.deleted_at)
       offset 0)
 order by g.record, g.person
    on conflict ({record}, crm_user_id) do update
   set share_of_sale = {share}, deleted_at = excluded.deleted_at, updated_at = now()
 where ({share}, excluded.deleted_at) is distinct from (p.share_of_sale, p.deleted_at)
returning {record}::text as id
"""  # noqa: S608 - as above


async def put_contacts(
    transaction: Transaction, owner: Owner, contacts_of: Mapping[tuple[str, str], bool | None]
) -> None:
    """By (deal, contact): whether the contact is the deal's main one; None says nothing about that."""
    given = [{"deal": deal, "contact": contact, "main": main} for (deal, contact), main in contacts_of.items()]
    if given:
        values = {"organization": owner.organization_id, "given": _json(given)}
        await transaction.driver.execute(_CONTACTS, values)


_CONTACTS: Final = """
insert into opportunity_contacts as c (organization_id, opportunity_id, contact_id, is_primary)
select %(organization)s::uuid, g.deal, g.contact, g.main
  from jsonb_to_recordset(%(given)s::jsonb) as g (deal uuid, contact uuid, main boolean)
 order by g.deal, g.contact
    on conflict (opportunity_id, contact_id) do update
   set is_primary = excluded.is_primary
 where excluded.is_primary is distinct from c.is_primary and excluded.is_primary is not null
"""


async def stamp(transaction: Transaction, table: Table, ids: Iterable[str]) -> None:
    """Say that records changed of which only what hangs on them did."""
    if changed := sorted(ids):
        statement = f"update {table.name} set updated_at = now() where id = any(%(ids)s::uuid[])"  # noqa: S608
        await transaction.driver.execute(statement, {"ids": changed})


async def revive(transaction: Transaction, table: Table, ids: Iterable[str]) -> None:
    """Bring deleted records back."""
    statement = f"""
update {table.name} set deleted_at = null, fields = fields - 'deletedAt', updated_at = now()
 where id = any(%(ids)s::uuid[])"""  # noqa: S608 - as above
    await transaction.driver.execute(statement, {"ids": sorted(ids)})


async def share_with_deals(transaction: Transaction, engagement_ids: Sequence[str]) -> set[str]:
    """Give the deals of engagements their customer, contact and reps; the last engagement counts. Those changed."""
    if not engagement_ids:
        return set()
    values = {"ids": list(engagement_ids)}
    changed = await transaction.read(Id, _SHARE_CUSTOMER, values)
    joined = await transaction.read(Id, _SHARE_REPS, values)
    deals = {row.id for row in changed}
    await stamp(transaction, opportunities, {row.id for row in joined} - deals)
    return deals | {row.id for row in joined}


_SHARE_CUSTOMER: Final = """
update opportunities o
   set account_id = coalesce(last.account_id, o.account_id), contact_id = coalesce(last.contact_id, o.contact_id),
       updated_at = now()
  from (select distinct on (e.opportunity_id) e.opportunity_id, e.account_id, e.contact_id
          from unnest(%(ids)s::uuid[]) with ordinality given (id, place) join engagements e on e.id = given.id
         order by e.opportunity_id, given.place desc) last
 where o.id = last.opportunity_id
   and (coalesce(last.account_id, o.account_id), coalesce(last.contact_id, o.contact_id))
       is distinct from (o.account_id, o.contact_id)
returning o.id::text
"""
# A rep who has been on the deal already, or was taken off it, stays as they are.
_SHARE_REPS: Final = """
insert into opportunity_users (organization_id, opportunity_id, crm_user_id)
select distinct p.organization_id, e.opportunity_id, p.crm_user_id
  from engagements e join engagement_users p on p.engagement_id = e.id and p.deleted_at is null
 where e.id = any(%(ids)s::uuid[]) and e.opportunity_id is not null
 order by e.opportunity_id, p.crm_user_id
    on conflict (opportunity_id, crm_user_id) do nothing
returning opportunity_id::text as id
"""
