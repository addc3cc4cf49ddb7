"""Folders, outcomes, scorecards with their metrics, and multimedia events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"

OWN = "organization_id = nullif(current_setting('fieldnote.organization_id', true), '')::uuid"
ROLE = "(select current_setting('fieldnote.role', true))"
USER = "(select nullif(current_setting('fieldnote.user_id', true), '')::uuid)"
UNBOUND = f"{ROLE} in ('system', 'admin')"


def upgrade() -> None:
    op.add_column("conversation_types", sa.Column("multiple_outcomes", sa.Integer(), nullable=True))
    table(
        "folders",
        to("user_id", "users.id"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        now("created_at"),
        now("updated_at"),
    )
    table(
        "folder_items",
        to("folder_id", "folders.id"),
        to("recording_id", "recordings.id"),
        sa.Column("start_ms", sa.Double(), nullable=True),
        sa.Column("end_ms", sa.Double(), nullable=True),
        now("created_at"),
    )
    op.create_index("ix_folder_items_folder", "folder_items", ["folder_id"])
    op.create_index("ix_folder_items_recording", "folder_items", ["recording_id"])
    table(
        "outcome_definitions",
        to("conversation_type_id", "conversation_types.id"),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("universal_label", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        now("created_at"),
        now("updated_at"),
    )
    op.create_table(
        "recording_outcomes",
        to("recording_id", "recordings.id"),
        to("organization_id", "organizations.id"),
        to("user_id", "users.id"),
        sa.Column("labels", JSONB(), nullable=False),
        now("updated_at"),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recording_outcomes")),
    )
    secure("recording_outcomes")
    table(
        "multimedia_events",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("fields", JSONB(), nullable=False),
        sa.Column("download_url", sa.LargeBinary(), nullable=True),
        sa.Column("recording_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        now("created_at"),
        now("updated_at"),
        sa.UniqueConstraint("organization_id", "external_id", name=op.f("uq_multimedia_events_external_id")),
    )
    table(
        "scorecard_metrics",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("metric_type", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("prompt_id", sa.Uuid(as_uuid=False), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_abbreviated", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        now("created_at"),
    )
    table(
        "scorecards",
        to("conversation_type_id", "conversation_types.id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("min_duration_ms", sa.Double(), nullable=False),
        sa.Column("nodes", JSONB(), nullable=False),
        sa.Column("rubrics", JSONB(), nullable=False),
        sa.Column("weights", JSONB(), nullable=False),
        sa.Column("colors", JSONB(), nullable=False),
        now("created_at"),
        now("updated_at"),
    )
    restrict("folders", "visible", f"using ({UNBOUND} or user_id = {USER} or is_public)")
    for change in ("insert with check", "update using", "delete using"):
        action, rule = change.split(" ", 1)
        restrict("folders", f"{action}_by_owner", f"for {action} {rule} ({UNBOUND} or user_id = {USER})")
    recording = "exists (select from recordings parent where parent.id = recording_id)"
    folder = "exists (select from folders parent where parent.id = folder_id)"
    own = f"exists (select from folders parent where parent.id = folder_id and parent.user_id = {USER})"
    restrict("folder_items", "visible", f"using ({ROLE} = 'system' or ({folder} and {recording}))")
    restrict("folder_items", "insert_by_owner", f"for insert with check ({UNBOUND} or {own})")
    restrict("folder_items", "delete_by_owner", f"for delete using ({UNBOUND} or {own})")
    restrict("recording_outcomes", "visible", f"using ({ROLE} = 'system' or {recording})")
    restrict("recording_outcomes", "own_name", f"for insert with check ({ROLE} = 'system' or user_id = {USER})")
    restrict("multimedia_events", "system_only", f"using ({ROLE} = 'system')")
    leads = f"{ROLE} in ('system', 'admin', 'coach')"
    for name in ("outcome_definitions", "scorecard_metrics", "scorecards"):
        restrict(name, "insert_by_lead", f"for insert with check ({leads})")
        restrict(name, "update_by_lead", f"for update using ({leads})")


def table(name: str, *columns: sa.schema.SchemaItem) -> None:
    """A table of an organization, with an id of its own."""
    key = sa.Column("id", sa.Uuid(as_uuid=False), nullable=False, server_default=sa.text("gen_random_uuid()"))
    primary = sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))
    op.create_table(name, key, to("organization_id", "organizations.id"), *columns, primary)
    secure(name)


def to(name: str, target: str) -> sa.Column[str]:
    return sa.Column(name, sa.Uuid(as_uuid=False), sa.ForeignKey(target, ondelete="CASCADE"), nullable=False)


def now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


def secure(name: str) -> None:
    op.execute(f"alter table {name} enable row level security")
    op.execute(f"create policy own_organization on {name} using ({OWN}) with check ({OWN})")


def restrict(name: str, policy: str, rule: str) -> None:
    op.execute(f"create policy {policy} on {name} as restrictive {rule}")
