"""Why the processing of a recording failed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("failure", sa.Text(), nullable=True))
