"""How near the words of a passage are to those of a definition, one by one: `dog` is near `animals`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from fieldnote.insight.stems import STOP_WORDS, stem, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fieldnote.insight.local.embeddings import Embedder

_MOST_WORDS: Final = 4000
"""Different words of a conversation that get a vector."""


class Senses:
    """The content words of a conversation as vectors."""

    def __init__(self, texts: Sequence[str], embedder: Embedder) -> None:
        said: dict[str, str] = {}
        for text in texts:
            for word in content_words(text):
                said.setdefault(stem(word), word)
        known = list(said.items())[:_MOST_WORDS]
        self._at = {stemmed: place for place, (stemmed, _) in enumerate(known)}
        self._embedder = embedder
        self._vectors = embedder.embed([word for _, word in known])

    def places(self, stems: frozenset[str]) -> list[int]:
        """The rows of words by their stems."""
        return sorted(self._at[one] for one in stems if one in self._at)

    def nearness(self, wanted: Sequence[str]) -> NDArray[np.float32]:
        """The cosine of each wanted word, by row, with each word of the conversation."""
        return self._embedder.embed(wanted) @ self._vectors.T


def content_words(folded: str) -> list[str]:
    """The words of a folded text that mean something by themselves."""
    return [word for word in words(folded) if word not in STOP_WORDS and not word.isdigit()]


def best_of(nearness: NDArray[np.float32], weights: NDArray[np.float32], places: Sequence[int]) -> float:
    """The weighted mean, over the wanted words, of the cosine with the nearest word at the places."""
    if not places or not len(nearness):
        return 0.0
    return float(nearness[:, places].max(axis=1) @ weights)
