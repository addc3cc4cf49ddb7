"""Conversations in customers' homes, written for the demo: no real person said any of it.

Nothing in them depends on the day: "next spring" and "within three weeks" are right whenever they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import PurePath

REP = "{rep}"
"""Stands in the files where the rep's first name belongs."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation, and what a person who listens to it would write down."""

    key: str
    file: str
    """Its file beside this module; the ending tells the format."""
    trade: str
    """The project, as a deal would be called: `roof replacement`."""
    customer_name: str
    """As the CRM would have it: first name and surname. The surname is spoken."""
    expected: Mapping[str, str]
    """The four fields by their names; what was not spoken of is absent. Seasons stand without a year."""

    @property
    def path(self) -> PurePath:
        return PurePath(str(files(__name__).joinpath(self.file)))

    def read(self, rep_name: str = "Rep") -> bytes:
        """The transcript as a file would hold it, spoken by the rep of this name."""
        raise NotImplementedError

    def expected_at(self, started_at: datetime) -> dict[str, str]:
        """`expected` for a conversation of that day: seasons and months have their year."""
        raise NotImplementedError


CONVERSATIONS: tuple[Conversation, ...] = ()


def load() -> tuple[Conversation, ...]:
    """All conversations, in the order of their keys."""
    return CONVERSATIONS
