"""`POST /hooks/crm`: events that a CRM sends by itself, such as HubSpot's webhooks.

An event only says that something changed: the push that follows reads what did. So a doubled, late or invented event
costs a reading, and one that never comes is found by the poll. All events within some seconds are one push.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from fieldnote.bridge.daemon.crm_webhooks import LARGEST_BODY, Begin
from fieldnote.bridge.daemon.http_body import has_twice, read_body
from fieldnote.bridge.daemon.tasks import push_soon, queue_of
from fieldnote.bridge.session import Bridge
from fieldnote.config import CRM_HOOK, ApiWebhooks
from fieldnote.errors import DatabaseError
from fieldnote.http_body import BodyRefused
from fieldnote.jobs import defer

log = logging.getLogger(__name__)


async def receive_events(bridge: Bridge, begin: Begin, request: Request) -> Response:
    """Answer a delivery: 204 once the push that it asks for is stored."""
    webhooks = bridge.config.crm.webhooks
    public = bridge.config.receiver.public_url
    if webhooks is None or webhooks.secret is None or public is None:
        return _refuse(503, "crm.webhooks has no secret")
    if has_twice(request, (webhooks.signature, webhooks.timestamp)):
        return _refuse(400, "the authorization or signature header is repeated")
    if (problem := why_not_recent(webhooks, request.headers, datetime.now(UTC))) is not None:
        return _refuse(401, problem)  # a stranger's body is not read
    try:
        body = await read_body(request, largest=LARGEST_BODY)
    except BodyRefused as error:
        return _refuse(error.status, error.reason)
    query = f"?{request.url.query}" if request.url.query else ""
    problem = why_not_authentic(
        webhooks, f"{public.rstrip('/')}{CRM_HOOK}{query}", body, request.headers, datetime.now(UTC)
    )
    if problem is not None:
        return _refuse(401, problem)
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        return _refuse(400, "the body is not JSON")
    count = len(events) if isinstance(events, list) else 1
    if count and bridge.config.push is not None:
        try:
            async with begin() as conn:
                at, lock = datetime.now(UTC) + webhooks.wait, f"push_soon:{bridge.name}"
                await defer(conn, push_soon, queueing_lock=lock, schedule_at=at, queue=queue_of(bridge.name))
        except (DatabaseError, SQLAlchemyError) as error:
            log.error("crm_events_not_stored", extra={"error": type(error).__name__})  # noqa: TRY400 - may quote a row
            return _refuse(503, "the database did not store it; send it again")
    log.info("crm_events_received", extra={"events": count})
    return Response(status_code=204)


def why_not_authentic(
    webhooks: ApiWebhooks, address: str, body: bytes, headers: Mapping[str, str], now: datetime
) -> str | None:
    """Why a delivery is refused; None: its signature is right and its time recent. Pure."""
    if (problem := why_not_recent(webhooks, headers, now)) is not None:
        return problem
    given, sent = headers.get(webhooks.signature, ""), headers.get(webhooks.timestamp, "").strip()
    secret = webhooks.secret.get_secret_value() if webhooks.secret is not None else ""
    signed = b"POST" + address.encode() + body + sent.encode()
    right = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    same = hmac.compare_digest(right, given.strip().encode())
    return None if secret and same else "the signature is not valid; check crm.webhook_secret and receiver.public_url"


def why_not_recent(webhooks: ApiWebhooks, headers: Mapping[str, str], now: datetime) -> str | None:
    """Why no body can make the signature good; None: there is one, and its time is recent. Pure."""
    given, sent = headers.get(webhooks.signature, ""), headers.get(webhooks.timestamp, "").strip()
    if not given or not sent.isascii() or not sent.isdecimal() or len(sent) > 15:
        return "the signature or its time is missing"
    if abs(now.timestamp() - int(sent) / 1000) > webhooks.max_age.total_seconds():
        return "the signature's time is too old, or in the future"
    return None


def _refuse(status: int, reason: str) -> Response:
    log.warning("crm_events_refused", extra={"status": status, "reason": reason})
    return JSONResponse({"error": reason}, status)
