"""Why a conversation got no values by the `llm` method. No message quotes the transcript or the key."""

from __future__ import annotations

from fieldnote.errors import FieldnoteError, Terminal, Transient


class LlmError(FieldnoteError):
    """The language model's endpoint gave no usable answer."""


class LlmUnavailable(LlmError, Transient):
    """The endpoint cannot be reached, is too slow, or is busy."""


class LlmRefused(LlmError, Terminal):
    """The endpoint rejected the request, or the model refused to answer."""


class LlmBadAnswer(LlmError, Terminal):
    """The answer does not fit the schema, also after one repair."""


class LlmBudgetSpent(LlmError, Transient):
    """The organization's tokens of this day are spent."""
