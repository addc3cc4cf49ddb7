"""How long a file of audio lasts, where it says so itself."""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0100"


def upgrade() -> None:
    op.add_column("audio_files", sa.Column("duration_ms", sa.BigInteger(), nullable=True))
