"""Which words of a conversation support each value and each sentence of the summary. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.board.conversations import Conversation, InField, Line
from fieldnote.insight.evidence import Spoken, Utterance, parts_of, quoted_in

_MOST: Final = 60
"""Values and sentences whose words are looked for: each search reads the whole transcript."""
_SENTENCE: Final = re.compile(
    r"(?:(?<=[.!?\u2026])|(?<=[.!?\u2026][\"\u201d\u2019)]))\s+(?=[\"\u201c\u2018(A-Z0-9\u00bf\u00a1])"
)

_ABOUT: Final = re.compile(r"([A-Z][\w'-]{1,20}(?: [\w'-]{1,20}){0,2}): +(?=\S)")
"""`Who decides: `."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A part of a line or a summary."""

    text: str
    at: int | None
    """Milliseconds in the recording for a line; the number of the line for a summary."""


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A line of the transcript as a page shows it."""

    number: int
    speaker: str
    is_new_speaker: bool
    start_ms: int | None
    end_ms: int | None
    sentences: tuple[Sentence, ...]
    supports: tuple[str, ...]
    """The names of the values that these words support."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value that was drawn from the conversation."""

    name: str
    parts: tuple[Sentence, ...]
    fields: tuple[InField, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences of a summary about one thing."""

    about: str | None
    """`Budget`, where the summary begins with such a word and a colon."""
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A conversation with its evidence."""

    lines: tuple[SaidLine, ...]
    values: tuple[Value, ...]
    summary: tuple[tuple[str, tuple[Paragraph, ...]], ...]
    """Each part of it: a heading, and its paragraphs."""

    def line_of(self, name: str) -> SaidLine | None:
        """Where the first words are that the value of this name rests on."""
        parts = (part.at for value in self.values if value.name == name for part in value.parts)
        return next((self.lines[at] for at in parts if at is not None), None)


def hear(found: Conversation) -> Heard:
    """Look for the words behind each value and sentence. Takes time linear in the transcript for each."""
    lines = found.lines or ()
    search = _Search(lines)
    values = tuple(
        Value(name, _parts(value, search), _fields(found.fields, name))
        for name, value in found.extractions
        if name and value not in (None, "", [])
    )
    summary = tuple((name, tuple(_summary(content, search))) for name, content in found.summary)
    supports: dict[int, list[str]] = {}
    for value in values:
        for part in value.parts:
            if part.at is not None and value.name not in supports.setdefault(part.at, []):
                supports[part.at].append(value.name)
    shown = tuple(_shown(number, lines, tuple(supports.get(number, ()))) for number in range(len(lines)))
    return Heard(shown, values, summary)


class _Search:
    def __init__(self, lines: Sequence[Line]) -> None:
        self._spoken = Spoken([Utterance(line.speaker, line.text) for line in lines])
        self._left = _MOST if lines else 0

    def line(self, words: str) -> int | None:
        """The number of the line that says it."""
        if not self._left or not words.strip():
            return None
        self._left -= 1
        found = self._spoken.find(words)
        return None if found is None else found.index


def _parts(value: object, search: _Search) -> tuple[Sentence, ...]:
    """A text is one part unless it quotes several; a list has one part an item."""
    texts = parts_of([_words(item) for item in value] if isinstance(value, list) else _words(value))
    return tuple(Sentence(text, search.line(quoted_in(text))) for text in texts)


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _summary(content: str, search: _Search) -> list[Paragraph]:
    """A paragraph for each line, and for each sentence that names what it is about."""
    found: list[tuple[str | None, list[Sentence]]] = []
    for line in filter(None, map(str.strip, content.splitlines())):
        for number, one in enumerate(filter(None, _SENTENCE.split(line))):
            about = _ABOUT.match(one)
            if about is not None or number == 0:
                found.append((about[1] if about else None, []))
            words = one[about.end() :] if about else one
            found[-1][1].append(Sentence(words, search.line(quoted_in(one))))
    return [Paragraph(about, tuple(sentences)) for about, sentences in found]


def _fields(fields: Sequence[InField], name: str) -> tuple[InField, ...]:
    return tuple(one for one in fields if one.extraction.strip().casefold() == name.strip().casefold())


def _shown(number: int, lines: Sequence[Line], supports: tuple[str, ...]) -> SaidLine:
    line = lines[number]
    is_new = number == 0 or lines[number - 1].speaker != line.speaker
    return SaidLine(number, line.speaker, is_new, line.start_ms, line.end_ms, _timed(line), supports)


def _timed(line: Line) -> tuple[Sentence, ...]:
    """The sentences of a line, each with the time at which it begins if all letters take as long."""
    pieces = [piece for piece in _SENTENCE.split(line.text.strip()) if piece]
    if line.start_ms is None or line.end_ms is None or line.end_ms < line.start_ms:
        return tuple(Sentence(piece, line.start_ms) for piece in pieces)
    length, total, before = line.end_ms - line.start_ms, sum(map(len, pieces)), 0
    found: list[Sentence] = []
    for piece in pieces:
        found.append(Sentence(piece, line.start_ms + length * before // total))
        before += len(piece)
    return tuple(found)
