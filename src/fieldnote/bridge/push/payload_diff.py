"""The difference between what Siro has of a record and what it should have. Pure.

A sync lays a record over what Siro has: a field that is not sent keeps its value. So Siro shows all payloads, one over
the other, not the last one. `diff` computes both sides of the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

import msgspec
from pydantic import BaseModel

from fieldnote.mapping.fields import Shape, shape_of
from fieldnote.mapping.records import MODELS

Payload = dict[str, Any]
"""A record as it goes over the wire."""

encode: Final[Callable[[object], bytes]] = msgspec.json.Encoder().encode
"""A payload as JSON: as it travels, and as the ledger keeps it."""

Names = Mapping[str, Any] | None
"""The `map` of a record as the file has it; None: all fields are meant."""

PossibleValues = Mapping[str, bool]
"""Fields that have one of two values in Siro, and whether they have some value in either case."""

ALL_KNOWN: Final[PossibleValues] = {}

_CLEARED_BY_NULL: Final = {"account", "contact", "lead", "opportunity", "engagementType", "owner"}
"""Records inside a record that null takes away."""


class InFlight(msgspec.Struct, gc=False, eq=False):
    """Base of what exists once per record that is sent: a third of a dataclass's cost, no personal data in logs."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Delta(InFlight, gc=False, eq=False):
    """The body that makes Siro's record equal to the CRM's."""

    send: Payload
    after: Payload
    """Siro's record once it took `send`. If it is equal to the known one, nothing has to be sent."""
    uncleared: tuple[str, ...] = ()
    """Fields without a value in the CRM that keep theirs in Siro, as its API cannot clear them."""

    @property
    def deleted(self) -> bool:
        """Whether the record is deleted in Siro then."""
        return self.after.get("deletedAt") is not None


class Delivery(InFlight, gc=False, eq=False):
    """A record as JSON, on its way to Siro."""

    key: str
    external_id: str
    """The record's id in Siro; the key, unless the map sets another one."""
    row_hash: bytes | None
    body: bytes
    """The body to send."""
    after: bytes
    """Siro's record once it took `body`."""
    earlier: bytes | None
    """The record that earlier calls without an answer may have left in Siro."""
    attempted: bytes
    """The record that it may have if this call has no answer either."""
    deleted: bool
    """Whether it is deleted in Siro then."""
    gone: bool
    """Whether the CRM has no such row any more."""
    uncleared: tuple[str, ...]
    siro_id: str | None
    """Siro's id, where it is known."""
    related: Mapping[str, str] = {}
    """Siro's ids of the records nested in it, once it answered."""


def diff(
    before: Payload | None, new: Payload, names: Names, now: datetime, possible: PossibleValues = ALL_KNOWN
) -> Delta:
    """The delta from what Siro has to a newly mapped record. `names`: the fields that the stream's map sets.

    `possible`: fields of which `before` is one of two values; the delta sends them, or leaves them out of `after`.
    """
    if before is None:
        return Delta(new, new)
    uncleared: list[str] = []
    send, after = _overlay(before, with_removed(before, new, now), names, possible, "", uncleared)
    return Delta(send, after, tuple(uncleared))


def deletion(key: str, before: Payload | None, now: datetime, possible: PossibleValues = ALL_KNOWN) -> Delta:
    """The delta to a deleted record: it sends nothing but the deletion."""
    if before is not None and before.get("deletedAt") is not None:
        return Delta({}, before)
    send = {"externalId": (before or {}).get("externalId") or key, "deletedAt": _stamp(now)}
    return Delta(send, {**_without_possible(before or {}, possible, ""), **send})


def _overlay(
    before: Payload, new: Payload, names: Names, possible: PossibleValues, path: str, uncleared: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The payload to send, and what Siro has then, of one record."""
    send, after = dict(new), {**before, **new}
    for name, value in before.items():
        given = new.get(name)
        if isinstance(value, dict) and isinstance(given, dict) and _same(value, given):
            inner = _inside(names, name)
            send[name], after[name] = _overlay(value, given, inner, possible, f"{path}{name}.", uncleared)
        elif name not in new and value is not None:
            if name == "deletedAt" or (name in _CLEARED_BY_NULL and _sets(names, name)):
                send[name] = after[name] = None
            elif _sets(names, name):
                uncleared.append(path + name)
                if possible.get(path + name):  # some value stays: make it the last one that the CRM had
                    send[name] = value
            if path + name in possible and name not in send:
                del after[name]
    return send, after


def _without_possible(payload: Payload, possible: PossibleValues, path: str) -> Payload:
    """The record without the fields of which two values are possible, but for those that null takes away."""
    return {
        name: _without_possible(value, possible, f"{path}{name}.") if isinstance(value, dict) else value
        for name, value in payload.items()
        if path + name not in possible or name in _CLEARED_BY_NULL
    }


def _same(left: Payload, right: Payload) -> bool:
    """Whether two records inside a record are one."""
    return left.get("externalId") == right.get("externalId")


def _sets(names: Names, name: str) -> bool:
    """Whether the map sets a field. One that it does not name stays as it is."""
    return name != "externalId" and (names is None or name in names)


def _inside(names: Names, name: str) -> Names:
    entry = None if names is None else names.get(name)
    # An expression gives a record whole: any of its fields may be meant.
    return entry if isinstance(entry, Mapping) else None


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- calls without an answer ------------------------------------------------------------------------------


def merge_attempt(payload: Payload | None, attempted: Payload | None) -> Payload | None:
    """The record that Siro may have after a call whose answer was lost: all that either of the two has in it.

    The next payload names every field anyhow; this finds what has to be taken away: children, and records inside the
    record.
    """
    if attempted is None or payload is None:
        return attempted or payload
    merged = {**payload, **attempted}
    for name, value in payload.items():
        other = attempted.get(name)
        if value is not None and other is None:
            merged[name] = value
        elif children_of(value) and children_of(other):
            merged[name] = [*({child["externalId"]: child for child in (*value, *other)}).values()]
    return merged


def possible_values(payload: Payload | None, attempted: Payload | None) -> PossibleValues:
    """The fields that a call without an answer changed."""
    return ALL_KNOWN if attempted is None else dict(_differing(payload or {}, attempted, ""))


def _differing(left: Payload, right: Payload, path: str) -> Iterator[tuple[str, bool]]:
    for name in left.keys() | right.keys():
        one, other = left.get(name), right.get(name)
        if one == other or (children_of(one or []) and children_of(other or [])):
            continue
        inner = [value if isinstance(value, dict) else {} for value in (one, other)]
        if not (inner[0] and inner[1] and _same(*inner)):
            yield path + name, one is not None
        yield from _differing(inner[0], inner[1], f"{path}{name}.")


# --- children -----------------------------------------------------------------------------------------------


def children_of(value: object) -> TypeGuard[list[Payload]]:
    """Whether this is a list of records with ids of their own. Leaving one out does not take it away."""
    return isinstance(value, list) and all(isinstance(item, dict) and "externalId" in item for item in value)


def _lists_of_children(*models: type[BaseModel]) -> Iterator[str]:
    """The fields, at any depth, whose records are taken off one by one, with `deletedAt`."""
    for model in models:
        for name, shape in shape_of(model).items():
            if shape.model is None:
                continue
            if shape.shape is Shape.RECORDS and "deletedAt" in shape_of(shape.model):
                yield name
            yield from _lists_of_children(shape.model)


_CHILDREN: Final = frozenset(_lists_of_children(*MODELS.values()))


def with_removed(previous: Payload | None, new: Payload, now: datetime) -> Payload:
    """`new`, and once more with `deletedAt` the reps and contacts that were sent before and are gone now.

    Both payloads are as they go over the wire; `previous` is what was sent last, with what this function added to it.
    The result equals `previous` if nothing has to be sent: a rep who was taken off stays in the payload with the time
    of their removal, and one who came back has `deletedAt: null`. It reaches into records inside the record as long
    as they are the same ones.
    """
    if not previous:
        return new
    result = dict(new)
    for name, before in previous.items():
        given = new.get(name)
        if name in _CHILDREN and before:
            result[name] = _merge_children({child["externalId"]: child for child in before}, given or [], now)
        elif isinstance(before, dict) and isinstance(given, dict) and _same(before, given):
            result[name] = with_removed(before, given, now)
    return result


def _merge_children(before: dict[str, Payload], children: list[Payload], now: datetime) -> list[Payload]:
    present = {child["externalId"] for child in children}
    kept = [
        _restore(before[child["externalId"]], child, now) if child["externalId"] in before else child
        for child in children
    ]
    gone = [
        child if child.get("deletedAt") else {**child, "deletedAt": _stamp(now)}
        for key, child in before.items()
        if key not in present
    ]
    return kept + gone


def _restore(before: Payload, child: Payload, now: datetime) -> Payload:
    """A child that was there before; if it had been taken off, it is put back."""
    whole = with_removed(before, child, now)
    return {"deletedAt": None} | whole if "deletedAt" in before else whole


# --- differences, for people ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that becomes another."""

    field: str
    """`account.name`, `engagementUsers[r-1].email`."""
    old: Any
    new: Any


def changes(before: Payload | None, after: Payload) -> tuple[FieldChange, ...]:
    """The changes that a person would see, field by field."""
    return tuple(_changes("", before or {}, after))


def _changes(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _changes(f"{path}.{name}" if path else name, old.get(name), new.get(name))
    elif children_of(old or []) and children_of(new or []) and (old or new):
        before = {child["externalId"]: child for child in old or []}
        after = {child["externalId"]: child for child in new or []}
        for key in dict.fromkeys((*before, *after)):
            yield from _changes(f"{path}[{key}]", before.get(key, {}), after.get(key, {}))
    elif old != new:
        yield FieldChange(path, old, new)
