"""How long a file of audio lasts, where it says so itself."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("audio_files", sa.Column("duration_ms", sa.BigInteger(), nullable=True))
