"""Records from the CRM: engagements and opportunities, with the accounts, contacts, leads and reps inside them.

One record or a batch goes the same way, table by table. With an external id alone a record inside another names
one that was sent before, or that comes later: a placeholder stands for it until then. The same request twice
changes nothing, not even `updatedAt`. A batch ends as if its records had come one after the other.

Tables are always written in the same order (accounts, leads, contacts, opportunities, engagements, reps), so
that requests which share records wait for each other and never for each other's end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table

from fieldnote.db.workspace_tables import (
    accounts,
    contacts,
    crm_users,
    engagement_users,
    engagements,
    leads,
    opportunities,
    opportunity_users,
)
from fieldnote.matching.people import email_key, name_key
from fieldnote.siro.models import (
    AccountSync,
    ContactSync,
    EngagementSync,
    LeadSync,
    OpportunityContactSync,
    OpportunitySync,
    UserSync,
)
from fieldnote.workspace.domain.crm import merges
from fieldnote.workspace.domain.crm.rep_users import map_users
from fieldnote.workspace.domain.crm.writes import (
    Given,
    Owner,
    Placed,
    Put,
    place,
    put,
    put_contacts,
    revive,
    share_with_deals,
    stamp,
)
from fieldnote.workspace.pool import Transaction

_NESTED: Final = frozenset({
    "externalId", "account", "contact", "lead", "opportunity", "engagementUsers", "opportunityUsers",
    "opportunityContacts", "accountId", "isPrimary",
})  # fmt: skip


@dataclass(slots=True)
class Touched:
    """The records that a request changed, for the jobs that match again."""

    engagements: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    opportunities: list[str] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    users: set[str] = field(default_factory=set)
    """Workspace users who lost or gained a CRM user."""
    moved_from: dict[str, datetime] = field(default_factory=dict)
    """When engagements would have begun before this."""

    @property
    def records(self) -> bool:
        """Whether there is any CRM record among it."""
        return any((self.engagements, self.accounts, self.opportunities, self.contacts, self.leads))


@dataclass(frozen=True, slots=True)
class UnknownAccount(Exception):
    """A record names an account by an id that no account has."""

    position: int
    """Which record, from 0."""


async def sync_engagements(
    transaction: Transaction, owner: Owner, records: Sequence[EngagementSync]
) -> tuple[list[str], Touched]:
    """Take engagements and all that is nested in them. Their ids, in order, and what changed."""
    sync = _Sync(transaction, owner)
    for record in records:
        place_of = f"engagement:{record.external_id}"
        sync.say_account(record.account, place_of)
        sync.say_account(record.contact.account if record.contact else None, place_of)
    await sync.write(accounts)
    for record in records:
        sync.say_lead(record.lead)
        sync.say_contact(record.contact, f"engagement:{record.external_id}")
    await sync.write(leads)
    await sync.write(contacts)
    for record in records:
        sync.say_deal_of(record)
    await sync.write(opportunities)
    for record in records:
        sync.say(engagements, record.external_id, record, _engagement_columns(sync, record))
    await sync.write(engagements)
    await sync.people(engagements, engagement_users, [(r.external_id, r.engagement_users or ()) for r in records])
    await sync.share_with_deals(records)
    await sync.move_references()
    return sync.ids(engagements, records), sync.touched()


async def sync_opportunities(
    transaction: Transaction, owner: Owner, records: Sequence[OpportunitySync]
) -> tuple[list[str], Touched]:
    """Take opportunities and all that is nested in them. Their ids, in order, and what changed.

    Raises UnknownAccount.
    """
    sync = _Sync(transaction, owner)
    named = await _known_accounts(transaction, records)
    for record in records:
        place_of = f"opportunity:{record.external_id}"
        sync.say_account(record.account, place_of)
        for party in _parties(record):
            sync.say_account(party.account, place_of)
    await sync.write(accounts)
    for record in records:
        for party in _parties(record):
            sync.say_contact(party, f"opportunity:{record.external_id}")
    await sync.write(contacts)
    for record in records:
        sync.say(opportunities, record.external_id, record, _opportunity_columns(sync, record, named))
    await sync.write(opportunities)
    await put_contacts(transaction, owner, _main_contacts(sync, records))
    await sync.people(opportunities, opportunity_users, [(r.external_id, r.opportunity_users or ()) for r in records])
    await sync.move_references()
    return sync.ids(opportunities, records), sync.touched()


def _engagement_columns(sync: _Sync, record: EngagementSync) -> dict[str, object]:
    given = record.model_fields_set
    columns: dict[str, object] = {}
    if "account" in given:
        columns["account_id"] = sync.account_id(record.account, f"engagement:{record.external_id}")
    for name, table in (("contact", contacts), ("lead", leads), ("opportunity", opportunities)):
        if name in given:
            columns[f"{name}_id"] = sync.id_of(table, getattr(record, name))
    if "engagement_type" in given:
        kind = record.engagement_type
        columns |= {"type_name": kind and kind.name, "activity_type": kind and str(kind.activity_type)}
    for name, moment in (("start_time", record.start_time), ("end_time", record.end_time)):
        if name in given:
            columns["starts_at" if name == "start_time" else "ends_at"] = moment
    return columns


def _opportunity_columns(sync: _Sync, record: OpportunitySync, named: Mapping[str, str]) -> dict[str, object]:
    given = record.model_fields_set
    columns: dict[str, object] = {}
    if "account" in given:
        columns["account_id"] = sync.account_id(record.account, f"opportunity:{record.external_id}")
    elif "account_id" in given:
        columns["account_id"] = record.account_id and named[record.account_id]
    if "contact" in given:
        columns["contact_id"] = sync.id_of(contacts, record.contact)
    return columns


def _parties(record: OpportunitySync) -> list[ContactSync | OpportunityContactSync]:
    return [party for party in (record.contact, *(record.opportunity_contacts or ())) if party is not None]


def _main_contacts(sync: _Sync, records: Iterable[OpportunitySync]) -> dict[tuple[str, str], bool | None]:
    """By deal and contact; of a contact that is named twice the last word counts."""
    found: dict[tuple[str, str], bool | None] = {}
    for record in records:
        for party in record.opportunity_contacts or ():
            key = sync.done[opportunities][record.external_id].id, sync.done[contacts][party.external_id].stands_for
            found[key] = found.get(key) if party.is_primary is None else party.is_primary
    return found


_KNOWN: Final = """
select a.id::text, s.id::text as stands_for
  from accounts a join accounts s on s.id = coalesce(a.merged_to_id, a.id)
 where a.id::text = any(%(ids)s) and s.deleted_at is null
"""


async def _known_accounts(transaction: Transaction, records: Iterable[OpportunitySync]) -> dict[str, str]:
    """The accounts that are named by the workspace's ids, and which each now is. Raises UnknownAccount.

    A deleted account is unknown, as it is to `GET accounts/{id}`.
    """
    wanted = sorted({record.account_id for record in records if record.account_id is not None})
    rows = await transaction.read(merges.Current, _KNOWN, {"ids": wanted}) if wanted else []
    known = {row.id: row.stands_for for row in rows}
    for position, record in enumerate(records):
        if "account" not in record.model_fields_set and record.account_id not in (None, *known):
            raise UnknownAccount(position)
    return known


class _Sync:
    """A request on its way through the tables: what is said of the next one, and what the last ones gave."""

    def __init__(self, transaction: Transaction, owner: Owner) -> None:
        self.transaction = transaction
        self.owner = owner
        self.done: dict[Table, dict[str, Put]] = {}
        self._said: dict[Table, dict[str, Given]] = defaultdict(lambda: defaultdict(Given))
        self._users: set[str] = set()
        self._also_changed: dict[Table, set[str]] = defaultdict(set)
        self._survivors: list[tuple[Table, str]] = []

    def say(self, table: Table, key: str, record: Any, columns: Mapping[str, object]) -> None:
        """Add a record's values for the row of this key."""
        wire, columns = record.wire(), dict(columns)
        for name in ("latitude", "longitude"):
            if name in table.c and name in wire:
                columns[name] = wire[name]
        if "deletedAt" in wire:
            columns["deleted_at"] = wire["deletedAt"]
        self._said[table][key].add({name: value for name, value in wire.items() if name not in _NESTED}, columns)

    def say_account(self, record: AccountSync | None, nameless: str) -> None:
        """One without an external id belongs to the record that it came in, and is kept under `nameless`."""
        if record is not None:
            key = record.external_id or nameless
            given = self._said[accounts][key]
            if given.columns.get("deleted_at") and "deleted_at" not in record.model_fields_set:
                given.add({"deletedAt": None}, {"deleted_at": None})  # deleted by a record before this one
            self.say(accounts, key, record, {})

    def say_lead(self, record: LeadSync | None) -> None:
        if record is not None:
            self.say(leads, record.external_id, record, {})

    def say_contact(self, record: ContactSync | OpportunityContactSync | None, nameless: str) -> None:
        if record is not None:
            named = "account" in record.model_fields_set
            columns = {"account_id": self.account_id(record.account, nameless)} if named else {}
            self.say(contacts, record.external_id, record, columns)

    def say_deal_of(self, record: EngagementSync) -> None:
        if (deal := record.opportunity) is not None:
            self.say(opportunities, deal.external_id, deal, {})

    async def write(self, table: Table) -> None:
        """Write what was said of a table's rows."""
        self.done[table] = await put(self.transaction, self.owner, table, self._said[table])
        if table in merges.MERGED and (pairs := merges.said(self._said[table])):
            await self._merge(table, pairs)
        if table is accounts:
            await self._revive_accounts()

    async def _revive_accounts(self) -> None:
        """A record that links to a deleted account brings it back, as `POST accounts` does."""
        done = self.done[accounts]
        gone = [
            key
            for key, given in self._said[accounts].items()
            if done[key].deleted and "deleted_at" not in given.columns
        ]
        if gone:
            await revive(self.transaction, accounts, {done[key].stands_for for key in gone})
            for key in gone:
                self.done[accounts][key] = done[key]._replace(changed=True, deleted=False)

    async def _merge(self, table: Table, pairs: Sequence[tuple[str, str]]) -> None:
        done = self.done[table]
        unseen = {key: Given() for pair in pairs for key in pair if key not in done}
        done |= await put(self.transaction, self.owner, table, unseen)
        for merged, into in pairs:
            if survivor := await merges.merge(self.transaction, table, done[merged].id, done[into].id):
                self._survivors.append((table, survivor))
        current = await merges.current_ids(self.transaction, table, [one.id for one in done.values()])
        self.done[table] = {key: one._replace(stands_for=current[one.id]) for key, one in done.items()}

    async def move_references(self) -> None:
        """Point references to records that this request merged at the survivors, when all else is written."""
        for table, survivor in self._survivors:
            for referring, ids in (await merges.move(self.transaction, table, survivor)).items():
                self._also_changed[referring].update(ids)

    async def share_with_deals(self, records: Iterable[EngagementSync]) -> None:
        """Deals take over the customer, contact and reps of their engagements where they are asked to."""
        asking = [r.external_id for r in records if r.opportunity and r.opportunity.copy_engagement_relationships]
        ids = [self.done[engagements][key].id for key in asking]
        self._also_changed[opportunities] |= await share_with_deals(self.transaction, ids)

    def account_id(self, record: AccountSync | None, nameless: str) -> str | None:
        return None if record is None else self.done[accounts][record.external_id or nameless].stands_for

    def id_of(self, table: Table, record: Any) -> str | None:
        return None if record is None else self.done[table][record.external_id].stands_for

    def ids(self, table: Table, records: Iterable[EngagementSync | OpportunitySync]) -> list[str]:
        return [self.done[table][record.external_id].id for record in records]

    async def people(self, table: Table, kind: Table, record_users: Iterable[tuple[str, Sequence[UserSync]]]) -> None:
        """The reps of records. One who is not named stays; `deletedAt` takes them off. The last word counts."""
        named: dict[tuple[str, str], Placed] = {}
        for key, people in record_users:
            record_id = self.done[table][key].id
            for person in people:
                self._said[crm_users][person.external_id].add({}, _identity(person))
                before = named.get((record_id, person.external_id))
                named[record_id, person.external_id] = _placed(person, before)
        await self.write(crm_users)
        found = self.done[crm_users]
        users_changed = await place(
            self.transaction, self.owner, kind, {(record, found[key].id): one for (record, key), one in named.items()}
        )
        if renamed := sorted(key for key, one in found.items() if one.changed):
            self._users |= await map_users(self.transaction.conn, [found[key].id for key in renamed])
            users_changed |= {record for record, key in named if found[key].changed}
        self._also_changed[table] |= users_changed
        await stamp(self.transaction, table, users_changed - set(self._changed(table)))

    def _changed(self, table: Table) -> list[str]:
        return [one.id for one in self.done.get(table, {}).values() if one.changed]

    def touched(self) -> Touched:
        return Touched(
            engagements=list({*self._changed(engagements), *self._also_changed[engagements]}),
            accounts=self._changed(accounts),
            opportunities=list({*self._changed(opportunities), *self._also_changed[opportunities]}),
            contacts=self._changed(contacts),
            leads=self._changed(leads),
            users=self._users,
            moved_from=self._moved(),
        )

    def _moved(self) -> dict[str, datetime]:
        """When those engagements began that are said to begin at another time, or at none."""
        moved: dict[str, datetime] = {}
        for key, one in self.done.get(engagements, {}).items():
            columns = self._said[engagements][key].columns
            if one.was is not None and columns.get("starts_at", one.was) != one.was:
                moved[one.id] = one.was
        return moved


def _placed(person: UserSync, before: Placed | None) -> Placed:
    """A share that is not given stays, also that of the same request."""
    share = before.share if before is not None and person.share_of_sale is None else person.share_of_sale
    return Placed(share, person.deleted_at)


def _identity(person: UserSync) -> dict[str, object]:
    """An email or a name that is not given stays."""
    identity: dict[str, object] = {}
    if person.email is not None:
        identity |= {"email": person.email, "email_key": email_key(person.email)}
    if person.name is not None:
        identity |= {"name": person.name, "name_key": name_key(person.name)}
    return identity
