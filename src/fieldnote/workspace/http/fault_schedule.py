"""The current faults: drawn by the seed of the faults file, so that a run that failed can be played again.

A draw depends on the seed and on what it is about: the kind of fault, the organization's name, the operation, and how
many calls of it the organization has made since the server began. It does not depend on what others do meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.workspace.http.fault_settings import CallFault, Fault, FaultSet, FaultSettings

log = logging.getLogger(__name__)

_OF_TOKEN: Final = text("""
select o.id::text, o.name from tokens t join organizations o on o.id = t.organization_id where t.hash = :wanted
""")
_OF_ID: Final = text("select id::text, name from organizations where id = cast(:wanted as uuid)")
_ACCIDENTS: Final = ("reset_before", "rate_limited", "server_error", "reset_after")
_MISHAPS: Final = ("dropped", "late", "reordered", "doubled")


@dataclass(slots=True)
class Own:
    """The faults in one organization. Calls without a known token have an organization without a name."""

    name: str
    settings: FaultSet
    seed: int
    _hits: Counter[str] = field(default_factory=Counter)
    _seen: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def count(self, *occasion: object) -> int:
        """How often this has been said, this time included."""
        self._seen[occasion] += 1
        return self._seen[occasion]

    def share(self, *occasion: object) -> float:
        """A number from 0 up to 1 that belongs to the occasion."""
        digest = hashlib.blake2b(repr((self.seed, self.name, *occasion)).encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64

    def hits(self, name: str, fault: Fault | None, *occasion: object) -> bool:
        """Whether the fault happens on this occasion."""
        if fault is None or (fault.times is not None and self._hits[name] >= fault.times):
            return False
        if self.share(name, *occasion) >= fault.chance:
            return False
        self._hits[name] += 1
        log.info("fault", extra={"fault": name, "organization": self.name, "occasion": " ".join(map(str, occasion))})
        return True

    # --- calls

    def refuses(self, agent: str) -> bool:
        """Whether the edge turns this user agent away."""
        return any(fnmatchcase(agent.casefold(), pattern) for pattern in self.settings.calls.agents)

    def pause(self, method: str, path: str, nth: int) -> float:
        """Seconds that a call waits before it is worked on."""
        latency = self.settings.calls.latency
        if latency is None or not _about(latency, method, path) or not self.hits("latency", latency, method, path, nth):
            return 0.0
        longest = latency.seconds if latency.up_to is None else latency.up_to
        return latency.seconds + (longest - latency.seconds) * self.share("length", method, path, nth)

    def accident(self, method: str, path: str, nth: int) -> str | None:
        """Which of the others happens to a call: the name of its key, or None."""
        for name in _ACCIDENTS:
            fault: CallFault | None = getattr(self.settings.calls, name)
            if fault is not None and _about(fault, method, path) and self.hits(name, fault, method, path, nth):
                return name
        return None

    def status(self, method: str, path: str, nth: int) -> int:
        """Of a server error."""
        fault = self.settings.calls.server_error
        statuses = (500,) if fault is None else fault.statuses
        return statuses[int(self.share("status", method, path, nth) * len(statuses))]

    # --- webhooks and summaries

    def mishap(self, *occasion: object) -> str | None:
        """The fault of a message: the name of its key, or None."""
        for name in _MISHAPS:
            if self.hits(name, getattr(self.settings.webhooks, name), *occasion):
                return name
        return None

    def lateness(self, *occasion: object) -> float | None:
        """Seconds after which a summary lands; None: with the rest."""
        late = self.settings.summaries.late
        return late.seconds if late is not None and self.hits("late summary", late, *occasion) else None


def _about(fault: CallFault, method: str, path: str) -> bool:
    return (not fault.methods or method in fault.methods) and (
        not fault.paths or any(fnmatchcase(path, pattern) for pattern in fault.paths)
    )


@dataclass(slots=True)
class Faults:
    """Those of one server."""

    settings: FaultSettings
    engine: AsyncEngine
    _known: dict[bytes | str, Own] = field(default_factory=dict)
    _nobody: Own = field(init=False)

    def __post_init__(self) -> None:
        self._nobody = Own("", self.settings, self.settings.seed)

    async def of_token(self, hashed: bytes | None) -> Own:
        """The faults for the calls with the token of this hash."""
        return self._nobody if hashed is None else await self._of(hashed)

    async def of_organization(self, organization_id: str) -> Own:
        """The faults in the organization of this id."""
        return await self._of(organization_id)

    async def _of(self, wanted: bytes | str) -> Own:
        if (known := self._known.get(wanted)) is not None:
            return known
        async with self.engine.connect() as conn:
            statement = _OF_ID if isinstance(wanted, str) else _OF_TOKEN
            row = (await conn.execute(statement, {"wanted": wanted})).one_or_none()
        if row is None:
            return self._nobody
        named = self.settings.organizations
        settings: FaultSet = named.get(row.name) or named.get(row.id) or self.settings
        own = self._known.setdefault(row.id, Own(row.name, settings, self.settings.seed))
        return self._known.setdefault(wanted, own)
