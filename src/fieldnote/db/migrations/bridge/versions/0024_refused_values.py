"""Values and notes that the CRM refuses are found without reading all of them: the first page counts them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    refused = sa.text("state in ('refused', 'record_missing')")
    op.create_index("ix_fields_refused", "fields", ["connection", "state"], postgresql_where=refused)
    op.create_index("ix_notes_refused", "notes", ["connection", "state"], postgresql_where=refused)
