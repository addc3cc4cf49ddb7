"""The rates that links are decided by, learned from each organization's own history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "matching_rates",
        sa.Column("organization_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("learned_from", sa.Integer(), nullable=False),
        sa.Column("rates", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_matching_rates_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_matching_rates")),
    )
    own = "organization_id = nullif(current_setting('fieldnote.organization_id', true), '')::uuid"
    op.execute("alter table matching_rates enable row level security")
    op.execute(f"create policy own_organization on matching_rates using ({own}) with check ({own})")
