"""A note that the CRM changed so that Fieldnote's key is lost is remembered, so that no other is added beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("notes", sa.Column("left_id", sa.Text()))
