"""The workspace's tables. Every row belongs to an organization, and row-level security keeps it there.

A CRM record's id is derived from its connection, kind and `externalId` (`fieldnote.workspace.ids`): a record
that is mentioned before it arrives already has the id that it will have, and an upsert needs no look-up.

What people said (utterances, extracted values, summaries, deep links with a customer's name) lives in
tables of its own, each keyed by recording, so that it can be purged and the facts beside it stay.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id") -> Column[Any]:
    return Column(name, Uuid, primary_key=True)


def _organization() -> Column[Any]:
    return Column(
        "organization_id",
        Uuid,
        ForeignKey("organizations.organization_id", ondelete="CASCADE"),
        nullable=False,
    )


def _reference(name: str, target: str, *, nullable: bool = True, primary_key: bool = False) -> Column[Any]:
    return Column(
        name,
        Uuid,
        ForeignKey(f"{target}", ondelete="SET NULL" if nullable else "CASCADE"),
        nullable=nullable,
        primary_key=primary_key,
    )


def _moment(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


def _text(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, Text, nullable=nullable)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=false())


def _json(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, JSONB(none_as_null=True), nullable=nullable)


def _number(name: str) -> Column[Any]:
    return Column(name, Float(53))


# --- organizations and credentials ----------------------------------------------------------------------

organizations: Final = Table(
    "organizations",
    metadata,
    _id("organization_id"),
    _text("name", nullable=False),
    _now("created_at"),
    UniqueConstraint("name"),
)

integration_connections: Final = Table(
    "integration_connections",
    metadata,
    _id(),
    _organization(),
    _text("name", nullable=False),
    _text("platform", nullable=False),
    _now("created_at"),
    UniqueConstraint("organization_id", "name"),
)
"""A CRM that is joined to the organization. The CRM's ids are unique within one, by kind of record."""

users: Final = Table(
    "users",
    metadata,
    _id(),
    _organization(),
    _text("email", nullable=False),
    # As it is compared: without case.
    _text("email_key", nullable=False),
    _text("name", nullable=False),
    # As it is compared: without case, accents and double spaces. Null: not a full name.
    _text("name_key"),
    _text("role", nullable=False),
    _now("created_at"),
    _now("updated_at"),
    UniqueConstraint("organization_id", "email_key"),
)
"""The people of the workspace."""

organization_tokens: Final = Table(
    "organization_tokens",
    metadata,
    _id(),
    _organization(),
    _text("name", nullable=False),
    # SHA-256 of a token of 256 random bits: it need only be compared.
    Column("token_hash", LargeBinary, nullable=False),
    _reference("created_by", "users.id"),
    _now("created_at"),
    _moment("revoked_at"),
    UniqueConstraint("token_hash"),
)

oauth_apps: Final = Table(
    "oauth_apps",
    metadata,
    _id("client_id"),
    _organization(),
    _text("name", nullable=False),
    _reference("owner_id", "users.id", nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    _now("created_at"),
    _moment("deleted_at"),
    Index(None, "organization_id"),
)

user_tokens: Final = Table(
    "user_tokens",
    metadata,
    _id(),
    _organization(),
    _reference("client_id", "oauth_apps.client_id", nullable=False),
    _reference("user_id", "users.id", nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    _text("scope", nullable=False),
    _now("created_at"),
    _moment("expires_at", nullable=False),
    _moment("revoked_at"),
    UniqueConstraint("token_hash"),
)

# --- CRM records ----------------------------------------------------------------------------------------


def _crm_record(name: str, *columns: Column[Any] | Index) -> Table:
    """A kind of CRM record. `external_id` is null only for an account that was sent without one."""
    return Table(
        name,
        metadata,
        _id(),
        _organization(),
        _reference("connection_id", "integration_connections.id", nullable=False),
        _text("external_id"),
        *columns,
        _moment("deleted_at"),
        _now("created_at"),
        _now("updated_at"),
        UniqueConstraint("organization_id", "connection_id", "external_id"),
    )


def _party() -> list[Column[Any]]:
    """What accounts, contacts and leads have in common."""
    return [
        Column("email_addresses", ARRAY(Text)),
        Column("phone_numbers", ARRAY(Text)),
        _json("addresses"),
        _number("latitude"),
        _number("longitude"),
        _reference("owner_id", "external_users.id"),
        _moment("last_activity_at"),
    ]


external_users: Final = _crm_record(
    "external_users",
    _text("email"),
    _text("email_key"),
    _text("name"),
    _text("name_key"),
    # Who they are in the workspace, and how that was found: OVERRIDE, EMAIL or NAME.
    _reference("user_id", "users.id"),
    _text("mapped_by"),
    _reference("override_user_id", "users.id"),
    Index(None, "user_id"),
    Index("ix_external_users_organization_id_email_key", "organization_id", "email_key"),
    Index("ix_external_users_organization_id_name_key", "organization_id", "name_key"),
)
"""The CRM's reps."""

accounts: Final = _crm_record("accounts", _text("name"), *_party())
contacts: Final = _crm_record("contacts", _text("name"), *_party(), _reference("account_id", "accounts.id"))
leads: Final = _crm_record("leads", _text("first_name"), _text("last_name"), *_party())

opportunities: Final = _crm_record(
    "opportunities",
    _text("name"),
    _number("amount"),
    _text("disposition"),
    _moment("closed_at"),
    _moment("last_activity_at"),
    _moment("remote_created_at"),
    _reference("account_id", "accounts.id"),
    _reference("contact_id", "contacts.id"),
)

engagements: Final = _crm_record(
    "engagements",
    _moment("start_time"),
    _moment("end_time"),
    _text("start_time_localized"),
    _text("subject"),
    _text("content"),
    _text("direction"),
    _text("activity_type"),
    _text("type_name"),
    _text("type_external_id"),
    _reference("account_id", "accounts.id"),
    _reference("contact_id", "contacts.id"),
    _reference("lead_id", "leads.id"),
    _reference("opportunity_id", "opportunities.id"),
    _moment("remote_created_at"),
    _moment("remote_updated_at"),
    Index(None, "opportunity_id"),
    Index(None, "account_id"),
)


def _member(name: str, parent: str, child: str, child_column: str, *columns: Column[Any]) -> Table:
    """Who or what belongs to a record. `deleted_at`: taken off it."""
    singular = {"engagements": "engagement_id", "opportunities": "opportunity_id"}[parent]
    return Table(
        name,
        metadata,
        _reference(singular, f"{parent}.id", nullable=False, primary_key=True),
        _reference(child_column, f"{child}.id", nullable=False, primary_key=True),
        _organization(),
        *columns,
        _moment("deleted_at"),
        _now("created_at"),
        _now("updated_at"),
        Index(None, child_column),
    )


engagement_users: Final = _member(
    "engagement_users", "engagements", "external_users", "external_user_id", _number("share_of_sale")
)
opportunity_users: Final = _member(
    "opportunity_users", "opportunities", "external_users", "external_user_id", _number("share_of_sale")
)
opportunity_contacts: Final = _member(
    "opportunity_contacts", "opportunities", "contacts", "contact_id", Column("is_primary", Boolean)
)

# --- recordings -----------------------------------------------------------------------------------------

recordings: Final = Table(
    "recordings",
    metadata,
    _id(),
    _organization(),
    _reference("connection_id", "integration_connections.id", nullable=False),
    _reference("user_id", "users.id", nullable=False),
    # The caller's own name for it: given twice, it is one recording.
    _text("key"),
    _text("title"),
    # When the conversation began.
    _moment("created_at", nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    # GIVEN, TRANSCRIPT or ESTIMATED.
    _text("duration_source", nullable=False),
    _number("latitude"),
    _number("longitude"),
    Column("result", Text, nullable=False, server_default="OPEN"),
    # The CRM's ids out of the deep link that it was started by.
    _text("appointment_external_id"),
    _text("opportunity_external_id"),
    _flag("is_processing_done"),
    _flag("is_entity_extraction_done"),
    _flag("is_summary_done"),
    # When the last stage ended.
    _moment("processed_at"),
    _moment("deleted_at"),
    _moment("root_data_purged_at"),
    _now("stored_at"),
    _now("updated_at"),
    UniqueConstraint("organization_id", "key"),
    Index("ix_recordings_page", "organization_id", "created_at", "id"),
    Index("ix_recordings_updated", "organization_id", "updated_at"),
    Index("ix_recordings_user", "user_id", "created_at"),
    Index(
        "ix_recordings_appointment",
        "organization_id",
        "appointment_external_id",
        postgresql_where=text("appointment_external_id is not null"),
    ),
    Index(
        "ix_recordings_opportunity",
        "organization_id",
        "opportunity_external_id",
        postgresql_where=text("opportunity_external_id is not null"),
    ),
)

recording_transcripts: Final = Table(
    "recording_transcripts",
    metadata,
    _reference("recording_id", "recordings.id", nullable=False, primary_key=True),
    _organization(),
    # {tag: name}
    _json("speakers", nullable=False),
    # [{"speaker": tag, "text": …, "start": ms, "end": ms}]
    _json("utterances", nullable=False),
)
"""Personal: what was said."""

entity_definitions: Final = Table(
    "entity_definitions",
    metadata,
    _id(),
    _organization(),
    _text("name", nullable=False),
    # [{"name": …, "mappings": [{"crmModelName": …, "crmFieldName": …}] or absent}]
    _json("fields", nullable=False),
    _now("created_at"),
    _moment("deleted_at"),
    Index(None, "organization_id"),
)
"""What an organization wants to know of a conversation."""

extractions: Final = Table(
    "extractions",
    metadata,
    _id(),
    _organization(),
    _reference("recording_id", "recordings.id", nullable=False),
    _reference("definition_id", "entity_definitions.id", nullable=False),
    _text("status", nullable=False),
    _now("created_at"),
    _now("updated_at"),
    UniqueConstraint("recording_id", "definition_id"),
)

extraction_values: Final = Table(
    "extraction_values",
    metadata,
    _reference("extraction_id", "extractions.id", nullable=False, primary_key=True),
    _organization(),
    _reference("recording_id", "recordings.id", nullable=False),
    # [{"name": …, "value": …, "quotes": [{"index": …, "text": …}]}]
    _json("items", nullable=False),
    Index(None, "recording_id"),
)
"""Personal: what the extractions found."""

summaries: Final = Table(
    "summaries",
    metadata,
    _id(),
    _organization(),
    _reference("recording_id", "recordings.id", nullable=False),
    _text("name", nullable=False),
    _text("content", nullable=False),
    _now("created_at"),
    UniqueConstraint("recording_id", "name"),
)
"""Personal: what the conversation was about."""

recording_links: Final = Table(
    "recording_links",
    metadata,
    _reference("recording_id", "recordings.id", nullable=False, primary_key=True),
    _organization(),
    # DIRECT, FUZZY or NOT_FOUND, and which of Siro's triggers led to it.
    _text("source", nullable=False),
    _text("trigger", nullable=False),
    _reference("engagement_id", "engagements.id"),
    _reference("opportunity_id", "opportunities.id"),
    _reference("account_id", "accounts.id"),
    _reference("contact_id", "contacts.id"),
    _reference("lead_id", "leads.id"),
    # Likely, but not certain enough to link.
    _reference("proposed_engagement_id", "engagements.id"),
    _number("score"),
    # {"reasons": […], "runnersUp": [{"engagementId", "score", "reason", "words"}]}
    _json("evidence", nullable=False),
    _now("decided_at"),
    Index(None, "engagement_id"),
    Index(None, "opportunity_id"),
    Index(None, "account_id"),
)
"""Where each recording belongs: one row as soon as that has been asked for the first time."""

mobile_events: Final = Table(
    "mobile_events",
    metadata,
    _id(),
    _organization(),
    _reference("user_id", "users.id", nullable=False),
    _reference("recording_id", "recordings.id", nullable=False),
    _text("event_code", nullable=False),
    _json("event", nullable=False),
    Column("external_opportunity_ids", ARRAY(Text)),
    _moment("created_at", nullable=False),
    Index("ix_mobile_events_page", "organization_id", "created_at", "id"),
    Index(None, "recording_id"),
)
"""What the recorder did. A deep link may carry a customer's name."""

# --- webhooks -------------------------------------------------------------------------------------------

webhook_endpoints: Final = Table(
    "webhook_endpoints",
    metadata,
    _id(),
    _organization(),
    _text("url", nullable=False),
    # Sealed: it is needed in clear to sign.
    Column("secret", LargeBinary, nullable=False),
    _now("created_at"),
    _moment("deleted_at"),
    Index(None, "organization_id"),
)

webhook_messages: Final = Table(
    "webhook_messages",
    metadata,
    # The `svix-id`, the same for every attempt.
    Column("id", Text, primary_key=True),
    _organization(),
    _reference("recording_id", "recordings.id", nullable=False),
    _text("event_type", nullable=False),
    # The body as it is signed and sent. Identifiers and flags only.
    _text("body", nullable=False),
    _now("created_at"),
    Index(None, "recording_id"),
)
"""What happened, once for each time that it happened. Stored in the transaction that made it happen."""

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column("message_id", Text, ForeignKey("webhook_messages.id", ondelete="CASCADE"), primary_key=True),
    _reference("endpoint_id", "webhook_endpoints.id", nullable=False, primary_key=True),
    _organization(),
    # PENDING, DELIVERED or FAILED (no attempt is left).
    _text("status", nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Of the last attempt: the answer's status, or why there was none.
    Column("response_status", Integer),
    _text("error"),
    _moment("attempted_at"),
    _moment("next_at"),
)
"""How far each message is with each endpoint."""
