"""Other processes that use a home, and their violent ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from fieldnote.db.processes import pids_in
from tests.waiting import HANGS

START = "from pathlib import Path; from fieldnote.db.embedded import ensure_server; import sys; "


def start(home: Path, then: str = "") -> subprocess.Popen[str]:
    """A process that starts or joins the home's server, prints the URL of `fieldnote` on it, then ends."""
    code = START + "print(ensure_server(Path(sys.argv[1])).url('fieldnote'), flush=True)\n" + then
    return subprocess.Popen(
        [sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def end(process: subprocess.Popen[str]) -> str:
    """Wait for the process to end well. Returns its output."""
    output, _ = process.communicate(timeout=HANGS)
    assert process.returncode == 0
    return output.strip()


def server_pids(home: Path) -> list[int]:
    """Every process of PostgreSQL that works for the home, also for a first start under way."""
    folders = [home / "postgres" / "data", *(build / "data" for build in home.glob("postgres.build-*"))]
    return [pid for folder in folders for pid in pids_in(folder)]


def arguments_of(pid: int) -> str:
    """The command line that everybody on the machine can read; empty once the process has ended."""
    with suppress(psutil.Error):
        return " ".join(psutil.Process(pid).cmdline())
    return ""


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_tree(process: subprocess.Popen[str], home: Path) -> None:
    """SIGKILL the process, what it started, and the server of its home, all as nearly at once as can be."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in server_pids(home):
        kill(pid)
    process.communicate()
    for pid in server_pids(home):  # what was being started just then
        kill(pid)
