"""The bridge's log at its most talkative: no customer's words, no token, no password, whatever fails."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.responses import JSONResponse
from typer.testing import CliRunner

from fieldnote.cli import root
from fieldnote.cli.support.logs import EventFormatter
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Crm
from tests.bridge.stub_siro import StubSiro, ago

WORDS = ("Planted Kitchen", "Planted objection", "Planted summary", "Planted refusal")


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """The log as it was, after a command has set it up."""
    loggers = [logging.getLogger(name) for name in (None, *logging.root.manager.loggerDict)]
    before = [(one, one.level, one.handlers.copy()) for one in loggers]
    yield
    for one, level, handlers in before:
        one.setLevel(level)
        one.handlers[:] = handlers


def test_no_word_and_no_secret_gets_into_the_log_of_a_command(
    crm: Crm, stub: StubSiro, write_config: Callable[..., Path], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", database_url)
    path = write_config()
    logged = []

    def run(*arguments: str) -> None:
        done = CliRunner().invoke(root.app, ["-vv", *arguments, "--config", str(path)])
        assert isinstance(done.exception, FieldnoteError | SystemExit | None), done.exception
        logged.append(done.stderr)

    crm.add_deal(1, WORDS[0])
    crm.add_deal(2, WORDS[0])
    run("check")
    stub.fault = lambda method, *_: JSONResponse({"error": WORDS[3]}, 422) if method == "PUT" else None
    run("push")
    stub.fault = None
    run("push")
    stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Objections": WORDS[1]}, summary=WORDS[2])
    crm.execute("drop table deal_notes")
    run("pull")
    crm.execute("alter table deals rename to gone")
    run("push")
    run("pull")
    text = "\n".join(logged)
    assert logging.getLogger("fieldnote").level == logging.DEBUG
    assert all(event in text for event in ("record_not_sent", "push_done", "pull_done"))
    passwords = [part for part in (database_url.partition("://")[2].partition("@")[0].partition(":")[2],) if part]
    assert [secret for secret in (*WORDS, stub.token, *passwords) if secret in text] == []


class Refused(Exception):
    """As psycopg's errors, which quote the row."""

    sqlstate = "23505"


def fail(words: str) -> None:
    try:
        _fail_first(words)
    except Refused as error:
        raise ValueError(words) from error


def _fail_first(words: str) -> None:
    raise Refused(words)


def test_a_traceback_in_the_log_shows_where_and_not_what() -> None:
    try:
        fail(WORDS[0])
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    shown = EventFormatter().format(record)
    assert WORDS[0] not in shown
    assert shown.endswith("ValueError")
    assert "Refused (23505)" in shown
    assert "in _fail_first" in shown
