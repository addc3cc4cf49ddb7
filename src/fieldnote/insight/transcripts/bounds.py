"""How large a transcript may be, so that reading and extraction end soon whatever a file has."""

from __future__ import annotations

from collections.abc import Iterator

from fieldnote.errors import TranscriptError
from fieldnote.insight.utterances import Utterance

LARGEST_FILE = 32 * 1024 * 1024
"""Bytes. Eight hours of speech, word by word as JSON, are about 20 MiB."""
_LONGEST_LINE = 1_000_000
"""Characters of one line of WebVTT, SRT or text. Eight hours of speech are about 500,000."""
_MOST_UTTERANCES = 50_000
_MOST_CHARACTERS = 2_000_000
"""Characters of all words together."""
_LONGEST_SPEAKER = 200
_LONGEST_UTTERANCE = 1_500
"""Characters. The time of extraction grows with the square of an utterance: 25,000 characters take it 10 s."""
_ENDINGS = (". ", "? ", "! ", "\u3002", "\uff1f", "\uff01")

_HINT = "give the transcript of one conversation"


def check_size(data: bytes | str, name: str) -> None:
    """Raises TranscriptError for a file that is too large."""
    if len(data) > LARGEST_FILE:
        raise TranscriptError(f"{name} is larger than {LARGEST_FILE // 1024**2} MiB", hint=_HINT)


def check_lines(lines: list[str], name: str) -> None:
    """Raises TranscriptError for a line that is too long."""
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            raise TranscriptError(
                f"{name}:{number}: line longer than {_LONGEST_LINE:,} characters: {len(line):,}",
                hint="write one utterance on a line",
            )


def within_bounds(found: list[Utterance], name: str) -> list[Utterance]:
    """The utterances, long ones as several. Raises TranscriptError where there are too many words or utterances."""
    characters = sum(len(one.text) for one in found)
    if characters > _MOST_CHARACTERS:
        raise TranscriptError(
            f"{name} has more than {_MOST_CHARACTERS:,} characters of words: {characters:,}", hint=_HINT
        )
    for position, one in enumerate(found, 1):
        if len(one.speaker) > _LONGEST_SPEAKER:
            raise TranscriptError(
                f"{name}: utterance {position} has a speaker of more than {_LONGEST_SPEAKER} characters",
                hint="check which key has the speaker's name",
            )
    split = [part for one in found for part in _parts(one)]
    if len(split) > _MOST_UTTERANCES:
        raise TranscriptError(f"{name} has more than {_MOST_UTTERANCES:,} utterances: {len(split):,}", hint=_HINT)
    return split


def _parts(one: Utterance) -> Iterator[Utterance]:
    """A long utterance in parts that end with a sentence, else with a word. Times inside are unknown."""
    start, text = one.start, one.text
    at = 0
    while len(text) - at > _LONGEST_UTTERANCE:
        limit = at + _LONGEST_UTTERANCE
        end = max(text.rfind(ending, at, limit) + 1 for ending in _ENDINGS)
        if end <= at:
            end = text.rfind(" ", at, limit)
        if end <= at:
            end = limit
        yield Utterance(one.speaker, text[at:end].strip(), start)
        start, at = None, end
        while at < len(text) and text[at] == " ":
            at += 1
    if at < len(text):
        yield Utterance(one.speaker, text[at:], start, one.end)
