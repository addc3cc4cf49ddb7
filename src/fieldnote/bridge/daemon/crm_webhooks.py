"""`POST /hooks/crm/{stream}`: a CRM, or an automation, reports that a record changed.

The body is `{"id": …}`, `{"ids": […]}`, a row of the stream's query, or a list of these. One of the file's
`receiver.crm_secret` authenticates the request: as a token (`Authorization: Bearer …`), or as an HMAC
(`X-Fieldnote-Signature: sha256=…`). The HMAC is of the seconds in `X-Fieldnote-Timestamp`, a dot, and the raw body. It
is good once, within five minutes: a used one is kept until then, and refused. Without the timestamp it is of the body
alone, and a posted row counts only as a hint of its id: a replay of such a request costs a look at a row, and changes
nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.daemon.http_body import has_twice, read_body
from fieldnote.bridge.daemon.tasks import hooked, queue_of
from fieldnote.bridge.push.crm_events import Hint, UsedProof, hints_of, is_first, note
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import stream_settings
from fieldnote.bridge.session import Bridge
from fieldnote.errors import ConfigError, DatabaseError, MappingError
from fieldnote.http_body import BodyRefused
from fieldnote.jobs import defer
from fieldnote.mapping.records import StreamName
from fieldnote.siro.webhooks import TOLERANCE

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 1024 * 1024
"""Bytes."""
SIGNATURE: Final = "x-fieldnote-signature"
TIMESTAMP: Final = "x-fieldnote-timestamp"


_NOT_VALID: Final = "neither the token nor the signature is valid, or its time is more than five minutes off"

Begin = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Begins a transaction on one of the receiver's connections."""


async def receive_hook(bridge: Bridge, begin: Begin, stream: str, request: Request) -> Response:
    """Answer a hook: 202 once it is stored."""
    secrets = bridge.config.receiver.crm_secret
    if not secrets:
        return _refuse(503, "no receiver.crm_secret is set")
    if has_twice(request, ("authorization", SIGNATURE, TIMESTAMP)):
        return _refuse(400, "the authorization or signature header is repeated")
    if not request.headers.get("authorization") and not request.headers.get(SIGNATURE):
        return _refuse(401, "the request has neither a token nor a signature")
    known = [secret.get_secret_value().encode() for secret in secrets]
    has_token = _has_token(request, known)
    if not has_token and not _may_be_signed(request):  # a stranger's body is not read
        return _refuse(401, _NOT_VALID)
    try:
        body = await read_body(request, largest=LARGEST_BODY)
    except BodyRefused as error:
        return _refuse(error.status, error.reason)
    proof = _Proof.TOKEN if has_token else _signature(request, body, known)
    if proof is None:
        return _refuse(401, _NOT_VALID)
    try:
        name = next(iter(mappers_of(bridge, (stream,))))
    except ConfigError:
        return _refuse(404, "the file has no such stream")
    used = _used(request) if proof is _Proof.DATED else None
    return await _store(bridge, begin, name, body, with_rows=proof is not _Proof.UNDATED, used=used)


async def _store(
    bridge: Bridge, begin: Begin, stream: StreamName, body: bytes, *, with_rows: bool, used: UsedProof | None
) -> Response:
    try:
        hints = hints_of(json.loads(body), stream_settings(bridge, stream).key)
    except (ValueError, RecursionError):
        return _refuse(400, "the body is not JSON")
    except MappingError as error:
        return _refuse(422, f"{error.message}. {error.hint}")
    if not with_rows:
        hints = [Hint(hint.key) for hint in hints]
    if not all(hint.key.isprintable() for hint in hints):
        return _refuse(422, "a key has a character that no CRM id has, such as NUL")
    try:
        async with begin() as conn:
            if used is not None and not await is_first(conn, bridge.name, used):
                return _refuse(409, "this signature was used before; sign the request again, with the time of now")
            await note(conn, bridge.name, stream, hints)
            lock = f"hooked:{bridge.name}:{stream}"
            await defer(conn, hooked, queueing_lock=lock, queue=queue_of(bridge.name), stream=stream)
    except (DatabaseError, SQLAlchemyError) as error:
        log.error("hook_not_stored", extra={"error": type(error).__name__})  # noqa: TRY400 - it may quote a row
        return _refuse(503, "the database did not store it; send it again")
    log.info("hook_received", extra={"stream": stream, "records": len(hints)})
    return JSONResponse({"accepted": len(hints)}, 202)


class _Proof(Enum):
    """How a request shows that it knows the secret."""

    TOKEN = auto()
    DATED = auto()
    """A signature of the time and the body."""
    UNDATED = auto()
    """A signature of the body alone: it may be replayed at any time."""


def _has_token(request: Request, known: Sequence[bytes]) -> bool:
    """Whether the request has one of the secrets as its token. Each comparison takes constant time."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip().encode()
    return any([hmac.compare_digest(token, secret) for secret in known])  # noqa: C419 - all, for constant time


def _may_be_signed(request: Request) -> bool:
    """Whether there is a signature, and its time is now if it has one."""
    at = request.headers.get(TIMESTAMP)
    return bool(request.headers.get(SIGNATURE)) and (at is None or _is_now(at))


def _signature(request: Request, body: bytes, known: Sequence[bytes]) -> _Proof | None:
    """How the signature proves the body; None if it does not. Each comparison takes constant time."""
    signature = request.headers.get(SIGNATURE, "").removeprefix("sha256=").strip().lower().encode()
    at = request.headers.get(TIMESTAMP)
    signed = body if at is None else at.encode() + b"." + body
    digests = [hmac.new(secret, signed, hashlib.sha256).hexdigest().encode() for secret in known]
    if any([hmac.compare_digest(signature, digest) for digest in digests]):  # noqa: C419 - as above
        return _Proof.UNDATED if at is None else _Proof.DATED
    return None


def _used(request: Request) -> UsedProof:
    """The proof of a request with a valid dated signature."""
    at = datetime.fromtimestamp(int(request.headers[TIMESTAMP]), UTC)
    digest = bytes.fromhex(request.headers[SIGNATURE].removeprefix("sha256=").strip())
    return UsedProof(digest, good_until=at + 2 * TOLERANCE)


def _is_now(at: str) -> bool:
    if not (at.isascii() and at.isdigit() and len(at) <= 11):
        return False
    return abs(datetime.now(UTC) - datetime.fromtimestamp(int(at), UTC)) <= TOLERANCE


def _refuse(status: int, reason: str) -> Response:
    log.warning("hook_refused", extra={"status": status})
    return JSONResponse({"error": reason}, status)
