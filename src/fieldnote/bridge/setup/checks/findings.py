"""The findings of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    GOOD = "good"
    HINT = "hint"
    """May be as it should be; somebody ought to look."""
    BAD = "bad"
    """Push or pull will not work, or not as it should."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    level: Level
    text: str
    fix: str | None = None
    """The fix."""


def good(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(subject, Level.GOOD, text)


def hint(subject: str, text: str, fix: str | None = None) -> Finding:
    """Worth a look."""
    return Finding(subject, Level.HINT, text, fix)


def bad(subject: str, text: str, fix: str | None = None) -> Finding:
    """Something that must be fixed."""
    return Finding(subject, Level.BAD, text, fix)
