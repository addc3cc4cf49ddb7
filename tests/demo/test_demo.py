"""`fieldnote demo`, as a new user runs it, and killed as nobody should."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from fieldnote.db.embedded import stop_server
from fieldnote.sandbox import SANDBOXES
from tests.db.processes import kill, kill_tree, server_pids
from tests.demo.state import state_of
from tests.waiting import HANGS

pytestmark = pytest.mark.slow

DEMO = [sys.executable, "-m", "fieldnote", "demo", "--json"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Path]:
    """Where homes are made; their servers are stopped after."""
    yield tmp_path
    for home in tmp_path.glob("*/demo*"):
        stop_server(home)


def _environment(base: Path) -> dict[str, str]:
    """A demo obeys FIELDNOTE_HOME and nothing else: what else is set here would break it."""
    return os.environ | {
        "FIELDNOTE_HOME": str(base),
        "FIELDNOTE_DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none",
        "FIELDNOTE_WORKSPACE_DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/none",
        "SIRO_TOKEN": "not-of-the-demo",
        "SIRO_BASE_URL": "http://127.0.0.1:1",
    }


def _start(base: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*DEMO, *words],
        env=_environment(base),
        cwd=base.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _run(base: Path, *words: str) -> dict[str, Any]:
    process = _start(base, *words)
    output, errors = process.communicate(timeout=2 * HANGS)
    assert process.returncode == 0, f"{output}\n{errors}"
    report: dict[str, Any] = json.loads(output)
    return report


@dataclass(frozen=True)
class Finished:
    """A demo that has run once, in a home of its own."""

    base: Path
    report: dict[str, Any]
    state: Any
    memory: str
    seconds: float


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    stage = tmp_path_factory.mktemp("finished")
    (stage / "fieldnote.yaml").write_text("no: fieldnote.yaml\n")  # of the folder it runs in; it must not be read
    base, started = stage / "base", time.monotonic()
    report = _run(base)
    seconds = time.monotonic() - started
    yield Finished(base, report, state_of(base / "demo"), (base / "demo/demo.json").read_text(), seconds)
    stop_server(base / "demo")


def test_the_demo_holds_what_it_promises_and_a_second_run_changes_nothing(finished: Finished) -> None:
    first = finished.report
    second = _run(finished.base)
    assert [check["holds"] for check in (*first["checks"], *second["checks"])].count(False) == 0
    assert (first["resumed"], second["resumed"]) == (False, True)
    assert len(first["matched"]) >= 6
    assert sum(stream["sent"] for stream in first["sent"]) == 900
    assert sum(stream["sent"] for stream in second["sent"]) == 0
    assert state_of(finished.base / "demo") == finished.state


@pytest.mark.parametrize("crm", sorted(SANDBOXES))
def test_the_demo_over_a_sandbox_holds_the_same_promises(stage: Path, crm: str, long: bool) -> None:
    if crm != "hubspot" and not long:
        pytest.skip("one stand-in in the usual run: tests/presets compares all of them")
    report = _run(stage / "base", "--crm", crm)
    assert [check["name"] for check in report["checks"] if not check["holds"]] == []
    assert len(report["checks"]) == 7


def test_a_second_demo_in_the_same_home_is_refused(stage: Path) -> None:
    process = _start(stage / "base")
    while process.poll() is None and not (stage / "base/demo/demo.json").exists():
        time.sleep(0.05)
    refused = subprocess.run(DEMO, env=_environment(stage / "base"), capture_output=True, text=True, check=False)
    kill_tree(process, stage / "base/demo")
    assert refused.returncode == 1
    assert "another demo is running" in refused.stderr
    assert "hint:" in refused.stderr


@pytest.mark.chaos
def test_a_demo_killed_at_any_moment_ends_in_the_same_state(
    finished: Finished, stage: Path, seed: int, long: bool
) -> None:
    """SIGKILL to the whole tree, PostgreSQL sometimes included, at moments all over a run; then once to the end."""
    chance = random.Random(seed)
    kills = 50 if long else 1
    while kills > 0:
        base = stage / f"killed-{kills}"
        (base / "demo").mkdir(parents=True)
        (base / "demo/demo.json").write_text(finished.memory)
        in_a_row = min(kills, chance.choice([1, 1, 2, 3]))
        for _ in range(in_a_row):
            process = _start(base)
            time.sleep(chance.uniform(0, finished.seconds))
            _kill(process, base / "demo", with_server=chance.random() < 0.5)
        kills -= in_a_row
        report = _run(base)
        assert report["holds"]
        assert state_of(base / "demo") == finished.state
        stop_server(base / "demo")
        shutil.rmtree(base)


def _kill(process: subprocess.Popen[str], home: Path, *, with_server: bool) -> None:
    if with_server:
        kill_tree(process, home)
        return
    servers = set(server_pids(home))
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    for pid in [process.pid, *(child.pid for child in children if child.pid not in servers)]:
        kill(pid)
    process.communicate()
