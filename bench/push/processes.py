"""Whole processes: how long they take, what they hold in memory, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

TICK = 0.05
"""Seconds between two looks at the memory."""
_RENEW = 5
"""Ticks between two looks for new children: that look costs more than all the others together."""

Kill = Callable[[], bool]
"""Whether the moment has come at which a process shall be killed. It is asked without pause."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The cost of a process."""

    seconds: float
    cpu: float
    """Seconds of processor time, user and system, of it and its children."""
    memory: float
    """Peak of its tree in MB of 10^6 bytes: what it holds alone and its share of the rest (PSS), or RSS where the
    system does not tell."""
    status: int
    """Exit status; minus the signal's number."""
    said: str
    """The end of what it printed."""


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path, kill: Kill | None = None) -> Ended:
    """Run it in `folder` to its end, or to the SIGKILL of its tree."""
    log = folder / "output.txt"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = _start(command, environment, folder, output.fileno())
        with _watched(process.pid) as peak, _killed(process.pid, kill):
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(errors="replace")[-2000:]
    return Ended(seconds, usage.ru_utime + usage.ru_stime, peak[0] / 1e6, process.returncode, said)


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs meanwhile, and is stopped as a service is."""
    with (folder / "output.txt").open("wb") as output:
        process = _start(command, environment, folder, output.fileno())
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def _start(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, output: int
) -> subprocess.Popen[bytes]:
    """In a session of its own, so that a kill reaches its children and no one else's."""
    return subprocess.Popen(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


@contextmanager
def _killed(pid: int, kill: Kill | None) -> Iterator[None]:
    if kill is None:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_kill, args=(pid, kill, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _kill(pid: int, due: Kill, over: threading.Event) -> None:
    while not due():
        if over.wait(0.001):
            return
    with suppress(ProcessLookupError):  # it was quicker
        os.killpg(pid, signal.SIGKILL)


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """The peak in bytes, which grows meanwhile."""
    peak, over = [0.0], threading.Event()
    thread = threading.Thread(target=_watch, args=(pid, peak, over), daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _watch(pid: int, peak: list[float], over: threading.Event) -> None:
    tree: list[psutil.Process] = []
    tick = 0
    while not over.wait(TICK):
        if tick % _RENEW == 0:
            tree = _tree(pid)
        tick += 1
        peak[0] = max(peak[0], sum(map(_memory, tree)))


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(process: psutil.Process) -> float:
    try:
        held = process.memory_full_info() if psutil.LINUX else process.memory_info()
    except psutil.Error:
        return 0.0
    return float(getattr(held, "pss", 0) or held.rss)
