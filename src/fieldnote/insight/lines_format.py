"""Transcripts as lines: `Speaker: text`, with times or without, as people type them and tools export them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from fieldnote.insight.utterances import Utterance

_CLOCK = r"(?:\d{1,2}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?"
_TIME = re.compile(
    rf"\s*[\[(<]?\s*(?P<start>{_CLOCK})(?:\s*(?:-->|-|\u2013"
    rf"|to)\s*(?P<end>{_CLOCK}))?\s*[\])>]?\s*[-\u2013|]?\s*"
)
_LABEL = re.compile(
    rf"^\s*(?:[-*\u2022>]\s+)?(?:\*\*"
    rf"|__)?(?P<label>[^\W_][^:\n<>{{}}]{{0,48}}?)\s*(?:[\[(]\s*(?P<time>{_CLOCK})\s*[\])])?\s*(?:\*\*"
    rf"|__)?\s*(?::(?!//)(?:\*\*|__)?|\uff1a)(?:\s+|$)(?P<text>.*)$"
)
_HEADER = re.compile(rf"^\s*(?P<label>[^\W_][^:\n<>{{}}]{{0,40}}?)[\s,|-]+[\[(]?(?P<time>{_CLOCK})[\])]?\s*$")
_ABOUT_THE_FILE = re.compile(
    (
        r"(?:date|title|duration|recorded(?: at| on)?|participants|attendees|location|meeting|subject"
        r"|call|transcript|time|length|file|appointment|address|topic|language|host|project)$"
    ),
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Line:
    """One line as far as it can be understood by itself."""

    label: str | None
    text: str
    start: float | None
    end: float | None


def read_lines(text: str) -> list[Utterance]:
    """The utterances of a text; a line without a speaker goes on with what was said before it."""
    lines = [_parsed(line) for line in text.splitlines() if line.strip()]
    labels = _believed(lines)
    utterances: list[Utterance] = []
    for line in lines:
        known = line.label is not None and line.label in labels
        if known and not utterances and _ABOUT_THE_FILE.match(line.label or ""):
            continue
        said = line.text if known or line.label is None else f"{line.label}: {line.text}"
        if known or not labels:
            utterances.append(Utterance((line.label or "") if known else "", said.strip(), line.start, line.end))
        elif utterances:
            last = utterances[-1]
            utterances[-1] = Utterance(last.speaker, f"{last.text} {said}".strip(), last.start, line.end or last.end)
    return [utterance for utterance in utterances if utterance.text]


def split_label(text: str) -> tuple[str | None, str]:
    """`Bob: Hello` as its speaker and what is said; None where no speaker stands in front."""
    line = _parsed(text)
    return (line.label, line.text) if line.label and _looks_like_a_name(line.label) else (None, text)


def _parsed(line: str) -> _Line:
    start = end = None
    if match := _TIME.match(line):
        start, end = seconds(match["start"]), seconds(match["end"]) if match["end"] else None
        line = line[match.end() :]
    if match := _LABEL.match(line):
        start = seconds(match["time"]) if match["time"] else start
        return _Line(" ".join(match["label"].strip("*_ ").split()), match["text"].strip(), start, end)
    if start is None and (match := _HEADER.match(line)):
        return _Line(" ".join(match["label"].split()), "", seconds(match["time"]), None)
    return _Line(None, line.strip(), start, end)


def _believed(lines: list[_Line]) -> set[str]:
    """The labels that are speakers: they come again, or look like a name. `One thing: …` is neither."""
    count = Counter(line.label for line in lines if line.label)
    return {label for label, times in count.items() if times > 1 or _looks_like_a_name(label)}


def _looks_like_a_name(label: str) -> bool:
    words = re.findall(r"[^\s()/&,.-]+", label)
    if not 0 < len(words) <= 6:
        return False
    outside = re.sub(r"\([^)]*\)", "", label).split()
    return len(words) == 1 or all(
        not word[0].islower() or word in {"and", "de", "van", "von", "la"} for word in outside
    )


def seconds(clock: str) -> float:
    """`1:02:03.5` and `02:03` as seconds."""
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total
