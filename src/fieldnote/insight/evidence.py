"""Where in a conversation something was said. Pure; the one module of insight that the bridge may import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.utterances import Utterance


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the transcript that a value stands on."""

    index: int
    """The utterance's position in the transcript."""
    text: str
    """The words as they stand there."""


def find_quote(utterances: Sequence[Utterance], text: str) -> Quote | None:
    """The utterance that says `text`, or says most of its words; None where nobody did."""
    raise NotImplementedError
