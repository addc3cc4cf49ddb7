"""Help with linking: what was found for recordings that Siro leaves unlinked, and what became of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("duration_ms", sa.BigInteger(), nullable=True))
    op.add_column("recordings", sa.Column("latitude", sa.Double(), nullable=True))
    op.add_column("recordings", sa.Column("longitude", sa.Double(), nullable=True))
    op.add_column("recordings", sa.Column("was_linked", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("recordings", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_recordings_user", "recordings", ["connection", "user_id", "started_at"])
    op.create_table(
        "matches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("engagement", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=63), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("others", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection", "recording_id"],
            ["recordings.connection", "recordings.recording_id"],
            name="fk_matches_recordings",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
        sa.UniqueConstraint("connection", "recording_id", name="uq_matches_recording"),
    )
