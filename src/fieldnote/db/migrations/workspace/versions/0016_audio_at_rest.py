"""Audio is stored under fresh keys, encrypted by a key of the organization; a recording knows when it was added."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("audio_files", sa.Column("stored_key", sa.Text(), nullable=True))
    op.add_column("audio_files", sa.Column("stored_size", sa.BigInteger(), nullable=True))
    op.add_column("audio_files", sa.Column("pending_key", sa.Text(), nullable=True))
    op.add_column("audio_files", sa.Column("encrypted", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("update audio_files set stored_key = organization_id || '/' || id where stored_at is not null")
    op.create_index("ix_audio_files_waiting", "audio_files", ["expires_at"], postgresql_where="recording_id is null")
    op.add_column(
        "recordings",
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_table(
        "audio_keys",
        sa.Column("organization_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_audio_keys_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_audio_keys")),
    )
    own = "organization_id = nullif(current_setting('fieldnote.organization_id', true), '')::uuid"
    op.execute("alter table audio_keys enable row level security")
    op.execute(f"create policy own_organization on audio_keys using ({own}) with check ({own})")
    system = "(select current_setting('fieldnote.role', true)) = 'system'"
    op.execute(f"create policy system_only on audio_keys as restrictive using ({system})")
