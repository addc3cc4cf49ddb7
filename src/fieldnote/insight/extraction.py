"""One field's value with its evidence, however it was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fieldnote.insight.evidence import Quote


class Method(StrEnum):
    """How a value was found."""

    LOCAL = "local"
    """Readers and rules on this machine."""
    LLM = "llm"
    """A language model behind a chat endpoint."""


VERSION = "6"
"""Goes with each value; it changes when the same words may give another value."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """A field that was spoken of. A field that was not mentioned has none."""

    name: str
    value: str
    quotes: tuple[Quote, ...]
    """The utterances that support the value."""
    confidence: float = 1.0
    """From 0 to 1."""
    method: Method = Method.LOCAL
    version: str = VERSION
    proposed: bool = False
    """Whether a person should confirm it before it is written."""
    rests_on: tuple[str, ...] = ()
    """The words in the evidence that decide a boolean or a choice."""
    operations: tuple[str, ...] = ()
    """The steps that led from the words to the value: a unit, a sum, a date from the visit's day."""
