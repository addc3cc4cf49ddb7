"""The bridge's tables, as `bridge_tables` describes them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("fetch_order")))
    op.create_table(
        "connections",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("crm_identity", sa.Text(), nullable=False),
        sa.Column("integration_connection_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_connections")),
    )
    op.create_table(
        "due",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("causes", sa.Integer(), server_default="1", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_due_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "model", "record", name=op.f("pk_due")),
    )
    op.create_table(
        "events",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("svix_id", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_events_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "svix_id", name=op.f("pk_events")),
    )
    op.create_index(
        "ix_events_open", "events", ["connection"], unique=False, postgresql_where=sa.text("handled_at is null")
    )
    op.create_table(
        "fields",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("extraction", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(length=63), nullable=False),
        sa.Column("state", sa.String(length=63), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recording_id", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_fields_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "model", "record", "table_name", "column_name", name=op.f("pk_fields")),
    )
    op.create_table(
        "notes",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("note_key", sa.String(length=63), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=63), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("base_hash", sa.LargeBinary(), nullable=True),
        sa.Column("wanted_hash", sa.LargeBinary(), nullable=True),
        sa.Column("intended_hash", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_notes_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "model", "record", "recording_id", "note_key", name=op.f("pk_notes")),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("extraction", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=63), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_proposals_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index("ix_proposals_recording", "proposals", ["connection", "recording_id"], unique=False)
    op.create_index(
        "uq_proposals_open",
        "proposals",
        ["connection", "model", "record", "table_name", "column_name"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "pulls",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("high_water", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_pulls_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_pulls")),
    )
    op.create_table(
        "recordings",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("summary_done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("extraction_done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("integration_connection_id", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=63), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_recordings_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "recording_id", name=op.f("pk_recordings")),
    )
    op.create_index("ix_recordings_state", "recordings", ["connection", "state", "started_at"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=63), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_runs_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_connection_kind", "runs", ["connection", "kind", "started_at"], unique=False)
    op.create_table(
        "schedules",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("task", sa.String(length=63), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_schedules_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "task", name=op.f("pk_schedules")),
    )
    op.create_table(
        "sent",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=63), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=63), nullable=False),
        sa.Column("payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("attempted", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("siro_id", sa.Text(), nullable=True),
        sa.Column("related", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("hint", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_sent_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "stream", "key", name=op.f("pk_sent")),
    )
    op.create_index(
        "ix_sent_open",
        "sent",
        ["connection", "stream", "state"],
        unique=False,
        postgresql_where=sa.text("state <> 'sent'"),
    )
    op.create_index("ix_sent_siro_id", "sent", ["siro_id"], unique=False)
    op.create_table(
        "streams",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=63), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("complete_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_streams_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "stream", name=op.f("pk_streams")),
    )
    op.create_table(
        "field_values",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("original", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("base", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("wanted", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("intent", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection", "model", "record", "table_name", "column_name"],
            ["fields.connection", "fields.model", "fields.record", "fields.table_name", "fields.column_name"],
            name="fk_field_values_fields",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_field_values_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "connection", "model", "record", "table_name", "column_name", name=op.f("pk_field_values")
        ),
    )
    op.create_table(
        "proposal_values",
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("live", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("proposed", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("said", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposals.id"], name=op.f("fk_proposal_values_proposals"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_proposal_values")),
    )
    op.create_table(
        "recording_contents",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("web_url", sa.Text(), nullable=True),
        sa.Column("summary", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("extractions", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection", "recording_id"],
            ["recordings.connection", "recordings.recording_id"],
            name="fk_recording_contents_recordings",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_recording_contents_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "recording_id", name=op.f("pk_recording_contents")),
    )
    op.create_table(
        "recording_links",
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("siro_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection", "recording_id"],
            ["recordings.connection", "recordings.recording_id"],
            name="fk_recording_links_recordings",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_recording_links_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection", "recording_id", "model", "record", name=op.f("pk_recording_links")),
    )
    op.create_index("ix_recording_links_record", "recording_links", ["connection", "model", "record"], unique=False)
    op.create_table(
        "writes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=63), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=True),
        sa.Column("extraction", sa.Text(), nullable=True),
        sa.Column("policy", sa.String(length=63), nullable=True),
        sa.Column("action", sa.String(length=63), nullable=False),
        sa.Column("actor", sa.Text(), server_default="fieldnote", nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_writes_connections"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_writes_runs"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writes")),
    )
    op.create_index("ix_writes_record", "writes", ["connection", "model", "record", "written_at"], unique=False)
    op.create_index("ix_writes_recording", "writes", ["connection", "recording_id"], unique=False)
    op.create_table(
        "write_values",
        sa.Column("write_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["write_id"], ["writes.id"], name=op.f("fk_write_values_writes"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("write_id", name=op.f("pk_write_values")),
    )
