"""The parts of a transcript."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Utterance:
    """The words of one speaker before another speaks, or before a pause."""

    speaker: str
    """The label in the transcript; empty where it has none."""
    text: str
    """One line, with spaces where it had line breaks."""
    start: float | None = None
    """Seconds since the recording began."""
    end: float | None = None
    """Seconds since the recording began."""


def duration_of(utterances: list[Utterance]) -> float | None:
    """Seconds from the start of the recording to the last known time in it; None if it has no times."""
    times = [time for said in utterances for time in (said.start, said.end) if time is not None]
    return max(times, default=None)
