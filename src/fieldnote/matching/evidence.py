"""Evidence for and against a pair of recording and appointment, in values and in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldnote.matching.names import Title


class Reason(StrEnum):
    """Why a candidate is not the link."""

    LESS_LIKELY = "LESS_LIKELY"
    """Another appointment fits better."""
    TAKEN = "TAKEN"
    """It would fit this recording, but another recording of the rep fits it better."""
    TOO_FAR = "TOO_FAR"
    """The phone was far from the customer's address."""
    CANCELLED = "CANCELLED"
    """The appointment was canceled or deleted."""
    SAME_VISIT = "SAME_VISIT"
    """It is another row of the visit that fits best, a copy or a reschedule."""
    FIXED_ELSEWHERE = "FIXED_ELSEWHERE"
    """A person or a deep link linked or unlinked the recording."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that speaks for and against one pair."""

    start_offset_s: float
    """Start of the recording after the start of the appointment; negative: before it."""
    overlap_s: float
    """Seconds of the recording between the appointment's start and end."""
    end_assumed: bool
    """The appointment has no end; an hour was assumed."""
    distance_m: float | None
    """From the phone to the customer's address; None if either is missing or not usable."""
    name_in_title: bool
    """The recording's title has the customer's name in it."""
    rivals: int
    """Other appointments of this rep that begin within two hours of the recording's start."""
    part: int
    """1 for the first recording of this appointment by this rep, 2 if one before is linked, and so on."""
    fixed: bool
    """A person or a deep link decided it before the matcher was asked."""
    length_s: float = 0.0
    """Of the recording; 0 if unknown."""
    subject_in_title: bool = False
    """The recording's title repeats the appointment's subject."""
    spoken: tuple[str, ...] = ()
    """Which of "customer", "street" and "project" were said in the recording."""
    other_rep: bool = False
    """It is a colleague's appointment: taken over, or recorded by both."""
    unseen: bool = False
    """The appointment was not among those given; only a person or a deep link can name such a one."""
    title: Title = Title.DEFAULT
    """How the recording's title relates to the appointment."""
    may_follow: bool = False
    """It is not linked without a person, since it may have followed a visit: a drive, a call, a walk-in next door."""
    learned_from: int = 0
    """Recordings from which the rates were learned; 0 for the usual rates."""

    @property
    def words(self) -> tuple[str, ...]:
        """The same in plain words: time, place, title, and the rest."""
        return _evidence_words(self)


def _evidence_words(seen: Evidence) -> tuple[str, ...]:
    """One phrase for each piece of evidence."""
    if seen.unseen:
        return ("linked directly, to an appointment that was not among those given",)
    phrases = ["linked directly by a person or a deep link"] if seen.fixed else []
    phrases += [_start_words(seen.start_offset_s / 60), _place_words(seen.distance_m), *_said_words(seen)]
    if seen.length_s > 0:
        within, length = seen.overlap_s / 60, seen.length_s / 60
        phrases.append(f"{within:.0f} of {length:.0f} recorded minutes lie within the appointment")
    if seen.end_assumed:
        phrases.append("the appointment has no end; one hour was assumed")
    if seen.other_rep:
        phrases.append("it is in a colleague's calendar")
    if seen.part > 1:
        earlier = "one recording" if seen.part == 2 else f"{seen.part - 1} recordings"
        phrases.append(f"{earlier} of it came before")
    phrases.append(_rivals_words(seen.rivals))
    if seen.may_follow:
        phrases.append("a drive, a call or a walk-in after a visit looks the same")
    if seen.learned_from:
        phrases.append(f"judged by rates learned from {seen.learned_from:,} recordings of the organization")
    return tuple(phrases)


def _said_words(seen: Evidence) -> list[str]:
    phrases = [_TITLES[seen.title]] if seen.title in _TITLES else []
    return phrases + [f"the {thing} was named in the recording" for thing in seen.spoken]


def _rivals_words(rivals: int) -> str:
    if not rivals:
        return "only appointment of this rep within two hours"
    return f"{rivals} other appointment{'s' if rivals > 1 else ''} of this rep within two hours"


def _start_words(offset: float) -> str:
    minutes = round(abs(offset))
    if minutes == 0:
        return "started at the time of the appointment"
    amount = _duration(minutes)
    return f"started {amount} {'after' if offset > 0 else 'before'} the appointment's time"


def _duration(minutes: int) -> str:
    if minutes < 120:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    if minutes < 48 * 60:
        return f"{minutes / 60:.1f} hours"
    return f"{minutes / 1440:.0f} days"


def _place_words(distance_m: float | None) -> str:
    if distance_m is None:
        return "no coordinates on one side or both"
    if distance_m < 1000:
        return f"{distance_m:.0f} m from the customer's address"
    return f"{distance_m / 1000:.1f} km from the customer's address"


def reason_words(reason: Reason, evidence: Evidence) -> str:
    """Why a candidate lost."""
    if reason == "TOO_FAR":
        return _place_words(evidence.distance_m) + ": too far to be the same visit"
    return _REASONS[reason.value]


_TITLES: Final = {
    Title.NAME: "the title names the customer",
    Title.SLIP: "the title names the customer, with one slip of the finger",
    Title.FIRST: "the title has the customer's first name",
    Title.STREET: "the title names the customer's street",
    Title.SUBJECT: "the title says what the appointment is about",
    Title.OTHER: "the title names neither the customer nor the street",
    Title.FOLLOW_UP: "the title speaks of a follow-up",
    Title.STRAY: "the title speaks of a walk-in, a call, a drive or a practice",
}
_REASONS: Final = {
    "CANCELLED": "the appointment was canceled",
    "SAME_VISIT": "another row of the same visit fits better",
    "FIXED_ELSEWHERE": "a person or a deep link decided about the recording",
    "TAKEN": "another recording of this rep fits it better",
    "LESS_LIKELY": "another appointment, or none, is likelier",
}
