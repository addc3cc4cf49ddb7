"""A link that Siro took away waits for a person, and every step of a recording's links is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("detached", sa.Boolean(), server_default=sa.false(), nullable=False))
    empty = sa.text("'[]'::jsonb")
    op.add_column("recordings", sa.Column("link_history", JSONB(), server_default=empty, nullable=False))
