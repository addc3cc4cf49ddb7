"""Transcripts as lines: `Speaker: text`, with times or without, as people type them and tools export them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fieldnote.insight.transcripts.clock import CLOCK, seconds
from fieldnote.insight.transcripts.labels import (
    ALMOST_ALL,
    Labeled,
    believed,
    looks_like_a_name,
    may_be_a_label,
    split_label,
    split_name_line,
)
from fieldnote.insight.transcripts.text import Warnings
from fieldnote.insight.utterances import Utterance

_TIME = re.compile(
    rf"[\[(<]? ?(?P<start>{CLOCK})(?: ?(?:-->|-|\u2013|to) ?(?P<end>{CLOCK}))? ?[\])>]?(?![\w:]) ?[-\u2013|]? ?"
)
_MOST_LINES = 0.6
_ABOUT_THE_FILE = re.compile(
    r"(?:date|title|duration|recorded(?: at| on)?|participants|attendees|location|meeting|subject"
    r"|call|transcript|time|length|file|appointment|address|topic|language|host|project)$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Line:
    """One line, as far as it can be understood by itself."""

    number: int
    whole: str
    """All of it, but for the time in front."""
    label: Labeled | None
    start: float | None
    end: float | None


@dataclass(slots=True)
class _Turn:
    speaker: str
    start: float | None
    end: float | None
    parts: list[str] = field(default_factory=list)


def read_lines(text: str, warnings: Warnings) -> list[Utterance]:
    """The utterances of a text; a line without a speaker continues what was said before it."""
    lines = list(_lines(text, warnings))
    # A line with a time begins an utterance; where each of those has a label, all their labels are speakers.
    labels = believed([[line.label] for line in lines])
    labels |= believed([[line.label] for line in lines if line.start is not None])
    turns, lost = list[_Turn](), list[_Line]()
    for line in lines:
        label = line.label if line.label and line.label.label in labels else None
        if label and not turns and _ABOUT_THE_FILE.match(label.label):
            continue
        uncertain = line.label is not None and may_be_a_label(line.label.label)
        if label or not labels or (turns and turns[-1].speaker and uncertain and line.label and line.label.text):
            turns.append(_Turn(label.label if label else "", line.start, line.end))
        elif not turns and line.start is not None:
            turns.append(_Turn("", line.start, line.end))  # words of an unknown speaker; a title has no time
        elif not turns:
            lost.append(line)
            continue
        last = turns[-1]
        last.parts.append(label.text if label else line.whole)
        last.end = line.end if line.end is not None else last.end
    if lost:
        warnings.add(f"{len(lost)} lines from line {lost[0].number} on not read: no speaker comes before them")
    said = [(turn, " ".join(filter(None, turn.parts))) for turn in turns]
    return [Utterance(turn.speaker, words, turn.start, turn.end) for turn, words in said if words]


@dataclass(slots=True)
class _Raw:
    """A line cut into the time in front and the rest, which may be empty."""

    number: int
    time: tuple[float, float | None] | None
    text: str


def _lines(text: str, warnings: Warnings) -> Iterator[_Line]:
    """The lines with text. A line that is a time alone belongs to the next one."""
    raw = _raw_lines(text, warnings)
    names = _name_lines(raw)
    time: tuple[float, float | None] | None = None
    for at, one in enumerate(raw):
        time = one.time or time
        if not one.text:
            continue
        if at in names:
            yield _Line(one.number, one.text, Labeled(one.text, "", None, spaced=True), names[at], None)
            time = None
            continue
        label = split_label(one.text) or (split_name_line(one.text) if time is None else None)
        start, end = time or (None, None)
        if start is None and label:
            start = label.time
        yield _Line(one.number, one.text, label, start, end)
        time = None


def _raw_lines(text: str, warnings: Warnings) -> list[_Raw]:
    cleaned = [(number, line) for number, raw in enumerate(text.split("\n"), 1) if (line := warnings.clean(raw))]
    timed = sum(bool(_TIME.match(line)) for _, line in cleaned) > _MOST_LINES * len(cleaned)
    found = []
    for number, line in cleaned:
        match = _TIME.match(line)
        rest = line[match.end() :] if match else line
        # `10:30 works for us` begins with words, unless most lines begin with a time.
        if match and (timed or not rest or line[0] in "[(<" or split_label(rest) or looks_like_a_name(rest)):
            end = seconds(match["end"]) if match["end"] else None
            found.append(_Raw(number, (seconds(match["start"]), end), rest))
        else:
            found.append(_Raw(number, None, line))
    return found


def _name_lines(raw: list[_Raw]) -> dict[int, float]:
    """The lines that are a speaker alone, with their times: `0:12 Maria`, or `Maria` and `0:12` on the next line.

    They are believed if most times have one.
    """
    found: dict[int, float] = {}
    times = 0
    for at, one in enumerate(raw):
        if one.time is None:
            continue
        times += 1
        before, after = raw[at - 1] if at else None, raw[at + 1] if at + 1 < len(raw) else None
        if after is None or after.time is not None:
            continue
        if one.text and _is_a_name(one.text):
            found[at] = one.time[0]
        elif not one.text and before and before.time is None and _is_a_name(before.text):
            found[at - 1] = one.time[0]
    return found if len(found) > 1 and len(found) >= ALMOST_ALL * times else {}


def _is_a_name(text: str) -> bool:
    return len(text) <= 60 and text[-1] not in ".?!,;:" and split_label(text) is None and looks_like_a_name(text)
