"""How a conversation ended and its score, which may be written back like what was said in it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("recording_contents", sa.Column("result", sa.Text(), nullable=True))
    op.add_column("recording_contents", sa.Column("score", sa.Double(), nullable=True))
