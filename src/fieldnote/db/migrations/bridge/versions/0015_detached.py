"""A link that Siro took away waits for a person, and every step of a recording's links is kept."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("alter table recordings add column if not exists detached boolean not null default false")
    op.execute("alter table recordings add column if not exists link_history jsonb not null default '[]'")
