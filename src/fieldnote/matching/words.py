"""Evidence and reasons in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldnote.matching.records import Evidence, Reason


def evidence_words(seen: Evidence) -> tuple[str, ...]:
    """One phrase for each thing that was looked at."""
    if seen.unseen:
        return ("linked directly, to an appointment that was not among those given",)
    phrases = ["linked directly, not by likeness"] if seen.fixed else []
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
    return (*phrases, _rivals_words(seen.rivals))


def _said_words(seen: Evidence) -> list[str]:
    phrases = ["the title names the customer"] if seen.name_in_title else []
    if seen.subject_in_title:
        phrases.append("the title says what the appointment is about")
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


_REASONS = {
    "CANCELLED": "the appointment was cancelled",
    "FIXED_ELSEWHERE": "the recording was linked or unlinked directly",
    "TAKEN": "another recording of this rep fits it better",
    "LESS_LIKELY": "another appointment, or none, is likelier",
}
