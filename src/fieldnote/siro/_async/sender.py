"""The one place that sends calls: credentials, the budget, retries, deadlines, totals."""

from __future__ import annotations

import copy
import hashlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, Self, TypeVar, Unpack
from urllib.parse import quote, urlencode

import httpx2
from pydantic import ValidationError

from fieldnote.siro._async.credentials import AsyncCredential
from fieldnote.siro.concurrency import (
    AsyncSemaphore,
    AsyncSleep,
    async_bound_network,
    async_chunks,
    async_deadline,
    async_result,
    async_sleep,
)
from fieldnote.siro.errors import (
    BadResponse,
    FailedCall,
    IncompleteList,
    MissingCredential,
    Refused,
    SiroError,
    SiroUnavailable,
    Unauthorized,
)
from fieldnote.siro.limits import Limiter, Permit, Priority, Turn, current_priority
from fieldnote.siro.lists import NotWhole
from fieldnote.siro.operations import Audience, NotDone, Operation
from fieldnote.siro.options import CallOptions, OptionChanges, Response
from fieldnote.siro.retries import (
    Cause,
    Tally,
    Totals,
    Wait,
    cause_of,
    certainly_not_done,
    read_retry_after,
)
from fieldnote.siro.silence import Silence
from fieldnote.siro.wire import (
    CONNECTIONS,
    HEADERS,
    LIMITS,
    USER_AGENT,
    Answer,
    answered,
    check_length,
    complaint,
    json_of,
    origin_of,
    success_of,
    timeouts_of,
    translated,
    upload_seconds,
    url_of,
)

T = TypeVar("T")

log = logging.getLogger("fieldnote.siro")

_WORTH_REPORTING = 0.05
"""Seconds from which an unexpected wait for the budget is reported, after it."""


@dataclass(frozen=True, slots=True)
class AsyncSurroundings:
    """The clock, sleep and random numbers that a sender uses. Tests replace them."""

    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    sleep: AsyncSleep = async_sleep
    dice: Callable[[], float] = random.random
    """A number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class AsyncRoute:
    """The address of one audience's calls, and the credentials for them."""

    base_url: str
    reading: AsyncCredential
    writing: AsyncCredential
    """For calls that may change something."""


Read = tuple[object, Answer]
"""The JSON of an answer, and the answer."""


class AsyncAttempt(Protocol):
    """Sends something once."""

    async def __call__(self, number: int) -> Answer:
        """The attempt of this number, from 1. Raises SiroError."""


class AsyncSender:
    """Sends operations. Shared by all tasks of a client."""

    def __init__(
        self,
        routes: Mapping[Audience, AsyncRoute],
        *,
        limiter: Limiter | None,
        transport: httpx2.AsyncBaseTransport | None = None,
        options: CallOptions | None = None,
        surroundings: AsyncSurroundings | None = None,
    ) -> None:
        """Open a sender. `limiter`: None for no limit."""
        self._routes = dict(routes)
        self._siro = self._routes[Audience.ORGANIZATION].base_url
        self._limiter = limiter
        self._world = surroundings or AsyncSurroundings()
        # Each priority has its own places: bulk calls that wait for the budget must not block live ones.
        self._places = {priority: AsyncSemaphore(CONNECTIONS) for priority in Priority}
        self._tally = Tally()
        self._silence = Silence()
        self._known: dict[str, str | None] = {}
        self._http = httpx2.AsyncClient(limits=LIMITS, transport=transport)
        async_bound_network(self._http)
        self._use(options or CallOptions())

    def _use(self, options: CallOptions) -> None:
        self._options = options
        self._policy = options.policy
        self._headers = {**self._http.headers, **HEADERS, **options.headers}
        self._extensions = {"timeout": timeouts_of(options.timeout)}

    def with_options(self, **changes: Unpack[OptionChanges]) -> Self:
        """The same sender with other options: connections, credentials, budget and totals are shared."""
        other = copy.copy(self)
        other._use(replace(self._options, **changes))  # noqa: SLF001
        return other

    @property
    def organization_id(self) -> str | None:
        """Siro's id of the organization, once an answer named it: for reports to Siro's support."""
        return self._known.get("organization_id")

    @organization_id.setter
    def organization_id(self, value: str | None) -> None:
        self._known["organization_id"] = value

    @property
    def totals(self) -> Totals:
        """Calls, retries and waits so far."""
        return self._tally.totals

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def send(self, operation: Operation[T]) -> T:
        """Carry out one operation. Raises SiroError."""
        call = self.call_of(operation)
        seconds = self._options.deadline
        body, answer = await (
            self._send_with_credential(operation, call)
            if seconds is None
            else self._send_in_time(operation, call, seconds)
        )
        try:
            return operation.read(body)
        except (NotDone, NotWhole, ValidationError) as error:
            raise _unread(error, answered(call, answer)) from None

    def call_of(self, operation: Operation[T]) -> FailedCall:
        """The call, as errors name it."""
        return FailedCall(
            operation.endpoint.method,
            operation.path,
            base_url=self._routes[operation.endpoint.audience].base_url,
            organization_id=self.organization_id,
            at=datetime.fromtimestamp(self._world.clock(), UTC),
            query=operation.query,
            shown=operation.shown,
        )

    async def _send_in_time(self, operation: Operation[T], call: FailedCall, seconds: float) -> Read:
        """Send, and stop at the deadline, in the middle of any wait."""
        ends_at = time.monotonic() + seconds
        try:
            async with async_deadline(seconds):
                return await self._send_with_credential(operation, call, ends_at)
        except TimeoutError:
            raise SiroUnavailable(f"{call}: not done within the deadline of {seconds:g} s", call=call) from None

    async def _send_with_credential(
        self, operation: Operation[T], call: FailedCall, ends_at: float | None = None
    ) -> Read:
        """Send, and send again where a 401 may come from a token that has expired."""
        route = self._routes[operation.endpoint.audience]
        credential = route.writing if operation.endpoint.writes else route.reading
        headers = await _proof(credential, call)
        again = operation.endpoint.repeatable
        read = partial(json_of, decode=operation.decode)

        async def attempt(number: int) -> Answer:
            return await self._send_in_turn(operation, call, headers, number)

        try:
            return await self._retried(attempt, read, call, repeatable=again, ends_at=ends_at)
        except Unauthorized:
            if not credential.refused(headers):
                raise
        log.info("siro_token_replaced", extra={"method": call.method, "path": call.path})
        headers = await _proof(credential, call)
        self._tally.add(retries=1)
        return await self._retried(attempt, read, call, repeatable=again, ends_at=ends_at)

    async def _retried(
        self,
        attempt: AsyncAttempt,
        read: Callable[[Answer, FailedCall], T],
        call: FailedCall,
        *,
        repeatable: bool,
        ends_at: float | None = None,
    ) -> tuple[T, Answer]:
        """Attempt, and attempt again after transient errors, as far as policy, deadline and call allow."""
        number = 1
        while True:
            retry_after: float | None = None
            self._refuse_in_silence(call)
            try:
                answer = await attempt(number)
                retry_after = read_retry_after(answer.headers.get("retry-after"), self._world.clock())
                return read(answer, call), answer
            except SiroError as error:
                cause = cause_of(error)
                delay = None
                if cause is not None and (repeatable or certainly_not_done(error)):
                    delay = self._policy.delay(cause, number, dice=self._world.dice(), retry_after=retry_after)
                now = time.monotonic()
                if cause is None or delay is None or (ends_at is not None and now + delay >= ends_at):
                    raise
                if self._silence.seconds(now) >= self._policy.silence:
                    raise
            self._announce(Wait(cause, delay, number, call.method, call.path))
            await self._world.sleep(delay)
            self._tally.add(retries=1, waits=1, seconds=delay)
            number += 1

    def _refuse_in_silence(self, call: FailedCall) -> None:
        """Fail at once if no call got an answer for long. Raises SiroUnavailable."""
        now = time.monotonic()
        if self._silence.refuses(now, self._policy.silence):
            minutes = self._silence.seconds(now) / 60
            text = f"{call}: not sent, as no call got a whole answer for {minutes:.0f} minutes"
            raise SiroUnavailable(text, call=call)

    def _announce(self, wait: Wait) -> None:
        fields = {"cause": wait.cause.value, "seconds": round(wait.seconds, 3), "attempt": wait.attempt}
        level = logging.DEBUG if wait.cause is Cause.BUDGET else logging.INFO  # bulk runs wait with every call
        log.log(level, "siro_wait", extra={**fields, "method": wait.method, "path": wait.path})
        if self._options.on_wait:
            self._options.on_wait(wait)

    async def _send_in_turn(
        self, operation: Operation[T], call: FailedCall, proof: Mapping[str, str], attempt: int
    ) -> Answer:
        """One attempt, as soon as the budget of the token has room for it."""
        priority = current_priority()
        # The timeout is for Siro. Waiting for a place or the budget counts only against the deadline.
        async with self._places[priority]:
            if self._limiter is None or operation.endpoint.audience is Audience.AUTHORIZATION:
                return await self._exchange(operation, call, proof)
            key = self._budget_key(proof)
            permit = await self._permit(self._limiter.request(key, priority), call, attempt)
            try:
                answer = await self._exchange(operation, call, proof)
            finally:
                permit.done()
            if answer.status == 429:
                self._limiter.refused(key)
            return answer

    def _budget_key(self, proof: Mapping[str, str]) -> str:
        """The key of the budget: a hash of the token and the server, the same for both of Siro's APIs."""
        text = "\0".join((self._siro, *sorted({value.removeprefix("Bearer ") for value in proof.values()})))
        return hashlib.sha256(text.encode()).hexdigest()

    async def _permit(self, turn: Turn, call: FailedCall, attempt: int) -> Permit:
        """Wait for a turn, and leave the queue if the call is canceled."""
        if turn.future.done():
            return turn.future.result()
        began = self._world.clock()
        if turn.expected > 0:
            self._announce(Wait(Cause.BUDGET, turn.expected, attempt, call.method, call.path))
        try:
            permit = await async_result(turn.future)
        except BaseException:
            turn.leave()
            raise
        waited = max(0.0, self._world.clock() - began)
        if turn.expected > 0 or waited > _WORTH_REPORTING:
            self._tally.add(waits=1, seconds=waited)
            if not turn.expected:
                self._announce(Wait(Cause.BUDGET, waited, attempt, call.method, call.path))
        return permit

    async def _exchange(self, operation: Operation[T], call: FailedCall, proof: Mapping[str, str]) -> Answer:
        """One request and its answer, of any status."""
        request = self._request(operation, call.base_url, proof)
        self._tally.add(calls=1)
        began = time.monotonic()
        try:
            with translated(call):
                async with async_deadline(self._options.whole):
                    answer = await self._receive(await self._http.send(request, stream=True), call)
        except SiroUnavailable:
            self._silence.failed(began, time.monotonic())
            raise
        self._silence.ended()
        if self._options.on_response:
            self._options.on_response(Response(call.method, call.path, answer.status, answer.headers))
        return answer

    def _request(self, operation: Operation[T], base_url: str, proof: Mapping[str, str]) -> httpx2.Request:
        """Build the request here: the HTTP client would parse the address three times."""
        query = urlencode(operation.query, quote_via=quote)
        media_type = operation.media_type
        return httpx2.Request(
            operation.endpoint.method,
            url_of(f"{base_url}{operation.path}?{query}" if query else base_url + operation.path),
            content=operation.content(),
            headers={**self._headers, **proof, **({"content-type": media_type} if media_type else {})},
            extensions=self._extensions,
        )

    # --- files --------------------------------------------------------------------------------------------

    async def put_file(self, url: str, headers: Mapping[str, str], file: Path, size: int) -> None:
        """Send a file of `size` bytes to a signed address, which is a secret, without any credential of Siro's."""
        call = FailedCall("PUT", "(a signed address)", base_url=origin_of(url))

        async def attempt(number: int) -> Answer:
            del number
            own = {"user-agent": USER_AGENT, "content-length": str(size)}
            content = async_chunks(file)
            request = httpx2.Request(
                "PUT", url, content=content, headers={**headers, **own}, extensions=self._extensions
            )
            self._tally.add(calls=1)
            with translated(call):
                async with async_deadline(self._options.whole + upload_seconds(size)):
                    return await self._receive(await self._http.send(request, stream=True), call)

        await self._retried(attempt, success_of, call, repeatable=True)

    # --- answers ------------------------------------------------------------------------------------------

    async def _receive(self, response: httpx2.Response, call: FailedCall) -> Answer:
        """Read an answer to its end, up to the largest length."""
        content = bytearray()
        latest = time.monotonic() + self._options.whole
        try:
            async for part in _parts(response):
                content += part
                check_length(len(content), call)
                if time.monotonic() > latest:
                    raise SiroUnavailable(f"{call}: the answer did not end in time", call=call)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, bytes(content))


def _parts(response: httpx2.Response) -> AsyncIterator[bytes]:
    """The bytes of the answer. Without compression straight from the stream: httpx2 adds four generators to it."""
    stream = response.stream
    if "content-encoding" in response.headers or not isinstance(stream, httpx2.AsyncByteStream):
        return response.aiter_bytes()
    return aiter(stream)


def _unread(error: Exception, call: FailedCall) -> SiroError:
    """The error for a successful answer that is not the expected one. Its cause would show the answer."""
    match error:
        case ValidationError():
            return BadResponse(f"{call} answered something unexpected: {complaint(error)}", call=call)
        case NotWhole():
            return IncompleteList(f"{call}: the list goes on, but the answer does not say where", call=call)
        case _:
            return Refused(f"{call} answered that it was not done: {error!s:.300}", call=call)


async def _proof(credential: AsyncCredential, call: FailedCall) -> Mapping[str, str]:
    try:
        return await credential.headers()
    except MissingCredential as error:
        error.call = error.call or call
        raise
