"""Transcripts as subtitles: WebVTT, SRT and SBV.

Cues are found by their timing lines alone. All lines up to the next timing line are words of the cue, except the next
cue's identifier and comment blocks; blank lines, missing blank lines and headers without a blank line change nothing.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from fieldnote.errors import TranscriptError
from fieldnote.insight.transcripts.clock import CLOCK, seconds
from fieldnote.insight.transcripts.cue_identifiers import Identifier, find_identifiers, speakers_in_identifiers
from fieldnote.insight.transcripts.labels import (
    ALMOST_ALL,
    Labeled,
    believed,
    looks_like_a_name,
    may_be_a_label,
    split_label,
)
from fieldnote.insight.transcripts.text import Warnings
from fieldnote.insight.utterances import Utterance

_ARROW = r"(?:-{1,3}>|--&gt;|\u2013>|\u2014>|\u2192)"
_TIMING = re.compile(rf"\s{{0,40}}(?P<start>{CLOCK})\s{{0,40}}{_ARROW}\s{{0,40}}(?P<end>{CLOCK})(?P<rest>$|\s.*$)")
_SBV_TIMING = re.compile(r"(?P<start>\d{1,3}:\d\d:\d\d\.\d{3}),(?P<end>\d{1,3}:\d\d:\d\d\.\d{3})(?P<rest>\s*)$")
_BROKEN_TIMING = re.compile(r"\s{0,40}\d[\d:.,; ]{2,40}--+>|[^\n]{0,80}--+>\s{0,40}\d[\d:.,]{2}")
_SETTINGS = re.compile(r"(?:\s+[A-Za-z][\w-]*:[^\s:]\S*)*\s*$")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{0,100})?\s(?P<name>[^<>]{1,200})>")
_TAGS = "b|br|c|div|em|font|i|lang|p|rt|ruby|s|span|strong|u|v"
_TAG = re.compile(
    rf"</?(?:{_TAGS})(?:[ .][^<>]{{0,200}})?/?>|<\d[\d:.]{{0,20}}>|\{{\\[^{{}}]{{0,200}}\}}", re.IGNORECASE
)
_DASH = re.compile(r"(?:-|\u2013|>>) ?(?=\S)")
_PAUSE = 2.0
_LONGEST = 600
_FEWEST = 4
"""Cues from which on a name over the words of each is a speaker."""
_HINT = "write the times of a cue as in 00:00:01.000 --> 00:00:04.000"


@dataclass(slots=True)
class _Cue:
    start: float
    end: float | None
    lines: list[str]
    """Its words; no blank lines."""
    speaker: str = ""
    """From its identifier."""


@dataclass(slots=True)
class _Piece:
    """Words of one speaker in one cue."""

    speaker: str
    start: float
    end: float | None
    uncertain: bool = False
    """Whether it begins with a label that nothing confirms."""
    parts: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text) + 1

    @property
    def ends_a_sentence(self) -> bool:
        return self.parts[-1].rstrip("\"')\u201d\u2019").endswith((".", "?", "!", "\u3002", "\uff1f", "\uff01"))


def is_timing(line: str) -> bool:
    """Whether a line has the times of a cue."""
    return _timing(line) is not None


def _timing(line: str) -> re.Match[str] | None:
    if ">" in line or "\u2192" in line or "&gt;" in line:
        return _TIMING.match(line)
    return _SBV_TIMING.match(line) if "," in line and len(line) < 60 else None


def read_cues(text: str, warnings: Warnings) -> list[Utterance]:
    """The utterances of subtitles; cues that a sentence runs through become one utterance.

    Raises TranscriptError where a time cannot be read.
    """
    pieces = _pieces(_cues(text, warnings), warnings)
    return [
        Utterance(piece.speaker, " ".join(piece.parts), piece.start, piece.end)
        for piece in _joined(pieces)
        if piece.parts
    ]


def _cues(text: str, warnings: Warnings) -> list[_Cue]:
    lines = text.split("\n")
    timings = [(number, match) for number, line in enumerate(lines) if (match := _timing(line))]
    _refuse_broken_times(lines, warnings.name)
    if not timings:
        return []
    webvtt = text.lstrip().startswith("WEBVTT")
    skipped = _comments(lines, [number for number, _ in timings]) if webvtt else frozenset[int]()
    marks = [number for number, _ in timings]
    identifiers = find_identifiers(lines, marks, skipped)
    taken = skipped.union(*(one.lines for one in identifiers if one))
    cues = []
    for (number, match), following in zip(timings, [*marks[1:], len(lines)], strict=True):
        body = [lines[at] for at in range(number + 1, following) if at not in taken and lines[at].strip()]
        rest = match["rest"]
        said = [] if _SETTINGS.match(rest) else [rest.strip()]
        start, end = seconds(match["start"]), seconds(match["end"])
        if end < start:
            warnings.add("a cue ends before it starts; its end is not read")
        cues.append(_Cue(start, end if end >= start else None, said + body))
    _report_words_before(lines, marks[0] if marks else 0, taken, warnings)
    _name_speakers(cues, identifiers, warnings)
    if not any(cue.speaker for cue in cues):
        _name_by_first_lines(cues, warnings)
    return cues


def _refuse_broken_times(lines: Sequence[str], name: str) -> None:
    for number, line in enumerate(lines, 1):
        if "->" in line and _timing(line) is None and _BROKEN_TIMING.match(line):
            raise TranscriptError(f"{name}:{number}: cannot read the times of this cue", hint=_HINT)


def _comments(lines: Sequence[str], marks: Sequence[int]) -> frozenset[int]:
    """The lines of WebVTT that are no words: header, NOTE, STYLE and REGION blocks, up to a blank or a timing line."""
    found, block, at_marks = set[int](), "", frozenset(marks)
    after_blank = True
    first_mark = marks[0] if marks else len(lines)
    for number, line in enumerate(lines):
        text = line.strip()
        if not text or number in at_marks:
            block = ""
        elif after_blank:
            word = text.lstrip("\ufeff").split(None, 1)[0]
            header = word in {"NOTE", "WEBVTT"} or (number < first_mark and text in {"STYLE", "REGION"})
            block = word if header else ""
        elif block == "WEBVTT" and number + 1 in at_marks and not re.search(r"[:=]", text):
            block = ""  # the identifier of a cue that touches the header
        if block:
            found.add(number)
        after_blank = not text
    return frozenset(found)


def _report_words_before(lines: Sequence[str], first: int, taken: frozenset[int], warnings: Warnings) -> None:
    lost = [number for number in range(first) if number not in taken and lines[number].strip()]
    if lost and lost[-1] == first - 1 and lines[first - 1].strip().isdecimal():
        lost.pop()  # the number of the first cue
    if lost:
        where = f"line {lost[0] + 1}" if len(lost) == 1 else f"{len(lost)} lines from line {lost[0] + 1} on"
        warnings.add(f"{where} before the first cue not read: they have no time")


def _name_speakers(cues: Sequence[_Cue], identifiers: Sequence[Identifier | None], warnings: Warnings) -> None:
    """Take cue identifiers as speakers, where they are names and the words themselves name nobody."""
    names = speakers_in_identifiers(identifiers)
    if not any(names):
        return
    if any(_VOICE.search(line) for cue in cues for line in cue.lines):
        return
    for cue, name in zip(cues, names, strict=True):
        cue.speaker = warnings.clean(name)


def _name_by_first_lines(cues: Sequence[_Cue], warnings: Warnings) -> None:
    """Take first lines as speakers, as in Teams' documents: nearly every cue has one over its words, and it recurs."""
    spoken = [cue for cue in cues if cue.lines]
    named = [cue for cue in spoken if len(cue.lines) > 1 and looks_like_a_name(cue.lines[0].strip())]
    names = {cue.lines[0].strip() for cue in named}
    if len(named) < max(_FEWEST, ALMOST_ALL * len(spoken)) or len(names) > len(named) / 2:
        return
    for cue in named:
        cue.speaker = warnings.clean(cue.lines.pop(0).strip())


def _pieces(cues: Sequence[_Cue], warnings: Warnings) -> list[_Piece]:
    plain = [[_split(line, warnings) for line in cue.lines] for cue in cues]
    labels = believed([[label for _, label in lines] for lines in plain if lines])
    found = list[_Piece]()
    for cue, lines in zip(cues, plain, strict=True):
        found.extend(_voices(cue, lines, labels, warnings))
    return found


def _split(line: str, warnings: Warnings) -> tuple[str, Labeled | None]:
    """A line as plain text, and the label that it may begin with; a line with voice tags stays as it is."""
    if _VOICE.search(line):
        return line, None
    text = _DASH.sub("", _plain(line, warnings), count=1) if line.lstrip()[:1] in "-\u2013>" else _plain(line, warnings)
    return text, split_label(text)


def _voices(
    cue: _Cue, lines: Sequence[tuple[str, Labeled | None]], labels: frozenset[str], warnings: Warnings
) -> Iterator[_Piece]:
    """The words of one cue, by speaker."""
    if (metadata := _metadata(cue, warnings)) is not None:
        yield metadata
        return
    piece = _Piece(cue.speaker, cue.start, cue.end)
    changes = _speaker_changes(cue)
    for at, (text, label) in enumerate(lines):
        if at in changes and not (label and label.label in labels):
            if piece.parts:
                yield piece
            piece = _Piece(cue.speaker, cue.start, cue.end, uncertain=True)
        for voice, words in _parts(text, label if label and label.label in labels else None, warnings):
            if voice is not None:
                if piece.parts:
                    yield piece
                piece = _Piece(voice, cue.start, cue.end)
            elif at == 0 and label and not cue.speaker and may_be_a_label(label.label):
                piece.uncertain = True
            if words:
                piece.add(words)
    if piece.parts:
        yield piece


def _speaker_changes(cue: _Cue) -> frozenset[int]:
    """The lines where another speaker begins: `>> ` always says so, dashes if at least two lines have one."""
    dashes = [at for at, line in enumerate(cue.lines) if line.lstrip().startswith(("- ", "\u2013 "))]
    arrows = [at for at, line in enumerate(cue.lines) if line.lstrip().startswith(">>")]
    return frozenset(arrows + (dashes if len(dashes) > 1 else []))


def _parts(text: str, label: Labeled | None, warnings: Warnings) -> Iterator[tuple[str | None, str]]:
    """The parts of a line, each with its speaker where one begins."""
    voices = list(_VOICE.finditer(text))
    if not voices:
        yield (label.label, label.text) if label else (None, text)
        return
    if before := _plain(text[: voices[0].start()], warnings):
        yield None, before
    for voice, following in zip(voices, [*voices[1:], None], strict=True):
        words = text[voice.end() : following.start() if following else len(text)]
        yield warnings.clean(html.unescape(voice["name"])), _plain(words, warnings)


def _metadata(cue: _Cue, warnings: Warnings) -> _Piece | None:
    """Microsoft Graph's transcript metadata: each cue is a JSON object with `speakerName` and `spokenText`."""
    if not cue.lines or not cue.lines[0].lstrip().startswith("{"):
        return None
    try:
        value = json.loads("\n".join(cue.lines))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("spokenText"), str):
        return None
    speaker = value.get("speakerName")
    piece = _Piece(warnings.clean(speaker) if isinstance(speaker, str) else "", cue.start, cue.end)
    if words := warnings.clean(value["spokenText"]):
        piece.add(words)
    return piece


def _plain(text: str, warnings: Warnings) -> str:
    return warnings.clean(html.unescape(_TAG.sub("", text)))


def _joined(pieces: Sequence[_Piece]) -> list[_Piece]:
    with_speaker = sum(bool(piece.speaker) for piece in pieces)
    repeats = any(one.speaker and one.speaker == two.speaker for one, two in pairwise(pieces))
    every_cue = with_speaker > ALMOST_ALL * len(pieces) and repeats
    merged: list[_Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and last.parts and _continues(last, piece, labeled=with_speaker > 0, every_cue=every_cue):
            for part in piece.parts:
                last.add(part)
            last.end = piece.end if last.end is None or (piece.end or 0) > last.end else last.end
        else:
            merged.append(piece)
    return merged


def _continues(last: _Piece, piece: _Piece, *, labeled: bool, every_cue: bool) -> bool:
    """Whether a cue continues the one before it.

    Where labels are written only when the speaker changes, a cue without one does. Where every cue has its label, a
    cue without one has an unknown speaker, unless it finishes a sentence.
    """
    if piece.uncertain:
        return False
    pause = piece.start - (last.end if last.end is not None else last.start)
    in_a_sentence = pause <= _PAUSE and not last.ends_a_sentence
    if labeled and not piece.speaker and last.speaker:
        return in_a_sentence or not every_cue
    return last.speaker == piece.speaker and last.length <= _LONGEST and in_a_sentence
