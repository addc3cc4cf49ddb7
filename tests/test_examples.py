"""The examples' own tests, as their readers run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fieldnote.db.embedded import Server
from tests.databases import fresh

ROOT = Path(__file__).parents[1]
DRIVER = ROOT / "examples/crm_driver"


def _run_pytest(*words: str, **variables: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-q", *words],
        cwd=ROOT,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_scripts_consumer_and_ci_work_against_a_workspace_with_a_bad_day(server: Server) -> None:
    with fresh(server) as url:
        output = _run_pytest(
            "examples/scripts", "examples/webhook_consumer", "examples/company_ci", FIELDNOTE_WORKSPACE_DATABASE_URL=url
        )
    assert "6 passed" in output


@pytest.mark.slow
def test_the_driver_passes_the_contract_as_a_package() -> None:
    output = _run_pytest("examples/crm_driver/tests", PYTHONPATH=str(DRIVER / "src"))
    assert " passed" in output
