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
    """The content words of a conversation's passages as vectors."""

    def __init__(self, embedder: Embedder) -> None:
        import numpy as np  # noqa: PLC0415 - optional

        self._embedder = embedder
        self._at: dict[str, int] = {}
        self._vectors = np.zeros((0, embedder.size), np.float32)

    def learn(self, texts: Sequence[str]) -> None:
        """Add the words of folded texts that are not known yet."""
        import numpy as np  # noqa: PLC0415 - optional

        new: dict[str, str] = {}
        for text in texts:
            for word in content_words(text):
                if (stemmed := stem(word)) not in self._at:
                    new.setdefault(stemmed, word)
        known = list(new.items())[: max(0, _MOST_WORDS - len(self._at))]
        if known:
            first = len(self._at)
            self._at.update((stemmed, first + at) for at, (stemmed, _) in enumerate(known))
            self._vectors = np.vstack([self._vectors, self._embedder.embed([word for _, word in known])])

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
