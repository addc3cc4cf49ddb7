"""The results of a push, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from fieldnote.bridge.push.entries import Problem
from fieldnote.bridge.push.reasons import ProblemGroup, group
from fieldnote.json_form import to_json

STOPPED: Final = "Stopped"
"""In the run log: a stream was not processed to its end, by a guard or by Siro's refusals."""
SHOWN: Final = 20
"""Problems and warnings that a result carries by name; all problems are counted."""


@dataclass(slots=True)
class StreamResult:
    """A push's results for one stream, and the stream's open records now."""

    stream: str
    read: int = 0
    """Rows that were read; rows inside the cursor's overlap count again."""
    sent: int = 0
    """Records that Siro took, deletions among them."""
    removed: int = 0
    """Of those, the ones that are deleted in Siro now."""
    unchanged: int = 0
    """Rows that Siro already has."""
    refused: int = 0
    """Records that Siro does not take, from this and earlier pushes."""
    unmapped: int = 0
    """Rows that cannot become a Siro record, from this and earlier pushes."""
    pending: int = 0
    """Records that the next push tries again."""
    pending_deletions: int = field(default=0, metadata={"json": "pendingDeletions"})
    """Records that are gone from the CRM, and not deleted in Siro before a person allows it."""
    dropped: int = 0
    """Records that a person decided not to send."""
    left: int = 0
    """Records that are in Siro and do not come any more, where the file does not ask for deletions."""
    uncleared: int = field(default=0, metadata={"json": "standing"})  # words: said
    """Records with a value in Siro that the CRM does not have any more, as its API cannot clear it."""
    stopped: str | None = None
    """Why the stream was not processed to its end."""
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    error: str | None = field(default=None, metadata={"json": False})
    """The type of the CRM's error that stopped it."""
    groups: list[ProblemGroup] = field(default_factory=list)
    """All problems by kind, the most frequent first."""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do or to fix."""
        return not (self.refused or self.unmapped or self.pending or self.pending_deletions or self.stopped)

    def add_problems(self, problems: list[Problem]) -> None:
        """Keep some by name, and the kinds of all."""
        self.problems = problems[:SHOWN]
        self.groups = group(problems)

    def counts(self) -> dict[str, int]:
        """All numbers by their names in JSON."""
        return {name: value for name, value in to_json(self).items() if isinstance(value, int)}

    def warn(self, *warnings: str) -> None:
        """Add each warning once, up to a number that people can read."""
        for text in warnings:
            warning = text.encode("utf-8", "replace").decode()
            if warning not in self.warnings and len(self.warnings) < SHOWN:
                self.warnings.append(warning)


@dataclass(slots=True)
class PushResult:
    """The results of a push."""

    connection: str
    streams: list[StreamResult] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """Parts of the CRM that the driver could not bring up to date, and read as they were."""
    calls: int = 0
    """Calls to Siro, repeated ones included."""
    seconds: float = field(default=0.0, metadata={"digits": 3})

    json_properties: ClassVar = ("settled",)

    @property
    def settled(self) -> bool:
        """Whether Siro has everything as the CRM does, as far as its API can express it."""
        return all(stream.settled for stream in self.streams)

    @property
    def warnings(self) -> list[str]:
        """Of the driver and of all streams, and why streams stopped."""
        stopped = [f"{stream.stream} stopped: {stream.stopped}" for stream in self.streams if stream.stopped]
        return stopped + self.notices + [warning for stream in self.streams for warning in stream.warnings]

    def outcome(self) -> dict[str, Any]:
        """For the run log: without reasons, which may quote a row."""
        streams = [{"stream": stream.stream, **stream.counts()} for stream in self.streams]
        errors = [stream.error or STOPPED for stream in self.streams if stream.stopped]
        failure: dict[str, Any] = {"error": errors[0]} if errors else {}
        if self.notices:
            failure["notices"] = len(self.notices)
        return {"settled": self.settled, "calls": self.calls, "streams": streams, **failure}
