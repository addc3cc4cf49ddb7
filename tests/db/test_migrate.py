"""Migrations: once, whole, and never backwards."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from fieldnote.db import migrate
from fieldnote.db.engine import Application, conninfo
from fieldnote.db.migrate import Versions, code_versions, database_versions, upgrade
from fieldnote.errors import DatabaseError
from tests.waiting import HANGS

TABLE = '''"""A table."""
import sqlalchemy as sa
from alembic import op
revision = "{number}"
down_revision = {before!r}
def upgrade() -> None:
    op.create_table("thing_{number}", sa.Column("id", sa.BigInteger, primary_key=True))
    {more}
'''


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application with one migration of this test's own, in a folder with an awkward name."""
    folder = tmp_path / "100% of; these"
    for application in Application:
        (folder / application.value / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_text((migrate.SCRIPTS / name).read_text())
    monkeypatch.setattr(migrate, "SCRIPTS", folder)
    _add(folder, 1)
    return folder / "bridge/versions"


def _add(folder: Path, number: int, more: str = "") -> None:
    before = f"{number - 1:04d}" if number > 1 else None
    text = TABLE.format(number=f"{number:04d}", before=before, more=more)
    (folder / f"bridge/versions/{number:04d}_thing.py").write_text(text)


def _tables(url: str, schema: str = "bridge") -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = %s", [schema])
        return {name for (name,) in rows}


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(conninfo(Application.BRIDGE, url)) as connection:
        connection.execute(statement.encode())


def test_a_migration_runs_once_in_the_applications_own_schema(database_url: str, scripts: Path) -> None:
    assert upgrade(Application.BRIDGE, database_url)
    assert not upgrade(Application.BRIDGE, database_url)
    assert {"thing_0001", "alembic_version", "job_queue_version", "procrastinate_jobs"} <= _tables(database_url)
    assert not _tables(database_url, "public")
    assert not _tables(database_url, "workspace")
    assert database_versions(Application.BRIDGE, database_url) == code_versions(Application.BRIDGE)


def test_a_later_migration_is_added_to_what_is_there(database_url: str, scripts: Path) -> None:
    upgrade(Application.BRIDGE, database_url)
    _add(scripts.parents[1], 2)
    assert upgrade(Application.BRIDGE, database_url)
    assert {"thing_0001", "thing_0002"} <= _tables(database_url)


def test_both_applications_live_in_one_database_or_in_two(database_url: str, scripts: Path) -> None:
    assert upgrade(Application.BRIDGE, database_url)
    assert upgrade(Application.WORKSPACE, database_url)
    assert "procrastinate_jobs" in _tables(database_url, "workspace")
    assert "thing_0001" not in _tables(database_url, "workspace")


def test_what_is_up_to_date_needs_no_alembic(database_url: str) -> None:
    """Its import takes longer than all the rest of a start."""
    upgrade(Application.BRIDGE, database_url)
    code = (
        "import sys; from fieldnote.db.engine import Application; from fieldnote.db.migrate import upgrade\n"
        "assert not upgrade(Application.BRIDGE, sys.argv[1])\n"
        "assert not {'alembic', 'procrastinate'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, database_url], check=True, timeout=HANGS)


def test_a_migration_that_fails_leaves_nothing(database_url: str, scripts: Path) -> None:
    _add(scripts.parents[1], 2, more="op.execute('select 1/0')")
    with pytest.raises(DatabaseError, match="division by zero"):
        upgrade(Application.BRIDGE, database_url)
    assert not _tables(database_url)


def test_a_migration_that_is_killed_leaves_nothing_and_is_done_by_the_next(database_url: str, scripts: Path) -> None:
    ending = "from os import getpid, kill; op.execute('select 1'); kill(getpid(), 9)"
    _add(scripts.parents[1], 2, more=ending)
    code = (
        "import sys; from pathlib import Path; from fieldnote.db import migrate\n"
        "migrate.SCRIPTS = Path(sys.argv[1])\n"
        "migrate.upgrade(migrate.Application.BRIDGE, sys.argv[2])"
    )
    command = [sys.executable, "-c", code, str(scripts.parents[1]), database_url]
    assert subprocess.run(command, check=False, timeout=HANGS).returncode == -9
    assert not _tables(database_url)
    _add(scripts.parents[1], 2)
    assert upgrade(Application.BRIDGE, database_url)


def test_of_four_that_start_at_once_one_migrates(database_url: str, scripts: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: upgrade(Application.BRIDGE, database_url), range(4)))
    assert sorted(done) == [False, False, False, True]


@pytest.mark.parametrize(
    "statement",
    [
        "update alembic_version set version_num = '9999'",
        "insert into job_queue_version (version) values ('99.00.00_01_later.sql')",
    ],
)
def test_a_database_that_is_ahead_is_refused(database_url: str, scripts: Path, statement: str) -> None:
    upgrade(Application.BRIDGE, database_url)
    _execute(database_url, statement)
    with pytest.raises(DatabaseError, match="newer Fieldnote") as caught:
        upgrade(Application.BRIDGE, database_url)
    assert caught.value.hint is not None


def test_the_job_queue_gets_only_what_came_since(
    database_url: str, scripts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(Application.BRIDGE, database_url)
    later = tmp_path / "99.00.00_01_later.sql"
    later.write_text("create table later (n int default 5 % 3); create index on later (n);")
    known = migrate._queue_migrations()
    monkeypatch.setattr(migrate, "_queue_migrations", lambda: [*known, later])
    assert upgrade(Application.BRIDGE, database_url)
    assert "later" in _tables(database_url)
    assert database_versions(Application.BRIDGE, database_url) == Versions("0001", later.name)


def test_a_user_without_the_right_to_make_a_schema_gets_a_named_error(database_url: str, scripts: Path) -> None:
    name = "plain_" + re.sub(r"\W", "", database_url)[-8:]
    _execute(database_url, f"create role {name} login password 'x'")
    plain = re.sub(r"//[^@]*@", f"//{name}:x@", database_url)
    try:
        with pytest.raises(DatabaseError, match="permission denied") as caught:
            upgrade(Application.BRIDGE, plain)
        assert caught.value.hint is not None
        _execute(database_url, f"create schema bridge authorization {name}")
        assert upgrade(Application.BRIDGE, plain), "a schema that an administrator made will do"
    finally:
        _execute(database_url, f"drop owned by {name} cascade; drop role {name}")


@pytest.mark.parametrize("application", Application)
def test_the_migrated_tables_equal_those_in_code(database_url: str, application: Application) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    upgrade(application, database_url)
    metadata = migrate._metadata(application)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(conninfo(application, database_url)),
        poolclass=NullPool,
    )
    options = {
        "compare_server_default": True,
        "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
    }
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


@pytest.mark.parametrize("application", Application)
def test_the_migrations_are_one_line_that_ends_with_the_highest_number(application: Application) -> None:
    """The start compares the files' names with the database, without loading them."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(migrate._alembic(application))
    assert scripts.get_current_head() == code_versions(application).tables
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")
