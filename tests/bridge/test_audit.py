"""The bridge's audit: who decided what by a command, and how it ended."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fieldnote.bridge.audit import Act, audited, list_events
from fieldnote.bridge.review.erasure import forget
from fieldnote.cli import root
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Opener

NOBODY_DECIDES = frozenset({
    "demo", "sandbox", "init", "check", "try", "plan", "run", "status", "explain", "history", "audit", "review list",
    "review agreement", "links list", "quarantine list", "quarantine show",
})  # fmt: skip
"""Commands of a connection that show something, or do what the file says."""
ELSEWHERE = frozenset({"workspace", "console", "db", "config", "insight", "match", "oauth"})
"""Groups that decide nothing in a connection; the workspace and the console keep their own record."""


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


def commands(group: typer.Typer, before: str = "") -> dict[str, Any]:
    found = {
        f"{before}{one.name or one.callback.__name__}": one.callback  # type: ignore[union-attr]
        for one in group.registered_commands
    }
    for sub in group.registered_groups:
        if before or sub.name not in ELSEWHERE:
            assert sub.typer_instance is not None
            found |= commands(sub.typer_instance, f"{before}{sub.name} ")
    return found


def test_every_command_that_decides_something_takes_who_did_it() -> None:
    """A new command has to be in the list of those that decide nothing, or to take `--as` and keep an event."""
    for name, callback in commands(root.app).items():
        decides = "act_of(" in inspect.getsource(callback) or "_override(" in inspect.getsource(callback)
        takes = bool({"actor", "as_name"} & inspect.signature(callback).parameters.keys())
        assert decides == takes == (name not in NOBODY_DECIDES), name
