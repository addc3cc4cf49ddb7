"""A note that a person can read, made of what was said."""

from __future__ import annotations

from collections.abc import Sequence

from fieldnote.insight.extract import Extraction
from fieldnote.insight.utterances import Utterance


def summarize(
    utterances: Sequence[Utterance],
    extractions: Sequence[Extraction],
    *,
    title: str | None = None,
    customer: str | None = None,
    rep_name: str | None = None,
) -> str:
    """What the customer wants, what was discussed, the four fields and the next steps, as plain text."""
    raise NotImplementedError
