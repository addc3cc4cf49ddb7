"""The one place that sends: headers, time-outs, retries, totals, and the reading of answers.

Foreign errors end here: what leaves is a result or a `SiroError`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import platform
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import httpx2
from pydantic import ValidationError

from fieldnote import __version__
from fieldnote.siro.credentials import Credential
from fieldnote.siro.errors import (
    BadResponse,
    FailedCall,
    MissingCredential,
    SiroError,
    SiroUnavailable,
    Unauthorized,
    error_for,
)
from fieldnote.siro.operations import Audience, Operation
from fieldnote.siro.retries import Cause, RetryPolicy, Wait, cause_of, read_retry_after

T = TypeVar("T")

log = logging.getLogger(__name__)

USER_AGENT = f"fieldnote/{__version__} (python/{platform.python_version()})"
"""Of our own: Siro's edge turns away those of Python's HTTP libraries."""

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer, unpacked; more is refused rather than kept in memory."""

_SECRET_FIELDS = frozenset({"clientSecret"})
"""Fields of requests that nobody may see, not even in a report to Siro's support."""

_REQUEST_ID_HEADERS = ("x-request-id", "x-cloud-trace-context", "x-amzn-requestid", "cf-ray")

_TIMEOUT = httpx2.Timeout(connect=10.0, read=60.0, write=30.0, pool=None)
_CONNECTIONS = 32
_LIMITS = httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=4.0)
"""Idle connections are dropped before common servers drop theirs (5 s), which would break the next call."""

_WHOLE_CALL = 180.0
"""Seconds for one attempt from end to end: a time-out of the HTTP library begins anew with every byte."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a client has done so far."""

    calls: int = 0
    """Requests sent, repetitions and minting of tokens included."""
    retries: int = 0
    """Those of them that were repetitions."""
    waits: int = 0
    """Waits before repetitions."""
    seconds_waited: float = 0.0
    """Seconds spent in those waits, by all tasks together."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a sender takes from the world; tests bring their own."""

    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    dice: Callable[[], float] = random.random
    """A number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where the calls of one audience go, and what proves who asks."""

    base_url: str
    credential: Credential


@dataclass(slots=True)
class _Answer:
    status: int
    headers: httpx2.Headers = field(repr=False)
    content: bytes = field(repr=False)


class AsyncSender:
    """Sends operations. Shared by all tasks of a client."""

    def __init__(
        self,
        routes: Mapping[Audience, Route],
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        policy: RetryPolicy | None = None,
        on_wait: Callable[[Wait], None] | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        """`on_wait` is told of each wait before it begins."""
        self._routes = dict(routes)
        self._policy = policy or RetryPolicy()
        self._on_wait = on_wait
        self._world = surroundings or Surroundings()
        self._places = asyncio.Semaphore(_CONNECTIONS)
        self.totals = Totals()
        self._http = httpx2.AsyncClient(
            headers={"user-agent": USER_AGENT, "accept": "application/json"},
            timeout=_TIMEOUT,
            limits=_LIMITS,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def send(self, operation: Operation[T]) -> T:
        """Carry out one operation. Raises SiroError."""
        call = FailedCall(operation.endpoint.method, operation.path, payload=_without_secrets(operation.body))
        answer = await self._send_with_credential(operation, call)
        try:
            return operation.read(answer)
        except ValidationError as error:
            # `from None`: the cause would carry what was answered to whoever prints it.
            raise BadResponse(f"{call} answered something unexpected: {_complaint(error)}", call=call) from None

    async def _send_with_credential(self, operation: Operation[T], call: FailedCall) -> object:
        """Send, and once more where a 401 may come from a token that has ended meanwhile."""
        route = self._routes[operation.endpoint.audience]
        headers = await _proof(route.credential, call)
        try:
            return await self._send_patiently(operation, call, route.base_url, headers)
        except Unauthorized:
            if not route.credential.refused(headers):
                raise
        log.info("siro_token_replaced", extra={"method": call.method, "path": call.path})
        headers = await _proof(route.credential, call)
        self._count(retries=1)
        return await self._send_patiently(operation, call, route.base_url, headers)

    async def _send_patiently(
        self, operation: Operation[T], call: FailedCall, base_url: str, headers: Mapping[str, str]
    ) -> object:
        """Send, and again after transient errors, as far as policy and operation allow."""
        attempt = 1
        while True:
            retry_after: float | None = None
            try:
                answer = await self._exchange(operation, call, base_url, headers)
                retry_after = read_retry_after(answer.headers.get("retry-after"), self._world.clock())
                return _json_of(answer, call)
            except SiroError as error:
                cause = cause_of(error)
                delay = None
                if cause is not None and operation.endpoint.repeatable:
                    delay = self._policy.delay(cause, attempt, dice=self._world.dice(), retry_after=retry_after)
                if cause is None or delay is None:
                    raise
            await self._wait(Wait(cause, delay, attempt, call.method, call.path))
            attempt += 1

    async def _wait(self, wait: Wait) -> None:
        fields = {"cause": wait.cause.value, "seconds": round(wait.seconds, 3), "attempt": wait.attempt}
        log.info("siro_retry", extra={**fields, "method": wait.method, "path": wait.path})
        if self._on_wait:
            self._on_wait(wait)
        await self._world.sleep(wait.seconds)
        self._count(retries=1, waits=1, seconds=wait.seconds)

    async def _exchange(
        self, operation: Operation[T], call: FailedCall, base_url: str, headers: Mapping[str, str]
    ) -> _Answer:
        """One request and its answer, of any status."""
        content = None if operation.body is None else json.dumps(operation.body, allow_nan=False).encode()
        typed = {"content-type": "application/json"} if content is not None else {}
        request = self._http.build_request(
            operation.endpoint.method,
            base_url + operation.path,
            params=operation.query or None,
            content=content,
            headers={**headers, **typed},
        )
        try:
            # Waiting for a place is nobody's fault, and so is outside the time-out.
            async with self._places, asyncio.timeout(_WHOLE_CALL):
                self._count(calls=1)
                with _unlogged():
                    return await self._receive(await self._http.send(request, stream=True), call)
        except (httpx2.TimeoutException, TimeoutError):
            raise SiroUnavailable(f"{call}: no answer in time from {_host(base_url)}", call=call) from None
        except httpx2.DecodingError:
            raise BadResponse(f"{call}: the answer's compression is broken", call=call) from None
        except (httpx2.TransportError, httpx2.StreamError, OSError) as error:
            reason = _reason(error)
            raise SiroUnavailable(
                f"{call}: the connection to {_host(base_url)} failed ({reason})",
                hint=f"Check that {_host(base_url)} can be reached from here.",
                call=call,
            ) from None

    async def _receive(self, response: httpx2.Response, call: FailedCall) -> _Answer:
        """Read an answer to its end, if that is not too far."""
        content = bytearray()
        try:
            async for part in response.aiter_bytes():
                content += part
                if len(content) > LARGEST_ANSWER:
                    raise BadResponse(f"{call}: the answer is longer than {LARGEST_ANSWER} bytes", call=call)
        finally:
            await response.aclose()
        return _Answer(response.status_code, response.headers, bytes(content))

    def _count(self, *, calls: int = 0, retries: int = 0, waits: int = 0, seconds: float = 0.0) -> None:
        now = self.totals
        self.totals = Totals(now.calls + calls, now.retries + retries, now.waits + waits, now.seconds_waited + seconds)


def _without_secrets(body: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A payload as an error may keep it."""
    return body and {name: "***" if name in _SECRET_FIELDS else value for name, value in body.items()}


async def _proof(credential: Credential, call: FailedCall) -> Mapping[str, str]:
    try:
        return await credential.headers()
    except MissingCredential as error:
        error.call = error.call or call
        raise


# --- answers --------------------------------------------------------------------------------------------


def _json_of(answer: _Answer, call: FailedCall) -> object:
    """The answer's JSON; None where it is empty. Raises the error that its status means."""
    request_id = next((answer.headers[name] for name in _REQUEST_ID_HEADERS if name in answer.headers), None)
    call = replace(call, status=answer.status, request_id=request_id)
    success = 200 <= answer.status < 300
    if not answer.content.strip():
        body: object = None
    else:
        try:
            body = json.loads(answer.content)
        except (ValueError, RecursionError):
            if success:
                kind = answer.headers.get("content-type", "no content type").split(";")[0]
                text = f"{call} answered {answer.status} with what is not JSON, or not all of it ({kind:.60})"
                raise BadResponse(text, call=call) from None
            body = None
    if not success:
        raise error_for(call, body, answer.content[:4096].decode("utf-8", "replace"))
    return body


def _complaint(error: ValidationError) -> str:
    """The first complaint, without the value that it is about."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    return f"{where or 'answer'}: {first['msg']}" + (f", and {more} more" if more else "")


def _host(base_url: str) -> str:
    return httpx2.URL(base_url).netloc.decode("ascii", "replace")


def _reason(error: Exception) -> str:
    """The library's own word for what happened. Its text is left out where it could quote what was sent."""
    if isinstance(error, httpx2.LocalProtocolError):
        return type(error).__name__
    text = str(error).strip()
    return f"{type(error).__name__}: {text:.200}" if text else type(error).__name__


# --- the HTTP library's own log -------------------------------------------------------------------------

_ours: ContextVar[bool] = ContextVar("fieldnote_siro_call", default=False)


@contextmanager
def _unlogged() -> Iterator[None]:
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def _not_ours(record: logging.LogRecord) -> bool:
    del record
    return not _ours.get()


# httpx2 writes every address with its query to its log. Others' calls stay in that log, ours do not.
logging.getLogger("httpx2").addFilter(_not_ours)

__all__ = ["LARGEST_ANSWER", "USER_AGENT", "AsyncSender", "Cause", "Route", "Surroundings", "Totals"]
