"""The stub server as a process of its own, and what it tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from pydantic_core import from_json, to_json


@dataclass(frozen=True, slots=True)
class Counts:
    """The calls to the stub so far."""

    kept: int
    """Records, each once."""
    received: int
    """Records, each as often as it came and was applied."""
    calls: int
    """Calls that were answered, the look at the own identity included."""
    refused: int
    """Answers 429."""
    failed: int
    """Answers 500."""
    first: float
    """Moment of the first call, on `time.monotonic`."""
    last: float
    """Moment of the last one."""

    @property
    def repeated(self) -> int:
        """Records that came again, in a scenario where nothing was changed."""
        return self.received - self.kept


@dataclass(frozen=True, slots=True)
class Server:
    """A running stub."""

    port: int
    http: httpx2.Client

    def counts(self) -> Counts:
        """At this moment."""
        return Counts(**self._ask("/stats"))

    def state(self, only: Iterable[str] | None = None) -> dict[str, str | None]:
        """The digest of each engagement (or of those `only`) by externalId; None where it is deleted."""
        found: dict[str, str | None] = self._ask("/state", None if only is None else list(only))
        return found

    def _ask(self, path: str, question: object = None) -> Any:
        return from_json(self.http.post(path, content=to_json(question)).content)


@contextmanager
def stub(*, delay: float = 0.0, limit: int | None = None, failing: float = 0.0) -> Iterator[Server]:
    """A fresh one. `delay`: seconds before each answer; `limit`: calls in any 60 s; `failing`: share of 500s."""
    options = ["--delay", str(delay), "--failing", str(failing), *(["--limit", str(limit)] if limit else [])]
    command = [sys.executable, str(Path(__file__).with_name("stub.py")), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False) as http:
            yield Server(port, http)
    finally:
        process.kill()
        process.wait()
