"""The workspace's tables. Every row belongs to an organization, and row-level security keeps it there.

What people said (utterances, extracted values, summaries) lives in tables of its own, so that it can be
purged and the facts beside it stay.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[Any]:
    return Column("id", Uuid(as_uuid=False), primary_key=True, server_default=func.gen_random_uuid())


def _to(name: str, target: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    reference = ForeignKey(target, ondelete="CASCADE")
    return Column(name, Uuid(as_uuid=False), reference, nullable=nullable, primary_key=primary_key)


def _organization(*, primary_key: bool = False) -> Column[Any]:
    return _to("organization_id", "organizations.id", primary_key=primary_key)


def _text(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, JSONB(none_as_null=True), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _flag(name: str, *, default: bool) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def _now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


# --- organizations and credentials ----------------------------------------------------------------------

organizations: Final = Table(
    "organizations",
    metadata,
    _id(),
    _text("name"),
    # After how long audio, transcript and summary of a recording go; null keeps them.
    Column("retention_days", Integer),
    # A user's id. Without one the first administrator is taken for the owner.
    Column("owner_id", Uuid(as_uuid=False)),
    _flag("disabled", default=False),
    # The kinds of words that are redacted beside those that always are: names, streets, phones.
    Column("redacts", JSONB(none_as_null=True), nullable=False, server_default=text("'[]'")),
    # Whether its conversations may go to the operator's language model.
    _flag("language_model", default=False),
    # How long audit events are kept.
    Column("audit_days", Integer, nullable=False, server_default=text("365")),
    _now("created_at"),
)

integration_connections: Final = Table(
    "integration_connections",
    metadata,
    _id(),
    _organization(),
    _text("name"),
    Column("platform", Text, nullable=False, server_default="SIRO_CUSTOM_INPUT"),
    Column("external_account_id", Text, nullable=False, server_default=""),
    _flag("is_active", default=True),
    _flag("sync_transcript", default=False),
    _moment("deleted_at"),
    _now("created_at"),
    _now("updated_at"),
)

# Siro's ids of teams are short words that programs have written into them: so the id may be chosen.
teams: Final = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True, server_default=text("(gen_random_uuid())::text")),
    _organization(),
    _text("name"),
    # The conversation types that its new users begin with, as they were given.
    _json("conversation_types"),
    _now("created_at"),
)

users: Final = Table(
    "users",
    metadata,
    _id(),
    _organization(),
    _text("email"),
    _text("email_key"),
    _text("name"),
    # The full name without case, accents and spacing; empty for a name of one word, which matches nobody.
    _text("name_key"),
    # As they were given beside the full name; without them they are taken from it.
    _text("first_name", nullable=True),
    _text("last_name", nullable=True),
    _text("role"),
    _text("phone_number", nullable=True),
    # The CRM's id of the person, as it was given when the user was made.
    _text("external_id", nullable=True),
    _flag("disabled", default=False),
    _flag("billable", default=True),
    _json("contact_settings", nullable=True),
    Column("member_team_id", Text, ForeignKey("teams.id", ondelete="SET NULL")),
    _now("created_at"),
    UniqueConstraint("organization_id", "email_key"),
    Index("ix_users_name", "organization_id", "name_key"),
    Index("ix_users_member_team", "member_team_id", postgresql_where=text("member_team_id is not null")),
)

team_coaches: Final = Table(
    "team_coaches",
    metadata,
    _organization(),
    Column("team_id", Text, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    _to("user_id", "users.id", primary_key=True),
    Index("ix_team_coaches_user", "user_id"),
)

oauth_apps: Final = Table(
    "oauth_apps",
    metadata,
    Column("client_id", Text, primary_key=True),
    _organization(),
    _text("name"),
    _to("owner_id", "users.id"),
    Column("secret_hash", LargeBinary, nullable=False),
    _flag("disabled", default=False),
    _moment("deleted_at"),
    _now("created_at"),
    _now("updated_at"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    _id(),
    _organization(),
    _text("kind"),
    _text("name"),
    Column("hash", LargeBinary, nullable=False, unique=True),
    _to("created_by", "users.id", nullable=True),
    _to("user_id", "users.id", nullable=True),
    Column("client_id", Text, ForeignKey("oauth_apps.client_id", ondelete="CASCADE")),
    _text("scope", nullable=True),
    _moment("expires_at"),
    _moment("revoked_at"),
    # Written some seconds late, for many calls at once.
    _moment("last_used_at"),
    _now("created_at"),
)

# --- CRM records ----------------------------------------------------------------------------------------


def _crm_record(name: str, *columns: Column[Any] | Index) -> Table:
    return Table(
        name,
        metadata,
        _id(),
        _organization(),
        _to("connection_id", "integration_connections.id"),
        _text("external_id"),
        _json("fields"),
        *columns,
        _moment("deleted_at"),
        _now("created_at"),
        _now("updated_at"),
        UniqueConstraint("organization_id", "connection_id", "external_id"),
    )


def _place() -> list[Column[Any]]:
    return [Column("latitude", Double), Column("longitude", Double)]


crm_users: Final = Table(
    "crm_users",
    metadata,
    _id(),
    _organization(),
    _to("connection_id", "integration_connections.id"),
    _text("external_id"),
    _text("email", nullable=True),
    _text("name", nullable=True),
    Column("email_key", Text, nullable=False, server_default=""),
    Column("name_key", Text, nullable=False, server_default=""),
    _to("user_id", "users.id", nullable=True),
    _text("matched_by", nullable=True),
    _now("created_at"),
    _now("updated_at"),
    UniqueConstraint("organization_id", "connection_id", "external_id"),
    Index("ix_crm_users_email", "organization_id", "email_key"),
    Index("ix_crm_users_name", "organization_id", "name_key"),
    Index("ix_crm_users_user", "user_id"),
)

user_overrides: Final = Table(
    "user_overrides",
    metadata,
    _organization(primary_key=True),
    Column("external_id", Text, primary_key=True),
    _to("user_id", "users.id"),
)


def _merged(name: str) -> list[Column[Any] | Index]:
    """The record that this one was merged into, which is merged into no other."""
    reference = ForeignKey(f"{name}.id", ondelete="SET NULL")
    return [Column("merged_to_id", Uuid(as_uuid=False), reference), _index(name, "merged_to_id")]


def _index(table: str, column: str) -> Index:
    """Of a reference that most rows do not have."""
    name = f"ix_{table}_{column.removesuffix('_id')}"
    return Index(name, column, postgresql_where=text(f"{column} is not null"))


accounts: Final = _crm_record("accounts", *_place(), *_merged("accounts"))
leads: Final = _crm_record("leads", *_place(), *_merged("leads"))
contacts: Final = _crm_record(
    "contacts",
    *_place(),
    *_merged("contacts"),
    _to("account_id", "accounts.id", nullable=True),
    _index("contacts", "account_id"),
)

opportunities: Final = _crm_record(
    "opportunities",
    _to("account_id", "accounts.id", nullable=True),
    _to("contact_id", "contacts.id", nullable=True),
    Index("ix_opportunities_account", "account_id"),
    _index("opportunities", "contact_id"),
)

engagements: Final = _crm_record(
    "engagements",
    _text("activity_type", nullable=True),
    _text("type_name", nullable=True),
    _moment("starts_at"),
    _moment("ends_at"),
    _to("account_id", "accounts.id", nullable=True),
    _to("contact_id", "contacts.id", nullable=True),
    _to("lead_id", "leads.id", nullable=True),
    _to("opportunity_id", "opportunities.id", nullable=True),
    Index("ix_engagements_starts", "organization_id", "starts_at"),
    Index("ix_engagements_account", "account_id"),
    Index("ix_engagements_opportunity", "opportunity_id"),
    _index("engagements", "contact_id"),
    _index("engagements", "lead_id"),
)


def _record_users(name: str, record: str, records: str) -> Table:
    return Table(
        name,
        metadata,
        _organization(),
        _to(record, f"{records}.id", primary_key=True),
        _to("crm_user_id", "crm_users.id", primary_key=True),
        Column("id", Uuid(as_uuid=False), nullable=False, server_default=func.gen_random_uuid()),
        Column("share_of_sale", Double),
        _moment("deleted_at"),
        _now("created_at"),
        _now("updated_at"),
        UniqueConstraint("id"),
        Index(f"ix_{name}_user", "crm_user_id"),
    )


engagement_users: Final = _record_users("engagement_users", "engagement_id", "engagements")
opportunity_users: Final = _record_users("opportunity_users", "opportunity_id", "opportunities")

opportunity_contacts: Final = Table(
    "opportunity_contacts",
    metadata,
    _organization(),
    _to("opportunity_id", "opportunities.id", primary_key=True),
    _to("contact_id", "contacts.id", primary_key=True),
    Column("is_primary", Boolean),
)

briefs: Final = Table(
    "briefs",
    metadata,
    _id(),
    _organization(),
    _text("external_id"),
    _json("fields"),
    _now("created_at"),
    _now("updated_at"),
    UniqueConstraint("organization_id", "external_id"),
)

# --- recordings -----------------------------------------------------------------------------------------

recordings: Final = Table(
    "recordings",
    metadata,
    _id(),
    _organization(),
    _to("user_id", "users.id"),
    _text("key", nullable=True),
    _text("title"),
    Column("duration_ms", BigInteger, nullable=False),
    *_place(),
    _text("appointment_external_id", nullable=True),
    _text("opportunity_external_id", nullable=True),
    # Where it is, how that goes, and what became of its words: as the contract names them.
    Column("stage", Text, nullable=False, server_default="processing"),
    Column("status", Text, nullable=False, server_default="in-progress"),
    Column("transcription_status", Text, nullable=False, server_default="COMPLETE"),
    # How it was begun: button-press, deeplink, modern-deeplink or mobile-sdk; null for an upload.
    _text("trigger", nullable=True),
    Column("evaluation_score", Double),
    _flag("do_not_delete", default=False),
    # The words of a user's program about it, by the contract's names: conversationType, result, notes, …
    Column("details", JSONB(none_as_null=True), nullable=False, server_default=text("'{}'")),
    # Why processing failed, for an operator. It quotes nothing.
    _text("failure", nullable=True),
    # The step that failed: transcribe, extract or summarize.
    _text("failed_step", nullable=True),
    # How much of the audio is transcribed, while it is.
    Column("transcribed_ms", BigInteger),
    # The roles of speakers that a person corrected, by label: rep or customer.
    Column("speaker_roles", JSONB(none_as_null=True), nullable=False, server_default=text("'{}'")),
    _moment("processed_at"),
    _moment("extracted_at"),
    _moment("summarized_at"),
    _moment("deleted_at"),
    _moment("root_data_purged_at"),
    _moment("created_at", nullable=False),
    _now("added_at"),
    _now("updated_at"),
    UniqueConstraint("organization_id", "key"),
    Index("ix_recordings_created", "organization_id", "created_at", "id"),
    Index("ix_recordings_updated", "organization_id", "updated_at", "id"),
    Index("ix_recordings_user", "user_id", "created_at"),
    Index("ix_recordings_appointment", "organization_id", "appointment_external_id"),
    Index("ix_recordings_opportunity", "organization_id", "opportunity_external_id"),
)

recording_utterances: Final = Table(
    "recording_utterances",
    metadata,
    _organization(),
    _to("recording_id", "recordings.id", primary_key=True),
    _json("utterances"),
    # The seconds of audio with redacted words: [[start, end], …]; [null, null] where no times are known.
    Column("redacted", JSONB(none_as_null=True), nullable=False, server_default=text("'[]'")),
)
"""Personal: what was said."""

audio_files: Final = Table(
    "audio_files",
    metadata,
    _id(),
    _organization(),
    _to("recording_id", "recordings.id", nullable=True),
    _to("uploaded_by", "users.id", nullable=True),
    _text("media_type"),
    Column("size", BigInteger, nullable=False),
    _moment("expires_at", nullable=False),
    _moment("stored_at"),
    Column("duration_ms", BigInteger),
    # Where the sound is, how many bytes it has, and whether the organization's key encrypts it.
    _text("stored_key", nullable=True),
    Column("stored_size", BigInteger),
    _flag("encrypted", default=False),
    # The seconds that were muted, as in recording_utterances.redacted.
    Column("muted", JSONB(none_as_null=True), nullable=False, server_default=text("'[]'")),
    # Where an upload that has not ended is writing.
    _text("pending_key", nullable=True),
    _now("created_at"),
    Index("ix_audio_files_recording", "recording_id"),
    Index("ix_audio_files_waiting", "expires_at", postgresql_where=text("recording_id is null")),
)
"""Personal: what was heard. The sound itself lies in the audio store, under the organization's id and the file's."""

audio_keys: Final = Table(
    "audio_keys",
    metadata,
    _organization(primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    _now("created_at"),
)
"""The key that encrypts an organization's audio, sealed by the master key. Without it the audio is unreadable."""

entity_definitions: Final = Table(
    "entity_definitions",
    metadata,
    _id(),
    _organization(),
    _text("name"),
    _moment("deleted_at"),
    _now("created_at"),
    UniqueConstraint("organization_id", "name"),
)

conversation_types: Final = Table(
    "conversation_types",
    metadata,
    _id(),
    _organization(),
    _text("display_name"),
    _json("bookmark_group_ids"),
    _flag("multi_speaker", default=False),
    _flag("halftime_mode", default=False),
    # How many outcomes a conversation of this kind may have; null: one.
    Column("multiple_outcomes", Integer),
    _now("created_at"),
)

summary_prompts: Final = Table(
    "summary_prompts",
    metadata,
    _id(),
    _organization(),
    _to("conversation_type_id", "conversation_types.id"),
    _text("header", nullable=True),
    _text("prompt"),
    Column("position", Double, nullable=False),
    _now("created_at"),
    Index("ix_summary_prompts_type", "conversation_type_id", "position"),
)

field_definitions: Final = Table(
    "field_definitions",
    metadata,
    _id(),
    _organization(),
    _to("definition_id", "entity_definitions.id"),
    # The conversation type it is for; null: all. A field of a type takes precedence over one of all, by name.
    _to("conversation_type_id", "conversation_types.id", nullable=True),
    _text("name"),
    Column("description", Text, nullable=False, server_default=""),
    Column("type", Text, nullable=False, server_default="text"),
    Column("choices", JSONB(none_as_null=True), nullable=False, server_default=text("'[]'")),
    Column("unit", Text, nullable=False, server_default=""),
    # The CRM's column or property.
    Column("crm", Text, nullable=False, server_default=""),
    _flag("required", default=False),
    _moment("deleted_at"),
    _now("created_at"),
    _now("updated_at"),
    Index("ix_field_definitions_definition", "definition_id"),
    Index(
        "uq_field_definitions_name",
        "organization_id",
        text("lower(name)"),
        text("coalesce(conversation_type_id, '00000000-0000-0000-0000-000000000000')"),
        unique=True,
        postgresql_where=text("deleted_at is null"),
    ),
)

extractions: Final = Table(
    "extractions",
    metadata,
    _id(),
    _organization(),
    _to("recording_id", "recordings.id"),
    _to("definition_id", "entity_definitions.id"),
    _text("status"),
    _now("created_at"),
    _now("updated_at"),
    UniqueConstraint("recording_id", "definition_id"),
)

extraction_values: Final = Table(
    "extraction_values",
    metadata,
    _organization(),
    _to("extraction_id", "extractions.id", primary_key=True),
    _json("items"),
)
"""Personal: what the extractions found."""

model_answers: Final = Table(
    "model_answers",
    metadata,
    _organization(),
    _to("recording_id", "recordings.id", primary_key=True),
    # A hash of the whole request.
    Column("key", Text, primary_key=True),
    _text("answer"),
    _now("created_at"),
)
"""Personal: answers of the language model, so that the same request is not paid for again."""

model_usage: Final = Table(
    "model_usage",
    metadata,
    _organization(primary_key=True),
    Column("day", Date, primary_key=True),
    Column("calls", BigInteger, nullable=False, server_default="0"),
    Column("tokens", BigInteger, nullable=False, server_default="0"),
)

summaries: Final = Table(
    "summaries",
    metadata,
    _id(),
    _organization(),
    _to("recording_id", "recordings.id"),
    _text("name"),
    _text("content"),
    _now("created_at"),
    UniqueConstraint("recording_id", "name"),
)
"""Personal: what the conversation was about."""

followups: Final = Table(
    "followups",
    metadata,
    _id(),
    _organization(),
    _to("recording_id", "recordings.id"),
    _text("action", nullable=True),
    _json("context"),
    _text("thinking"),
    Column("score", Integer, nullable=False),
    # The state that people set; the machine does not change it.
    Column("status", Text, nullable=False, server_default="TO_DO"),
    _flag("starred", default=False),
    _flag("commented", default=False),
    _text("note", nullable=True),
    _moment("completed_at"),
    _to("completed_by", "users.id", nullable=True),
    _now("created_at"),
    _now("updated_at"),
    UniqueConstraint("recording_id"),
)
"""Personal: why and how to go back to a customer."""

followup_changes: Final = Table(
    "followup_changes",
    metadata,
    _id(),
    _organization(),
    _to("followup_id", "followups.id"),
    _to("user_id", "users.id"),
    _text("status", nullable=True),
    _text("note", nullable=True),
    _now("created_at"),
    Index("ix_followup_changes_followup", "followup_id", "created_at"),
)

recording_links: Final = Table(
    "recording_links",
    metadata,
    _organization(),
    _to("recording_id", "recordings.id", primary_key=True),
    _to("engagement_id", "engagements.id", nullable=True),
    _to("opportunity_id", "opportunities.id", nullable=True),
    # These only where a person chose them themselves; else they are the appointment's or the deal's.
    _to("account_id", "accounts.id", nullable=True),
    _to("contact_id", "contacts.id", nullable=True),
    _to("lead_id", "leads.id", nullable=True),
    _text("trigger"),
    _text("source"),
    Column("score", Double),
    _json("reasons"),
    _json("runners_up"),
    # The records that it meant when it was decided: {"engagement": id, "opportunity": id, "account": id, …}.
    _json("resolved"),
    _now("decided_at"),
    # Whether weaker evidence leaves the link alone, and every step that led to it.
    _flag("certain", default=True),
    Column("history", JSONB, nullable=False, server_default=text("'[]'")),
    Index("ix_recording_links_engagement", "engagement_id"),
)

recording_choices: Final = Table(
    "recording_choices",
    metadata,
    _organization(),
    _to("recording_id", "recordings.id", primary_key=True),
    _to("engagement_id", "engagements.id", nullable=True),
    _to("opportunity_id", "opportunities.id", nullable=True),
    _to("account_id", "accounts.id", nullable=True),
    _to("contact_id", "contacts.id", nullable=True),
    _to("lead_id", "leads.id", nullable=True),
    _text("trigger"),
    _to("user_id", "users.id"),
    _now("chosen_at"),
    Index("ix_recording_choices_account", "account_id"),
)
"""The records that a person named for a recording; without any record, none. The machine does not change it."""

matching_rates: Final = Table(
    "matching_rates",
    metadata,
    _organization(primary_key=True),
    Column("version", Integer, nullable=False),
    Column("learned_from", Integer, nullable=False),
    _json("rates"),
    _now("learned_at"),
)
"""The rates that an organization's links are decided by, learned from its own history."""

recording_attention: Final = Table(
    "recording_attention",
    metadata,
    _id(),
    _organization(),
    _to("recording_id", "recordings.id"),
    _to("user_id", "users.id"),
    # listen, view or viewed
    _text("kind"),
    Column("duration_ms", Double),
    _text("client_platform", nullable=True),
    _now("created_at"),
    _now("updated_at"),
    Index("ix_recording_attention_recording", "recording_id", "kind"),
)
"""Each time that a person listened to a recording or looked at it."""

comment_threads: Final = Table(
    "comment_threads",
    metadata,
    _id(),
    _organization(),
    _to("recording_id", "recordings.id"),
    _to("created_by", "users.id"),
    Column("start_ms", Double, nullable=False),
    Column("end_ms", Double, nullable=False),
    _flag("is_private", default=False),
    _now("privacy_at"),
    # To whom it is addressed: as it was given, and the users who are meant by it.
    _json("recipients"),
    _json("recipient_ids"),
    _now("created_at"),
    Index("ix_comment_threads_recording", "recording_id"),
)

comments: Final = Table(
    "comments",
    metadata,
    _id(),
    _organization(),
    _to("thread_id", "comment_threads.id"),
    _to("author_id", "users.id"),
    _text("text", nullable=True),
    _json("audio", nullable=True),
    _json("unread_by"),
    _json("seen_by"),
    _now("created_at"),
    _now("updated_at"),
    Index("ix_comments_thread", "thread_id", "created_at"),
)
"""Personal: what people said of a conversation."""

comment_ratings: Final = Table(
    "comment_ratings",
    metadata,
    _organization(),
    _to("comment_id", "comments.id", primary_key=True),
    _to("user_id", "users.id", primary_key=True),
    Column("rating", Integer, nullable=False),
)

mobile_events: Final = Table(
    "mobile_events",
    metadata,
    _id(),
    _organization(),
    _to("user_id", "users.id"),
    _to("recording_id", "recordings.id", nullable=True),
    _text("event_code"),
    _json("event"),
    _json("external_opportunity_ids", nullable=True),
    _moment("created_at", nullable=False),
    Index("ix_mobile_events_created", "organization_id", "created_at", "id"),
)

# --- webhooks -------------------------------------------------------------------------------------------

webhook_endpoints: Final = Table(
    "webhook_endpoints",
    metadata,
    _id(),
    _organization(),
    _text("url"),
    Column("secret", LargeBinary, nullable=False),
    # Signs too, until then: while a secret is rotated, receivers know either.
    Column("previous_secret", LargeBinary),
    _moment("previous_until"),
    _now("created_at"),
    UniqueConstraint("organization_id", "url"),
)

webhook_messages: Final = Table(
    "webhook_messages",
    metadata,
    _id(),
    _organization(),
    _to("recording_id", "recordings.id"),
    _text("event_type"),
    _json("payload"),
    Column("sequence", BigInteger, Identity(), nullable=False),
    _now("created_at"),
    Index("ix_webhook_messages_recording", "recording_id"),
)

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    _organization(),
    _to("message_id", "webhook_messages.id", primary_key=True),
    _to("endpoint_id", "webhook_endpoints.id", primary_key=True),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_status", Integer),
    _text("last_error", nullable=True),
    _moment("delivered_at"),
    Index("ix_webhook_deliveries_open", "organization_id", postgresql_where=text("state = 'pending'")),
)

# --- audit ----------------------------------------------------------------------------------------------

audit_events: Final = Table(
    "audit_events",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _organization(),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    # Method and route, or the command.
    _text("action"),
    # Ids of the records.
    Column("targets", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # Calls of one token that were alike, as reads of a few seconds, are one event.
    Column("calls", Integer, nullable=False, server_default=text("1")),
    # done, or refused
    Column("outcome", Text, nullable=False, server_default="done"),
    # No foreign keys: an event outlives its user and token.
    Column("user_id", Uuid(as_uuid=False)),
    Column("token_id", Uuid(as_uuid=False)),
    # Of a command: the user of the operating system, and the name given by --as.
    _text("operator", nullable=True),
    _text("acting_as", nullable=True),
    _text("address", nullable=True),
    Index("ix_audit_events_at", "organization_id", "at"),
)
"""Each read, change, token and deletion, and its actor. Rows are only added, until their retention ends."""

# --- folders, outcomes, scorecards, multimedia events --------------------------------------------------------

folders: Final = Table(
    "folders",
    metadata,
    _id(),
    _organization(),
    _to("user_id", "users.id"),
    _text("title"),
    _text("description", nullable=True),
    _flag("is_public", default=False),
    _now("created_at"),
    _now("updated_at"),
)

folder_items: Final = Table(
    "folder_items",
    metadata,
    _id(),
    _organization(),
    _to("folder_id", "folders.id"),
    _to("recording_id", "recordings.id"),
    # A stretch of the recording; null: all of it.
    Column("start_ms", Double),
    Column("end_ms", Double),
    _now("created_at"),
    Index("ix_folder_items_folder", "folder_id"),
    Index("ix_folder_items_recording", "recording_id"),
)

outcome_definitions: Final = Table(
    "outcome_definitions",
    metadata,
    _id(),
    _organization(),
    _to("conversation_type_id", "conversation_types.id"),
    _text("label"),
    _text("universal_label"),
    _text("prompt", nullable=True),
    _moment("disabled_at"),
    _now("created_at"),
    _now("updated_at"),
)

recording_outcomes: Final = Table(
    "recording_outcomes",
    metadata,
    _to("recording_id", "recordings.id", primary_key=True),
    _organization(),
    _to("user_id", "users.id"),
    _json("labels"),
    _now("updated_at"),
)

multimedia_events: Final = Table(
    "multimedia_events",
    metadata,
    _id(),
    _organization(),
    _text("external_id"),
    _json("fields"),
    # Sealed; null once the file is here.
    Column("download_url", LargeBinary),
    # Without a foreign key, as an event outlives its recording: the same event again makes no second one.
    Column("recording_id", Uuid(as_uuid=False)),
    _text("failure", nullable=True),
    _now("created_at"),
    _now("updated_at"),
    UniqueConstraint("organization_id", "external_id", name="uq_multimedia_events_external_id"),
)

scorecard_metrics: Final = Table(
    "scorecard_metrics",
    metadata,
    _id(),
    _organization(),
    _text("name"),
    _text("metric_type"),
    _text("prompt"),
    Column("prompt_id", Uuid(as_uuid=False), nullable=False, server_default=func.gen_random_uuid()),
    _text("unit"),
    _text("unit_abbreviated"),
    _text("description", nullable=True),
    _moment("deleted_at"),
    _now("created_at"),
)

scorecards: Final = Table(
    "scorecards",
    metadata,
    _id(),
    _organization(),
    _to("conversation_type_id", "conversation_types.id"),
    _text("name"),
    _text("description", nullable=True),
    Column("is_active", Boolean, nullable=False),
    _text("template_id", nullable=True),
    Column("min_duration_ms", Double, nullable=False),
    _json("nodes"),
    _json("rubrics"),
    _json("weights"),
    _json("colors"),
    _now("created_at"),
    _now("updated_at"),
)

SECURED: Final = tuple(table for table in metadata.sorted_tables if "organization_id" in table.columns)
"""The tables whose rows belong to an organization."""

_KEPT_FROM_USERS: Final = (tokens, oauth_apps, webhook_endpoints, webhook_messages, webhook_deliveries)


def _is_private(table: Table) -> bool:
    """Whether its rows lead to a recording, by foreign keys."""
    parents = [key.column.table for key in table.foreign_keys]
    return recordings in parents or any(_is_private(parent) for parent in parents if parent is not table)


PRIVATE: Final = tuple(
    table for table in SECURED if table is recordings or table in _KEPT_FROM_USERS or _is_private(table)
)
"""The tables whose rows a user sees only where a row policy allows it."""
