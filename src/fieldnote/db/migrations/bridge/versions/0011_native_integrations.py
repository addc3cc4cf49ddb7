"""Which of Siro's own integrations are active, as Siro last said: a push beside one would double its records."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("connections", sa.Column("native_integrations", sa.Text, nullable=True))
    op.add_column("connections", sa.Column("native_checked_at", sa.DateTime(timezone=True), nullable=True))
