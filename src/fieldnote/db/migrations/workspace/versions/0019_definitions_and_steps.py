"""Definitions as rows, the steps of a recording, roles, redaction settings, muted audio, and the language model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"

OWN = "organization_id = nullif(current_setting('fieldnote.organization_id', true), '')::uuid"
ROLE = "(select current_setting('fieldnote.role', true))"
DEFAULTS = """
(values ('Budget', 'What the customer can or wants to spend.', 'money'),
        ('Timeline', 'When the customer wants the work started or finished.', 'date'),
        ('Decision Maker', 'Who decides on the customer''s side.', 'text'),
        ('Objections', 'The customer''s reasons against buying now.', 'list')) as d (name, description, type)
"""


def upgrade() -> None:
    op.create_table(
        "field_definitions",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False, server_default=sa.text("gen_random_uuid()")),
        to("organization_id", "organizations.id"),
        to("definition_id", "entity_definitions.id"),
        to("conversation_type_id", "conversation_types.id", nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("type", sa.Text(), nullable=False, server_default="text"),
        sa.Column("choices", JSONB(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("unit", sa.Text(), nullable=False, server_default=""),
        sa.Column("crm", sa.Text(), nullable=False, server_default=""),
        sa.Column("required", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        now("created_at"),
        now("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_definitions")),
    )
    op.execute("""
create unique index uq_field_definitions_name on field_definitions
       (organization_id, lower(name), coalesce(conversation_type_id, '00000000-0000-0000-0000-000000000000'))
 where deleted_at is null
""")
    op.create_index("ix_field_definitions_definition", "field_definitions", ["definition_id"])
    op.execute(f"""
insert into field_definitions (organization_id, definition_id, name, description, type, created_at)
select e.organization_id, e.id, f.field ->> 'name', coalesce(d.description, ''), coalesce(d.type, 'text'),
       e.created_at + f.place * interval '1 microsecond'
  from entity_definitions e
 cross join jsonb_array_elements(e.fields) with ordinality as f (field, place)
  left join {DEFAULTS} on d.name = f.field ->> 'name'
 where e.deleted_at is null
    on conflict do nothing
""")  # noqa: S608 - our own words
    op.drop_column("entity_definitions", "fields")
    secure("field_definitions")
    leads = f"{ROLE} in ('system', 'admin', 'coach')"
    restrict("field_definitions", "insert_by_lead", f"for insert with check ({leads})")
    restrict("field_definitions", "update_by_lead", f"for update using ({leads})")
    op.add_column("recordings", sa.Column("failed_step", sa.Text(), nullable=True))
    op.add_column("recordings", sa.Column("transcribed_ms", sa.BigInteger(), nullable=True))
    op.add_column("recordings", sa.Column("speaker_roles", JSONB(), nullable=False, server_default=sa.text("'{}'")))
    op.execute("update recordings set failed_step = 'extract' where failure is not null and status = 'error'")
    op.add_column(
        "recording_utterances", sa.Column("redacted", JSONB(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("audio_files", sa.Column("muted", JSONB(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("organizations", sa.Column("redacts", JSONB(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column(
        "organizations", sa.Column("language_model", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.create_table(
        "model_answers",
        to("organization_id", "organizations.id"),
        to("recording_id", "recordings.id"),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        now("created_at"),
        sa.PrimaryKeyConstraint("recording_id", "key", name=op.f("pk_model_answers")),
    )
    secure("model_answers")
    restrict("model_answers", "system_only", f"using ({ROLE} = 'system')")
    op.create_table(
        "model_usage",
        to("organization_id", "organizations.id"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("tokens", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("organization_id", "day", name=op.f("pk_model_usage")),
    )
    secure("model_usage")


def to(name: str, target: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Uuid(as_uuid=False), sa.ForeignKey(target, ondelete="CASCADE"), nullable=nullable)


def now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


def secure(name: str) -> None:
    op.execute(f"alter table {name} enable row level security")
    op.execute(f"create policy own_organization on {name} using ({OWN}) with check ({OWN})")


def restrict(name: str, policy: str, rule: str) -> None:
    op.execute(f"create policy {policy} on {name} as restrictive {rule}")
