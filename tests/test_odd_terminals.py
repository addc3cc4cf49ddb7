"""The command line where its streams, its folder or its locale are unusual."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from fieldnote.cli.support import output
from fieldnote.errors import ConfigError

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "fieldnote"]


def _run(*arguments: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    line = f"{' '.join(COMMAND)} {' '.join(arguments)} {shell}"
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.parametrize("shell", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_crash(shell: str, tmp_path: Path) -> None:
    result = _run("db", "status", shell=shell, FIELDNOTE_HOME=str(tmp_path))
    assert result.returncode in {0, 1}, result.stderr
    assert "Traceback" not in result.stderr


def test_a_full_output_is_an_error_without_a_traceback() -> None:
    result = _run("--help", shell="> /dev/full")
    assert result.returncode != 0
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["with space", "pl+us", "per%cent", "caf\u00e9"])
def test_a_home_with_an_odd_name_works(name: str, tmp_path: Path) -> None:
    home = tmp_path / name
    try:
        result = _run("workspace", "init", "--org", "Acme", "--admin", "a@x.org", FIELDNOTE_HOME=str(home), LC_ALL="C")
        assert result.returncode == 0, result.stderr
    finally:
        _run("db", "stop", FIELDNOTE_HOME=str(home), LC_ALL="C")


@pytest.mark.parametrize("ask_it", [output.ask, output.ask_yes_or_no])
def test_a_question_without_a_terminal_is_an_error_that_names_it(
    ask_it: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(ConfigError, match="Erase this") as caught:
        ask_it("Erase this?")
    assert "--yes" in str(caught.value.hint)


def test_a_secret_from_a_pipe_is_taken_without_a_word_of_pythons_own(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cret\n"))
    with monkeypatch.context() as patch:
        patch.setattr("os.open", _no_terminal)  # where a test runs at a terminal, getpass opens it
        assert output.ask("Password", hide_input=True) == "s3cret"
    assert not list(recwarn)


def _no_terminal(path: str, flags: int) -> int:
    raise OSError(f"no {path}")


def test_a_no_from_a_pipe_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\ny\nn\n"))
    assert not output.ask_yes_or_no("Go on?")
    assert output.ask_yes_or_no("Go on?", abort=True)
    with pytest.raises(typer.Abort):
        output.ask_yes_or_no("Go on?", abort=True)
