"""What Siro holds of a record, and what must be sent so that it holds another. Pure.

A sync lays a record over what Siro has: a field that is not sent stays as it was. So what a person sees there
is not the last payload but all payloads, one over the other. `step` computes both sides of the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

import msgspec

from fieldnote.mapping.records import with_removed

Payload = dict[str, Any]
"""A record as it goes over the wire."""

as_json: Final[Callable[[object], bytes]] = msgspec.json.Encoder().encode
"""A payload as it travels, and as the ledger keeps it."""

Names = Mapping[str, Any] | None
"""The `map` of a record as the file has it; None: all fields are meant."""

Doubt = Mapping[str, bool]
"""Fields of which Siro may hold one value or another, and whether it holds some value in any case."""

NO_DOUBT: Final[Doubt] = {}

_CLEARED_BY_NULL: Final = {"account", "contact", "lead", "opportunity", "engagementType", "owner"}
"""Records inside a record that null takes away."""


class OnItsWay(msgspec.Struct, gc=False, eq=False):
    """Something made for each record that is sent: in a third of the time of a dataclass, and silent about people."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Step(OnItsWay, gc=False, eq=False):
    """From what Siro holds to what it should hold."""

    send: Payload
    holds: Payload
    """What Siro holds once it has taken `send`. Equal to what it held: nothing need be sent."""
    standing: tuple[str, ...] = ()
    """Fields that have no value in the CRM any more, and keep theirs in Siro, as its API cannot clear them."""

    @property
    def removed(self) -> bool:
        """Whether Siro then holds the record as deleted."""
        return self.holds.get("deletedAt") is not None


def step(held: Payload | None, new: Payload, names: Names, now: datetime, doubtful: Doubt = NO_DOUBT) -> Step:
    """The step from what Siro holds to a newly mapped record. `names`: what the stream's map speaks of.

    `doubtful`: fields of which `held` tells only what Siro may hold; the step tells what it holds, or is silent of it.
    """
    if held is None:
        return Step(new, new)
    standing: list[str] = []
    send, holds = _laid(held, with_removed(held, new, now), names, doubtful, "", standing)
    return Step(send, holds, tuple(standing))


def removal(key: str, held: Payload | None, now: datetime, doubtful: Doubt = NO_DOUBT) -> Step:
    """The step to a deleted record: nothing but its deletion is said."""
    if held is not None and held.get("deletedAt") is not None:
        return Step({}, held)
    send = {"externalId": key, "deletedAt": now.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    return Step(send, {**_certain(held or {}, doubtful, ""), **send})


def _laid(
    held: Payload, new: Payload, names: Names, doubtful: Doubt, path: str, standing: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to send and what is held then, of one record."""
    send, holds = dict(new), {**held, **new}
    for name, value in held.items():
        given = new.get(name)
        if isinstance(value, dict) and isinstance(given, dict) and _same(value, given):
            inner = _inside(names, name)
            send[name], holds[name] = _laid(value, given, inner, doubtful, f"{path}{name}.", standing)
        elif name not in new and value is not None:
            if name == "deletedAt" or (name in _CLEARED_BY_NULL and _speaks_of(names, name)):
                send[name] = holds[name] = None
            elif _speaks_of(names, name):
                standing.append(path + name)
                if doubtful.get(path + name):  # some value stays: then let it be the one that the CRM had last
                    send[name] = value
            if path + name in doubtful and name not in send:
                del holds[name]
    return send, holds


def _certain(held: Payload, doubtful: Doubt, path: str) -> Payload:
    """The record without the fields that are doubtful; but what null takes away must be known to be taken away."""
    return {
        name: _certain(value, doubtful, f"{path}{name}.") if isinstance(value, dict) else value
        for name, value in held.items()
        if path + name not in doubtful or name in _CLEARED_BY_NULL
    }


def _same(left: Payload, right: Payload) -> bool:
    """Whether two records inside a record are one."""
    return left.get("externalId") == right.get("externalId")


def _speaks_of(names: Names, name: str) -> bool:
    """A field that the map does not name is not ours: it stays as it is."""
    return name != "externalId" and (names is None or name in names)


def _inside(names: Names, name: str) -> Names:
    entry = None if names is None else names.get(name)
    # An expression gives a record whole: any of its fields may be meant.
    return entry if isinstance(entry, Mapping) else None


def may_hold(payload: Payload | None, attempted: Payload | None) -> Payload | None:
    """What Siro may hold where a call's answer never came: all that either of the two has in it.

    The next payload names every field anyhow; what counts is what has to be taken away: children, and records
    inside the record.
    """
    if attempted is None or payload is None:
        return attempted or payload
    held = {**payload, **attempted}
    for name, value in payload.items():
        other = attempted.get(name)
        if value is not None and other is None:
            held[name] = value
        elif children_of(value) and children_of(other):
            held[name] = [*({child["externalId"]: child for child in (*value, *other)}).values()]
    return held


def in_doubt(payload: Payload | None, attempted: Payload | None) -> Doubt:
    """The fields that a call without an answer changed."""
    return NO_DOUBT if attempted is None else dict(_differing(payload or {}, attempted, ""))


def _differing(left: Payload, right: Payload, path: str) -> Iterator[tuple[str, bool]]:
    for name in left.keys() | right.keys():
        one, other = left.get(name), right.get(name)
        if one == other or (children_of(one or []) and children_of(other or [])):
            continue
        inner = [value if isinstance(value, dict) else {} for value in (one, other)]
        if not (inner[0] and inner[1] and _same(*inner)):
            yield path + name, one is not None
        yield from _differing(inner[0], inner[1], f"{path}{name}.")


def children_of(value: object) -> TypeGuard[list[Payload]]:
    """Whether this is a list of records with ids of their own, of which none goes by being left out."""
    return isinstance(value, list) and all(isinstance(item, dict) and "externalId" in item for item in value)


# --- differences, for people ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that becomes another."""

    field: str
    """`account.name`, `engagementUsers[r-1].email`."""
    old: Any
    new: Any


def changes(held: Payload | None, holds: Payload) -> tuple[FieldChange, ...]:
    """What a person would see change, field by field."""
    return tuple(_changes("", held or {}, holds))


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
