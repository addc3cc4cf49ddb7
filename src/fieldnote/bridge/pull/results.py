"""A pull's results in the CRM, and their report."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from fieldnote.json_form import NOT_IN_JSON


class FieldState(StrEnum):
    """The state of a CRM field that something was said about."""

    WRITTEN = "written"
    """It has the conversation's value, and Fieldnote wrote it."""
    HOLDS = "holds"
    """It already had the conversation's value."""
    KEPT = "kept"
    """It has a person's value, and Fieldnote leaves it alone."""
    PROPOSED = "proposed"
    """A person has to decide."""
    SHADOWED = "shadowed"
    """Fieldnote keeps the value to compare it, writes nothing, and asks nobody."""
    DECLINED = "declined"
    """A person rejected the value."""
    UNCONVERTED = "unconverted"
    """The words give no certain value of this type, so a person has to decide."""
    REFUSED = "refused"
    """The CRM refuses the value, or lacks the column."""
    RECORD_MISSING = "record_missing"
    """The CRM does not have the record."""
    TAKEN_BACK = "taken_back"
    """The recording belongs to another record now, and the earlier value is back."""
    REVERTED = "reverted"
    """A person undid Fieldnote's write."""
    INTERRUPTED = "interrupted"
    """Fieldnote was stopped during the write. The next pass checks whether the CRM has the value."""


CUT_OFF = "the pull stopped before the CRM's answer was kept; the next pull reads the CRM and decides"
"""The reason of an interrupted write, which has no words of its own."""


class NoteState(StrEnum):
    """The state of a note."""

    WRITTEN = "written"
    """It has the current summary."""
    EDITED = "edited"
    """A person changed it, and it is left alone."""
    REMOVED = "removed"
    """A person deleted it, and Fieldnote does not create it again."""
    REFUSED = "refused"
    """The CRM refuses it."""
    WITHDRAWN = "withdrawn"
    """The recording belongs to another record now; the note says so."""
    REVERTED = "reverted"
    """A person undid it. Its text says that it is withdrawn."""
    INTERRUPTED = "interrupted"
    """Fieldnote was stopped during the write."""


@dataclass(frozen=True, slots=True)
class Written:
    """The field or note of one write into the CRM, and its cause."""

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


@dataclass(frozen=True, slots=True)
class Change(Written):
    """A write of this run. `before` and `after` are a customer's data: they go to no log."""

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
    """The results of a pull, and the state after it."""

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
        """Whether nothing is left to do or to fix. A field that waits for a person's decision is settled."""
        return not (self.pending or self.problems or self.stopped)
