"""Squashed migrations: the same schema, and databases at the last number go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from fieldnote.db import migrate
from fieldnote.db.embedded import Server
from fieldnote.db.engine import Application, conninfo
from fieldnote.db.migrate import upgrade
from fieldnote.errors import DatabaseError
from scripts.squash_migrations import NotEqualError, squash

pytestmark = pytest.mark.slow

LATER = """
revision = "{number}"
down_revision = "{before}"


def upgrade() -> None:
    from alembic import op

    op.execute("{statement}")
"""


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations. The console's has two: it is the smallest schema."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "SCRIPTS", folder)
    _add(folder, "create table added (id integer primary key, said text default '50 %: x')")
    return folder


def _add(folder: Path, statement: str) -> None:
    last = int(migrate.code_versions(Application.CONSOLE).tables or 0)
    text = LATER.format(number=f"{last + 1:04d}", before=f"{last:04d}", statement=statement)
    (folder / f"console/versions/{last + 1:04d}_added.py").write_text(text)


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(conninfo(Application.CONSOLE, url)) as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize("application", Application)
def test_the_squashed_schema_equals_the_migrated_one(server: Server, scripts: Path, application: Application) -> None:
    """`squash` compares both as pg_dump prints them, and raises if they differ."""
    number = migrate.code_versions(application).tables
    many = len(migrate._table_migrations(application)) > 1
    assert squash(server, scripts, application) is many
    assert migrate._table_migrations(application) == [number]
    assert not squash(server, scripts, application), "one migration is left as it is"


def test_a_database_at_the_head_goes_on_and_a_new_one_gets_all(
    server: Server, database_url: str, scripts: Path
) -> None:
    upgrade(Application.CONSOLE, database_url)
    _execute(database_url, "insert into added (id) values (1)")
    assert squash(server, scripts, Application.CONSOLE)
    assert not upgrade(Application.CONSOLE, database_url)
    _add(scripts, "alter table added add column more text")
    assert upgrade(Application.CONSOLE, database_url)
    _execute(database_url, "select more from added where said = '50 %: x'")
    _execute(database_url, "drop schema console cascade")
    assert upgrade(Application.CONSOLE, database_url)
    _execute(database_url, "insert into added (id, more) values (1, 'x')")


def test_a_database_from_before_gets_an_error_that_names_both_numbers(
    server: Server, database_url: str, scripts: Path
) -> None:
    upgrade(Application.CONSOLE, database_url)
    head = migrate.code_versions(Application.CONSOLE).tables
    assert squash(server, scripts, Application.CONSOLE)
    _execute(database_url, "update alembic_version set version_num = '0000'")
    with pytest.raises(DatabaseError, match=f"its tables are 0000, and the first migration here is {head}") as caught:
        upgrade(Application.CONSOLE, database_url)
    assert caught.value.hint


def test_a_migration_that_puts_rows_into_a_table_is_named_and_nothing_is_changed(server: Server, scripts: Path) -> None:
    _add(scripts, "insert into added (id) values (7)")
    before = sorted((scripts / "console/versions").glob("*.py"))
    with pytest.raises(NotEqualError, match="console: a migration puts rows into added"):
        squash(server, scripts, Application.CONSOLE)
    assert sorted((scripts / "console/versions").glob("*.py")) == before
