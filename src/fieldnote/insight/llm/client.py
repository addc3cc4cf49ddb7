"""Calls to the chat endpoint, with retries and a deadline. Foreign errors are translated here and nowhere else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import httpx2
from pydantic import BaseModel, ValidationError

from fieldnote.insight.llm.errors import LlmBadAnswer, LlmRefused, LlmUnavailable
from fieldnote.insight.llm.settings import LlmSettings

_MOST_BYTES: Final = 4_000_000
_LONGEST_WAIT: Final = 60.0


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(BaseModel):
    choices: list[_Choice]
    usage: _Usage | None = None


@dataclass(slots=True)
class Cost:
    """The calls and tokens of one conversation."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class ChatClient:
    """One endpoint. Use it as an async context manager."""

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        headers = {"accept": "application/json"}
        if settings.api_key is not None:
            headers["authorization"] = f"Bearer {settings.api_key.get_secret_value()}"
        # No redirects: the key goes to the operator's endpoint only.
        self._http = httpx2.AsyncClient(timeout=settings.timeout, headers=headers, follow_redirects=False)
        self._schema_works = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(
        self, messages: Sequence[dict[str, str]], schema: dict[str, object], cost: Cost, *, until: float
    ) -> str:
        """The text of an answer; `until` is the deadline by `time.monotonic()`."""
        wait = self._settings.retry_wait
        for left in range(self._settings.retries, -1, -1):
            try:
                return await self._once(messages, schema, cost, until)
            except _TryAgain as error:
                pause = min(max(wait, error.wait), _LONGEST_WAIT)
                if not left or time.monotonic() + pause >= until:
                    raise LlmUnavailable(
                        f"the language model's endpoint is unavailable: {error.reason}",
                        hint="Look at the endpoint's health; the recording can be processed again later.",
                    ) from error
            await asyncio.sleep(pause)
            wait *= 2
        raise AssertionError

    async def _once(
        self, messages: Sequence[dict[str, str]], schema: dict[str, object], cost: Cost, until: float
    ) -> str:
        body: dict[str, object] = {
            "model": self._settings.model,
            "messages": list(messages),
            "temperature": 0,
            "max_tokens": self._settings.max_tokens,
        }
        if self._schema_works:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "facts", "strict": True, "schema": schema},
            }
        cost.calls += 1
        status, content = await self._post(body, until)
        if status == 400 and self._schema_works and b"response_format" in content:
            self._schema_works = False  # an older server; the answer is validated all the same
            return await self._once(messages, schema, cost, until)
        if status in {408, 409, 425, 429} or status >= 500:
            raise _TryAgain(f"HTTP {status}", self._wait)
        if status != 200:
            raise LlmRefused(
                f"the language model's endpoint rejected the request: HTTP {status}",
                hint="Check the endpoint's address, key and model name.",
            )
        return _text_of(content, cost)

    async def _post(self, body: dict[str, object], until: float) -> tuple[int, bytes]:
        """Status and body, the whole within the time limit and the size limit."""
        seconds = min(self._settings.timeout, until - time.monotonic())
        if seconds <= 0:
            raise _TryAgain("the deadline has passed")
        url = f"{self._settings.base_url.rstrip('/')}/chat/completions"
        try:
            async with asyncio.timeout(seconds), self._http.stream("POST", url, json=body) as response:
                content = b""
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > _MOST_BYTES:
                        raise LlmBadAnswer(
                            "the language model's answer is too long", hint="Check the model and its limits."
                        )
                self._wait = _seconds(response.headers.get("retry-after"))
                return response.status_code, content
        except TimeoutError as error:
            raise _TryAgain("no answer in time") from error
        except httpx2.InvalidURL as error:
            raise LlmRefused(
                "the language model's address is not a URL", hint="Write it with http:// or https://."
            ) from error
        except httpx2.HTTPError as error:
            raise _TryAgain(type(error).__name__) from error

    _wait = 0.0


class _TryAgain(Exception):
    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


def _text_of(content: bytes, cost: Cost) -> str:
    try:
        completion = _Completion.model_validate_json(content)
    except ValidationError as error:
        raise LlmBadAnswer(
            "the endpoint's answer is not a chat completion", hint="Use an endpoint that speaks the OpenAI chat API."
        ) from error
    if completion.usage is not None:
        cost.prompt_tokens += max(0, completion.usage.prompt_tokens)
        cost.completion_tokens += max(0, completion.usage.completion_tokens)
    if not completion.choices:
        raise LlmBadAnswer("the endpoint's answer has no choice", hint="Try again, or use another model.")
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise LlmRefused(
            "the language model refused to answer", hint="Use another model for this kind of conversation."
        )
    return choice.message.content or ""


def _seconds(value: str | None) -> float:
    try:
        return max(0.0, float(value)) if value else 0.0
    except ValueError:
        return 0.0
