"""Decisions by people: proposals approved, rejected and edited, writes undone; and the words behind a value."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "field_values", sa.Column("declined", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("proposals", sa.Column("kind", sa.String(length=63), server_default="value", nullable=False))
    op.add_column("proposals", sa.Column("decided_by", sa.Text(), nullable=True))
    op.add_column(
        "proposal_values",
        sa.Column("decided", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.add_column("proposal_values", sa.Column("quote", sa.Text(), nullable=True))
    op.add_column("writes", sa.Column("definition_id", sa.Text(), nullable=True))
    op.add_column("writes", sa.Column("reverted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "write_values", sa.Column("said", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("write_values", sa.Column("quote", sa.Text(), nullable=True))
    op.add_column("recordings", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "uq_proposals_shadow",
        "proposals",
        ["connection", "model", "record", "table_name", "column_name"],
        unique=True,
        postgresql_where=sa.text("state = 'shadow'"),
    )
