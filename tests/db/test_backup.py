"""A backup is whole or not at all, and a restore replaces the database in one step or leaves it as it was."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from fieldnote.cli.db import app
from fieldnote.db import backup
from fieldnote.db.backup import BEFORE, back_up, restore
from fieldnote.db.embedded import ensure_server
from fieldnote.db.engine import Application
from fieldnote.db.home import is_root
from fieldnote.db.migrate import upgrade
from fieldnote.errors import ConfigError, DatabaseError, FieldnoteError

pytestmark = pytest.mark.slow


def _url(home: Path) -> str:
    return ensure_server(home).url("fieldnote")


def _write(home: Path, *names: str) -> None:
    with psycopg.connect(_url(home)) as connection:
        for name in names:
            connection.execute(
                "insert into bridge.connections (name, organization_id, base_url, credential, crm_identity) "
                "values (%s, '', '', '', '')",
                [name],
            )


def _names(home: Path, database: str = "fieldnote") -> list[str]:
    with psycopg.connect(ensure_server(home).url(database)) as connection:
        rows = connection.execute("select name from bridge.connections order by name").fetchall()
    return [name for (name,) in rows]


def test_a_restore_brings_back_the_moment_of_the_backup(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "name with blanks.dump"
    for application in Application:
        upgrade(application, _url(home))
    _write(home, "east")
    with psycopg.connect(_url(home)):  # a backup may be made while the database is in use
        assert back_up(home, file) == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="the file exists"):
        back_up(home, file)
    _write(home, "west")
    with psycopg.connect(_url(home), application_name="fieldnote-bridge") as user:
        user.execute("select 1")
        with pytest.raises(ConfigError, match="the database is in use: fieldnote-bridge"):
            restore(home, file)
    result = CliRunner().invoke(app, ["restore", str(file), "--yes"], catch_exceptions=False)
    assert "fieldnote reconcile" in result.stdout
    assert (_names(home), _names(home, BEFORE)) == (["east"], ["east", "west"])
    for application in Application:
        assert not upgrade(application, _url(home)), "its migrations are known"
    _write(home, "north")
    restore(home, file)
    assert (_names(home), _names(home, BEFORE)) == (["east"], ["east", "north"])


def test_what_goes_wrong_leaves_the_present_database(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "fieldnote.dump"
    upgrade(Application.BRIDGE, _url(home))
    _write(home, "east")
    back_up(home, file)
    _write(home, "west")
    whole = file.read_bytes()
    for name, content in {"empty": b"", "text": b"select 1;", "cut": whole[: len(whole) // 2]}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FieldnoteError):
            restore(home, tmp_path / name)
        assert _names(home) == ["east", "west"]
    with pytest.raises(ConfigError, match="does not exist"):
        restore(home, tmp_path / "missing")

    def killed(server: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(backup, "_swap", killed)
        with pytest.raises(ZeroDivisionError):
            restore(home, file)
    assert _names(home) == ["east", "west"]
    restore(home, file)
    assert _names(home) == ["east"]
    with pytest.raises(ConfigError, match="the folder does not exist"):
        back_up(home, tmp_path / "no" / "such")
    if not is_root():
        tmp_path.chmod(0o500)
        with pytest.raises(DatabaseError):
            back_up(home, tmp_path / "other")
        tmp_path.chmod(0o700)
    assert not list(tmp_path.glob(".*")), "no half file stays"


def test_a_database_of_ones_own_is_backed_up_by_its_own_tools(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", "postgresql://localhost/x")
    for command in (["backup", "x"], ["restore", "x", "--yes"]):
        with pytest.raises(ConfigError, match="FIELDNOTE_BRIDGE_DATABASE_URL names a PostgreSQL of your own"):
            CliRunner().invoke(app, command, catch_exceptions=False)
    assert not home.exists()
