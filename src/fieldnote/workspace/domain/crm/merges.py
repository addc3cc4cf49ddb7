"""Records that the CRM merged: every reference moves to the survivor, later ones too.

A merged record keeps its row, which names the survivor; a survivor is never merged itself. Of two records that are
merged both ways, the later statement decides the survivor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Table

from fieldnote.db.workspace_tables import accounts, contacts, engagements, leads, opportunities
from fieldnote.workspace.domain.crm.writes import Given
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.rows import Id

MERGED: Final = (accounts, contacts, leads)
"""The tables whose records can be merged."""
_REFERENCES: Final[Mapping[Table, Iterable[tuple[Table, str]]]] = {
    accounts: ((contacts, "account_id"), (opportunities, "account_id"), (engagements, "account_id")),
    contacts: ((opportunities, "contact_id"), (engagements, "contact_id")),
    leads: ((engagements, "lead_id"),),
}
"""The columns that refer to a record of the table, in the order in which tables are written."""

# The deal of a merged contact has the survivor in its place, who is its main one if either was.
_MOVE_DEALS: Final = """
with moved as (delete from opportunity_contacts where contact_id = any(%(merged)s::uuid[]) returning *)
insert into opportunity_contacts as c (organization_id, opportunity_id, contact_id, is_primary)
select organization_id, opportunity_id, %(survivor)s::uuid, bool_or(is_primary) from moved group by 1, 2
    on conflict (opportunity_id, contact_id) do update
   set is_primary = coalesce(c.is_primary or excluded.is_primary, c.is_primary, excluded.is_primary)
"""


class Current(NamedTuple):
    """A record, and the one that a reference to it means."""

    id: str
    stands_for: str


class _Head(NamedTuple):
    id: str
    merged_to_id: str | None


def said(records: Mapping[str, Given]) -> list[tuple[str, str]]:
    """Which record was merged into which, by external ids, in the order in which it was said. Pure."""
    pairs: list[tuple[str, str]] = []
    for key, given in records.items():
        pairs += [(merged, key) for merged in given.fields.get("mergedFromExternalIds") or () if merged]
        if survivor := given.fields.get("mergedToExternalId"):
            pairs.append((key, survivor))
    return pairs


async def merge(transaction: Transaction, table: Table, merged: str, into: str) -> str | None:
    """Merge a record into another, both by their own ids. The survivor; None where nothing was to be done."""
    if merged == into:
        return None
    select = f"select id::text, merged_to_id::text from {table.name} where id = any(%(ids)s::uuid[])"  # noqa: S608 - ours
    heads = {row.id: row.merged_to_id for row in await transaction.read(_Head, select, {"ids": [merged, into]})}
    head = heads[into]
    survivor = into if head in (None, merged) else head  # the later statement counts
    if heads[merged] == survivor:
        return None
    statement = f"""
update {table.name} set merged_to_id = case when id = %(survivor)s::uuid then null else %(survivor)s::uuid end
 where id in (%(merged)s, %(survivor)s) or merged_to_id = %(merged)s"""  # noqa: S608 - as above
    await transaction.driver.execute(statement, {"merged": merged, "survivor": survivor})
    return survivor


async def current_ids(transaction: Transaction, table: Table, ids: Iterable[str]) -> dict[str, str]:
    """By record: the one that a reference to it means."""
    statement = f"""
select id::text, coalesce(merged_to_id, id)::text as stands_for from {table.name} where id = any(%(ids)s::uuid[])
"""  # noqa: S608 - as above
    return {row.id: row.stands_for for row in await transaction.read(Current, statement, {"ids": list(ids)})}


async def move(transaction: Transaction, table: Table, survivor: str) -> dict[Table, list[str]]:
    """Point references to merged records at the survivor. Returns the records that changed."""
    select = f"select id::text from {table.name} where merged_to_id = %(id)s"  # noqa: S608 - as above
    merged = [row.id for row in await transaction.read(Id, select, {"id": survivor})]
    values: dict[str, object] = {"merged": merged, "survivor": survivor}
    moved: dict[Table, list[str]] = {}
    for referring, column in _REFERENCES[table]:
        statement = f"""
update {referring.name} set {column} = %(survivor)s, updated_at = now() where {column} = any(%(merged)s::uuid[])
returning id::text"""  # noqa: S608 - as above
        moved[referring] = [row.id for row in await transaction.read(Id, statement, values)]
    if table is contacts:
        await transaction.driver.execute(_MOVE_DEALS, values)
    return moved
