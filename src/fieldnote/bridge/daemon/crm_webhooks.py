"""`POST /hooks/crm/{stream}`: a CRM, or an automation beside it, tells that a record changed.

The body is `{"id": …}`, `{"ids": […]}`, the row as the stream's query has it, or a list of such. It proves
itself with one of the file's `receiver.crm_secret`: as a token (`Authorization: Bearer …`), or as an HMAC of the
raw body (`X-Fieldnote-Signature: sha256=…`). A token alone can be replayed; the worst that comes of that is a
look at a row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from typing import Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from fieldnote.bridge.daemon.tasks import hooked, queue_of
from fieldnote.bridge.push.crm_events import hints_of, note
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import stream_settings
from fieldnote.bridge.session import Bridge
from fieldnote.errors import ConfigError, DatabaseError, MappingError
from fieldnote.jobs import defer
from fieldnote.mapping.records import StreamName

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 1024 * 1024
"""Bytes."""
SIGNATURE: Final = "x-fieldnote-signature"


async def receive_hook(bridge: Bridge, stream: str, request: Request) -> Response:
    """The answer to a hook: 202 once it is stored."""
    secrets = bridge.config.receiver.crm_secret
    if not secrets:
        return _refused(503, "no receiver.crm_secret is set")
    body = await _body(request)
    if body is None:
        return _refused(413, f"more than {LARGEST_BODY} bytes")
    if not _proved(request, body, secrets):
        return _refused(401, "neither the token nor the signature is right")
    try:
        name = next(iter(mappers_of(bridge, (stream,))))
    except ConfigError:
        return _refused(404, "the file has no such stream")
    return await _store(bridge, name, body)


async def _store(bridge: Bridge, stream: StreamName, body: bytes) -> Response:
    try:
        hints = hints_of(json.loads(body), stream_settings(bridge, stream).key)
    except (ValueError, RecursionError):
        return _refused(400, "the body is not JSON")
    except MappingError as error:
        return _refused(422, f"{error.message}. {error.hint}")
    if any("\0" in hint.key for hint in hints):
        return _refused(422, "a key holds a NUL")
    try:
        async with bridge.engine.begin() as conn:
            await note(conn, bridge.name, stream, hints)
            lock = f"hooked:{bridge.name}:{stream}"
            await defer(conn, hooked, queueing_lock=lock, queue=queue_of(bridge.name), stream=stream)
    except (DatabaseError, SQLAlchemyError) as error:
        log.error("hook_not_stored", extra={"error": type(error).__name__})  # noqa: TRY400 - it may quote a row
        return _refused(503, "it could not be stored")
    log.info("hook_received", extra={"stream": stream, "records": len(hints)})
    return JSONResponse({"accepted": len(hints)}, 202)


async def _body(request: Request) -> bytes | None:
    """The raw body; None if it is too long, whatever its header says."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _proved(request: Request, body: bytes, secrets: Sequence[SecretStr]) -> bool:
    """Whether the request knows one of the secrets; each is compared, in constant time."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip().encode()
    signature = request.headers.get(SIGNATURE, "").removeprefix("sha256=").strip().encode()
    known = [secret.get_secret_value().encode() for secret in secrets]
    digests = [hmac.new(secret, body, hashlib.sha256).hexdigest().encode() for secret in known]
    right = [hmac.compare_digest(token, secret) for secret in known]
    right += [hmac.compare_digest(signature.lower(), digest) for digest in digests]
    return any(right)


def _refused(status: int, reason: str) -> Response:
    log.warning("hook_refused", extra={"status": status})
    return JSONResponse({"error": reason}, status)
