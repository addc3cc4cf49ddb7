"""The audit of the commands by which people decide: who, what, when, and how it ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("connection", sa.String(63), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("targets", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("acting_as", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["connection", "at"], unique=False)
    op.execute("""
create function refuse_change_of_event() returns trigger language plpgsql as $$
begin
    if old.outcome is null and new.outcome is not null
       and (new.id, new.connection, new.at, new.action, new.targets, new.operator)
         = (old.id, old.connection, old.at, old.action, old.targets, old.operator)
       and new.acting_as is not distinct from old.acting_as then
        return new;
    end if;
    raise exception using errcode = 'insufficient_privilege', message = 'An audit event is never changed';
end
$$
""")
    op.execute("""
create trigger append_only before update on audit_events for each row execute function refuse_change_of_event()
""")
