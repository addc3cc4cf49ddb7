"""`fieldnote push` and `fieldnote pull` as a person or a script runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fieldnote.cli import bridge as commands
from fieldnote.cli import review
from fieldnote.cli import status as status_commands
from fieldnote.errors import ConfigError, FieldnoteError
from tests.bridge.conftest import Crm
from tests.bridge.stub_siro import StubSiro, ago

pytestmark = pytest.mark.slow

app = typer.Typer()
app.command()(commands.push)
app.command()(commands.pull)
app.command()(commands.run)
app.command()(status_commands.status)
app.command()(status_commands.explain)
app.command()(review.history)
app.command()(review.revert)
app.command()(review.forget)
app.add_typer(review.app, name="review")


@pytest.fixture
def invoke(
    write_config: Callable[..., Path], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", database_url)
    path = write_config()

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*arguments, "--config", str(path)], catch_exceptions=True)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


def test_both_passes_print_what_they_did(crm: Crm, stub: StubSiro, invoke: Callable[..., tuple[int, str]]) -> None:
    crm.add_deal(1)
    status, said = invoke("push")
    assert status == 0
    assert "opportunities: 1 read, 1 sent" in said
    stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"}, summary="secret words")
    status, said = invoke("pull", "--json")
    document = json.loads(said)
    assert (status, document["writes"], document["settled"]) == (0, 2, True)
    assert "secret words" not in said
    status, said = invoke("pull", "--since", "2026-01-01")
    assert status == 0
    assert "0 writes" in said


def test_what_is_not_settled_ends_with_status_one_and_its_reason(
    crm: Crm, stub: StubSiro, invoke: Callable[..., tuple[int, str]]
) -> None:
    del stub
    crm.add_deal(1)
    crm.execute("update deals set stage = 'limbo'")
    status, said = invoke("push")
    assert status == 1
    assert "1 is unmapped" in said
    status, said = invoke("push", "--json")
    assert (status, json.loads(said)["streams"][0]["problems"][0]["state"]) == (1, "unmapped")


def test_a_person_reviews_undoes_and_forgets_by_commands(
    crm: Crm, stub: StubSiro, invoke: Callable[..., tuple[int, str]]
) -> None:
    crm.add_deal(1)
    invoke("push")
    said = {"Decision Maker": "both", "Budget": "$100"}
    stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said)
    invoke("pull")
    assert '(empty) → "both"' in invoke("review", "list")[1]
    [shown] = json.loads(invoke("review", "list", "--json", "--record", "opportunity:1")[1])
    assert (shown["column"], shown["proposed"]) == ("decision", "both")
    number = str(shown["id"])
    assert invoke("review", "approve", number, "--as", "pat") == (0, f"{number}: written\n")
    assert invoke("review", "approve", number)[0] == 1, "it had been decided"
    assert "100% agreed" in invoke("review", "agreement")[1]
    said_history = invoke("history", "--record", "opportunity:1")[1]
    assert "deals.decision: approved by pat" in said_history
    assert invoke("revert", "--record", "opportunity:1", "--field", "budget_max")[0] == 0
    assert (crm.deal(1, "budget_max"), crm.deal(1, "decision")) == (None, "both")
    crm.set_deal(1, "decision", "she")
    status, said_revert = invoke("revert", "--recording", "r1")
    assert (status, "a person has changed it since" in said_revert) == (1, True)
    assert "forgotten: the content of 1 recording," in invoke("forget", "--recording", "r1")[1]
    assert '"both"' not in invoke("history")[1]
    with pytest.raises(ConfigError, match="MODEL:ID"):
        invoke("history", "--record", "deal:1")
    with pytest.raises(ConfigError, match="specify one of"):
        invoke("forget")


def test_status_and_explain_show_each_state_and_its_reason(
    crm: Crm, stub: StubSiro, invoke: Callable[..., tuple[int, str]]
) -> None:
    crm.add_appointment(1)
    status, said = invoke("status")
    assert (status, "problem: no push has succeeded yet" in said) == (1, True)
    invoke("push")
    stub.record("r1", started_at=ago(hours=9), said={"Budget": "$100"})
    invoke("pull")
    status, said = invoke("status", "--json")
    document = json.loads(said)
    assert (status, document["well"], document["recordings"]) == (0, True, {"unlinked": 1})
    assert document["reps"]["ann@example.com"]["appointments"] == {"not_recorded": 1}
    status, said = invoke("status")
    assert (status, "late: user-1" in said and ": unlinked (recording r1)" in said) == (0, True)
    assert "appointments: none" in invoke("status", "--rep", "bo@example.com")[1]
    status, said = invoke("explain", "recording", "r1")
    assert "recording r1: unlinked" in said
    assert "Siro was asked for it" in said
    assert "next step: Check that its user has an appointment near that time" in said
    story = json.loads(invoke("explain", "appointment", "1", "--offline", "--json")[1])
    assert (story["state"], story["facts"][0]) == (
        "not_recorded", "Its rep is ann@example.com. Siro was not asked for the user.",
    )  # fmt: skip
    with pytest.raises(FieldnoteError, match="deal 1 is not in the ledger"):
        invoke("explain", "deal", "1")


def test_a_missing_file_is_an_error_that_says_so(crm: Crm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    del crm
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["push"])
    assert isinstance(result.exception, ConfigError)
    assert "fieldnote.yaml" in result.exception.message
    assert result.exception.hint


def test_a_since_that_is_no_time_is_an_error(crm: Crm, invoke: Callable[..., tuple[int, str]]) -> None:
    del crm
    with pytest.raises(ConfigError, match="--since"):
        invoke("pull", "--since", "yesterday")


def test_run_says_what_it_does_and_ends_well_by_sigterm(
    crm: Crm, stub: StubSiro, write_config: Callable[..., Path], database_url: str
) -> None:
    crm.add_deal(1)
    code = "import sys, typer; from fieldnote.cli.bridge import run; typer.run(run)"
    command = [sys.executable, "-c", code, "--config", str(write_config()), "--port", "0"]
    environment = {**os.environ, "FIELDNOTE_BRIDGE_DATABASE_URL": database_url}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(4)]
        assert "connection 'default'" in said[0]
        assert "no webhooks, only the poll" in said[3]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert stub.count("GET") > 0
