"""The webhook receiver: `POST /hooks/siro`, `POST /hooks/crm`, `POST /hooks/crm/{stream}`, and `GET /health`.

An event is stored, and its job deferred, in one transaction before it is acknowledged. The answer to a refused webhook
of Siro gives no reason; the log does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeGuard

from fastapi import FastAPI, Request, Response
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.daemon.crm_events import receive_events
from fieldnote.bridge.daemon.crm_webhooks import receive_hook
from fieldnote.bridge.daemon.http_body import has_twice, read_body
from fieldnote.bridge.daemon.tasks import look, queue_of
from fieldnote.bridge.session import Bridge
from fieldnote.config import CRM_HOOK
from fieldnote.db.bridge_tables import connections, events
from fieldnote.db.engine import Application, open_engine
from fieldnote.errors import ConfigError, DatabaseError
from fieldnote.http_body import BodyRefused
from fieldnote.jobs import defer
from fieldnote.siro.errors import WebhookRejected
from fieldnote.siro.models import RecordingEvent
from fieldnote.siro.webhooks import sign, verify

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 64 * 1024
"""Bytes. An event is under one kilobyte."""
_LONGEST_ID: Final = 200
_SIGNATURES: Final = ("svix-signature", "webhook-signature")
_PROOF: Final = (*_SIGNATURES, "svix-id", "webhook-id", "svix-timestamp", "webhook-timestamp")
_HEALTH_FOR: Final = 1.0
"""Seconds for which an answer of `/health` counts: it needs no token, and must not keep webhooks waiting."""
CONNECTIONS: Final = 4
"""To the database, for webhooks alone."""


@dataclass(slots=True)
class _Health:
    """The latest answer of `/health`."""

    status: int = 0
    until: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Receiver:
    """The receiver's own connections: a burst of webhooks waits for them, and never takes those of push and pull."""

    bridge: Bridge
    engine: AsyncEngine
    health: _Health
    places: asyncio.Semaphore
    """One for each connection: a request waits here, and not in the pool, whose wait would end with an error."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, as soon as a connection is free."""
        async with self.places, self.engine.begin() as conn:
            yield conn


@asynccontextmanager
async def open_receiver(bridge: Bridge) -> AsyncIterator[Receiver]:
    """Open the receiver's connections, and close them at the end."""
    engine = await open_engine(Application.BRIDGE, bridge.database_url, pool_size=CONNECTIONS)
    try:
        yield Receiver(bridge, engine, _Health(), asyncio.Semaphore(CONNECTIONS))
    finally:
        await engine.dispose()


def make_receiver(receiver: Receiver) -> FastAPI:
    """The application. It works while the receiver is open."""
    app = FastAPI(title="Fieldnote receiver", docs_url=None, redoc_url=None, openapi_url=None)
    secrets = receiver.bridge.config.siro.webhook_secret
    _check(secrets)

    @app.post("/hooks/siro")
    async def siro(request: Request) -> Response:
        return Response(status_code=await _receive(receiver, secrets, request))

    @app.post(CRM_HOOK)
    async def events(request: Request) -> Response:
        return await receive_events(receiver.bridge, receiver.transaction, request)

    @app.post(f"{CRM_HOOK}/{{stream}}")
    async def crm(stream: str, request: Request) -> Response:
        return await receive_hook(receiver.bridge, receiver.transaction, stream, request)

    @app.get("/health")
    async def health() -> Response:
        return Response(status_code=await _health(receiver))

    return app


def _check(secrets: tuple[SecretStr, ...]) -> None:
    """Reject an invalid secret at start-up."""
    for secret in secrets:
        try:
            sign(secret.get_secret_value(), "check", datetime.now(UTC), b"")
        except ValueError as error:
            raise ConfigError(f"siro.webhook_secret is not valid: {error}") from None


async def _receive(receiver: Receiver, secrets: tuple[SecretStr, ...], request: Request) -> int:
    """The status of the answer."""
    if not secrets:
        return 503
    if has_twice(request, _PROOF):
        return _refuse(400, "the signature header is repeated")
    if not any(name in request.headers for name in _SIGNATURES):  # a stranger's body is not read
        return _refuse(401, "the webhook is not signed")
    try:
        body = await read_body(request, largest=LARGEST_BODY)
    except BodyRefused as error:
        return _refuse(error.status, error.reason)
    try:
        event = verify(body, request.headers, [secret.get_secret_value() for secret in secrets])
    except WebhookRejected as error:
        return _refuse(401, error.message)
    message_id = event.message_id
    if not _is_id(message_id) or not _is_id(event.recording_id):
        return _refuse(400, "no_usable_ids")
    try:
        await _store(receiver, message_id, event)
    except (DatabaseError, SQLAlchemyError) as error:
        log.error("webhook_not_stored", extra={"error": type(error).__name__})  # noqa: TRY400 - it may quote a row
        return 503  # Siro delivers it again
    return 204


def _is_id(text: str | None) -> TypeGuard[str]:
    """Whether PostgreSQL can store it as an id. No repeat could help one that it cannot."""
    return text is not None and 0 < len(text) <= _LONGEST_ID and text.isprintable()


def _refuse(status: int, reason: str) -> int:
    log.warning("webhook_refused", extra={"status": status, "reason": reason})
    return status


async def _store(receiver: Receiver, svix_id: str, event: RecordingEvent) -> None:
    """Store an event once per `svix-id`. A repeated one is acknowledged and has no effect."""
    bridge = receiver.bridge
    row = {
        "connection": bridge.name,
        "svix_id": svix_id,
        "recording_id": event.recording_id,
        "event_type": event.event_type,
    }
    async with receiver.transaction() as conn:
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


async def _health(receiver: Receiver) -> int:
    """The status, asked for at most once a second however many ask."""
    health, now = receiver.health, asyncio.get_running_loop().time
    async with health.asking:
        if now() >= health.until:
            health.status = await _ask_health(receiver)
            health.until = now() + _HEALTH_FOR
        return health.status


async def _ask_health(receiver: Receiver) -> int:
    """200 if the database answers and the connection is known, else 503."""
    try:
        async with receiver.transaction() as conn:
            statement = select(func.count()).where(connections.c.name == receiver.bridge.name)
            known = (await conn.execute(statement)).scalar_one()
    except SQLAlchemyError:
        return 503
    return 200 if known else 503
