"""The bridge's tables. Every row belongs to a connection: one CRM joined to one Siro organization.

The words of customers, and earlier values of CRM fields, are in tables of their own (`*_contents`, `*_values`):
they can be emptied by recording or age, and the facts beside them (that something was written, when, from
which recording) stay.

A CRM value is kept as `{"value": …}`, so that "the field was empty" and "not known" are two things.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Sequence,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NAME = String(63)
_MODEL = String(16)


def _connection(*, primary_key: bool = True) -> Column[str]:
    return Column(
        "connection",
        _NAME,
        ForeignKey("connections.name", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


def _moment(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _json(name: str) -> Column[Any]:
    return Column(name, JSONB(none_as_null=True))


connections: Final = Table(
    "connections",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    # A keyed hash of the credential that the organization was last confirmed with.
    Column("credential", Text, nullable=False),
    Column("crm_identity", Text, nullable=False),
    # How Siro names this connection in a recording's links; null until a link has proved it.
    Column("integration_connection_id", Text),
    _now("created_at"),
    _now("verified_at"),
    # Siro's own integrations that were active when it was last asked; null: none.
    Column("native_integrations", Text),
    _moment("native_checked_at"),
)

schedules: Final = Table(
    "schedules",
    metadata,
    _connection(),
    Column("task", _NAME, primary_key=True),
    _moment("next_at", nullable=False),
)
"""When the daemon's next push and pull are due, shared by all of its workers."""

runs: Final = Table(
    "runs",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _connection(primary_key=False),
    Column("kind", _NAME, nullable=False),
    _now("started_at"),
    _moment("finished_at"),
    _json("outcome"),
    # Its last progress; null until the first.
    _moment("moved_at"),
    Index("ix_runs_connection_kind", "connection", "kind", "started_at"),
)
"""One push or pull. Without `finished_at` it is at work, or was killed."""

# --- push -----------------------------------------------------------------------------------------------

streams: Final = Table(
    "streams",
    metadata,
    _connection(),
    Column("stream", _NAME, primary_key=True),
    # Everything before it is settled. Null: read all.
    Column("cursor", Text),
    # Of the query and the mapping that the cursor was reached with.
    Column("version", Text, nullable=False),
    _moment("complete_at"),
)
"""How far each stream has been read."""

sent: Final = Table(
    "sent",
    metadata,
    # No foreign key, which would cost a first push a sixth of the database's work: a trigger takes a connection's
    # rows away with it.
    Column("connection", _NAME, primary_key=True),
    Column("stream", _NAME, primary_key=True),
    Column("key", Text, primary_key=True),
    # By which a reading of all rows marks, in a bit each, what it has seen.
    Column("number", BigInteger, Identity(), nullable=False),
    # Over the raw row and the mapping's version; null while the record must be tried again.
    Column("row_hash", LargeBinary),
    Column("state", _NAME, nullable=False),
    # The record that Siro is known to have, whole. Kept as text: no query looks inside.
    Column("payload", JSON(none_as_null=True)),
    # The record that it may have since a call whose answer never came.
    Column("attempted", JSON(none_as_null=True)),
    # The fields that Siro still shows although the CRM has no value any more, as its API cannot clear them.
    Column("uncleared", JSON(none_as_null=True)),
    # Whether the record is deleted in Siro.
    Column("is_deleted", Boolean, nullable=False, server_default=false()),
    Column("siro_id", Text),
    # Siro's ids of the records nested in it: {"opportunity": …, "account": …}.
    _json("related"),
    Column("reason", Text),
    Column("hint", Text),
    _moment("sent_at"),
    _now("changed_at"),
    Index("ix_sent_open", "connection", "stream", "state", postgresql_where=text("state not in ('sent', 'deleted')")),
    Index("ix_sent_uncleared", "connection", "stream", postgresql_where=text("uncleared is not null")),
)
"""The push ledger: one row for each record of a stream, keyed by the CRM's key."""

attempts: Final = Table(
    "attempts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _connection(primary_key=False),
    Column("stream", _NAME, nullable=False),
    # The owner of the attempt: a push has the stream, a hook only these keys.
    Column("origin", _NAME, nullable=False),
    _now("started_at"),
    # The records that Siro will have if the call arrives, as JSON: [{"key": …, "payload": …}].
    Column("records", Text, nullable=False),
    Index("ix_attempts_stream", "connection", "stream"),
)
"""Batches whose answer has not come: committed before a call, gone with its answer."""

hooks: Final = Table(
    "hooks",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _connection(primary_key=False),
    Column("stream", _NAME, nullable=False),
    Column("key", Text, nullable=False),
    # Personal: the row, where the hook brought it.
    Column("row", JSON(none_as_null=True)),
    _now("received_at"),
    Index("ix_hooks_stream", "connection", "stream", "id"),
)
"""Events from the CRM about single records, until they are processed."""

hook_proofs: Final = Table(
    "hook_proofs",
    metadata,
    _connection(),
    Column("digest", LargeBinary, primary_key=True),
    _moment("good_until", nullable=False),
    Index("ix_hook_proofs_age", "connection", "good_until"),
)
"""Dated signatures of hooks that were used. Each is good once."""

# --- pull: what Siro holds ------------------------------------------------------------------------------

fetch_order: Final = Sequence("fetch_order", metadata=metadata)
"""Numbers fetches by their beginning, so that an older answer never replaces a newer one."""

pulls: Final = Table(
    "pulls",
    metadata,
    _connection(),
    # The latest `updatedAt` that the poll has seen, by Siro's clock.
    _moment("high_water", nullable=False),
    # Of the file's pull section: when it changes, every linked record is looked at again.
    Column("version", Text, nullable=False),
    # Appointments pushed until then have got their links to start a recording.
    _moment("offered_until"),
)

backfills: Final = Table(
    "backfills",
    metadata,
    _connection(),
    _moment("since", nullable=False),
    # Siro's cursor of the next page; null: none was read yet.
    Column("cursor", Text),
    # Recordings so far.
    Column("read", BigInteger, nullable=False, server_default="0"),
    Column("all_read", Boolean, nullable=False, server_default=false()),
    _now("started_at"),
    _moment("finished_at"),
)
"""How far the latest reading of history has come."""

events: Final = Table(
    "events",
    metadata,
    _connection(),
    Column("svix_id", Text, primary_key=True),
    Column("recording_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    _now("received_at"),
    _moment("handled_at"),
    Index("ix_events_open", "connection", postgresql_where=text("handled_at is null")),
)
"""Webhooks. One says no more than: look at this recording."""

recordings: Final = Table(
    "recordings",
    metadata,
    _connection(),
    Column("recording_id", Text, primary_key=True),
    Column("user_id", Text),
    _moment("started_at", nullable=False),
    _moment("updated_at", nullable=False),
    Column("processed", Boolean, nullable=False, server_default=false()),
    Column("summary_done", Boolean, nullable=False, server_default=false()),
    Column("extraction_done", Boolean, nullable=False, server_default=false()),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    _moment("purged_at"),
    Column("integration_connection_id", Text),
    Column("state", _NAME, nullable=False),
    Column("fetched", BigInteger, nullable=False),
    _now("fetched_at"),
    _now("first_seen_at"),
    # A person asked that nothing that was said in it be kept here.
    _moment("forgotten_at"),
    Column("duration_ms", BigInteger),
    # Where the telephone was when it began.
    Column("latitude", Double),
    Column("longitude", Double),
    # Whether it ever had a link: what took that away was not us, and is not undone.
    Column("was_linked", Boolean, nullable=False, server_default=false()),
    # Siro shows no link any more; those of before are kept until a person decides.
    Column("detached", Boolean, nullable=False, server_default=false()),
    # Each change of its links: when, and to which records.
    Column("link_history", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    # Deleted in Siro or detached, and a person agreed that what it gave goes.
    _moment("withdrawn_at"),
    # Whether Siro shows it to its rep and their coaches alone. Null: not known.
    Column("is_private", Boolean),
    # Whether Siro has sound of it, as last asked. Null: not known.
    Column("has_sound", Boolean),
    _moment("sound_asked_at"),
    Index("ix_recordings_state", "connection", "state", "started_at"),
    Index("ix_recordings_user", "connection", "user_id", "started_at"),
)
"""The state of each recording as it was last fetched, without what was said in it."""

recording_links: Final = Table(
    "recording_links",
    metadata,
    _connection(),
    Column("recording_id", Text, primary_key=True),
    Column("model", _MODEL, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("siro_id", Text, nullable=False),
    ForeignKeyConstraint(
        ["connection", "recording_id"],
        ["recordings.connection", "recordings.recording_id"],
        ondelete="CASCADE",
        name="fk_recording_links_recordings",
    ),
    Index("ix_recording_links_record", "connection", "model", "record"),
)
"""Which CRM records a recording is linked to. `record` is the CRM's id (`externalId`)."""

recording_contents: Final = Table(
    "recording_contents",
    metadata,
    _connection(),
    Column("recording_id", Text, primary_key=True),
    Column("title", Text),
    Column("web_url", Text),
    Column("result", Text),
    Column("score", Double),
    _json("summary"),
    _json("extractions"),
    ForeignKeyConstraint(
        ["connection", "recording_id"],
        ["recordings.connection", "recordings.recording_id"],
        ondelete="CASCADE",
        name="fk_recording_contents_recordings",
    ),
)
"""Personal: title, summary and extracted values of a recording."""

recording_transcripts: Final = Table(
    "recording_transcripts",
    metadata,
    _connection(primary_key=True),
    Column("recording_id", Text, primary_key=True),
    # A list of {speaker, text, start_ms, end_ms}, in order; empty where Siro gives none.
    Column("utterances", JSON(none_as_null=True), nullable=False),
    # The recording's own, when the transcript was read: a later change asks for another look.
    _moment("updated_at", nullable=False),
    _now("kept_at"),
    ForeignKeyConstraint(
        ["connection", "recording_id"],
        ["recordings.connection", "recordings.recording_id"],
        ondelete="CASCADE",
        name="fk_recording_transcripts_recordings",
    ),
)
"""Personal: who said what, and when."""

matches: Final = Table(
    "matches",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("connection", _NAME, nullable=False),
    Column("recording_id", Text, nullable=False),
    # The CRM's key of the appointment; null: none fits.
    Column("engagement", Text),
    # open | linked | rejected | none | superseded
    Column("state", _NAME, nullable=False),
    # Probability, 0 to 1.
    Column("score", Double, nullable=False),
    # In plain words; and the appointments that lost, each with its reason.
    _json("reasons"),
    _json("others"),
    Column("problem", Text),
    _now("looked_at"),
    _moment("decided_at"),
    Column("decided_by", Text),
    UniqueConstraint("connection", "recording_id", name="uq_matches_recording"),
    ForeignKeyConstraint(
        ["connection", "recording_id"],
        ["recordings.connection", "recordings.recording_id"],
        ondelete="CASCADE",
        name="fk_matches_recordings",
    ),
)
"""The matches of recordings that Siro left unlinked, and their outcomes."""

matching_rates: Final = Table(
    "matching_rates",
    metadata,
    _connection(),
    Column("version", Integer, nullable=False),
    Column("learned_from", Integer, nullable=False),
    Column("rates", JSONB(none_as_null=True), nullable=False),
    _now("learned_at"),
)
"""The rates that links are decided by, learned from the connection's own history."""

due: Final = Table(
    "due",
    metadata,
    _connection(),
    Column("model", _MODEL, primary_key=True),
    Column("record", Text, primary_key=True),
    # Raised with every cause, so that a cause that comes while the record is at work is not lost.
    Column("causes", Integer, nullable=False, server_default="1"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _now("retry_at"),
    # Why it waits, without its id: records with one cause are tried as one.
    Column("cause", Text),
    Index("due_by_cause", "connection", "cause", postgresql_where=text("cause is not null")),
)
"""CRM records that must be compared with their recordings. A row goes when that was done to its end."""

# --- pull: what the CRM holds ---------------------------------------------------------------------------


def _field_key(*, primary_key: bool = True) -> list[Column[Any]]:
    return [
        _connection(primary_key=primary_key),
        Column("model", _MODEL, primary_key=primary_key, nullable=False),
        Column("record", Text, primary_key=primary_key, nullable=False),
        Column("table_name", Text, primary_key=primary_key, nullable=False),
        Column("column_name", Text, primary_key=primary_key, nullable=False),
    ]


_REFUSED: Final = text("state in ('refused', 'record_missing')")
_FIELD_KEY = ["connection", "model", "record", "table_name", "column_name"]

fields: Final = Table(
    "fields",
    metadata,
    *_field_key(),
    Column("extraction", Text, nullable=False),
    Column("policy", _NAME, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("reason", Text),
    # Where the value that we last wrote came from.
    Column("recording_id", Text),
    _now("changed_at"),
    Index("ix_fields_refused", "connection", "state", postgresql_where=_REFUSED),
)
"""The pull ledger: one row for each CRM field that something was said about."""

field_values: Final = Table(
    "field_values",
    metadata,
    *_field_key(),
    # The value before our first write.
    _json("original"),
    # The CRM's value after our last write.
    _json("base"),
    # The value that we asked for then.
    _json("wanted"),
    # The next write, the value below it, and why: committed before the write, emptied after it.
    _json("intent"),
    # The value that a person rejected: it is neither written nor proposed again.
    _json("declined"),
    ForeignKeyConstraint(
        _FIELD_KEY,
        [f"fields.{name}" for name in _FIELD_KEY],
        ondelete="CASCADE",
        name="fk_field_values_fields",
    ),
)
"""Personal: the values behind `fields`."""

notes: Final = Table(
    "notes",
    metadata,
    _connection(),
    Column("model", _MODEL, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("recording_id", Text, primary_key=True),
    Column("note_key", _NAME, primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("reason", Text),
    # Hashes, for what was said need not be kept here: of the note as the CRM gave it back after our last
    # write, of what we asked for then, and of what we are about to write.
    Column("base_hash", LargeBinary),
    Column("wanted_hash", LargeBinary),
    Column("intended_hash", LargeBinary),
    # The CRM's id of a note that we made, but that the CRM changed so that our key is lost.
    Column("left_id", Text),
    _now("changed_at"),
    Index("ix_notes_refused", "connection", "state", postgresql_where=_REFUSED),
)
"""One note for each record, recording and kind of note."""

proposals: Final = Table(
    "proposals",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    *_field_key(primary_key=False),
    Column("extraction", Text, nullable=False),
    Column("recording_id", Text, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("reason", Text, nullable=False),
    _now("created_at"),
    _moment("closed_at"),
    # value | unclear | take_back
    Column("kind", _NAME, nullable=False, server_default="value"),
    Column("decided_by", Text),
    Index("uq_proposals_open", *_FIELD_KEY, unique=True, postgresql_where=text("state = 'open'")),
    Index("uq_proposals_shadow", *_FIELD_KEY, unique=True, postgresql_where=text("state = 'shadow'")),
    Index("ix_proposals_recording", "connection", "recording_id"),
)
"""Proposals for a person, and their decisions. At most one is open for a field."""

proposal_values: Final = Table(
    "proposal_values",
    metadata,
    Column("proposal_id", BigInteger, ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True),
    # The CRM's value, the value to write (null if it cannot be converted), and the words as said.
    _json("live"),
    _json("proposed"),
    _json("said"),
    # The value that was written in its place, where a person edited it.
    _json("decided"),
    # The words of the conversation; empty where none were found.
    Column("quote", Text),
)
"""Personal: the difference that a proposal shows."""

writes: Final = Table(
    "writes",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _connection(primary_key=False),
    Column("run_id", BigInteger, ForeignKey("runs.id", ondelete="SET NULL")),
    # field | note
    Column("kind", _NAME, nullable=False),
    Column("model", _MODEL, nullable=False),
    Column("record", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    # The column; for a note, its key.
    Column("column_name", Text, nullable=False),
    Column("recording_id", Text),
    Column("extraction", Text),
    Column("policy", _NAME),
    Column("action", _NAME, nullable=False),
    Column("actor", Text, nullable=False, server_default="fieldnote"),
    _now("written_at"),
    # Of the extraction, where Siro gave it.
    Column("definition_id", Text),
    _moment("reverted_at"),
    Index("ix_writes_record", "connection", "model", "record", "written_at"),
    Index("ix_writes_recording", "connection", "recording_id"),
)
"""Provenance: every change that we made in the CRM."""

write_values: Final = Table(
    "write_values",
    metadata,
    Column("write_id", BigInteger, ForeignKey("writes.id", ondelete="CASCADE"), primary_key=True),
    _json("before"),
    _json("after"),
    # The extraction's own words, and those of the conversation; empty where none were found.
    _json("said"),
    Column("quote", Text),
)
"""Personal: the field before and after a write."""

# --- the board: what status and console count and search ------------------------------------------------

board_settings: Final = Table(
    "board_settings",
    metadata,
    _connection(),
    # The file's targets: the models, and each column as model, table and column, joined by U+001F.
    Column("models", ARRAY(Text), nullable=False),
    Column("columns", ARRAY(Text), nullable=False),
    # Where days are counted; null: UTC.
    Column("zone", Text),
)
"""The parts of the file that the board depends on."""

_UNRECORDED = text("stream = 'engagements' and state = 'expected' and recording_state is null")

board_records: Final = Table(
    "board_records",
    metadata,
    Column("connection", _NAME, primary_key=True),
    Column("stream", _NAME, primary_key=True),
    Column("key", Text, primary_key=True),
    # expected, cancelled, not_sent, quarantined, dropped, pending_deletion or unknown.
    Column("state", _NAME, nullable=False),
    _moment("since", nullable=False),
    _moment("starts_at"),
    _moment("ends_at"),
    Column("local_day", Date),
    Column("rep_id", Text),
    Column("rep_email", Text),
    Column("rep_name", Text),
    Column("subject", Text),
    Column("customer", Text),
    Column("account_id", Text),
    Column("deal_id", Text),
    Column("amount", Numeric),
    Column("phones", ARRAY(Text)),
    Column("words", TSVECTOR, nullable=False, server_default=""),
    # Of an appointment: that of its recordings which needs a person most, and the number of its recordings.
    Column("recording_state", _NAME),
    Column("recordings", Integer, nullable=False, server_default="0"),
    Index("ix_board_records_day", "connection", "stream", "local_day"),
    Index("ix_board_records_deal", "connection", "deal_id", postgresql_where=text("deal_id is not null")),
    Index("ix_board_records_account", "connection", "account_id", postgresql_where=text("account_id is not null")),
    Index("ix_board_records_words", "words", postgresql_using="gin"),
    Index(
        "ix_board_records_open",
        "connection",
        "stream",
        "state",
        postgresql_where=text("state not in ('expected', 'cancelled')"),
    ),
    Index("ix_board_records_unrecorded", "connection", "rep_id", "starts_at", postgresql_where=_UNRECORDED),
    Index("ix_board_records_unfinished", "connection", "ends_at", postgresql_where=_UNRECORDED),
)
"""One row for each pushed record: the view `board_records_now`, as of the last `board_refresh`."""

board_days: Final = Table(
    "board_days",
    metadata,
    Column("connection", _NAME, primary_key=True),
    Column("local_day", Date, primary_key=True),
    # Empty where the appointment has none.
    Column("rep_id", Text, primary_key=True),
    Column("rep_email", Text, primary_key=True),
    Column("rep_name", Text, primary_key=True),
    # The state, where it depends on neither the time nor the reps; else `open`.
    Column("state", _NAME, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""How many appointments of `board_records` each day and rep has in each state. Triggers keep it; a number may be 0."""

board_recordings: Final = Table(
    "board_recordings",
    metadata,
    Column("connection", _NAME, primary_key=True),
    Column("recording_id", Text, primary_key=True),
    Column("state", _NAME, nullable=False),
    _moment("started_at", nullable=False),
    Column("local_day", Date),
    Column("user_id", Text),
    Column("duration_ms", BigInteger),
    Column("words", TSVECTOR, nullable=False, server_default=""),
    Index("ix_board_recordings_started", "connection", "started_at"),
    Index("ix_board_recordings_state", "connection", "state", "started_at"),
    Index("ix_board_recordings_user", "connection", "user_id", "started_at"),
    Index("ix_board_recordings_words", "words", postgresql_using="gin"),
)
"""One row for each recording: the view `board_recordings_now`, as of the last `board_refresh`."""

board_stale: Final = Table(
    "board_stale",
    metadata,
    Column("connection", _NAME, nullable=False),
    # `recordings`, or a stream.
    Column("stream", _NAME, nullable=False),
    Column("key", Text, nullable=False),
)
"""Changes since the board was last refreshed. Triggers add to it in the transaction of each change."""

sends: Final = Table(
    "sends",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("connection", _NAME, nullable=False),
    Column("stream", _NAME, nullable=False),
    Column("key", Text, nullable=False),
    _moment("at", nullable=False),
    Column("state", _NAME, nullable=False),
    Column("reason", Text),
    Column("payload", JSON(none_as_null=True)),
    Index("ix_sends_record", "connection", "stream", "key", "at"),
    Index("ix_sends_age", "connection", "at"),
)
"""Personal: earlier sends of each record, and those that failed. The latest one is in `sent`."""

rep_choices: Final = Table(
    "rep_choices",
    metadata,
    _connection(),
    Column("rep_id", Text, primary_key=True),
    # Null: no user was chosen.
    Column("user_id", Text),
    # The rep does not use Siro.
    Column("ignored", Boolean, nullable=False, server_default=false()),
    Column("actor", Text, nullable=False),
    _now("at"),
)
"""Which Siro user a rep is, or that a rep does not use Siro, as a person chose it here."""

gaps: Final = Table(
    "gaps",
    metadata,
    _connection(),
    Column("key", Text, primary_key=True),
    Column("reason", _NAME, nullable=False),
    Column("note", Text),
    Column("actor", Text, nullable=False),
    _now("at"),
)
"""Why an appointment has no recording, as a person explained it."""

siro_users: Final = Table(
    "siro_users",
    metadata,
    _connection(),
    Column("user_id", Text, primary_key=True),
    Column("email", Text),
    Column("name", Text),
    Column("phone", Text),
    Column("team", Text),
    # Siro's ids of the coaches of their teams.
    Column("coaches", ARRAY(Text), nullable=False, server_default="{}"),
)
"""Siro's users, as they were last listed."""

board_reps: Final = Table(
    "board_reps",
    metadata,
    _connection(),
    Column("rep_id", Text, primary_key=True),
    Column("email", Text),
    Column("name", Text),
    Column("user_id", Text),
    Column("method", _NAME, nullable=False),
    Column("why", Text, nullable=False),
    Column("ignored", Boolean, nullable=False, server_default=false()),
)
"""The CRM's reps, each with the Siro user that was last found."""

mobile_events: Final = Table(
    "mobile_events",
    metadata,
    _connection(),
    Column("event_id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("event", JSONB(none_as_null=True), nullable=False),
    _moment("at", nullable=False),
    Column("user_id", Text),
    Column("recording_id", Text),
    Index("ix_mobile_events_at", "connection", "at"),
    Index("ix_mobile_events_recording", "connection", "recording_id"),
)
"""Events in the app on the reps' phones: the recorder was opened, consent was given."""

audit_events: Final = Table(
    "audit_events",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("connection", _NAME, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Column("action", Text, nullable=False),
    Column("targets", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # The user of the operating system.
    Column("operator", Text, nullable=False),
    Column("acting_as", Text),
    # Null: at work, or killed. A trigger lets it be set once, and nothing else be changed.
    Column("outcome", Text),
    # Of a user of the console: from where they came.
    Column("address", Text),
    Index("ix_audit_events_at", "connection", "at"),
)
"""Which person decided what by a command."""

# --- budgets of calls -----------------------------------------------------------------------------------

call_budgets: Final = Table(
    "call_budgets",
    metadata,
    # A hash of the token and of the address that it is good for.
    Column("key", Text, primary_key=True),
    Column("used_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Nobody calls before this: Siro has said that the token is used up.
    Column("closed_until", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Some process has live calls waiting until then.
    Column("live_until", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""The budget of calls of one token, shared by processes: see `rate_limit`."""

call_places: Final = Table(
    "call_places",
    metadata,
    Column("key", Text, ForeignKey("call_budgets.key", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("free_at", DateTime(timezone=True), nullable=False, server_default=text("'-infinity'")),
    postgresql_with={"fillfactor": "50"},
)
"""One call of a budget, and from when on it can be made again."""
