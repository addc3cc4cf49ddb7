"""What a pull did to the CRM, and how it reports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from fieldnote.json_form import NOT_IN_JSON


class FieldState(StrEnum):
    """The state of a CRM field that something was said about."""

    WRITTEN = "written"
    """It holds what was said, and we wrote it."""
    HOLDS = "holds"
    """It held what was said already."""
    KEPT = "kept"
    """It has a person's value, which is left alone."""
    PROPOSED = "proposed"
    """A person has to decide."""
    SHADOWED = "shadowed"
    """What would be written is kept, and nobody is asked."""
    DECLINED = "declined"
    """A person said no to what was said."""
    UNCONVERTED = "unconverted"
    """What was said is no certain value of this kind: a person has to decide."""
    REFUSED = "refused"
    """The CRM does not take the value, or has no such column."""
    RECORD_MISSING = "record_missing"
    """The CRM has no such record."""
    TAKEN_BACK = "taken_back"
    """The recording belongs to another record now; the value from before is back."""
    REVERTED = "reverted"
    """A person undid our write."""
    INTERRUPTED = "interrupted"
    """We were stopped in the middle of the write; the next pass finds out what became of it."""


class NoteState(StrEnum):
    """The state of a note."""

    WRITTEN = "written"
    """It says what the summary says."""
    EDITED = "edited"
    """A person changed it, and it is left alone."""
    REMOVED = "removed"
    """A person deleted it, and it is not made again."""
    REFUSED = "refused"
    """The CRM does not take it."""
    WITHDRAWN = "withdrawn"
    """The recording belongs to another record now; the note says so."""
    REVERTED = "reverted"
    """A person undid it: it says that it is withdrawn, and is left so."""
    INTERRUPTED = "interrupted"
    """We were stopped in the middle of the write."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write into the CRM. `before` and `after` are a customer's data: they go to no log."""

    kind: str
    """field or note"""
    model: str
    record: str
    table: str
    column: str
    recording_id: str | None
    extraction: str | None
    policy: str | None
    action: str
    """written, approved, edited, taken_back, withdrawn, reverted"""
    before: object = field(default=None, metadata=NOT_IN_JSON)
    after: object = field(default=None, metadata=NOT_IN_JSON)
    actor: str = field(default="fieldnote", metadata=NOT_IN_JSON)
    said: object = field(default=None, metadata=NOT_IN_JSON)
    """The extraction's own words."""
    definition_id: str | None = field(default=None, metadata=NOT_IN_JSON)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Something that a person has to fix."""

    model: str
    record: str
    column: str
    state: str
    reason: str


@dataclass(slots=True)
class PullResult:
    """What a pull did, and the state after it."""

    connection: str
    read: int = 0
    """Recordings fetched."""
    changed: int = 0
    """Of those, the ones that were new or had changed."""
    records: int = 0
    """CRM records that were compared with their recordings."""
    changes: list[Change] = field(default_factory=list)
    """Every write into the CRM."""
    problems: list[Stuck] = field(default_factory=list)
    pending: int = 0
    """CRM records that the next pass has to look at again."""
    proposals: int = 0
    """Open ones, from this and earlier passes."""
    stages: dict[str, int] = field(default_factory=dict)
    """The number of recordings in each stage."""
    stuck: list[str] = field(default_factory=list)
    """Recordings that Siro has been processing for more than three hours."""
    stopped: str | None = None
    warnings: list[str] = field(default_factory=list)
    calls: int = 0
    seconds: float = field(default=0.0, metadata={"digits": 3})

    json_properties: ClassVar = ("writes", "settled")

    @property
    def writes(self) -> int:
        """How many writes the CRM took."""
        return len(self.changes)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do or to fix. What waits for a person's decision is settled."""
        return not (self.pending or self.problems or self.stopped)
