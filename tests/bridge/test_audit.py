"""The bridge's audit: who decided what by a command, and how it ended."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

import fieldnote.cli
from fieldnote.bridge.audit import audited, list_events
from fieldnote.bridge.review.erasure import forget
from fieldnote.cli import root
from fieldnote.cli.support.commands import COMMANDS, READS, Audited
from fieldnote.db.acts import Act
from fieldnote.db.engine import Application
from fieldnote.db.migrate import upgrade
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Opener
from tests.bridge.stub_siro import StubSiro


async def test_an_act_is_kept_before_it_begins_and_gets_its_outcome(opened: Opener) -> None:
    async with opened() as bridge:
        act = Act("review approve", ["1", "a\0b", "\udc80"], "root", "Ann")
        async with audited(bridge, act):
            [event] = await list_events(bridge)
            assert (event.action, event.operator, event.acting_as, event.outcome) == (
                "review approve", "root", "Ann", None,
            )  # fmt: skip
        with pytest.raises(FieldnoteError):
            async with audited(bridge, Act("forget", ["account 9"], "root")):
                await forget(bridge, account="9")
        later, first = await list_events(bridge)
        assert (first.outcome, first.targets) == ("done", ["1", "a?b", "?"])
        assert (later.outcome, later.acting_as) == ("failed: FieldnoteError", None)
        assert [one.id for one in await list_events(bridge, target="a?b")] == [first.id]


@pytest.mark.parametrize("change", [
    "outcome = 'undone'", "action = 'nothing'", "acting_as = 'Bob'", "outcome = null",
    "operator = 'x', outcome = 'done'",
])  # fmt: skip
async def test_an_event_is_never_changed(opened: Opener, change: str) -> None:
    async with opened() as bridge:
        async with audited(bridge, Act("revert", ["r1"], "root", "Ann")):
            pass
        with pytest.raises(DBAPIError, match="never changed"):
            async with bridge.engine.begin() as conn:
                await conn.execute(text(f"update audit_events set {change}"))


async def test_events_are_kept_for_a_year(opened: Opener) -> None:
    async with opened() as bridge:
        async with bridge.engine.begin() as conn:
            old = (
                "insert into audit_events (connection, at, action, operator) values (:name, now() - :age, 'x', 'root')"
            )
            for days in (364, 366):
                await conn.execute(text(old.replace(":age", f"interval '{days} days'")), {"name": bridge.name})
        async with audited(bridge, Act("revert", [], "root")):
            pass
        assert [one.action for one in await list_events(bridge)] == ["revert", "x"]


async def test_commands_that_only_show_are_left_out_on_request(opened: Opener) -> None:
    async with opened() as bridge:
        for action in ("explain", "push", "review list"):
            async with audited(bridge, Act(action, [], "root")):
                pass
        assert [one.action for one in await list_events(bridge, without=READS)] == ["push"]
        assert len(await list_events(bridge)) == 3


def callbacks(group: typer.Typer, before: str = "") -> dict[str, Any]:
    found = {
        f"{before}{one.name or one.callback.__name__}": one.callback  # type: ignore[union-attr]
        for one in group.registered_commands
    }
    for sub in group.registered_groups:
        assert sub.typer_instance is not None
        found |= callbacks(sub.typer_instance, f"{before}{sub.name} ")
        if sub.typer_instance.info.invoke_without_command and sub.typer_instance.registered_callback is not None:
            found[f"{before}{sub.name}"] = sub.typer_instance.registered_callback.callback
    return found


ALL = callbacks(root.app)
OUTSIDE = {name: one for name, one in ALL.items() if not name.startswith("workspace ")}


def test_every_command_outside_the_workspace_says_where_its_event_is_kept() -> None:
    """The commands of the workspace are compared with its own audit: tests/workspace/test_audit.py."""
    assert set(COMMANDS) == set(OUTSIDE)


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_command_does_what_the_table_says(name: str) -> None:
    kept, callback = COMMANDS[name], OUTSIDE[name]
    source = inspect.getsource(callback)
    takes_name = bool({"actor", "as_name", "acting_as"} & inspect.signature(callback).parameters.keys())
    match kept:
        case Audited.DECISION:
            assert takes_name
            assert "act_of(" in source
            assert "audited_everywhere(" not in source
        case Audited.MACHINE:
            assert takes_name
            assert "audited_everywhere(act_of(" in source
        case Audited.CONSOLE:
            assert "_recorded(" in source or "_set_disabled(" in source
        case Audited.NOTHING:
            assert "act_of(" not in source
            assert not takes_name


def test_no_command_opens_a_connection_without_its_event() -> None:
    """`opened_bridge` writes the event; only the console, which records each act of its users, opens one by itself."""
    folder = Path(fieldnote.cli.__file__).parent
    openers = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"(?<!def )\bopen_bridge\(", path.read_text())
    }
    assert openers == {"support/opened.py", "console/commands.py"}


def test_a_command_that_shows_words_is_in_the_audit(
    write_config: Callable[..., Path], database_url: str, stub: StubSiro, monkeypatch: pytest.MonkeyPatch
) -> None:
    del stub
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", database_url)
    config = ["--config", str(write_config())]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(root.app, [*arguments, *config])
        assert isinstance(done.exception, FieldnoteError | SystemExit | None), done.exception
        return done.stdout

    for arguments in (["status"], ["quarantine", "show", "engagements", "1"], ["review", "list"], ["plan"]):
        run(*arguments)
    run("users", "--ignore", "2", "--as", "Ann")
    kept = json.loads(run("audit", "--reads", "--json"))
    assert [(one["action"], one["targets"], one["actingAs"]) for one in reversed(kept)] == [
        ("status", [], None), ("quarantine show", ["engagements", "1"], None), ("review list", [], None),
        ("plan", [], None), ("users", ["2"], "Ann"),
    ]  # fmt: skip
    assert [one["action"] for one in json.loads(run("audit", "--json"))] == ["users"]


def test_what_concerns_the_machine_is_in_every_audit(
    write_config: Callable[..., Path], database_url: str, stub: StubSiro, monkeypatch: pytest.MonkeyPatch
) -> None:
    del stub
    for application in Application:
        monkeypatch.setenv(application.variable, database_url)
        upgrade(application, database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("insert into workspace.organizations (name) values ('Acme')")
        url = CliRunner().invoke(root.app, ["db", "url", "workspace", "--show-password", "--as", "Ann"])
        assert "postgresql://" in url.stdout
        refused = CliRunner().invoke(root.app, ["oauth", "setup", "--user", "a@b.test", "--show"])
        assert refused.exit_code == 1
        rows = connection.execute("select action, acting_as, outcome from workspace.audit_events order by id")
        assert rows.fetchall() == [("db url --show-password", "Ann", "done"), ("oauth setup", None, "done")]
    shown = CliRunner().invoke(root.app, ["audit", "--json", "--config", str(write_config())])
    kept = [(one["action"], one["targets"], one["outcome"]) for one in json.loads(shown.stdout)]
    assert kept == [
        ("oauth setup", ["scope read"], "failed: MissingCredential"),
        ("db url --show-password", ["workspace"], "done"),
    ]
