"""The stages of recordings have the names that `status` shows."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("""
        update recordings
        set state = case state when 'unproven' then 'ownership_unknown' when 'foreign' then 'other_connection'
                               else 'shared_record' end
        where state in ('unproven', 'foreign', 'colliding')
    """)
