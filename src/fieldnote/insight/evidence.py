"""Where in a conversation something was said. Pure; the one module of insight that the bridge may import."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold

__all__ = ["Quote", "Utterance", "find_quote"]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_MOST_OF_IT = 0.6
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


def find_quote(utterances: Sequence[Utterance], text: str) -> Quote | None:
    """The utterance that says `text`, whatever its case and signs, or else most of its telling words.

    None where nobody said them.
    """
    wanted = _words(text)
    if not wanted:
        return None
    said = [_words(utterance.text) for utterance in utterances]
    phrase = f" {' '.join(wanted)} "
    for index, words in enumerate(said):
        if phrase in f" {' '.join(words)} ":
            return Quote(index, utterances[index].text)
    telling = set(wanted) - _COMMON or set(wanted)
    shares = [(len(telling & set(words)) / len(telling), -index) for index, words in enumerate(said)]
    share, index = max(shares, default=(0.0, 0))
    return Quote(-index, utterances[-index].text) if share >= _MOST_OF_IT else None


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
