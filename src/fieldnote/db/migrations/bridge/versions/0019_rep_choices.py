"""Which Siro user a rep is, or that a rep does not use Siro, as a person chose it here."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("""
        create table rep_choices (
            connection varchar(63) not null
                constraint fk_rep_choices_connections references connections (name) on delete cascade,
            rep_id text not null,
            user_id text,
            ignored boolean not null default false,
            actor text not null,
            at timestamptz not null default now(),
            constraint pk_rep_choices primary key (connection, rep_id)
        )
    """)
