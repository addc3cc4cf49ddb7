"""`fieldnote db` through its own front door."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from fieldnote.cli.db import app
from fieldnote.db.embedded import ensure_server
from fieldnote.errors import ConfigError


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout.strip()


def test_status_tells_of_each_state(home: Path) -> None:
    assert "not made yet" in _run("status")
    assert not home.exists(), "looking makes nothing"
    ensure_server(home)
    assert "running" in _run("status")
    document = json.loads(_run("status", "--json"))
    assert document["running"] is True
    assert document["version"] >= 16
    assert document["bytes"] > 1_000_000
    assert document["data"] == str(home / "postgres/data")
    assert _run("stop") == "stopped"
    assert _run("stop") == "not running"
    assert "stopped" in _run("status")


def test_the_url_shows_its_password_only_when_asked(home: Path) -> None:
    password = ensure_server(home).password
    assert password not in _run("url")
    with psycopg.connect(_run("url", "workspace", "--show-password")) as connection:
        assert connection.execute("select current_database()").fetchone() == ("fieldnote",)
    with pytest.raises(ConfigError, match="nonsense"):
        _run("url", "nonsense")


def test_migrate_brings_all_up_to_date(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDNOTE_DATABASE_URL", database_url)
    assert _run("migrate").splitlines() == ["bridge: migrated", "workspace: migrated", "console: migrated"]
    assert _run("migrate").splitlines() == ["bridge: up to date", "workspace: up to date", "console: up to date"]
    assert "FIELDNOTE_DATABASE_URL" in _run("status")
