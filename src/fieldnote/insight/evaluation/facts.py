"""Whether a summary says a fact: its numbers and names, and most of its words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fieldnote.insight.readers.numbers import numbers
from fieldnote.insight.stems import stems
from fieldnote.insight.words import fold

_MOST_OF_NUMBERS = 0.5
_MOST_OF_WORDS = 0.4


def said_facts(summary: str, facts: Sequence[str]) -> int:
    """How many of the facts the summary says."""
    return sum(_says(summary, fact) for fact in facts)


def _says(summary: str, fact: str) -> bool:
    own, wanted = stems(fold(summary)), stems(fold(fact))
    said, asked = _numbers(summary), _numbers(fact)
    if asked and len(asked & said) / len(asked) < _MOST_OF_NUMBERS:
        return False
    words = {word for word in wanted if not re.fullmatch(r"[\d.,:]+", word)}
    return not words or len(words & own) / len(words) >= _MOST_OF_WORDS


def _numbers(text: str) -> set[float]:
    return {number.value for number in numbers(fold(text))}
