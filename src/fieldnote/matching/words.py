"""Evidence and reasons in plain words."""

from __future__ import annotations

from fieldnote.matching.records import Evidence, Reason


def evidence_words(
    *,
    offset: float,
    overlap: float,
    length: float,
    end_assumed: bool,
    distance_m: float | None,
    name_in_title: bool,
    rivals: int,
    part: int,
    fixed: bool,
) -> tuple[str, ...]:
    """One phrase for each thing that was looked at; times in minutes."""
    phrases = ["linked directly, not by likeness"] if fixed else []
    phrases.append(_start_words(offset))
    phrases.append(_place_words(distance_m))
    if name_in_title:
        phrases.append("the title names the customer")
    if length > 0:
        phrases.append(f"{overlap:.0f} of {length:.0f} recorded minutes lie within the appointment")
    if end_assumed:
        phrases.append("the appointment has no end; one hour was assumed")
    if part > 1:
        earlier = "one recording" if part == 2 else f"{part - 1} recordings"
        phrases.append(f"{earlier} of it came before")
    phrases.append(
        f"{rivals} other appointment{'s' if rivals > 1 else ''} of this rep within two hours"
        if rivals
        else "only appointment of this rep within two hours"
    )
    return tuple(phrases)


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
    if reason is Reason.TOO_FAR:
        return _place_words(evidence.distance_m) + ": too far to be the same visit"
    if reason is Reason.CANCELLED:
        return "the appointment was cancelled"
    if reason is Reason.FIXED_ELSEWHERE:
        return "the recording was linked or unlinked directly"
    if reason is Reason.TAKEN:
        return "another recording of this rep fits it better"
    return "another appointment, or none, is likelier"
