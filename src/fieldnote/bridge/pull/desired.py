"""The value that a CRM field should have: a function of all ready recordings linked to its record. Pure.

The latest by start of conversation that has a value wins; `append` takes all, in that order. In whatever
order the recordings arrive, the answer is the same, so two visits on one deal never fight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fieldnote.bridge.pull import readiness
from fieldnote.bridge.pull.ledger import FieldEntry
from fieldnote.bridge.pull.readiness import Readiness
from fieldnote.bridge.pull.three_way_merge import KnownField
from fieldnote.bridge.recording import Extraction, RecordingSnapshot
from fieldnote.config import FieldSettings, Kind
from fieldnote.crm.types import FrozenValue, freeze
from fieldnote.mapping.escaping import escaped
from fieldnote.mapping.values import Unconvertible, convert


@dataclass(frozen=True, slots=True)
class Contribution:
    """One recording's value for one field."""

    recording_id: str
    started_at: datetime
    said: object
    """The extraction's own words."""
    value: FrozenValue = None
    """The converted value."""
    problem: str | None = None
    """Why they cannot be converted; `value` is null then."""
    definition_id: str | None = None
    """Siro's id of what was asked for, if Siro gave one."""


@dataclass(frozen=True, slots=True)
class Desired:
    """The value that a field should have, and why."""

    value: FrozenValue
    """None: no recording supplies anything."""
    source: Contribution | None
    """The recording that supplies it; for `append`, the latest of them."""
    unconverted: Contribution | None = None
    """A later one whose words cannot be converted with certainty: for a person to decide."""


def contribution(held: RecordingSnapshot, item: Extraction, settings: FieldSettings, zone: str | None) -> Contribution:
    """The words of an extraction as the kind that the file asks for.

    "Next month" counts from the day of the conversation on the clock of `zone`, UTC without one.
    """
    day = held.started_at.astimezone(ZoneInfo(zone or "UTC")).date()
    said = item.value
    converted = convert(said, settings.kind, on=day, choices=settings.choices)
    if isinstance(converted, Unconvertible):
        return Contribution(held.id, held.started_at, said, None, converted.reason, item.definition_id)
    if isinstance(converted, str | tuple) and settings.kind in {Kind.TEXT, Kind.LIST}:
        converted = escaped(converted, settings.escape)
    return Contribution(held.id, held.started_at, said, freeze(converted), None, item.definition_id)


def desired(contributions: Iterable[Contribution], *, append: bool) -> Desired:
    """The value that the contributions ask for together."""
    in_order = sorted(contributions, key=lambda item: (item.started_at, item.recording_id))
    usable = [item for item in in_order if item.problem is None and item.value is not None]
    source = usable[-1] if usable else None
    later = in_order[in_order.index(source) + 1 :] if source else in_order
    unconverted = next((item for item in reversed(later) if item.problem is not None), None)
    value = _block(usable) if append else source.value if source else None
    return Desired(value, source, unconverted)


def _block(usable: list[Contribution]) -> str | None:
    """Each conversation's words on a line of their own; a line that was said twice is there once."""
    lines = dict.fromkeys(line for item in usable for line in block_of(item))
    return "\n".join(lines) or None


def block_of(said: Contribution) -> list[str]:
    """The lines that one conversation adds."""
    items = said.value if isinstance(said.value, list) else [said.value]
    return [line for item in items if (line := str(item).strip())]


def is_declined(known_field: KnownField, said: object) -> bool:
    """Whether a person said no to just these words or this value."""
    return known_field.declined is not None and known_field.declined.value == freeze(said)


def moved_away(
    entry: FieldEntry | None, linked: Sequence[RecordingSnapshot], source: RecordingSnapshot | None, name: str
) -> bool:
    """Whether the recording that a field was written from says nothing of the kind about this record any more.

    It may belong to another record now, have been extracted again, or have been withdrawn by a person. One that was
    deleted in Siro, or whose link Siro removed, has not moved by that: what it gave stays, unless it had been linked to
    another record before.
    """
    if entry is None or entry.recording_id is None or source is None:
        return False
    if source.withdrawn:
        return True
    here = any(held.id == entry.recording_id for held in linked)
    if source.left:
        return bool(source.links) and not here
    return not here or readiness.field(source, name)[0] is Readiness.SILENT


def unsaid(entry: FieldEntry | None, said: Sequence[Contribution]) -> bool:
    """Whether the recording that a field was written from says something by now that nobody can convert.

    Not where a person has decided what those words mean.
    """
    if entry is None or entry.recording_id is None:
        return False
    own = next((item for item in said if item.recording_id == entry.recording_id), None)
    return own is not None and own.problem is not None and not is_declined(entry.known_field, own.said)


def is_ours(entry: FieldEntry | None, said: Contribution, *, append: bool) -> bool:
    """Whether what one recording said is in the field by our hand."""
    if entry is None or entry.known_field.wanted is None:
        return False
    if not append:
        return entry.recording_id == said.recording_id and entry.known_field.base is not None
    held = str(entry.known_field.wanted.value or "").splitlines()
    return all(line in held for line in block_of(said))
