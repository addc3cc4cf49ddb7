"""The records that go into a match, and the decisions that come out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fieldnote.matching.evidence import Evidence, Reason, reason_words


@dataclass(frozen=True, slots=True)
class Place:
    """A point in degrees (WGS 84), as a phone or a CRM gives it. It may be invalid."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Appointment:
    """A row of the CRM's calendar. `id` is any key of the caller."""

    id: str
    rep_ids: frozenset[str]
    """Every rep who takes part, in the same keys as `Conversation.rep_id`."""
    starts_at: datetime
    ends_at: datetime | None = None
    """None: an hour is assumed."""
    place: Place | None = None
    """The customer's address."""
    title: str | None = None
    customer: str | None = None
    """The customer's name, as the CRM has it."""
    cancelled: bool = False
    """Canceled or deleted. It takes no recording, but is named among the candidates that lost."""
    kind: str | None = None
    """The CRM's type of activity. A call, an email, a note or a task (`NOT_IN_PERSON`) takes no recording."""
    street: str | None = None
    """The street of the customer's address with the house number, since titles and people name it."""
    project: str | None = None
    """The name or subject of the deal."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A recording."""

    id: str
    rep_id: str
    starts_at: datetime
    duration: timedelta | None = None
    """None, or not above zero: unknown."""
    place: Place | None = None
    """Where the phone was when the recording began."""
    title: str | None = None
    transcript: str | None = None
    """The words of the recording, once they are known."""


NOT_IN_PERSON = frozenset({"CALL", "EMAIL", "NOTE", "SMS", "TASK"})
"""Kinds of activity that nobody records at a customer's."""


class Outcome(StrEnum):
    """How a decision may be used."""

    LINKED = "LINKED"
    """Certain enough to link without a person."""
    PROPOSED = "PROPOSED"
    """Likely, but a person has to confirm it. Nothing may be written because of it."""
    NONE = "NONE"
    """No appointment fits."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An appointment that the recording may belong to."""

    appointment_id: str
    score: float
    """Probability (0..1) that the recording belongs to it, all other recordings considered."""
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
        return reason_words(self.reason, self.evidence)


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision for one conversation."""

    conversation_id: str
    outcome: Outcome
    best: Candidate | None
    """The link where the outcome is LINKED, the proposal where it is PROPOSED, else None."""
    runners_up: tuple[RunnerUp, ...]
    """The other candidates, the likeliest first; at most five."""
    none_score: float
    """Probability (0..1) that the recording belongs to no appointment."""

    @property
    def appointment_id(self) -> str | None:
        """The appointment to link. None for a proposal, so that nobody writes it by mistake."""
        return self.best.appointment_id if self.best and self.outcome is Outcome.LINKED else None

    @property
    def score(self) -> float:
        return self.best.score if self.best else 0.0

    @property
    def evidence(self) -> Evidence | None:
        return self.best.evidence if self.best else None
