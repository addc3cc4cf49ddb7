"""`fieldnote console user`: it names the database that it changes, and works over a demo's without a file."""

from __future__ import annotations

import shlex
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from fieldnote.cli.demo import add_user_command
from fieldnote.cli.root import app
from fieldnote.db.engine import Application, masked_url
from fieldnote.db.migrate import upgrade

PASSWORD = "a long password of words\n"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a file."""
    monkeypatch.chdir(tmp_path)


def test_the_command_that_the_demo_prints_adds_a_user_and_names_the_database(
    console_url: str, elsewhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del elsewhere
    setting, program, *arguments = shlex.split(add_user_command(console_url))
    name, _, url = setting.partition("=")
    assert (program, url) == ("fieldnote", console_url)
    monkeypatch.setenv(name, url)
    done = CliRunner().invoke(app, [*arguments, "--password-stdin"], input=PASSWORD)
    assert done.exit_code == 0, done.output
    assert "you@example.com may sign in as admin" in done.output
    assert masked_url(console_url) in done.output
    listed = CliRunner().invoke(app, ["console", "user", "list"])
    assert "you@example.com" in listed.output


def test_the_reps_of_a_user_belong_to_the_only_connection_of_the_database(
    console_url: str, elsewhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del elsewhere
    monkeypatch.setenv(Application.CONSOLE.variable, console_url)
    command = ["console", "user", "add", "--email", "sam@example.com", "--role", "coach", "--rep", "7"]
    command.append("--password-stdin")
    alone = CliRunner().invoke(app, command, input=PASSWORD)
    assert alone.exit_code != 0
    upgrade(Application.BRIDGE, console_url)
    with psycopg.connect(console_url, autocommit=True) as connection:
        insert = "insert into bridge.connections (name, organization_id, base_url, credential, crm_identity) values"
        connection.execute(f"{insert} ('main', 'o', 'https://siro.example', 'c', 'i')")
        done = CliRunner().invoke(app, command, input=PASSWORD)
        assert done.exit_code == 0, done.output
        kept = connection.execute("select connection, rep from console.user_reps").fetchall()
        assert kept == [("main", "7")]
        connection.execute(f"{insert} ('second', 'o', 'https://siro.example', 'd', 'j')")
        second = [*command[:4], "bo@example.com", *command[5:]]
        assert CliRunner().invoke(app, second, input=PASSWORD).exit_code != 0
        connection.execute("delete from bridge.connections")
