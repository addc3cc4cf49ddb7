"""Transcripts of recordings: who said what, and when. The console's player follows them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "recording_transcripts",
        sa.Column("connection", sa.String(63), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("utterances", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["connections.name"],
            name=op.f("fk_recording_transcripts_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection", "recording_id"],
            ["recordings.connection", "recordings.recording_id"],
            name="fk_recording_transcripts_recordings",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection", "recording_id", name=op.f("pk_recording_transcripts")),
    )
