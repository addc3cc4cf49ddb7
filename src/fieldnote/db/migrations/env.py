"""Alembic's environment, shared by both applications; `fieldnote.db.migrate` runs it.

A migration is `<application>/versions/<number>_<what>.py`; its `revision` is the file's four digits, as
`0001`, and `down_revision` the one before (none for the first). Its tables carry no schema: the search path
is the application's own. It holds `upgrade()` alone, as Fieldnote goes forward only::

    '''What it does, in a sentence.'''
    import sqlalchemy as sa
    from alembic import op

    revision = "0001"
    down_revision = None

    def upgrade() -> None:
        op.create_table("thing", sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True))

To have the next one drafted from the difference between the tables in code and the migrated ones:
`uv run python -m fieldnote.db.migrate revision bridge "what it does"`.
"""

from __future__ import annotations

from alembic import context

configuration = context.config.attributes
context.configure(
    connection=configuration["connection"],
    target_metadata=configuration.get("metadata"),
    version_table="alembic_version",
    version_table_schema=configuration["schema"],
    # The whole upgrade is one transaction, which the caller has begun: killed half-way, nothing has happened.
    transactional_ddl=True,
    transaction_per_migration=False,
    compare_server_default=True,
    include_name=lambda name, kind, _parents: kind != "table" or name in configuration["metadata"].tables,
)
with context.begin_transaction():
    context.run_migrations()
