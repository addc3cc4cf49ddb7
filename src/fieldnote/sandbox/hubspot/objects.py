"""HubSpot's records: read, made, changed, archived, merged."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.hubspot.properties import Invalid, Json, ObjectType
from fieldnote.sandbox.store import Missing, Version

if TYPE_CHECKING:
    from fieldnote.sandbox.hubspot import HubSpotStandIn

MERGED = "merged_into"
"""Kept beside the properties of a record that was merged away: the id of the one that is left."""


class Objects:
    """The records of all types, and the links between them."""

    def __init__(self, crm: HubSpotStandIn) -> None:
        self._crm = crm
        self._ids = itertools.count(50_000_000_001)
        self.links: dict[tuple[str, str], dict[str, dict[str, set[int]]]] = {}
        """From a pair of types to: id, the other id, the ids of the kinds of link."""

    def kind(self, name: str) -> ObjectType:
        """The type of this name; `Missing` for others."""
        if name not in self._crm.types:
            raise Missing(name)
        return self._crm.types[name]

    # --- shapes

    def shown(
        self, kind: ObjectType, version: Version, names: Iterable[str] = (), histories: Iterable[str] = ()
    ) -> Json:
        """A record with the properties that were asked for, and those that always come."""
        asked = [*names, kind.created, kind.cursor, "hs_object_id"]
        values = self.properties(kind, version)
        shown: Json = {
            "id": version.id,
            "properties": {name: values.get(name) for name in dict.fromkeys(asked) if name in kind.properties},
            "createdAt": iso(version.created),
            "updatedAt": iso(version.modified),
            "archived": version.archived is not None,
        }
        if version.archived is not None:
            shown["archivedAt"] = iso(version.archived)
        if wanted := [name for name in histories if name in kind.properties]:
            shown["propertiesWithHistory"] = {name: self._history(kind, version, name) for name in wanted}
        return shown

    def properties(self, kind: ObjectType, version: Version) -> dict[str, str | None]:
        """All properties of a record, with those that HubSpot makes."""
        made = {
            "hs_object_id": version.id,
            kind.created: iso(version.created),
            kind.cursor: iso(version.modified),
        }
        values = {name: value for name, value in version.values.items() if name != MERGED}
        return {**values, **made, **(self._closed(values) if kind.name == "deals" else {})}

    def _closed(self, values: Mapping[str, Any]) -> dict[str, str | None]:
        stage = self._crm.stages.get((values.get("pipeline") or "default", values.get("dealstage") or ""))
        if stage is None or not self._crm.computes_closed:
            return {}
        won = stage.closed and stage.probability == "1.0"
        return {
            "hs_is_closed": str(stage.closed).lower(),
            "hs_is_closed_won": str(won).lower(),
            "hs_is_closed_lost": str(stage.closed and not won).lower(),
        }

    def _history(self, kind: ObjectType, version: Version, name: str) -> list[Json]:
        past: list[Json] = []
        for one in self._crm.store.table(kind.name).history(version.id):
            value = self.properties(kind, one).get(name) or ""
            if not past or past[-1]["value"] != value:
                past.append({"value": value, "timestamp": iso(one.modified), "sourceType": "CRM_UI"})
        return past[::-1]

    # --- one record

    def find(self, kind: ObjectType, key: str, id_property: str | None = None) -> Version:
        """A record that is not archived; a merged one leads to the one that is left."""
        table = self._crm.store.table(kind.name)
        if id_property and id_property != "hs_object_id":
            if id_property not in kind.properties or not (
                kind.properties[id_property].unique or (kind.name, id_property) == ("contacts", "email")
            ):
                raise Invalid(f"Property {id_property} is not a unique identifier")
            found = [version for version in table.by(id_property, key) if version.archived is None]
            if not found:
                raise Missing(key)
            return found[0]
        version = table.get(key)
        while version is not None and version.values.get(MERGED):
            version = table.get(str(version.values[MERGED]))
        if version is None or version.archived is not None:
            raise Missing(key)
        return version

    def create(self, kind: ObjectType, body: Any, *, key: str | None = None, **times: Any) -> Version:
        """Make a record, with its links."""
        given = properties_of(body)
        values = self._taken(kind, given)
        if absent := [name for name in kind.required if not values.get(name)]:
            raise Invalid(f"Error creating {kind.name}. Some required properties were not set: {absent[0]}")
        if kind.name == "contacts" and values.get("email"):
            same = [one for one in self._crm.store.table("contacts").by("email", values["email"]) if not one.archived]
            if same:
                raise Invalid(f"Contact already exists. Existing ID: {same[0].id}", code="CONFLICT")
        links = self._links_of(kind, body)
        version = self._crm.store.table(kind.name).insert(key or str(next(self._ids)), values, **times)
        for other, to, types in links:
            self.link(kind.name, version.id, other, to, types)
        return version

    def change(self, kind: ObjectType, key: str, given: Mapping[str, Any], **how: Any) -> Version:
        """Set properties. There is no condition: the last one wins."""
        version = self.find(kind, key)
        return self._crm.store.table(kind.name).change(version.id, self._taken(kind, given), **how)

    def archive(self, kind: ObjectType, key: str) -> None:
        """Archive a record. That this does not move its modified time is second-hand."""
        version = self._crm.store.table(kind.name).get(key)
        if version is not None and version.archived is None:
            self._crm.store.table(kind.name).archive(key, touch=False)

    def merge(self, kind: ObjectType, body: Any) -> Version:
        """Merge two records into one with an id of its own."""
        primary, other = str(body.get("primaryObjectId", "")), str(body.get("objectIdToMerge", ""))
        kept, gone = self.find(kind, primary), self.find(kind, other)
        if kept.id == gone.id:
            raise Invalid("Cannot merge an object with itself")
        table = self._crm.store.table(kind.name)
        earlier = [text for one in (kept, gone) if (text := one.values.get("hs_merged_object_ids"))]
        values = {**gone.values, **{name: value for name, value in kept.values.items() if value is not None}}
        values["hs_merged_object_ids"] = ";".join(dict.fromkeys(";".join([*earlier, kept.id, gone.id]).split(";")))
        version = table.insert(str(next(self._ids)), values)
        for one in (kept, gone):
            self._move_links(kind.name, one.id, version.id)
            table.archive(one.id, {MERGED: version.id}, touch=False)
        return version

    def _taken(self, kind: ObjectType, given: Mapping[str, Any]) -> dict[str, str | None]:
        taken: dict[str, str | None] = {}
        for name, value in given.items():
            if name not in kind.properties:
                raise Invalid(f'Property "{name}" does not exist', code="PROPERTY_DOESNT_EXIST", name=name)
            if kind.properties[name].read_only:
                raise Invalid(f'Property "{name}" is read only', code="READ_ONLY_VALUE", name=name)
            taken[name] = kind.properties[name].taken(value)
        if kind.name == "deals" and taken.get("dealstage"):
            pipelines = {stage for _, stage in self._crm.stages}
            if taken["dealstage"] not in pipelines:
                raise Invalid(f"{taken['dealstage']} was not one of the allowed options", code="INVALID_OPTION")
        return taken

    # --- links

    def link(self, kind: str, key: str, other: str, to: str, types: Iterable[int]) -> None:
        """Tie two records, in both directions."""
        numbers = set(types)
        for one, other_one, begin, end in ((kind, other, key, to), (other, kind, to, key)):
            ends = self.links.setdefault((one, other_one), {}).setdefault(begin, {})
            ends.setdefault(end, set()).update(numbers)
        self._touched(kind, key)

    def unlink(self, kind: str, key: str, other: str, to: str) -> None:
        """Untie them."""
        for one, other_one, begin, end in ((kind, other, key, to), (other, kind, to, key)):
            self.links.get((one, other_one), {}).get(begin, {}).pop(end, None)
        self._touched(kind, key)

    def linked(self, kind: str, key: str, other: str) -> dict[str, set[int]]:
        """The records of another type that this one is tied to, with the kinds of link. Archived ones are left out."""
        table = self._crm.store.table(other)
        ends = self.links.get((kind, other), {}).get(key, {})
        return {
            to: types
            for to, types in ends.items()
            if (version := table.get(to)) is not None and version.archived is None
        }

    def _touched(self, kind: str, key: str) -> None:
        """A new link need not move the modified time (second-hand), and here it does not."""
        for listener in self._crm.on_link:
            listener(kind, key)

    def _move_links(self, kind: str, key: str, to: str) -> None:
        for (one, other), ends in list(self.links.items()):
            if one == kind:
                for end, types in list(ends.get(key, {}).items()):
                    self.link(kind, to, other, end, types)

    def _links_of(self, kind: ObjectType, body: Any) -> list[tuple[str, str, list[int]]]:
        found: list[tuple[str, str, list[int]]] = []
        for entry in body.get("associations") or []:
            try:
                to = str(entry["to"]["id"])
                numbers = [int(one["associationTypeId"]) for one in entry["types"]]
            except (KeyError, TypeError, ValueError):
                raise Invalid("associations: to.id and types are required") from None
            other = LINK_TYPES.get(kind.name, {}).get(numbers[0] if numbers else 0)
            if other is None:
                raise Invalid(f"associations: {numbers} is not a type of link of {kind.name}")
            if self._crm.store.table(other).get(to) is None:
                raise Invalid(f"associations: {other} {to} does not exist", code="OBJECT_NOT_FOUND")
            found.append((other, to, numbers))
        return found


LINK_TYPES: dict[str, dict[int, str]] = {
    "meetings": {200: "contacts", 188: "companies", 212: "deals"},
    "notes": {202: "contacts", 190: "companies", 214: "deals"},
    "deals": {3: "contacts", 341: "companies", 5: "companies"},
    "contacts": {4: "deals"},
}
"""By type and the number of a kind of link: the other type."""


def default_link(kind: str, other: str) -> int:
    """The number of the plain link between two types."""
    numbers = [number for number, to in LINK_TYPES.get(kind, {}).items() if to == other]
    backwards = [number for number, to in LINK_TYPES.get(other, {}).items() if to == kind]
    if not numbers and not backwards:
        raise Invalid(f"{kind} cannot be associated with {other}")
    return (numbers or backwards)[0]


def properties_of(body: Any) -> dict[str, Any]:
    """The properties of a body; `Invalid` where there are none."""
    if not isinstance(body, dict) or not isinstance(body.get("properties"), dict):
        raise Invalid("Invalid input JSON: properties is required")
    properties: dict[str, Any] = body["properties"]
    return properties
