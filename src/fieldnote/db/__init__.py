"""Fieldnote's own PostgreSQL: the embedded server, engines, tables, migrations and secrets at rest."""
