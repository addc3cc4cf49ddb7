"""Tokens have a last use, apps can be disabled, webhook secrets overlap, and an audit says who did what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("oauth_apps", sa.Column("disabled", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("webhook_endpoints", sa.Column("previous_secret", sa.LargeBinary(), nullable=True))
    op.add_column("webhook_endpoints", sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organizations", sa.Column("audit_days", sa.Integer(), server_default=sa.text("365"), nullable=False))
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organization_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("targets", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("calls", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="done", nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("token_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("acting_as", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_audit_events_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["organization_id", "at"], unique=False)
    own = "organization_id = nullif(current_setting('fieldnote.organization_id', true), '')::uuid"
    op.execute("alter table audit_events enable row level security")
    op.execute(f"create policy own_organization on audit_events using ({own}) with check ({own})")
    op.execute("""
create policy visible on audit_events as restrictive for select
using ((select current_setting('fieldnote.role', true)) in ('system', 'admin'))
""")
    for name, table, column, own_key in (
        ("user_ends_tokens", "users", "user_id", "id"),
        ("app_ends_tokens", "oauth_apps", "client_id", "client_id"),
    ):
        op.execute(f"""
create function {name}() returns trigger language plpgsql as $$
begin
    update tokens set revoked_at = now() where {column} = new.{own_key} and revoked_at is null;
    return null;
end
$$
""")  # noqa: S608 - our own names
        op.execute(f"""
create trigger {name} after update of disabled on {table} for each row
when (new.disabled and not old.disabled) execute function {name}()
""")
    # The role of requests may only add events (see `tenancy`); nobody changes one.
    op.execute("""
create trigger append_only before update on audit_events for each row
execute function refuse_change('An audit event is never changed')
""")
