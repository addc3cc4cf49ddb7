"""Batches on their way to Siro, records that left the CRM, and what Siro cannot clear."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=63), nullable=False),
        sa.Column("origin", sa.String(length=63), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("records", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_attempts_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    # It lives for the time of a call: compressing it would cost more than it saves.
    op.execute("alter table attempts alter column records set storage external")
    op.create_index("ix_attempts_stream", "attempts", ["connection", "stream"], unique=False)
    op.create_table(
        "hooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("connection", sa.String(length=63), nullable=False),
        sa.Column("stream", sa.String(length=63), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("row", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], name=op.f("fk_hooks_connections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hooks")),
    )
    op.create_index("ix_hooks_stream", "hooks", ["connection", "stream", "id"], unique=False)
    op.add_column("sent", sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False))
    op.add_column("sent", sa.Column("standing", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("sent", sa.Column("removed", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    for name in ("payload", "attempted"):
        op.alter_column("sent", name, type_=sa.JSON(none_as_null=True), postgresql_using=f"{name}::json")
    # A record that is deleted in Siro counts as gone, no matter who deleted it.
    op.execute("update sent set removed = true where payload ->> 'deletedAt' is not null")
    op.drop_index("ix_sent_open", table_name="sent")
    op.create_index(
        "ix_sent_open",
        "sent",
        ["connection", "stream", "state"],
        unique=False,
        postgresql_where=sa.text("state not in ('sent', 'removed')"),
    )
