"""Faults on demand: the next calls that match a method and a path."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """How a call goes wrong."""

    STATUS = "status"
    """Answered with this status; nothing is done."""
    LOST = "lost"
    """Done, and answered with this status: the caller does not know that it was done."""
    CUT = "cut"
    """Done, and the answer ends in its middle."""
    HTML = "html"
    """Nothing is done; a page of HTML under 200."""
    EMPTY = "empty"
    """A list is answered as if nothing were there."""
    EXPIRED = "expired"
    """All tokens end before this call."""
    BUSY = "busy"
    """A call too many, whatever the limits say."""
    HALF = "half"
    """A bulk call does every second item and reports the others as failed."""


@dataclass(slots=True)
class Fault:
    """One fault, and the calls that it waits for."""

    kind: FaultKind
    method: str = "*"
    path: str = ""
    """A regular expression that the path must contain."""
    skip: int = 0
    """How many matching calls pass before it begins."""
    times: int = 1
    """How many calls it spoils."""
    status: int = 500
    limit: str = ""
    """With `busy`: the name of the limit that refuses."""
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.kind = FaultKind(self.kind)
        self._pattern = re.compile(self.path)

    def fits(self, method: str, path: str) -> bool:
        """Whether it is about this call."""
        return self.method in {"*", method} and self._pattern.search(path) is not None


class Faults:
    """The faults that are armed, in the order in which they came."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = threading.Lock()
        self.taken: list[tuple[FaultKind, str]] = []
        """The faults so far: the kind, and the call."""

    def arm(self, fault: Fault) -> None:
        """Let it wait for its calls."""
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this call."""
        with self._lock:
            for fault in self._armed:
                if not fault.fits(method, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._armed.remove(fault)
                self.taken.append((fault.kind, f"{method} {path}"))
                return fault
        return None
