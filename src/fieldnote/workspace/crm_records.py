"""What the CRM sends: engagements and opportunities, with the accounts, contacts, leads and reps inside them.

A record is laid over what is known of it, key by key: what is not named stays, null clears. With an external id
alone it names a record that was sent before, or that comes later: a placeholder stands for it until then. The
same request twice changes nothing, not even `updatedAt`.

Rows are always touched in the same order (accounts, leads, contacts, opportunities, engagements, reps; each by
external id), so that requests which share records wait for each other and never for each other's end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Table, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import accounts, contacts, engagements, leads, opportunities
from fieldnote.siro.models import (
    AccountSync,
    ContactSync,
    EngagementOpportunitySync,
    EngagementSync,
    LeadSync,
    OpportunityContactSync,
    OpportunitySync,
    UserSync,
)
from fieldnote.workspace.people import email_key, map_users, name_key

_NESTED: Final = frozenset({
    "externalId", "account", "contact", "lead", "opportunity", "engagementUsers", "opportunityUsers",
    "opportunityContacts", "accountId", "isPrimary",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose records these are."""

    organization_id: str
    connection_id: str


@dataclass(slots=True)
class Touched:
    """What a request changed, for those who have to look again."""

    engagements: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    opportunities: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    """Workspace users who lost or gained a CRM user."""
    moved_from: dict[str, datetime] = field(default_factory=dict)
    """When engagements would have begun before this."""


class UnknownAccount(Exception):
    """A request names an account by an id that no account has."""


async def sync_engagement(conn: AsyncConnection, owner: Owner, record: EngagementSync) -> tuple[str, Touched]:
    """Take an engagement and all that is nested in it. Its id, and what changed."""
    sync = _Sync(conn, owner)
    given = record.model_fields_set
    await sync.accounts(
        f"engagement:{record.external_id}", record.account, record.contact.account if record.contact else None
    )
    references = {
        "lead_id": await sync.lead(record.lead),
        "contact_id": await sync.contact(record.contact),
        "account_id": sync.account_id(record.account),
        "opportunity_id": await sync.engagement_opportunity(record.opportunity, sync.account_id(record.account)),
    }
    columns: dict[str, Any] = {name: value for name, value in references.items() if name.removesuffix("_id") in given}
    kind = record.engagement_type
    if "engagement_type" in given:
        columns |= {"type_name": kind and kind.name, "activity_type": kind and str(kind.activity_type)}
    if "start_time" in given:
        columns["starts_at"] = record.start_time
    if "end_time" in given:
        columns["ends_at"] = record.end_time
    engagement_id, changed = await sync.put(engagements, record, columns)
    people = await sync.people("engagement_users", "engagement_id", engagement_id, record.engagement_users or ())
    if people and not changed:
        await conn.execute(text("update engagements set updated_at = now() where id = :id"), {"id": engagement_id})
    if changed or people:
        sync.touched.engagements.append(engagement_id)
    return engagement_id, sync.touched


async def sync_opportunity(conn: AsyncConnection, owner: Owner, record: OpportunitySync) -> tuple[str, Touched]:
    """Take an opportunity and all that is nested in it. Its id, and what changed."""
    sync = _Sync(conn, owner)
    given = record.model_fields_set
    parties = [record.contact, *(record.opportunity_contacts or ())]
    await sync.accounts(
        f"opportunity:{record.external_id}", record.account, *(party.account for party in parties if party)
    )
    columns: dict[str, Any] = {}
    if "account" in given:
        columns["account_id"] = sync.account_id(record.account)
    elif "account_id" in given:
        columns["account_id"] = await sync.known_account(record.account_id)
    contact_ids = {
        party.external_id: await sync.contact(party)
        for party in sorted((party for party in parties if party), key=lambda party: party.external_id)
    }
    if "contact" in given:
        columns["contact_id"] = record.contact and contact_ids[record.contact.external_id]
    people = [(contact_ids[party.external_id], party.is_primary) for party in record.opportunity_contacts or ()]
    opportunity_id, changed = await sync.put(opportunities, record, columns)
    await sync.contacts_of(opportunity_id, people)
    people_changed = await sync.people(
        "opportunity_users", "opportunity_id", opportunity_id, record.opportunity_users or ()
    )
    if people_changed and not changed:
        await conn.execute(text("update opportunities set updated_at = now() where id = :id"), {"id": opportunity_id})
    if changed:
        sync.touched.opportunities.append(opportunity_id)
    return opportunity_id, sync.touched


class _Sync:
    """One request on its way through the tables."""

    def __init__(self, conn: AsyncConnection, owner: Owner) -> None:
        self.conn = conn
        self.owner = owner
        self.touched = Touched()
        self._accounts: dict[str | None, str] = {}

    async def put(
        self, table: Table, record: Any, columns: Mapping[str, Any], *, key: str | None = None
    ) -> tuple[str, bool]:
        """Lay a record over what is known of it. Its id, and whether that changed anything."""
        wire = record.wire()
        columns = dict(columns)
        if "deleted_at" in record.model_fields_set:
            columns["deleted_at"] = record.deleted_at
        for name in ("latitude", "longitude"):
            if name in table.c and name in wire:
                columns[name] = wire[name]
        values = columns | {
            "organization_id": self.owner.organization_id,
            "connection_id": self.owner.connection_id,
            "external_id": key or record.external_id,
            "fields": json.dumps({key: value for key, value in wire.items() if key not in _NESTED}),
        }
        statement = _put(table.name, tuple(sorted(columns)))
        while True:
            row: Any = (await self.conn.execute(statement, values)).first()
            if row is not None:  # else somebody else has just put it in, and this statement could not see it
                if table is engagements and row.was is not None and row.was != columns.get("starts_at", row.was):
                    self.touched.moved_from[row.id] = row.was
                return row.id, row.changed

    async def accounts(self, nameless: str, *records: AccountSync | None) -> None:
        """All accounts of a request, by external id; one that is named twice as both say.

        One without an external id belongs to the record that it came in, and is kept under `nameless`.
        """
        named = [(record.external_id or nameless, record) for record in records if record is not None]
        for key, record in sorted(named, key=lambda pair: pair[0]):
            account_id, changed = await self.put(accounts, record, {}, key=key)
            self._accounts[record.external_id] = account_id
            if changed:
                self.touched.accounts.append(account_id)

    def account_id(self, record: AccountSync | None) -> str | None:
        return self._accounts[record.external_id] if record is not None else None

    async def known_account(self, account_id: str | None) -> str | None:
        """An account by the workspace's own id. Raises UnknownAccount."""
        if account_id is None:
            return None
        found = await self.conn.execute(text("select id::text from accounts where id::text = :id"), {"id": account_id})
        if (known := found.scalar_one_or_none()) is None:
            raise UnknownAccount
        return str(known)

    async def lead(self, record: LeadSync | None) -> str | None:
        return None if record is None else (await self.put(leads, record, {}))[0]

    async def contact(self, record: ContactSync | OpportunityContactSync | None) -> str | None:
        if record is None:
            return None
        named = "account" in record.model_fields_set
        columns = {"account_id": self.account_id(record.account)} if named else {}
        return (await self.put(contacts, record, columns))[0]

    async def engagement_opportunity(
        self, record: EngagementOpportunitySync | None, account_id: str | None
    ) -> str | None:
        """The deal of an engagement. It takes on the engagement's account where it is asked to."""
        if record is None:
            return None
        columns = {"account_id": account_id} if record.copy_engagement_relationships and account_id else {}
        opportunity_id, changed = await self.put(opportunities, record, columns)
        if changed:
            self.touched.opportunities.append(opportunity_id)
        return opportunity_id

    async def people(self, table: str, column: str, record_id: str, records: Iterable[UserSync]) -> bool:
        """The reps of a record. One who is not named stays; `deletedAt` takes them off."""
        changed = False
        ids: list[str] = []
        for record in sorted({person.external_id: person for person in records}.values(), key=lambda p: p.external_id):
            row = await self._person(_person(table, column), record_id, record)
            if row.changed:
                ids.append(row.id)
            changed |= row.placed
        if ids:
            self.touched.users |= await map_users(self.conn, ids)
        return changed or bool(ids)

    async def _person(self, statement: TextClause, record_id: str, record: UserSync) -> Any:
        values = {
            "record_id": record_id,
            "share": record.share_of_sale,
            "deleted_at": record.deleted_at,
            "organization_id": self.owner.organization_id,
            "connection_id": self.owner.connection_id,
            "external_id": record.external_id,
            "email": record.email,
            "name": record.name,
            "email_key": email_key(record.email),
            "name_key": name_key(record.name),
        }
        while True:
            row = (await self.conn.execute(statement, values)).first()
            if row is not None:  # else as in `put`
                return row

    async def contacts_of(self, opportunity_id: str, people: Iterable[tuple[str | None, bool | None]]) -> None:
        for contact_id, primary in people:
            values = {
                "organization_id": self.owner.organization_id,
                "opportunity_id": opportunity_id,
                "contact_id": contact_id,
                "is_primary": primary,
            }
            await self.conn.execute(_OPPORTUNITY_CONTACT, values)


_OPPORTUNITY_CONTACT: Final = text("""
insert into opportunity_contacts as c (organization_id, opportunity_id, contact_id, is_primary)
values (:organization_id, :opportunity_id, :contact_id, :is_primary)
    on conflict (opportunity_id, contact_id) do update
   set is_primary = coalesce(excluded.is_primary, c.is_primary)
 where coalesce(excluded.is_primary, c.is_primary) is distinct from c.is_primary
""")


@cache
def _put(table: str, columns: tuple[str, ...]) -> TextClause:
    """Upsert that writes only what differs. A row comes back also where nothing did."""
    names = "".join(f", {name}" for name in columns)
    places = "".join(f", :{name}" for name in columns)
    assignments = "".join(f", {name} = excluded.{name}" for name in columns)
    new = "".join(f", excluded.{name}" for name in columns)
    old = "".join(f", t.{name}" for name in columns)
    was = "starts_at" if table == "engagements" else "null"
    return text(f"""
with before as (
    select {was} as was from {table}
     where (organization_id, connection_id, external_id) = (:organization_id, :connection_id, :external_id)
), put as (
    insert into {table} as t (organization_id, connection_id, external_id, fields{names})
    values (:organization_id, :connection_id, :external_id, cast(:fields as jsonb){places})
        on conflict (organization_id, connection_id, external_id) do update
       set fields = t.fields || excluded.fields{assignments}, updated_at = now()
     where (t.fields || excluded.fields{new}) is distinct from (t.fields{old})
    returning id
)
select id::text, true as changed, (select was from before) as was from put
union all
select id::text, false, null from {table}
 where (organization_id, connection_id, external_id) = (:organization_id, :connection_id, :external_id)
   and not exists (select from put)
""")  # noqa: S608 - names of our own tables and columns


@cache
def _person(table: str, column: str) -> TextClause:
    """Upsert a CRM user, and put them on a record or take them off: what was new in either.

    An email or a name that is not given stays. A row comes back also where nothing changed.
    """
    return text(f"""
with put as (
    insert into crm_users as c (organization_id, connection_id, external_id, email, name, email_key, name_key)
    values (:organization_id, :connection_id, :external_id, :email, :name, :email_key, :name_key)
        on conflict (organization_id, connection_id, external_id) do update
       set email = coalesce(excluded.email, c.email), name = coalesce(excluded.name, c.name),
           email_key = case when excluded.email is null then c.email_key else excluded.email_key end,
           name_key = case when excluded.name is null then c.name_key else excluded.name_key end,
           updated_at = now()
     where (coalesce(excluded.email, c.email), coalesce(excluded.name, c.name)) is distinct from (c.email, c.name)
    returning id
), person as (
    select id, true as changed from put
    union all
    select id, false from crm_users
     where (organization_id, connection_id, external_id) = (:organization_id, :connection_id, :external_id)
       and not exists (select from put)
), placed as (
    insert into {table} as p (organization_id, {column}, crm_user_id, share_of_sale, deleted_at)
    select cast(:organization_id as uuid), cast(:record_id as uuid), id, cast(:share as double precision),
           cast(:deleted_at as timestamptz)
      from person
        on conflict ({column}, crm_user_id) do update
       set share_of_sale = coalesce(excluded.share_of_sale, p.share_of_sale), deleted_at = excluded.deleted_at
     where (coalesce(excluded.share_of_sale, p.share_of_sale), excluded.deleted_at)
           is distinct from (p.share_of_sale, p.deleted_at)
    returning 1
)
select id::text, changed, exists (select from placed) as placed from person
""")  # noqa: S608 - as above
