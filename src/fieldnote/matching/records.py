"""What goes into a match and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fieldnote.matching import words


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the earth in degrees (WGS 84), as a phone or a CRM gives it: it may be nonsense."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Appointment:
    """What the CRM says should happen. `id` is whatever key the caller uses."""

    id: str
    rep_ids: frozenset[str]
    """Every rep who takes part, in the same keys as `Conversation.rep_id`."""
    starts_at: datetime
    ends_at: datetime | None = None
    """None: an hour is assumed, and leaned on less."""
    place: Place | None = None
    """The customer's address."""
    title: str | None = None
    customer: str | None = None
    """The customer's name, as the CRM has it."""
    cancelled: bool = False
    """Cancelled or deleted: it takes no recording by itself, but is named among those that lost."""
    kind: str | None = None
    """The CRM's type of activity. A call, an e-mail, a note or a task (`NOT_IN_PERSON`) takes no recording."""
    street: str | None = None
    """The street of the customer's address, in case somebody says it."""
    project: str | None = None
    """What the deal is about or called, likewise."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was recorded."""

    id: str
    rep_id: str
    starts_at: datetime
    duration: timedelta | None = None
    """None, or not above zero: unknown."""
    place: Place | None = None
    """Where the phone was when the recording began."""
    title: str | None = None
    transcript: str | None = None
    """What was said, once that is known."""


NOT_IN_PERSON = frozenset({"CALL", "EMAIL", "NOTE", "SMS", "TASK"})
"""Kinds of activity that nobody records on a doorstep."""


class Outcome(StrEnum):
    """What may be done with a decision."""

    LINKED = "LINKED"
    """Certain enough to link by itself."""
    PROPOSED = "PROPOSED"
    """Likely, but a person has to say so: nothing may be written anywhere on its account."""
    NONE = "NONE"
    """No appointment fits."""


class Reason(StrEnum):
    """Why a candidate is not the link."""

    LESS_LIKELY = "LESS_LIKELY"
    """Another appointment fits better."""
    TAKEN = "TAKEN"
    """It would fit this recording, but another recording of the rep fits it better."""
    TOO_FAR = "TOO_FAR"
    """The phone was far from the customer's address."""
    CANCELLED = "CANCELLED"
    """The appointment was cancelled or deleted."""
    FIXED_ELSEWHERE = "FIXED_ELSEWHERE"
    """The recording was linked, or unlinked, by a direct way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against one pair, in values and in plain words."""

    start_offset_s: float
    """Start of the recording after the start of the appointment; negative: before it."""
    overlap_s: float
    """How much of the recording lies between the appointment's start and end."""
    end_assumed: bool
    """The appointment has no end; an hour was assumed."""
    distance_m: float | None
    """From the phone to the customer's address; None where either is missing or not usable."""
    name_in_title: bool
    """The recording's title has the customer's name in it."""
    rivals: int
    """Other appointments of this rep that begin within two hours of the recording's start."""
    part: int
    """1 for the first recording of this appointment by this rep, 2 if one before is linked, and so on."""
    fixed: bool
    """Decided by a direct way before the matcher was asked."""
    length_s: float = 0.0
    """Of the recording; 0 where it is unknown."""
    subject_in_title: bool = False
    """The recording's title says what the appointment is about."""
    spoken: tuple[str, ...] = ()
    """What of the appointment was said in the recording: "customer", "street", "project"."""
    other_rep: bool = False
    """It is a colleague's appointment: taken over, or recorded by both."""
    unseen: bool = False
    """The appointment was not among those given; only a direct way can name such a one."""

    @property
    def words(self) -> tuple[str, ...]:
        """The same in plain words: time, place, title, what else there is."""
        return words.evidence_words(self)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An appointment that the recording may belong to."""

    appointment_id: str
    score: float
    """Probability (0..1) that this is the one, all other recordings of the rep considered."""
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A candidate that lost, and why."""

    appointment_id: str
    score: float
    evidence: Evidence
    reason: Reason

    @property
    def words(self) -> str:
        """The reason in plain words."""
        return words.reason_words(self.reason, self.evidence)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one conversation."""

    conversation_id: str
    outcome: Outcome
    best: Candidate | None
    """The link where the outcome is LINKED, the proposal where it is PROPOSED, else None."""
    runners_up: tuple[RunnerUp, ...]
    """The others, the likeliest first; at most five."""
    none_score: float
    """Probability (0..1) that the recording belongs to no appointment."""

    @property
    def appointment_id(self) -> str | None:
        """The appointment to link; None for a proposal too, so that none is written by mistake."""
        return self.best.appointment_id if self.best and self.outcome is Outcome.LINKED else None

    @property
    def score(self) -> float:
        return self.best.score if self.best else 0.0

    @property
    def evidence(self) -> Evidence | None:
        return self.best.evidence if self.best else None
