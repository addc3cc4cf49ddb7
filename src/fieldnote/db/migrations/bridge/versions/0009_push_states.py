"""The states of a sent record in plain words: `doubtful` is `pending_deletion`, `removed` is `deleted`."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SCOPE = ["connection", "stream"]


def upgrade() -> None:
    op.drop_index("ix_sent_open", table_name="sent")
    op.drop_index("ix_sent_standing", table_name="sent")
    op.execute("update sent set state = 'pending_deletion' where state = 'doubtful'")
    op.execute("update sent set state = 'deleted' where state = 'removed'")
    op.alter_column("sent", "removed", new_column_name="is_deleted")
    op.alter_column("sent", "standing", new_column_name="uncleared")
    op.create_index(
        "ix_sent_open", "sent", [*_SCOPE, "state"], postgresql_where=sa.text("state not in ('sent', 'deleted')")
    )
    op.create_index("ix_sent_uncleared", "sent", _SCOPE, postgresql_where=sa.text("uncleared is not null"))
