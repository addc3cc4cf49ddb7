"""From a route to its operation: the token, a body of bounded size, the form of errors.

An operation's answer leaves only after its transaction is committed: what was acknowledged is stored.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.requests import ClientDisconnect

from fieldnote.http_body import BodyRefused, read_body
from fieldnote.workspace import credentials
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.http.auditing import address_of
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import ApiError, failed
from fieldnote.workspace.http.failed_logins import FailedLogins
from fieldnote.workspace.http.rate_limit import RateLimit
from fieldnote.workspace.http.request_batching import Operation, PendingCall, RequestBatcher
from fieldnote.workspace.tenancy import RecordLock

LARGEST_BODY: Final = 1024 * 1024
"""Bytes."""

_SMALL_BODY: Final = 16 * 1024
"""Bytes that are read before the token is looked up: the look-up would cost a round trip."""
_ADMITTED_FOR: Final = 60.0
"""Seconds for which a known token is not looked up before the body. Its operation looks it up each time."""
_MOST_ADMITTED: Final = 10_000
_KNOWN: Final = text("""
select exists (select from tokens where hash = :hash and kind = :kind and revoked_at is null
                  and (expires_at is null or expires_at > now()))
""")

Handler = Callable[[Call], Awaitable[Any]]
Gatherer = Callable[[Sequence[Call]], Awaitable[list[Any]]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Later(dict[str, object]):
    """An answer that is worked out after the commit, without a transaction. The audit sees the ids that it is about."""

    def __init__(self, work: Callable[[Workspace], Awaitable[dict[str, object]]], ids: Sequence[str]) -> None:
        super().__init__(data=[{"id": one} for one in ids])
        self.work = work


class AsciiJson(JSONResponse):
    """JSON in ASCII, as a text may hold half a surrogate pair, which UTF-8 cannot carry."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def endpoint(handler: Handler, *, kind: str, status: int, lock: RecordLock = RecordLock.NONE) -> Endpoint:
    """An operation behind what calls of this kind of token share."""

    async def alone(calls: Sequence[Call]) -> list[Any]:
        return [await handler(call) for call in calls]

    return _named(_endpoint(Operation(alone, kind, lock, largest=1, at_once=None), status), handler)


def gathering(handler: Gatherer, *, kind: str, lock: RecordLock = RecordLock.NONE) -> Endpoint:
    """As `endpoint`, for an operation that does many calls of one token in one go; see `batcher`.

    It answers each call in its place, with an ApiError where a call is not to be done.
    """
    at_once = 2 if lock is RecordLock.NONE else 1  # two that write would wait for each other's customers
    return _named(_endpoint(Operation(handler, kind, lock, at_once=at_once), 200), handler)


def _endpoint(operation: Operation, status: int) -> Endpoint:
    async def answer(request: Request) -> Response:
        batcher: RequestBatcher = request.app.state.batcher
        try:
            hashed = credentials.hash_of(_token(request, operation.kind))
            _count(request, hashed)
            await _admit(request, hashed, operation.kind)
            done = await batcher.run(operation, PendingCall(request, await _body(request), hashed))
            if isinstance(done, Later):
                done = await done.work(request.app.state.workspace)
        except ApiError as error:
            if error.status == HTTPStatus.UNAUTHORIZED and not await _slowed(request):
                return error_response(failed(429, "Too many failed logins from this address"))
            return error_response(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        except (InsufficientPrivilege, DBAPIError) as error:
            if not isinstance(getattr(error, "orig", error), InsufficientPrivilege):
                raise
            return error_response(failed(403, "The token does not allow this"))  # a row policy refused it
        return AsciiJson(done, status_code=status)

    return answer


def error_response(error: ApiError) -> Response:
    """The answer to a call that failed. A 401 names the scheme, and a 415 the encodings, as HTTP wants it."""
    headers = {
        401: {"WWW-Authenticate": 'Bearer realm="Fieldnote workspace"'},
        415: {"Accept-Encoding": "gzip, identity"},
    }
    return AsciiJson(error.body, status_code=error.status, headers=headers.get(error.status))


async def _slowed(request: Request) -> bool:
    """Wait as long as failed logins of this address have to; False where too many wait."""
    failed_logins: FailedLogins | None = request.app.state.failed_logins
    return failed_logins is None or await failed_logins.slow(address_of(request) or "")


def _named(answer: Endpoint, handler: Callable[..., Any]) -> Endpoint:
    answer.__name__, answer.__doc__ = handler.__name__, handler.__doc__
    return answer


def _token(request: Request, kind: str) -> str:
    """An organization token is a bearer's; a user token has a header of its own, or is a bearer's too."""
    for header in ("authorization", "x-siro-auth-token"):
        if len(request.headers.getlist(header)) > 1:
            raise failed(400, f"Two {header} headers")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.casefold() == "bearer" else ""
    found = bearer if kind == credentials.ORGANIZATION else request.headers.get("x-siro-auth-token", bearer)
    if not found:
        header = "Authorization" if kind == credentials.ORGANIZATION else "x-siro-auth-token"
        raise failed(401, f"Missing {header} header")
    return found.removeprefix("Bearer ").strip()


def _count(request: Request, hashed: bytes) -> None:
    """Before anything else is done, so that a refusal costs next to nothing. Raises ApiError."""
    rate_limit: RateLimit | None = request.app.state.rate_limit
    if rate_limit is not None and not rate_limit.takes(hashed):
        raise failed(429, "Too many requests")


async def _admit(request: Request, hashed: bytes, kind: str) -> None:
    """Before a body is read that is not small: whether the token is known. Raises ApiError.

    The operation's transaction looks at the token again, with all that belongs to it.
    """
    announced = request.headers.get("content-length")
    small = request.method in {"GET", "HEAD"} if announced is None else _is_small(announced)
    if small and "transfer-encoding" not in request.headers:
        return
    admitted: dict[bytes, float] = request.app.state.admitted
    now = time.monotonic()
    if admitted.get(hashed, 0.0) > now:
        return
    workspace: Workspace = request.app.state.workspace
    async with workspace.engine.connect() as conn:
        if not (await conn.execute(_KNOWN, {"hash": hashed, "kind": kind})).scalar_one():
            raise failed(401, "Invalid or expired token")
    if len(admitted) >= _MOST_ADMITTED:
        admitted.clear()
    admitted[hashed] = now + _ADMITTED_FOR


def _is_small(announced: str) -> bool:
    return announced.isascii() and announced.isdigit() and len(announced) < 12 and int(announced) <= _SMALL_BODY


async def _body(request: Request) -> bytes:
    try:
        coding = request.headers.get("content-encoding", "")
        return await read_body(request.stream(), largest=LARGEST_BODY, coding=coding)
    except BodyRefused as error:
        raise failed(error.status, error.reason) from None
