"""The states of appointments and recordings: one table from which SQL, `explain`, and docs/status.md follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an appointment or a recording is on its way. `STATES` has the meaning of each."""

    NOT_SENT = "not_sent"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"
    PENDING_DELETION = "pending_deletion"
    CANCELLED = "cancelled"
    NO_START_TIME = "no_start_time"
    NO_REP = "no_rep"
    REP_IGNORED = "rep_ignored"
    REP_NOT_MAPPED = "rep_not_mapped"
    UPCOMING = "upcoming"
    IN_PROGRESS = "in_progress"
    AWAITING_RECORDING = "awaiting_recording"
    UNLINKED = "unlinked"
    NOT_RECORDED = "not_recorded"
    EXPLAINED = "explained"
    OWNERSHIP_UNKNOWN = "ownership_unknown"
    OTHER_CONNECTION = "other_connection"
    SHARED_RECORD = "shared_record"
    DELETED = "deleted"
    PROCESSING = "processing"
    STUCK = "stuck"
    WAITING = "waiting"
    EXTRACTION_FAILED = "extraction_failed"
    REFUSED_BY_CRM = "refused_by_crm"
    RECORD_MISSING = "record_missing"
    NEEDS_REVIEW = "needs_review"
    NOT_WRITTEN = "not_written"
    WRITTEN = "written"
    REVERTED = "reverted"
    LEFT_UNCHANGED = "left_unchanged"
    PURGED = "purged"
    NOTHING_SAID = "nothing_said"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Advice:
    """A state in plain words, for one kind of thing."""

    meaning: str
    do: str | None = None
    """The next step for a person; None: nothing to do."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table."""

    appointment: Advice | None
    """None: an appointment is never in this state."""
    recording: Advice | None
    """None: a recording is never in this state."""
    late_after: timedelta | None = None
    """The age after which it is late; None: never. The age counts from the start of the appointment or recording, or
    from the discovery that Siro lacks the appointment."""
    rank: int | None = None
    """If an appointment has several recordings, the state with the lowest rank counts."""


def _both(
    meaning: str, do: str | None = None, *, late_after: timedelta | None = None, rank: int | None = None
) -> Meaning:
    """A state of both. `{it}` is the recording, `{its}` its possessive."""
    return Meaning(
        Advice(*_spell(meaning, do, it="its recording", its="its recording's")),
        Advice(*_spell(meaning, do, it="it", its="its")),
        late_after,
        rank,
    )


def _spell(meaning: str, do: str | None, *, it: str, its: str) -> tuple[str, str | None]:
    text = meaning.format(it=it, its=its)
    return text[0].upper() + text[1:], do


_AT_ONCE: Final = timedelta(0)
_HOURS_6: Final = timedelta(hours=6)
_REPORT: Final = "Report it as a bug, with the output of `fieldnote explain … --json` without names."
_LINK: Final = "If one of them belongs to it, link it: `fieldnote links list` has the candidates; else link it in Siro."

STATES: Final[Mapping[State, Meaning]] = {
    State.NOT_SENT: Meaning(
        Advice(
            "Siro does not have the CRM's current version; the next push sends it.",
            "Run `fieldnote push`. If the state stays, read the reason that the push prints.",
        ),
        None,
        timedelta(hours=1),
    ),
    State.QUARANTINED: Meaning(
        Advice(
            "It is in quarantine: Siro refuses it, or its row cannot be mapped.",
            "Fix the row or the map. `fieldnote quarantine show engagements KEY` shows both sides.",
        ),
        None,
        _AT_ONCE,
    ),
    State.DROPPED: Meaning(Advice("A person decided not to send it to Siro."), None),
    State.PENDING_DELETION: Meaning(
        Advice(
            "Its row disappeared from the CRM along with many others, so a person must confirm the deletions.",
            "See the count that `fieldnote push` prints. To confirm: `fieldnote push --accept-deletes N`.",
        ),
        None,
        _AT_ONCE,
    ),
    State.CANCELLED: Meaning(Advice("It is deleted or canceled; no recording is expected."), None),
    State.NO_START_TIME: Meaning(
        Advice("It has no start time.", "Map `startTime`: recordings are matched by rep and time."), None
    ),
    State.NO_REP: Meaning(
        Advice("It names no rep.", "Map `engagementUsers`: recordings are matched by rep and time."), None, _AT_ONCE
    ),
    State.REP_IGNORED: Meaning(
        Advice("Its rep does not use Siro: `people.ignore` in the file covers the rep. No recording is expected."), None
    ),
    State.REP_NOT_MAPPED: Meaning(
        Advice(
            "Its rep has no user in Siro, so their recordings are never linked to it.",
            "Give the rep and the Siro user the same email, or map the rep in Siro. `fieldnote users` lists all reps. "
            "If the rep does not use Siro, add them to `people.ignore` in the file.",
        ),
        None,
        _AT_ONCE,
    ),
    State.UPCOMING: Meaning(Advice("It has not started."), None),
    State.IN_PROGRESS: Meaning(Advice("It is taking place now."), None),
    State.AWAITING_RECORDING: Meaning(
        Advice("It ended less than four hours ago, and its recording may still arrive."), None
    ),
    State.UNLINKED: Meaning(
        Advice("A recording near its time is not linked to any record.", _LINK),
        Advice(
            "It is not linked to any CRM record.",
            "Check that its user has an appointment near that time, and that `fieldnote users` maps the rep. "
            "`fieldnote links list` has the candidates; else link it in Siro.",
        ),
        _HOURS_6,
    ),
    State.NOT_RECORDED: Meaning(
        Advice(
            "Nothing was recorded near its time.",
            "Ask the rep. If a colleague recorded it, or at another time, link that recording to it.",
        ),
        None,
    ),
    State.EXPLAINED: Meaning(Advice("Nothing was recorded, and a person gave the reason."), None),
    State.OWNERSHIP_UNKNOWN: Meaning(
        None,
        Advice(
            "Fieldnote does not know yet whether its link belongs to this connection.",
            "Run `fieldnote push`. A file without `push` needs `siro.integration_connection_id`.",
        ),
        _HOURS_6,
        rank=15,
    ),
    State.OTHER_CONNECTION: Meaning(
        Advice(
            "Fieldnote does not know whether its recording's link belongs to this connection.",
            "Push first. A file without `push` needs `siro.integration_connection_id`.",
        ),
        Advice("Its link belongs to another connection, and this one leaves it alone."),
        None,
        rank=17,
    ),
    State.SHARED_RECORD: Meaning(
        None,
        Advice("Two connections pushed the record it is linked to.", "Give the keys in one of the two files a prefix."),
        _AT_ONCE,
        rank=16,
    ),
    State.DELETED: Meaning(
        None, Advice("It was deleted in Siro. Its values stay in the CRM until a person removes them.")
    ),
    State.PROCESSING: _both("Siro is processing {it}.", rank=7),
    State.STUCK: _both(
        "Siro has been processing {it} for more than three hours.",
        "The upload may have failed. Ask the rep whether the phone still has the recording.",
        late_after=_AT_ONCE,
        rank=4,
    ),
    State.WAITING: _both(
        "{its} summary or extractions have not arrived; Fieldnote keeps checking for 48 hours.", rank=8
    ),
    State.EXTRACTION_FAILED: _both(
        "{its} summary or extractions did not arrive within 48 hours.",
        "Ask Siro's support about the recording.",
        late_after=_AT_ONCE,
        rank=5,
    ),
    State.REFUSED_BY_CRM: _both(
        "The CRM refuses a value or note from {it}.",
        "Fix the cause in the reason above; the next pull tries again.",
        late_after=_AT_ONCE,
        rank=2,
    ),
    State.RECORD_MISSING: _both(
        "The CRM record that {it} would be written to does not exist.",
        "Check whether the record was deleted, and whether `table` and `key` under `pull` are right.",
        late_after=_AT_ONCE,
        rank=3,
    ),
    State.NEEDS_REVIEW: _both(
        "A value from {it} waits for a person's decision.",
        "Decide: `fieldnote review list`.",
        late_after=timedelta(days=7),
        rank=6,
    ),
    State.NOT_WRITTEN: _both(
        "The values from {it} are ready, but not in the CRM yet; the next pull writes them.",
        "Run `fieldnote pull`. If the state stays, read the reason that the pull prints.",
        late_after=_HOURS_6,
        rank=9,
    ),
    State.WRITTEN: _both("The CRM has the values from {it}, or newer ones from another recording.", rank=10),
    State.REVERTED: _both("A person reverted the values from {it}.", rank=11),
    State.LEFT_UNCHANGED: _both(
        "The CRM was left unchanged: a person's value is there, a person rejected the value, or the field's policy is "
        "`shadow`.",
        rank=12,
    ),
    State.NOTHING_SAID: _both("{it} has no answer for any CRM field in the file.", rank=13),
    State.PURGED: _both("Siro's retention deleted {it}, and nothing from it is in the CRM.", rank=14),
    State.UNKNOWN: Meaning(
        Advice("Its state is unknown. This is a bug in Fieldnote.", _REPORT),
        Advice("Its state is unknown. This is a bug in Fieldnote.", _REPORT),
        _AT_ONCE,
        rank=1,
    ),
}

LATE_AFTER: Final[Mapping[State, timedelta]] = {
    state: row.late_after for state, row in STATES.items() if row.late_after is not None
}
"""The age after which an appointment or recording is late, by state."""

BY_RANK: Final[tuple[State, ...]] = tuple(
    sorted((state for state, row in STATES.items() if row.rank is not None), key=lambda state: STATES[state].rank or 0)
)
"""The states of recordings, the one that needs a person most first."""


def of_appointment(state: State) -> Advice:
    """The meaning of an appointment's state."""
    return STATES[state].appointment or _UNKNOWN


def of_recording(state: State) -> Advice:
    """The meaning of a recording's state."""
    return STATES[state].recording or _UNKNOWN


_UNKNOWN: Final = Advice("Its state is unknown. This is a bug in Fieldnote.", _REPORT)


def table(kind: str) -> Iterator[str]:
    """The table of docs/status.md: a line per state of an `appointment` or a `recording`, in Markdown."""
    yield "| State | Meaning | Late after |"
    yield "|---|---|---|"
    for state, row in STATES.items():
        advice: Advice | None = row.appointment if kind == "appointment" else row.recording
        if advice is not None:
            yield f"| `{state}` | {advice.meaning} | {_age(row.late_after)} |"


def _age(limit: timedelta | None) -> str:
    if limit is None:
        return ""
    if not limit:
        return "at once"
    return f"{limit.days} days" if limit.days else f"{limit.seconds // 3600} h"
