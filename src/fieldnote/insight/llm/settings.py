"""The operator's settings of the endpoint. A tenant can neither see nor change them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from fieldnote.errors import ConfigError

URL_VARIABLE: Final = "FIELDNOTE_LLM_URL"
MODEL_VARIABLE: Final = "FIELDNOTE_LLM_MODEL"
KEY_VARIABLE: Final = "FIELDNOTE_LLM_KEY"
BUDGET_VARIABLE: Final = "FIELDNOTE_LLM_DAILY_TOKENS"
DAILY_TOKENS: Final = 2_000_000


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
    daily_tokens: int = DAILY_TOKENS
    """A budget for each day and organization; a conversation that begins within it is finished."""
    piece_characters: int = 60_000
    """A longer transcript is sent in pieces."""
    overlap: int = 12
    """Utterances that neighboring pieces share."""
    max_tokens: int = 4_000
    """Of an answer."""


def llm_settings(environment: Mapping[str, str] = os.environ) -> LlmSettings | None:
    """The endpoint that the operator's environment names; None without one. Raises ConfigError."""
    url, model = environment.get(URL_VARIABLE, "").strip(), environment.get(MODEL_VARIABLE, "").strip()
    if not url:
        return None
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ConfigError(f"{URL_VARIABLE} is not a web address: {url!r}", hint="Write http://localhost:11434/v1.")
    if not model:
        raise ConfigError(f"{MODEL_VARIABLE} is missing", hint=f"{URL_VARIABLE} needs the name of a model beside it.")
    key = environment.get(KEY_VARIABLE)
    budget = environment.get(BUDGET_VARIABLE, "").strip() or str(DAILY_TOKENS)
    if not (budget.isascii() and budget.isdigit() and len(budget) < 16):
        raise ConfigError(f"{BUDGET_VARIABLE} is not a number of tokens: {budget!r}", hint="Write 2000000.")
    return LlmSettings(url, model, SecretStr(key) if key else None, daily_tokens=int(budget))
