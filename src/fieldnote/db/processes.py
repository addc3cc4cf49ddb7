"""Which of PostgreSQL's processes work in a folder. A pid file cannot tell: pids are used again."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROGRAMS = frozenset({"postgres", "initdb", "pg_ctl"})
_PROC = Path("/proc")


def pids_in(folder: Path) -> list[int]:
    """The pids of PostgreSQL's programs whose current directory is `folder`, each exactly once.

    Every process of a server works in its data directory. Folders are compared by inode, so that a server
    of a folder which was deleted and created again is not taken for the new one's.
    """
    try:
        wanted = folder.stat()
    except FileNotFoundError:
        return []
    candidates = _linux_processes() if sys.platform == "linux" else _other_processes()
    return [pid for pid, where in candidates if os.path.samestat(where, wanted)]


def _linux_processes() -> Iterator[tuple[int, os.stat_result]]:
    for entry in _PROC.iterdir():
        # A process may end, or belong to somebody else, between any two looks at it.
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "comm").read_text().strip() in _PROGRAMS:
                yield int(entry.name), (entry / "cwd").stat()


def _other_processes() -> Iterator[tuple[int, os.stat_result]]:
    import psutil  # noqa: PLC0415 - comes with the embedded server's wheel

    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            if process.name() in _PROGRAMS:
                yield process.pid, Path(process.cwd()).stat()


def wait_until_none(folder: Path, *, seconds: float) -> bool:
    """Wait until no process works in `folder`; whether that came true in time."""
    end = time.monotonic() + seconds
    while pids_in(folder):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def kill_all(folder: Path, *, seconds: float = 10) -> bool:
    """Kill what works in `folder`, and what it starts as it dies; whether all ended in time."""
    end = time.monotonic() + seconds
    while pids := pids_in(folder):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
