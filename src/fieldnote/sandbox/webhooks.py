"""Events that go out: each change once, or twice as asked, in the form and with the signature of the CRM."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

Event = Mapping[str, Any]
Sign = Callable[[str, bytes], Mapping[str, str]]
"""From the address and the body to the headers that prove who sent it."""


@dataclass(slots=True)
class Webhooks:
    """Where events go. They wait until `deliver` is called, so that a test decides when."""

    address: str | None = None
    sign: Sign = lambda address, body: {}
    doubled: bool = False
    """Whether each delivery is made twice, as a CRM does that did not hear the first answer."""
    batch: int = 100
    waiting: list[Event] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """The receiver's status codes, one for each delivery; 0 for no answer."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, event: Event) -> None:
        """Queue an event, if anybody listens."""
        if self.address is not None:
            with self._lock:
                self.waiting.append(event)

    def deliver(self) -> int:
        """Send what waits, in batches; the number of events that the receiver took."""
        with self._lock:
            events, self.waiting = self.waiting, []
        taken = 0
        with httpx2.Client(timeout=10.0) as client:
            for begin in range(0, len(events), self.batch):
                part = events[begin : begin + self.batch]
                for _ in range(2 if self.doubled else 1):
                    status = self._post(client, part)
                    self.statuses.append(status)
                if 200 <= status < 300:
                    taken += len(part)
                else:
                    with self._lock:
                        self.waiting = [*part, *self.waiting]
        return taken

    def _post(self, client: httpx2.Client, events: list[Event]) -> int:
        assert self.address is not None  # noqa: S101 - nothing waits without an address
        body = json.dumps(events).encode()
        headers = {"Content-Type": "application/json", **self.sign(self.address, body)}
        try:
            return client.post(self.address, content=body, headers=headers).status_code
        except httpx2.TransportError:
            return 0
