"""Make one migration of each schema's migrations. It keeps the number of the last one.

`python -m scripts.squash_migrations` writes `NNNN_tables.py` with `NNNN_tables.sql` beside it, and removes the others.
A database at that number goes on, as if nothing had happened. One at an earlier number gets an error that says so.

Nothing is changed unless the squashed schema equals the migrated one, as `pg_dump` prints both.
"""

from __future__ import annotations

import difflib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from fieldnote.db import migrate
from fieldnote.db.backup import _run
from fieldnote.db.embedded import Server, ensure_server, stop_server
from fieldnote.db.engine import Application, connection_options

SLUG: Final = "tables"
_MIGRATION: Final = '''"""All tables, indexes, policies and functions, as the migrations up to {number} made them.

`scripts.squash_migrations` wrote it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op

revision = "{number}"
down_revision = None


def upgrade() -> None:
    """Run the statements as they are: they have no parameters, and a `%` or `:` in them is only itself."""
    statements = Path(__file__).with_suffix(".sql").read_bytes()
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(statements)
'''
_NOISE: Final = re.compile(
    r"^(?:--.*|SET .*;|SELECT pg_catalog\.set_config\('search_path'.*|\\(?:un)?restrict .*|CREATE SCHEMA .*;)$",
    re.MULTILINE,
)
_OWN: Final = "alembic_version"
_PRINT: Final = re.compile(r"[()\[\]\s]|::(?:text|character varying)")
"""PostgreSQL prints an expression otherwise once it has read its own print: parentheses of `or`, casts in lists."""


class NotEqualError(Exception):
    """The squashed schema differs from the migrated one."""


def squash(server: Server, scripts: Path, application: Application) -> bool:
    """Squash one application's migrations below `scripts`; False if there is one only. Raises NotEqualError."""
    versions = scripts / application.value / "versions"
    old = sorted(versions.glob("[0-9]*.py"))
    if len(old) < 2:
        return False
    number = old[-1].name[:4]
    before = _migrated(server, scripts, application)
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "migrations"
        shutil.copytree(scripts, trial, ignore=shutil.ignore_patterns("__pycache__"))
        _replace(trial / application.value / "versions", number, before)
        after = _migrated(server, trial, application)
        made = _replace(trial / application.value / "versions", number, after)
        again = _migrated(server, trial, application)
        for left, right in ((_PRINT.sub("", before), _PRINT.sub("", after)), (after, again)):
            if left != right:
                raise NotEqualError(f"{application.value}: the squashed schema differs:\n{_difference(before, again)}")
        for path in old:
            path.unlink()
        for path in made:
            shutil.copy(path, versions / path.name)
    return True


def _difference(before: str, after: str) -> str:
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "migrated", "squashed", lineterm=""))


def _replace(versions: Path, number: str, statements: str) -> tuple[Path, Path]:
    for path in versions.iterdir():
        if path.is_file():
            path.unlink()
    code, text = versions / f"{number}_{SLUG}.py", versions / f"{number}_{SLUG}.sql"
    code.write_text(_MIGRATION.format(number=number), encoding="utf-8")
    text.write_text(statements, encoding="utf-8")
    return code, text


def _migrated(server: Server, scripts: Path, application: Application) -> str:
    """The statements that make the schema which the migrations below `scripts` make, without its job queue."""
    name = f"squash_{application.value}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    url = server.url(name)
    try:
        with _scripts(scripts):
            _migrate(application, url)
        _check_empty(application, url)
        return _dump(server, application, name)
    finally:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def _scripts(folder: Path) -> Iterator[None]:
    real = migrate.SCRIPTS
    migrate.SCRIPTS = folder  # type: ignore[misc]
    try:
        yield
    finally:
        migrate.SCRIPTS = real  # type: ignore[misc]


def _migrate(application: Application, url: str) -> None:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        connect_args=connection_options(application, url),
        poolclass=NullPool,
    )
    try:
        with engine.begin() as connection:
            migrate._ensure_schema(migrate._driver(connection), application.value)
            migrate._upgrade_tables(connection, application)
    finally:
        engine.dispose()


def _check_empty(application: Application, url: str) -> None:
    """The statements make no rows, so no migration may put one into an empty database."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = %s", [application.value]
        ).fetchall()
        for (table,) in tables:
            query = sql.SQL("select exists (select from {})").format(sql.Identifier(application.value, table))
            if table != _OWN and connection.execute(query).fetchone() == (True,):
                raise NotEqualError(
                    f"{application.value}: a migration puts rows into {table}; add them to the squashed one"
                )


def _dump(server: Server, application: Application, database: str) -> str:
    schema = application.value
    command = ["pg_dump", "--schema-only", "--no-owner", "--no-privileges", f"--schema={schema}"]
    text = _run(server, [*command, f"--exclude-table={schema}.{_OWN}", database])
    return re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", text)).strip() + "\n"


def main() -> int:
    """Squash the migrations of this package, on a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = ensure_server(Path(folder))
            for application in Application:
                done = squash(server, migrate.SCRIPTS, application)
                number = migrate.code_versions(application).tables
                sys.stdout.write(
                    f"{application.value}: {f'one migration, {number}' if done else 'has one migration already'}\n"
                )
        finally:
            stop_server(Path(folder))
    sys.stdout.write("Remove tests that run one of the removed migrations: grep -rn 'migrations\\.' tests\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
