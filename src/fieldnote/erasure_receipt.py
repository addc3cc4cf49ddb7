"""The part of an erasure's receipt that the bridge and the workspace share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remaining:
    """What an erasure does not reach, where, and until when it is there."""

    where: str
    what: str
    until: str
