"""Where in a conversation something was said. Pure; the one module of insight that the bridge may import."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold

__all__ = ["Quote", "Spoken", "Utterance", "find_quote"]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_MOST_OF_IT = 0.6
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
    """A conversation in which quotes are looked for. Each search takes time linear in its length."""

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self._utterances = utterances
        self._said = [_words(utterance.text) for utterance in utterances]

    def find(self, text: str) -> Quote | None:
        """The utterance that says `text`, whatever its case and signs, or else most of its telling words.

        None where nobody said them, or where `text` is longer than any quote.
        """
        wanted = _words(text[:_LONGEST])
        if not wanted or len(text) > _LONGEST:
            return None
        phrase = f" {' '.join(wanted)} "
        for index, words in enumerate(self._said):
            if phrase in f" {' '.join(words)} ":
                return Quote(index, self._utterances[index].text)
        telling = set(wanted) - _COMMON or set(wanted)
        shares = [(len(telling & set(words)) / len(telling), -index) for index, words in enumerate(self._said)]
        share, index = max(shares, default=(0.0, 0))
        return Quote(-index, self._utterances[-index].text) if share >= _MOST_OF_IT else None


def find_quote(utterances: Sequence[Utterance], text: str) -> Quote | None:
    """As `Spoken.find`, for a single search."""
    return Spoken(utterances).find(text)


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
