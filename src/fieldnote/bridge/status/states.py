"""Where an appointment or a recording can stand: the states by name, what each means, and how long it may last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class AppointmentState(StrEnum):
    """Where an appointment stands."""

    NOT_SENT = "not_sent"
    """Siro does not have it as the CRM does; the next push tries."""
    QUARANTINED = "quarantined"
    """Siro does not take it, or its row cannot be mapped."""
    DROPPED = "dropped"
    """A person said that it need not go to Siro."""
    DOUBTFUL = "doubtful"
    """Gone from the CRM with so many others that a person decides."""
    CANCELLED = "cancelled"
    """Deleted or cancelled."""
    WITHOUT_TIME = "without_time"
    """It has no start time, so that no recording can be told to be its own."""
    WITHOUT_REP = "without_rep"
    """It names no rep, so that no recording can be told to be its own."""
    REP_UNKNOWN = "rep_unknown"
    """It waits for the rep's mapping: its rep is no user of Siro's."""
    UPCOMING = "upcoming"
    """It has not begun."""
    UNDER_WAY = "under_way"
    """It is being held, or has just been: its recording may still come."""
    UNLINKED = "unlinked"
    """A recording near its time, by its rep where Siro tells who that is, is linked to nothing."""
    NO_RECORDING = "no_recording"
    """Nothing was recorded at that time."""
    NOT_OURS = "not_ours"
    """Its recording's link is another connection's, or nothing shows yet whose it is."""
    PROCESSING = "processing"
    """Siro is at work on its recording."""
    STUCK = "stuck"
    """Siro has been at work on its recording for more than three hours."""
    WAITING = "waiting"
    """Its recording's summary or extractions are not there yet."""
    EXTRACTION_FAILED = "extraction_failed"
    """Its recording's summary or extractions did not come within 48 hours."""
    REJECTED = "rejected"
    """The CRM does not take something that was said."""
    RECORD_MISSING = "record_missing"
    """The CRM has no such record to write to."""
    REVIEW = "review"
    """Something that was said waits for a person's decision."""
    NOT_WRITTEN = "not_written"
    """What was said is ready, and not in the CRM yet; the next pull tries."""
    WRITTEN = "written"
    """What was said stands in the CRM."""
    UNDONE = "undone"
    """A person undid what had been written."""
    LEFT = "left"
    """What was said was left out: a person's value stands there, a person said no, or the field is in the shadow."""
    PURGED = "purged"
    """Siro keeps its recording no longer, and nothing of it came into the CRM."""
    SILENT = "silent"
    """Recorded, and nothing was said that the file wants in the CRM."""
    UNACCOUNTED = "unaccounted"
    """None of these: a defect of Fieldnote's."""


class RecordingState(StrEnum):
    """Where a recording stands."""

    PROCESSING = "processing"
    """Siro is at work on it."""
    STUCK = "stuck"
    """Siro has been at work on it for more than three hours: the upload may have failed."""
    UNLINKED = "unlinked"
    """Linked to nothing in the CRM."""
    UNPROVEN = "unproven"
    """Linked; nothing shows yet that the link is this connection's."""
    FOREIGN = "foreign"
    """Another connection's."""
    COLLIDING = "colliding"
    """Linked to a record that two connections have pushed."""
    DELETED = "deleted"
    """Deleted in Siro."""
    WAITING = "waiting"
    """Its summary or extractions are not there yet."""
    EXTRACTION_FAILED = "extraction_failed"
    """They did not come within 48 hours."""
    REJECTED = "rejected"
    """The CRM does not take something of it."""
    RECORD_MISSING = "record_missing"
    """The CRM has no such record to write to."""
    REVIEW = "review"
    """Something of it waits for a person's decision."""
    NOT_WRITTEN = "not_written"
    """Ready, and not in the CRM yet; the next pull tries."""
    WRITTEN = "written"
    """What was said stands in the CRM, or what another recording said in its place."""
    UNDONE = "undone"
    """A person undid what had been written."""
    LEFT = "left"
    """Left out: a person's value stands there, a person said no, or the field is in the shadow."""
    PURGED = "purged"
    """Siro keeps it no longer, and nothing of it came into the CRM."""
    SILENT = "silent"
    """Nothing was said that the file wants in the CRM."""
    UNACCOUNTED = "unaccounted"
    """None of these: a defect of Fieldnote's."""


PATIENCE: Mapping[str, timedelta] = {
    AppointmentState.NOT_SENT: timedelta(hours=1),
    AppointmentState.QUARANTINED: timedelta(0),
    AppointmentState.DOUBTFUL: timedelta(0),
    AppointmentState.WITHOUT_REP: timedelta(0),
    AppointmentState.REP_UNKNOWN: timedelta(0),
    AppointmentState.UNLINKED: timedelta(hours=6),
    AppointmentState.NOT_OURS: timedelta(hours=6),
    AppointmentState.PROCESSING: timedelta(hours=4),
    AppointmentState.STUCK: timedelta(0),
    AppointmentState.WAITING: timedelta(hours=12),
    AppointmentState.EXTRACTION_FAILED: timedelta(0),
    AppointmentState.REJECTED: timedelta(0),
    AppointmentState.RECORD_MISSING: timedelta(0),
    AppointmentState.REVIEW: timedelta(days=7),
    AppointmentState.NOT_WRITTEN: timedelta(hours=6),
    AppointmentState.UNACCOUNTED: timedelta(0),
    RecordingState.UNPROVEN: timedelta(hours=6),
    RecordingState.COLLIDING: timedelta(0),
}
"""How old something may be in a state of either kind before it is named as late; the others may last for ever.

The age of an appointment or recording is counted from its start; of an appointment that is not in Siro as it should
be, from the time at which that was found.
"""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A state in plain words."""

    is_so: str
    do: str | None = None
    """What a person should do; None: nothing."""


_REPORT = "Please report it, with what `fieldnote explain … --json` prints but for names."

APPOINTMENTS: Mapping[AppointmentState, Meaning] = {
    AppointmentState.NOT_SENT: Meaning(
        "Siro does not have it as the CRM does yet.", "Run `fieldnote push`; if it stays so, see what the push says."
    ),
    AppointmentState.QUARANTINED: Meaning(
        "It waits in quarantine.",
        "Mend the row or the map; `fieldnote quarantine show engagements KEY` shows both sides.",
    ),
    AppointmentState.DROPPED: Meaning("A person said that it need not go to Siro."),
    AppointmentState.DOUBTFUL: Meaning(
        "Its row is gone from the CRM, with so many others that nothing is deleted in Siro before a person says so.",
        "See what `fieldnote push` says; if the deletions are meant, `fieldnote push --accept-deletes N`.",
    ),
    AppointmentState.CANCELLED: Meaning("It is deleted or cancelled, and no recording is looked for."),
    AppointmentState.WITHOUT_TIME: Meaning(
        "It has no start time.", "Map `startTime`: recordings are found by rep and time."
    ),
    AppointmentState.WITHOUT_REP: Meaning(
        "It names no rep.", "Map `engagementUsers`: recordings are found by rep and time."
    ),
    AppointmentState.REP_UNKNOWN: Meaning(
        "Its rep is no user of Siro's, so nothing that they record is linked to it.",
        "Give rep and Siro user the same email, or map the rep in Siro; `fieldnote users` lists all.",
    ),
    AppointmentState.UPCOMING: Meaning("It has not begun."),
    AppointmentState.UNDER_WAY: Meaning("It is being held, or was just now: its recording may still come."),
    AppointmentState.UNLINKED: Meaning(
        "A recording was made near its time, and Siro has linked that to nothing.",
        "If it is the one, link it: `fieldnote links list` has it where it fits well enough, else Siro's application.",
    ),
    AppointmentState.NO_RECORDING: Meaning(
        "Nothing was recorded near its time.",
        "If it was recorded by somebody else or hours off, link the recording in Siro's application.",
    ),
    AppointmentState.NOT_OURS: Meaning(
        "Its recording's link is not known to be this connection's.",
        "Push first; a file that only pulls says `siro.integration_connection_id`.",
    ),
    AppointmentState.PROCESSING: Meaning("Siro is at work on its recording."),
    AppointmentState.STUCK: Meaning(
        "Siro has been at work on its recording for more than three hours.",
        "The upload may have failed: see whether the rep's telephone still holds it.",
    ),
    AppointmentState.WAITING: Meaning(
        "Its recording's summary or extractions are not there yet; it is read again for 48 hours."
    ),
    AppointmentState.EXTRACTION_FAILED: Meaning(
        "Its recording's summary or extractions did not come within 48 hours.",
        "Ask Siro's support about the recording.",
    ),
    AppointmentState.REJECTED: Meaning(
        "The CRM does not take something that was said.", "Mend what the reason names; the pull tries again by itself."
    ),
    AppointmentState.RECORD_MISSING: Meaning(
        "The CRM has no record to write it to.",
        "See whether the record was deleted, and whether `table` and `key` under `pull` are right.",
    ),
    AppointmentState.REVIEW: Meaning(
        "Something that was said waits for a person's decision.", "Decide: `fieldnote review list`."
    ),
    AppointmentState.NOT_WRITTEN: Meaning(
        "What was said is ready, and not in the CRM yet.", "Run `fieldnote pull`; if it stays so, see what it says."
    ),
    AppointmentState.WRITTEN: Meaning("What was said stands in the CRM."),
    AppointmentState.UNDONE: Meaning("A person undid what had been written."),
    AppointmentState.LEFT: Meaning("What was said was left out of the CRM on purpose."),
    AppointmentState.PURGED: Meaning("Siro keeps its recording no longer, and nothing of it came into the CRM."),
    AppointmentState.SILENT: Meaning("It was recorded, and nothing was said that the file wants in the CRM."),
    AppointmentState.UNACCOUNTED: Meaning("It is in no known state: that is a defect of Fieldnote's.", _REPORT),
}

RECORDINGS: Mapping[RecordingState, Meaning] = {
    RecordingState.PROCESSING: Meaning("Siro is at work on it."),
    RecordingState.STUCK: Meaning(
        "Siro has been at work on it for more than three hours.",
        "The upload may have failed: see whether the rep's telephone still holds it.",
    ),
    RecordingState.UNLINKED: Meaning(
        "It is linked to nothing in the CRM.",
        "See whether its user has an appointment near that time and is known as a rep (`fieldnote users`); "
        "`fieldnote links list` shows what fits; else link it in Siro's application.",
    ),
    RecordingState.UNPROVEN: Meaning(
        "Nothing shows yet that its link is this connection's.",
        "Run `fieldnote push`; a file that only pulls says `siro.integration_connection_id`.",
    ),
    RecordingState.FOREIGN: Meaning("Its link is another connection's; it is left alone."),
    RecordingState.COLLIDING: Meaning(
        "It is linked to a record that two connections have pushed.",
        "Give their keys a prefix in one of the files.",
    ),
    RecordingState.DELETED: Meaning("It was deleted in Siro. What it gave before stays unless a person takes it back."),
    RecordingState.WAITING: Meaning("Its summary or extractions are not there yet; it is read again for 48 hours."),
    RecordingState.EXTRACTION_FAILED: Meaning(
        "Its summary or extractions did not come within 48 hours.", "Ask Siro's support about it."
    ),
    RecordingState.REJECTED: Meaning(
        "The CRM does not take something of it.", "Mend what the reason names; the pull tries again by itself."
    ),
    RecordingState.RECORD_MISSING: Meaning(
        "The CRM has no record to write it to.",
        "See whether the record was deleted, and whether `table` and `key` under `pull` are right.",
    ),
    RecordingState.REVIEW: Meaning(
        "Something of it waits for a person's decision.", "Decide: `fieldnote review list`."
    ),
    RecordingState.NOT_WRITTEN: Meaning(
        "It is ready, and not in the CRM yet.", "Run `fieldnote pull`; if it stays so, see what it says."
    ),
    RecordingState.WRITTEN: Meaning("What was said stands in the CRM, or what another recording said in its place."),
    RecordingState.UNDONE: Meaning("A person undid what had been written."),
    RecordingState.LEFT: Meaning("What was said was left out of the CRM on purpose."),
    RecordingState.PURGED: Meaning("Siro keeps it no longer, and nothing of it came into the CRM."),
    RecordingState.SILENT: Meaning("Nothing was said in it that the file wants in the CRM."),
    RecordingState.UNACCOUNTED: Meaning("It is in no known state: that is a defect of Fieldnote's.", _REPORT),
}
