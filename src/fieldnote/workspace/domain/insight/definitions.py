"""The fields that an organization wants from its conversations, for all of them or for one conversation type.

Every function works inside a transaction of the organization. Names are compared without case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.errors import WorkspaceError
from fieldnote.insight.definitions import Definition, FieldType, read_definition
from fieldnote.insight.transcripts import UNSTORABLE
from fieldnote.workspace.domain.recordings.conditions import TYPE_ID
from fieldnote.workspace.rows import read_row, read_rows

MOST: Final = 100
"""Definitions of an organization. Each takes time in every conversation."""

_COLUMNS: Final = """
f.id::text, f.name, f.description, f.type, f.choices, f.unit, f.crm, f.required, t.id::text as conversation_type_id,
t.display_name as conversation_type
"""
_ALL: Final = text(f"""
select {_COLUMNS}
  from field_definitions f
  join entity_definitions d on d.id = f.definition_id and d.deleted_at is null
  left join conversation_types t on t.id = f.conversation_type_id
 where f.deleted_at is null
 order by f.conversation_type_id is not null, t.display_name, f.created_at, f.id
""")  # noqa: S608 - our own words
# Of two with one name, the one of the recording's own type counts.
_OF_RECORDING: Final = text(f"""
select id, name, description, type, choices, unit, crm, required, conversation_type_id, conversation_type from (
    select distinct on (lower(f.name)) f.created_at, {_COLUMNS}
      from recordings r
      join field_definitions f on f.conversation_type_id is null or f.conversation_type_id = {TYPE_ID}
      join entity_definitions d on d.id = f.definition_id and d.deleted_at is null
      left join conversation_types t on t.id = f.conversation_type_id
     where r.id = :id and f.deleted_at is null
     order by lower(f.name), f.conversation_type_id is null) f
 order by created_at, id
""")  # noqa: S608 - our own words
_TYPE: Final = text("""
select id::text, display_name from conversation_types
 where id::text = :named or lower(display_name) = lower(:named)
 order by id::text = :named desc, created_at, id
""")
_LOCK: Final = text("select pg_advisory_xact_lock(hashtextextended('definitions of ' || :organization, 0))")
_ENTITY: Final = text("""
select id::text from entity_definitions where deleted_at is null order by created_at, id limit 1
""")
_ADD: Final = text("""
insert into field_definitions (organization_id, definition_id, conversation_type_id, name, description, type, choices,
                               unit, crm, required, created_at)
values (:organization, :entity, :kind, :name, :description, :type, cast(:choices as jsonb), :unit, :crm, :required,
        clock_timestamp())
returning id::text
""")
_CHANGE: Final = text("""
update field_definitions
   set conversation_type_id = :kind, name = :name, description = :description, type = :type,
       choices = cast(:choices as jsonb), unit = :unit, crm = :crm, required = :required,
       updated_at = clock_timestamp()
 where id = :id
""")
_REMOVE: Final = text("update field_definitions set deleted_at = clock_timestamp() where id = :id")


@dataclass(frozen=True, slots=True)
class Stored:
    """A definition in the database."""

    id: str
    definition: Definition
    conversation_type_id: str | None = None
    """None: it is for every conversation."""
    conversation_type: str | None = None
    """Its name."""

    def as_json(self) -> dict[str, object]:
        """For people and programs, with every key."""
        one = self.definition
        return {
            "id": self.id,
            "name": one.name,
            "description": one.description,
            "type": one.type.value,
            "choices": list(one.choices),
            "unit": one.unit,
            "crm": one.crm,
            "required": one.required,
            "conversationTypeId": self.conversation_type_id,
            "conversationType": self.conversation_type,
        }


class _Row(NamedTuple):
    id: str
    name: str
    description: str
    type: str
    choices: list[str]
    unit: str
    crm: str
    required: bool
    conversation_type_id: str | None
    conversation_type: str | None


class _Type(NamedTuple):
    id: str
    display_name: str


async def list_definitions(conn: AsyncConnection) -> list[Stored]:
    """Those of all conversations, then those of each conversation type, the oldest first."""
    return [_stored(row) for row in await read_rows(conn, _Row, _ALL, {})]


async def definitions_of(conn: AsyncConnection, recording_id: str) -> list[Stored]:
    """The definitions that count for a recording."""
    return [_stored(row) for row in await read_rows(conn, _Row, _OF_RECORDING, {"id": recording_id})]


async def add_definition(
    conn: AsyncConnection, organization_id: str, entry: Mapping[str, object], conversation_type: str | None = None
) -> Stored:
    """Add one; raises ConfigError and WorkspaceError. `conversation_type` is an id or a name."""
    known = await _locked(conn, organization_id)
    if len(known) >= MOST:
        raise WorkspaceError(f"the organization has {MOST} definitions", hint="Remove one that is not needed.")
    kind = None if conversation_type is None else await _find_type(conn, conversation_type)
    definition = checked(entry)
    _check_name(known, definition, kind)
    entity = (await conn.execute(_ENTITY)).scalar_one()
    values = _values(definition) | {"organization": organization_id, "entity": entity, "kind": kind and kind[0]}
    made = (await conn.execute(_ADD, values)).scalar_one()
    return Stored(made, definition, *(kind or (None, None)))


async def change_definition(
    conn: AsyncConnection, organization_id: str, named: str, changes: Mapping[str, object]
) -> tuple[Stored, Stored]:
    """Change what is given; before and after. `named` is an id or a name; raises ConfigError and WorkspaceError.

    A key `conversationType` moves it to that type; null, to all conversations.
    """
    known = await _locked(conn, organization_id)
    before = find(known, named)
    kind: tuple[str, str] | None = None
    if (given := changes.get("conversationType", before.conversation_type_id)) is not None:
        kind = await _find_type(conn, str(given))
    changed = {key: value for key, value in changes.items() if key != "conversationType"}
    definition = checked(_merged(before.definition, changed))
    _check_name([one for one in known if one.id != before.id], definition, kind)
    await conn.execute(_CHANGE, _values(definition) | {"id": before.id, "kind": kind and kind[0]})
    return before, Stored(before.id, definition, *(kind or (None, None)))


async def remove_definition(conn: AsyncConnection, organization_id: str, named: str) -> Stored:
    """Remove one. Values that were found for it stay until their recordings are read again."""
    found = find(await _locked(conn, organization_id), named)
    await conn.execute(_REMOVE, {"id": found.id})
    return found


async def candidate_of(
    conn: AsyncConnection, named: str, changes: Mapping[str, object], conversation_type: str | None = None
) -> Stored:
    """A known definition with changes, or a new one of this name. Nothing is stored."""
    known = await list_definitions(conn)
    wanted = " ".join(named.split()).casefold()
    kind = None if conversation_type is None else await _find_type(conn, conversation_type)
    if not any(named == one.id or wanted == one.definition.name.casefold() for one in known):
        return Stored("", checked({"name": named, **changes}), *(kind or (None, None)))
    before = find(known, named)
    own = (before.conversation_type_id, before.conversation_type)
    return Stored(before.id, checked(_merged(before.definition, changes)), *(kind or own))


def find(known: Sequence[Stored], named: str) -> Stored:
    """The one with this id or name. Raises WorkspaceError."""
    wanted = " ".join(named.split()).casefold()
    found = [one for one in known if named == one.id] or [
        one for one in known if one.definition.name.casefold() == wanted
    ]
    if not found:
        names = ", ".join(sorted({one.definition.name for one in known})) or "none"
        raise WorkspaceError(f"there is no definition {named!r}", hint=f"The organization has: {names}.")
    if len(found) > 1:
        raise WorkspaceError(
            f"{len(found)} definitions have the name {named!r}", hint=f"Give an id: {', '.join(o.id for o in found)}."
        )
    return found[0]


def checked(entry: Mapping[str, object], where: str = "definition") -> Definition:
    """The definition; raises ConfigError for one that is not valid."""
    definition = read_definition(entry, where)
    for one in (definition.name, definition.description, definition.unit, definition.crm, *definition.choices):
        if UNSTORABLE.search(one):
            raise WorkspaceError(
                f"{where} has a NUL character or half of a surrogate pair, which cannot be stored", hint="Remove it."
            )
    if definition.crm and not _is_crm_field(definition.crm):
        raise WorkspaceError(
            f"{where}.crm is not a CRM field: {definition.crm!r}", hint="Write MODEL.FIELD, such as deals.roof_age."
        )
    return definition


def for_reading(definition: Definition) -> dict[str, object]:
    """The part of a definition that the extraction reads: with a default's own words, it is that default."""
    return replace(definition, crm="", required=False).as_json()


def mappings_of(definition: Definition) -> list[dict[str, str]] | None:
    """The CRM field, as the contract writes it."""
    model, _, name = definition.crm.partition(".")
    return [{"crmModelName": model, "crmFieldName": name}] if definition.crm else None


def _is_crm_field(name: str) -> bool:
    model, dot, field = name.partition(".")
    return bool(model.strip() and dot and field.strip())


def _merged(before: Definition, changes: Mapping[str, object]) -> dict[str, object]:
    """The entry after a change. A change of type away from a choice drops the choices."""
    entry = before.as_json() | dict(changes)
    if "type" in changes and changes["type"] != FieldType.CHOICE and "choices" not in changes:
        entry["choices"] = []
    if changes.get("choices") and "type" not in changes:
        entry["type"] = FieldType.CHOICE.value
    return entry


def _check_name(known: Sequence[Stored], definition: Definition, kind: tuple[str, str] | None) -> None:
    kind_id = kind and kind[0]
    for one in known:
        if one.definition.name.casefold() == definition.name.casefold() and one.conversation_type_id == kind_id:
            place = f" of {kind[1]}" if kind else ""
            raise WorkspaceError(
                f"there is a definition{place} with the name {one.definition.name!r} already",
                hint="Change it, or use another name.",
            )


async def _locked(conn: AsyncConnection, organization_id: str) -> list[Stored]:
    await conn.execute(_LOCK, {"organization": organization_id})
    return await list_definitions(conn)


async def _find_type(conn: AsyncConnection, named: str) -> tuple[str, str]:
    row = await read_row(conn, _Type, _TYPE, {"named": named.strip().replace("\0", "?")})
    if row is None:
        raise WorkspaceError(
            f"there is no conversation type {named!r}",
            hint="Use the id or display name of a conversation configuration.",
        )
    return row.id, row.display_name


def _values(definition: Definition) -> dict[str, object]:
    return {
        "name": definition.name,
        "description": definition.description,
        "type": definition.type.value,
        "choices": json.dumps(list(definition.choices)),
        "unit": definition.unit,
        "crm": definition.crm,
        "required": definition.required,
    }


def _stored(row: _Row) -> Stored:
    definition = Definition(
        row.name, row.description, FieldType(row.type), tuple(row.choices), row.unit, row.crm, row.required
    )
    return Stored(row.id, definition, row.conversation_type_id, row.conversation_type)
