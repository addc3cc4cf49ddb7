"""Transcripts as subtitles: WebVTT and SRT."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fieldnote.errors import TranscriptError
from fieldnote.insight.lines_format import seconds, split_label
from fieldnote.insight.utterances import Utterance

_CLOCK = r"(?:\d{1,4}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
TIMING = re.compile(rf"^\s*(?P<start>{_CLOCK})\s*-->\s*(?P<end>{_CLOCK})(?:\s+\S.*)?\s*$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+(?P<name>[^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_DASH = re.compile(r"^\s*(?:-|\u2013|>>)\s*(?=\S)")
_NOT_CUES = ("NOTE", "STYLE", "REGION")
_PAUSE = 2.0
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class _Cue:
    start: float
    end: float
    lines: list[str]


def read_cues(text: str, name: str) -> list[Utterance]:
    """The utterances of WebVTT or SRT; cues that a sentence runs through are put together again.

    Raises TranscriptError where a time cannot be read.
    """
    said = [utterance for cue in _cues(text.splitlines(), name) for utterance in _voices(cue)]
    labelled = any(utterance.speaker for utterance in said)
    merged: list[Utterance] = []
    for utterance in said:
        last = merged[-1] if merged else None
        if last and _goes_on(last, utterance, labelled=labelled):
            merged[-1] = Utterance(last.speaker, f"{last.text} {utterance.text}", last.start, utterance.end)
        else:
            merged.append(utterance)
    return merged


def _cues(lines: list[str], name: str) -> Iterator[_Cue]:
    at = 0
    while at < len(lines):
        block_end = next((i for i in range(at, len(lines)) if not lines[i].strip()), len(lines))
        block = lines[at:block_end]
        first = block[0].strip() if block else ""
        if block and not first.startswith("WEBVTT") and first.split(" ")[0] not in _NOT_CUES:
            yield _cue(block, at, name)
        at = block_end + 1


def _cue(block: list[str], at: int, name: str) -> _Cue:
    """A cue from its lines: an identifier or none, the times, the words."""
    position = next((i for i, line in enumerate(block[:2]) if "-->" in line), None)
    if position is None:
        raise TranscriptError(
            f"{name}:{at + 1}: this cue has no line with its times",
            hint="a cue begins with its times, as in 00:00:01.000 --> 00:00:04.000, and ends with a blank line",
        )
    match = TIMING.match(block[position])
    if match is None:
        raise TranscriptError(
            f"{name}:{at + position + 1}: the times of this cue cannot be read",
            hint="write them as in 00:00:01.000 --> 00:00:04.000",
        )
    return _Cue(seconds(match["start"]), seconds(match["end"]), block[position + 1 :])


def _voices(cue: _Cue) -> Iterator[Utterance]:
    """What is said in one cue, by one voice or more."""
    speaker, words = "", list[str]()
    for line in cue.lines:
        for voice, text in _pieces(line):
            if voice is not None:
                if words:
                    yield Utterance(speaker, " ".join(words), cue.start, cue.end)
                speaker, words = voice, []
            if text:
                words.append(text)
    if words:
        yield Utterance(speaker, " ".join(words), cue.start, cue.end)


def _pieces(line: str) -> Iterator[tuple[str | None, str]]:
    """A line's parts, each with its voice where one begins."""
    voices = list(_VOICE.finditer(line))
    if not voices:
        speaker, text = split_label(_DASH.sub("", _plain(line)))
        yield speaker, text
        return
    if before := _plain(line[: voices[0].start()]):
        yield None, before
    for voice, following in zip(voices, [*voices[1:], None], strict=True):
        yield voice["name"].strip(), _plain(line[voice.end() : following.start() if following else len(line)])


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", text)).split())


def _goes_on(last: Utterance, following: Utterance, *, labelled: bool) -> bool:
    """Whether a cue continues the one before it; in a file with speakers, one without a speaker does."""
    if labelled and not following.speaker:
        return True
    if last.speaker != following.speaker or len(last.text) > _LONGEST:
        return False
    pause = (following.start or 0.0) - (last.end or 0.0)
    return pause <= _PAUSE and not last.text.rstrip("\"')").endswith((".", "?", "!"))
