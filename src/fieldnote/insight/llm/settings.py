"""The operator's settings of the endpoint. A tenant can neither see nor change them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """An endpoint that speaks the OpenAI chat API: hosted, or one's own (llama.cpp, Ollama, vLLM)."""

    base_url: str
    """Up to and with its version: `http://localhost:11434/v1`."""
    model: str
    api_key: SecretStr | None = None
    timeout: float = 120.0
    """Seconds for one call."""
    deadline: float = 600.0
    """Seconds for one conversation with all its calls, repairs and retries."""
    retries: int = 3
    """After a lost connection, a time-out, 429 or 5xx."""
    retry_wait: float = 1.0
    """Seconds before the first retry; each further one waits twice as long."""
    daily_tokens: int = 2_000_000
    """A budget for each day and organization; a conversation that begins within it is finished."""
    piece_characters: int = 60_000
    """A longer transcript is sent in pieces."""
    overlap: int = 12
    """Utterances that neighboring pieces share."""
    max_tokens: int = 4_000
    """Of an answer."""
