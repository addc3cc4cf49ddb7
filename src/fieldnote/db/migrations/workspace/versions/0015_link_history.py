"""A link's history, and whether weaker evidence leaves it alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("recording_links", sa.Column("certain", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    op.add_column("recording_links", sa.Column("history", JSONB(), nullable=False, server_default=sa.text("'[]'")))
    op.execute("""
update recording_links l
   set history = jsonb_build_array(jsonb_build_object(
       'at', to_char(l.decided_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'), 'source', l.source,
       'trigger', l.trigger, 'score', l.score, 'reasons', l.reasons,
       'appointment', (select external_id from engagements e where e.id = l.engagement_id),
       'opportunity', (select o.external_id from opportunities o where o.id::text = l.resolved ->> 'opportunity')))
""")
