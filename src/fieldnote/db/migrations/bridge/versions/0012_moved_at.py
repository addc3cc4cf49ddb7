"""The time of a run's last progress, so that a stuck run is noticed even if its lock is taken."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("runs", sa.Column("moved_at", sa.DateTime(timezone=True)))
