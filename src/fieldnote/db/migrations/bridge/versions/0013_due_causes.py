"""Why a due record waits: records with one cause are tried as one, and all go on when it is over."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("due", sa.Column("cause", sa.Text, nullable=True))
    op.create_index("due_by_cause", "due", ["connection", "cause"], postgresql_where=sa.text("cause is not null"))
