"""A value that may be the right one, with the facts that speak for it."""

from __future__ import annotations

from dataclasses import dataclass

from fieldnote.insight.local.passages import Hit


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value, the passage that states it, and its features."""

    value: str
    hit: Hit
    features: tuple[float, ...]
    """Of the value by its type; the passage has its own."""
    rests_on: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
