"""Where in a conversation something was said. Pure; the one module of insight that the bridge may import."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fieldnote.insight.bounds import LONGEST_TRANSCRIPT
from fieldnote.insight.readers.numbers import Number, numbers
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold

__all__ = ["Quote", "Spoken", "Utterance", "find_quote", "parts_of", "quoted_in"]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_QUOTED = re.compile(r"[\"“]([^\"“”]{8,300})[\"”]")
_MOST_OF_IT = 0.6
_TELLING_NUMBER = 100
"""A smaller number is said of many things: it counts beside another word of the value."""
_LONGEST = 2_000
"""Characters of words that are looked for."""
_COMMON = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "from",
        "has",
        "have",
        "i",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "our",
        "so",
        "that",
        "the",
        "their",
        "they",
        "this",
        "to",
        "was",
        "we",
        "were",
        "will",
        "with",
        "you",
        "your",
    ]
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the transcript that support a value."""

    index: int
    """The utterance's position in the transcript."""
    text: str
    """The words of the utterance."""


class Spoken:
    """A conversation in which quotes are looked for. Each search takes time linear in its length.

    The bridge searches in its own process, so the length is bounded: `LONGEST_TRANSCRIPT` characters are searched.
    """

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self._utterances = utterances
        self._texts = list(_within_bounds(utterances))
        said = [_words(text) for text in self._texts]
        self._phrases = [f" {' '.join(words)} " for words in said]
        self._vocabularies = [frozenset(words) for words in said]
        self._heard: dict[int, list[Number]] = {}

    def find(self, text: str) -> Quote | None:
        """The utterance that says `text`, whatever its case and signs, or else its numbers, or most of its words.

        None where nobody said them, or where `text` is longer than any quote.
        """
        wanted = _words(text[:_LONGEST])
        if not wanted or len(text) > _LONGEST:
            return None
        index = self._phrase(wanted)
        values = frozenset(number.value for number in numbers(fold(text)))
        if index is None and values:  # other numbers beside the same words say something else
            index = self._numbers(values, wanted)
        elif index is None:
            index = self._most_of(wanted)
            if index is None and ":" in text:  # "Both decide together: Dale and Ruth"
                index = self._most_of(_words(text.partition(":")[0]))
        return None if index is None else Quote(index, self._utterances[index].text)

    def find_parts(self, value: object, most: int) -> list[Quote]:
        """The utterances behind a value: one for each of its first `most` parts that somebody said."""
        found = (self.find(quoted_in(part)) or self.find(part) for part in parts_of(value)[:most])
        return [quote for quote in found if quote is not None]

    def _phrase(self, wanted: list[str]) -> int | None:
        phrase = f" {' '.join(wanted)} "
        return next((index for index, words in enumerate(self._phrases) if phrase in words), None)

    def _numbers(self, values: frozenset[float], wanted: list[str]) -> int | None:
        """The utterance that says all numbers of the value: `$30,000` is said as "thirty thousand", or "thirty"."""
        telling = {word for word in wanted if not word.isdigit()} - _COMMON
        found: list[tuple[bool, int, int]] = []
        for index, words in enumerate(self._vocabularies):
            said = {number.value for number in self._numbers_said(index)}
            exact = values <= said
            shared = len(telling & words)
            if (exact or values <= said | {1000 * value for value in said}) and (
                shared or min(values) >= _TELLING_NUMBER
            ):
                found.append((exact, shared, -index))
        return -max(found)[2] if found else None

    def _numbers_said(self, index: int) -> list[Number]:
        if index not in self._heard:
            self._heard[index] = numbers(fold(self._texts[index]))
        return self._heard[index]

    def _most_of(self, wanted: list[str]) -> int | None:
        telling = set(wanted) - _COMMON or set(wanted)
        if not telling:
            return None
        shares = [(len(telling & words) / len(telling), -index) for index, words in enumerate(self._vocabularies)]
        share, index = max(shares, default=(0.0, 0))
        return -index if share >= _MOST_OF_IT else None


def _within_bounds(utterances: Sequence[Utterance]) -> Iterator[str]:
    """The texts, cut where the transcript is longer than any conversation."""
    left = LONGEST_TRANSCRIPT
    for utterance in utterances:
        yield utterance.text[:left]
        left -= min(left, len(utterance.text))


def parts_of(value: object) -> list[str]:
    """The parts to look for one by one: the items of a list, and the quotes of a text that has several."""
    texts = [str(item) for item in (value if isinstance(value, list) else [value]) if item not in (None, "")]
    return [part for text in texts for part in (text.split("; ") if any(map(text.count, '"“')) else [text]) if part]


def quoted_in(text: str) -> str:
    """The words in quotation marks, or else all."""
    found = _QUOTED.search(text)
    return text if found is None else found[1]


def find_quote(utterances: Sequence[Utterance], text: str) -> Quote | None:
    """As `Spoken.find`, for a single search."""
    return Spoken(utterances).find(text)


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
