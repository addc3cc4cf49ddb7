"""When a run last made progress, so that a stuck one is noticed whoever has its lock."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("runs", sa.Column("moved_at", sa.DateTime(timezone=True)))
