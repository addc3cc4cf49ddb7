"""Less to keep beside each record that is sent: no foreign key and no index of Siro's ids, which few ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_FORGET = """
    create function forget_sent() returns trigger language plpgsql set search_path from current as $$
    begin
        delete from sent where connection = old.name;
        return null;
    end $$
"""


def upgrade() -> None:
    op.drop_index("ix_sent_siro_id", table_name="sent")
    op.create_index(
        "ix_sent_standing", "sent", ["connection", "stream"], postgresql_where=sa.text("standing is not null")
    )
    op.drop_constraint("fk_sent_connections", "sent", type_="foreignkey")
    op.execute(_FORGET)
    op.execute("create trigger forget_sent after delete on connections for each row execute function forget_sent()")
