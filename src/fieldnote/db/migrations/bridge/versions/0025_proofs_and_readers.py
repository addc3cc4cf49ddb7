"""Each dated signature of a hook is good once, the audit has addresses, and places go with words that were purged."""

from alembic import op

revision = "0025"
down_revision = "0024"

_TABLES = """
create table hook_proofs (
    connection varchar(63) not null
        constraint fk_hook_proofs_connections references connections (name) on delete cascade,
    digest bytea not null,
    good_until timestamptz not null,
    constraint pk_hook_proofs primary key (connection, digest)
);
create index ix_hook_proofs_age on hook_proofs (connection, good_until);
alter table audit_events add column address text;
"""

_NEVER_CHANGED = """
create or replace function refuse_change_of_event() returns trigger language plpgsql as $$
begin
    if old.outcome is null and new.outcome is not null
       and (new.id, new.connection, new.at, new.action, new.targets, new.operator)
         = (old.id, old.connection, old.at, old.action, old.targets, old.operator)
       and (new.acting_as, new.address) is not distinct from (old.acting_as, old.address) then
        return new;
    end if;
    raise exception using errcode = 'insufficient_privilege', message = 'An audit event is never changed';
end
$$;
"""

_PLACES = """
update recordings set latitude = null, longitude = null
 where (forgotten_at is not null or purged_at is not null) and (latitude is not null or longitude is not null)
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(_NEVER_CHANGED)
    op.execute(_PLACES)
