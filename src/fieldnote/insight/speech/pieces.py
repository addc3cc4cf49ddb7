"""A stream of samples cut into pieces at quiet moments, by channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from fieldnote.insight.speech.decoding import RATE

if TYPE_CHECKING:
    from fieldnote.insight.speech.decoding import Samples

_FRAME: Final = RATE // 50
"""Samples over which loudness is measured: 20 ms."""
_LOOK_BACK: Final = 5 * RATE
"""Samples at the end of a piece among which the quietest moment is sought."""
_SILENT: Final = 1e-4
"""Loudness (root of the mean square) of a piece in which nothing is said."""
_ENVELOPE: Final = RATE // 10
"""Samples over which the loudness of a channel is followed: 0.1 s."""
_HEARD: Final = 0.003
"""Loudness that a channel with a speaker reaches."""
_SAME: Final = 0.5
"""Correlation of the loudness of two channels from which both hear the same."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of audio."""

    start: float
    """Seconds since the beginning."""
    channels: tuple[Samples, ...]
    """All of one length."""

    @property
    def seconds(self) -> float:
        return len(self.channels[0]) / RATE


def cut(blocks: Iterator[Samples], longest: float) -> Iterator[Piece]:
    """Pieces of at most `longest` seconds, cut where it is quietest."""
    most = int(longest * RATE)
    waiting: list[Samples] = []
    length, start = 0, 0
    for block in blocks:
        waiting.append(block)
        length += block.shape[1]
        while length >= most:
            whole = np.concatenate(waiting, axis=1)
            at = _quietest(whole[:, :most])
            yield _piece(whole[:, :at], start)
            start += at
            waiting, length = [whole[:, at:].copy()], length - at
    if length:
        yield _piece(np.concatenate(waiting, axis=1), start)


def is_silent(samples: Samples) -> bool:
    """Whether nothing is said in it."""
    return bool(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) < _SILENT)


def are_separate(blocks: Iterator[Samples]) -> bool:
    """Whether two channels are two microphones, each with a speaker of its own: they are loud at other times."""
    envelopes: list[Samples] = []
    rest: Samples | None = None
    for block in blocks:
        if block.shape[0] < 2:
            return False
        whole = block if rest is None else np.concatenate([rest, block], axis=1)
        frames = whole.shape[1] // _ENVELOPE
        used = whole[:, : frames * _ENVELOPE]
        envelopes.append(np.sqrt(np.square(used).reshape(2, frames, _ENVELOPE).mean(axis=2)))
        rest = whole[:, frames * _ENVELOPE :].copy()
    loud = np.concatenate(envelopes, axis=1) if envelopes else np.zeros((2, 0), np.float32)
    if loud.shape[1] < 10 or bool((loud.max(axis=1) < _HEARD).any()) or bool((loud.std(axis=1) == 0).any()):
        return False
    return float(np.corrcoef(loud[0], loud[1]).item(1)) < _SAME


def _piece(samples: Samples, start: int) -> Piece:
    return Piece(start / RATE, tuple(np.ascontiguousarray(one, dtype=np.float32) for one in samples))


def _quietest(samples: Samples) -> int:
    """The middle of the quietest fifth of a second near the end."""
    begin = max(1, samples.shape[1] - _LOOK_BACK)
    tail = np.mean(np.square(samples[:, begin:]), axis=0)
    frames = len(tail) // _FRAME
    if frames < 10:
        return int(samples.shape[1])
    loudness = tail[: frames * _FRAME].reshape(frames, _FRAME).mean(axis=1)
    smooth = np.convolve(loudness, np.ones(10) / 10, mode="valid")
    return int(begin + (int(np.argmin(smooth)) + 5) * _FRAME)
