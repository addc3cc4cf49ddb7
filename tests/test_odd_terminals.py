"""The command line where its streams, its folder or its locale are unusual."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
