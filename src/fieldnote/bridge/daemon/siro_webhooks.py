"""The web application that webhooks reach: `POST /hooks/siro`, `POST /hooks/crm/{stream}`, and `GET /health`.

What they tell is stored, and the job that acts on it deferred, in one transaction before it is acknowledged. A
refused webhook of Siro's is told nothing of the reason; the log is.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final

from fastapi import FastAPI, Request, Response
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from fieldnote.bridge.daemon.crm_webhooks import receive_hook
from fieldnote.bridge.daemon.tasks import look, queue_of
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import connections, events
from fieldnote.errors import ConfigError, DatabaseError
from fieldnote.jobs import defer
from fieldnote.siro.errors import WebhookRejected
from fieldnote.siro.models import RecordingEvent
from fieldnote.siro.webhooks import sign, verify

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 64 * 1024
"""Bytes. An event is under one kilobyte."""
_LONGEST_ID = 200


def make_receiver(bridge: Bridge) -> FastAPI:
    """The application; it works as long as the bridge is open."""
    app = FastAPI(title="Fieldnote receiver", docs_url=None, redoc_url=None, openapi_url=None)
    secrets = bridge.config.siro.webhook_secret
    _check(secrets)

    @app.post("/hooks/siro")
    async def siro(request: Request) -> Response:
        return Response(status_code=await _receive(bridge, secrets, request))

    @app.post("/hooks/crm/{stream}")
    async def crm(stream: str, request: Request) -> Response:
        return await receive_hook(bridge, stream, request)

    @app.get("/health")
    async def health() -> Response:
        return Response(status_code=await _health(bridge))

    return app


def _check(secrets: tuple[SecretStr, ...]) -> None:
    """A secret that is none would refuse every webhook, one after the other."""
    for secret in secrets:
        try:
            sign(secret.get_secret_value(), "check", datetime.now(UTC), b"")
        except ValueError as error:
            raise ConfigError(f"siro.webhook_secret is wrong: {error}") from None


async def _receive(bridge: Bridge, secrets: tuple[SecretStr, ...], request: Request) -> int:
    """The status that answers a request."""
    if not secrets:
        return 503
    body = await _body(request)
    if body is None:
        return _refused(413, "too_large")
    try:
        event = verify(body, request.headers, [secret.get_secret_value() for secret in secrets])
    except WebhookRejected as error:
        return _refused(401, error.message)
    if not event.message_id or len(event.message_id) > _LONGEST_ID or len(event.recording_id) > _LONGEST_ID:
        return _refused(400, "no_usable_ids")
    try:
        await _store(bridge, event.message_id, event)
    except (DatabaseError, SQLAlchemyError) as error:
        log.error("webhook_not_stored", extra={"error": type(error).__name__})  # noqa: TRY400 - it may quote a row
        return 503  # Siro will deliver it again
    return 204


async def _body(request: Request) -> bytes | None:
    """The raw body; None if it is larger than an event can be, whatever its header says."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _refused(status: int, reason: str) -> int:
    log.warning("webhook_refused", extra={"status": status, "reason": reason})
    return status


async def _store(bridge: Bridge, svix_id: str, event: RecordingEvent) -> None:
    """Once for each `svix-id`; a repeated one is acknowledged and has no effect."""
    row = {
        "connection": bridge.name,
        "svix_id": svix_id,
        "recording_id": event.recording_id,
        "event_type": event.event_type,
    }
    async with bridge.engine.begin() as conn:
        added = await conn.execute(insert(events).values(row).on_conflict_do_nothing())
        if added.rowcount:
            await defer(
                conn,
                look,
                queueing_lock=f"look:{bridge.name}:{event.recording_id}",
                queue=queue_of(bridge.name),
                recording_id=event.recording_id,
            )
    context = {"svix_id": svix_id, "recording_id": event.recording_id, "new": bool(added.rowcount)}
    log.info("webhook_received", extra=context)


async def _health(bridge: Bridge) -> int:
    """200 if the database answers and the connection is known, else 503."""
    try:
        async with bridge.engine.connect() as conn:
            await conn.execute(text("select 1"))
            statement = select(func.count()).where(connections.c.name == bridge.name)
            known = (await conn.execute(statement)).scalar_one()
    except SQLAlchemyError:
        return 503
    return 200 if known else 503
