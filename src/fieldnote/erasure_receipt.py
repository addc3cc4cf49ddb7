"""The part of an erasure's receipt that the bridge and the workspace share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remaining:
    """Data that an erasure does not reach, its place, and the end of its time there."""

    where: str
    what: str
    until: str
