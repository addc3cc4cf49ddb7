"""Processes that the product starts import the installed modules, whatever lies in the working folder."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from fieldnote.crm.rest.driver import LOADER
from fieldnote.workspace.insight_pool import Processes
from tests.waiting import HANGS


@pytest.mark.parametrize("command", [LOADER, Processes().command], ids=["loader", "insight"])
def test_a_file_in_the_working_folder_replaces_no_module(command: Sequence[str], tmp_path: Path) -> None:
    for name in ("json", "dlt", "fieldnote", "re"):
        (tmp_path / f"{name}.py").write_text("print('replaced', flush=True)\n")
    done = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert "replaced" not in done.stdout + done.stderr
