"""A file of audio becomes utterances. Memory does not grow with its length, but for the words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from fieldnote.insight.speech.decoding import decoded
from fieldnote.insight.speech.engines import Phrase, Transcriber
from fieldnote.insight.speech.pieces import Piece, are_separate, cut, is_silent
from fieldnote.insight.utterances import Utterance

_PAUSE: Final = 1.5
"""Seconds of silence within an utterance of one channel."""
_LONGEST_TEXT: Final = 600
"""Characters from which an utterance is not continued."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """The words of a file."""

    utterances: tuple[Utterance, ...]
    """By start. Each channel of a two-channel file is a speaker; otherwise speakers are not distinguished."""
    seconds: float
    """The length of the audio."""


def transcribe(path: Path, engine: Transcriber, on_progress: Callable[[float], None] | None = None) -> Transcription:
    """`on_progress` gets the seconds that are done. Raises UndecodableAudio, SpeechFailed."""
    separate = are_separate(decoded(path))
    found: list[Utterance] = []
    seconds = 0.0
    for piece in cut(decoded(path), engine.longest):
        found += _words_of(piece, engine, separate=separate)
        seconds = piece.start + piece.seconds
        if on_progress is not None:
            on_progress(seconds)
    ordered = sorted(found, key=lambda one: (one.start or 0.0, one.speaker))
    return Transcription(tuple(_joined(ordered) if separate else ordered), seconds)


def _words_of(piece: Piece, engine: Transcriber, *, separate: bool) -> list[Utterance]:
    channels = piece.channels if separate else (np.mean(piece.channels, axis=0),)
    return [
        _utterance(phrase, piece.start, f"Channel {number}" if separate else "")
        for number, samples in enumerate(channels, 1)
        if not is_silent(samples)
        for phrase in engine.transcribe(samples)
    ]


def _utterance(phrase: Phrase, offset: float, speaker: str) -> Utterance:
    return Utterance(speaker, phrase.text, round(offset + phrase.start, 2), round(offset + phrase.end, 2))


def _joined(utterances: list[Utterance]) -> list[Utterance]:
    """Join the words that one speaker says in one go to one utterance."""
    kept: list[Utterance] = []
    for one in utterances:
        last = kept[-1] if kept else None
        if last is not None and last.speaker == one.speaker and _goes_on(last, one):
            kept[-1] = replace(last, text=f"{last.text} {one.text}", end=one.end)
        else:
            kept.append(one)
    return kept


def _goes_on(last: Utterance, one: Utterance) -> bool:
    if last.end is None or one.start is None:
        return False
    return one.start - last.end <= _PAUSE and len(last.text) + len(one.text) < _LONGEST_TEXT
