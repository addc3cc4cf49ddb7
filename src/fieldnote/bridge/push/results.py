"""What a push did, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fieldnote.bridge.push.ledger import Problem

SHOWN = 20
"""Problems and warnings that a result carries by name; all problems are counted."""


@dataclass(slots=True)
class StreamResult:
    """What a push did with one stream, and what stands open in it now."""

    stream: str
    read: int = 0
    """Rows that were read; rows inside the cursor's overlap count again."""
    sent: int = 0
    """Records that Siro took, deletions among them."""
    removed: int = 0
    """Of those, the ones that Siro now holds as deleted."""
    unchanged: int = 0
    """Rows that Siro holds already."""
    refused: int = 0
    """Records that Siro will not take, from this and earlier pushes."""
    unmapped: int = 0
    """Rows that cannot become a Siro record, from this and earlier pushes."""
    pending: int = 0
    """Records that the next push tries again."""
    doubtful: int = 0
    """Records that are gone from the CRM, and not deleted in Siro before a person says so."""
    dropped: int = 0
    """Records that a person has said need not go."""
    left: int = 0
    """Records that stand in Siro and do not come any more, where the file does not ask for deletions."""
    standing: int = 0
    """Records of which Siro shows a value that the CRM has not any more, as its API cannot clear it."""
    stopped: str | None = None
    """Why the stream was not dealt with to its end."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do or to mend."""
        return not (self.refused or self.unmapped or self.pending or self.doubtful or self.stopped)

    def warn(self, *warnings: str) -> None:
        """Each once, and not more than can be read."""
        for warning in warnings:
            if warning not in self.warnings and len(self.warnings) < SHOWN:
                self.warnings.append(warning)

    def counts(self) -> dict[str, int]:
        """All numbers by their names."""
        names = (
            "read", "sent", "removed", "unchanged", "refused", "unmapped", "pending", "doubtful", "dropped", "left",
            "standing",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        problems = [
            {"key": item.key, "state": item.state.value, "reason": item.reason, "hint": item.hint}
            for item in self.problems
        ]
        return {
            "stream": self.stream,
            **self.counts(),
            "stopped": self.stopped,
            "warnings": self.warnings,
            "problems": problems,
        }


@dataclass(slots=True)
class PushResult:
    """What a push did."""

    connection: str
    streams: list[StreamResult] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """What could not be brought up to date, and was read as it was."""
    calls: int = 0
    """Calls to Siro, repeated ones included."""
    seconds: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether Siro holds everything as the CRM does, as far as its API can express it."""
        return all(stream.settled for stream in self.streams)

    @property
    def warnings(self) -> list[str]:
        """Of the driver and of all streams."""
        return self.notices + [warning for stream in self.streams for warning in stream.warnings]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "connection": self.connection,
            "settled": self.settled,
            "calls": self.calls,
            "seconds": round(self.seconds, 3),
            "notices": self.notices,
            "streams": [stream.as_json() for stream in self.streams],
        }

    def outcome(self) -> dict[str, Any]:
        """For the ledger of runs: without what a problem's reason may quote from a row."""
        streams = [{"stream": stream.stream, **stream.counts()} for stream in self.streams]
        return {"settled": self.settled, "calls": self.calls, "streams": streams}
