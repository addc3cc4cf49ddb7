"""What a CRM field should hold: a function of all ready recordings linked to its record. Pure.

The latest by start of conversation that has a value wins; `append` takes all, in that order. In whatever
order the recordings arrive, the answer is the same, so two visits on one deal never fight.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fieldnote.crm.types import FrozenValue


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one recording says about one field."""

    recording_id: str
    started_at: datetime
    said: object
    """The extraction's own words."""
    value: FrozenValue = None
    """What they convert to."""
    problem: str | None = None
    """Why they cannot be converted; `value` is None then."""
    definition_id: str | None = None
    """Siro's id of what was asked for, where it told."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What a field should hold, and why."""

    value: FrozenValue
    """None: no recording supplies anything."""
    source: Contribution | None
    """The recording that supplies it; for `append`, the latest of them."""
    unconverted: Contribution | None = None
    """A later one whose words cannot be converted with certainty: for a person to decide."""


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
    """Each conversation's words on a line of their own; what was said twice stands once."""
    lines = dict.fromkeys(line for item in usable for line in block_of(item))
    return "\n".join(lines) or None


def block_of(said: Contribution) -> list[str]:
    """The lines that one conversation adds."""
    items = said.value if isinstance(said.value, list) else [said.value]
    return [line for item in items if (line := str(item).strip())]
