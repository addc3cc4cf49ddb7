"""Webhooks out: what happened is stored with its cause, and delivered by jobs until it is taken.

A message is one event, under one `svix-id` however often it is sent. Delivery is at least once and unordered.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx2
import procrastinate
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.db.encryption import SecretBox
from fieldnote.db.workspace_tables import webhook_deliveries, webhook_endpoints, webhook_messages
from fieldnote.errors import WorkspaceError
from fieldnote.jobs import defer
from fieldnote.siro.models import WebhookEventType
from fieldnote.siro.webhooks import new_secret, sign
from fieldnote.workspace.domain.crm.links import crm_links
from fieldnote.workspace.domain.retry import Patiently
from fieldnote.workspace.domain.webhooks.addresses import checked, resolve
from fieldnote.workspace.http.fault_schedule import Faults
from fieldnote.workspace.http.fault_settings import WebhookFaults
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

log = logging.getLogger(__name__)
blueprint: Final = procrastinate.Blueprint()

_TIMEOUT: Final = 15.0
"""Seconds that an endpoint has to answer; Svix's own limit."""
_LOOK_AGAIN: Final = timedelta(seconds=0.2)
"""After how long to see whether a message was overtaken."""

_STATE: Final = text("""
select r.processed_at is not null as processed, coalesce(l.source, 'NOT_FOUND') <> 'NOT_FOUND' as linked,
       r.user_id::text
  from recordings r left join recording_links l on l.recording_id = r.id
 where r.id = :id
""")
_DELIVERY: Final = text("""
select d.attempts, e.url, e.secret, m.payload, m.sequence
  from webhook_deliveries d
  join webhook_endpoints e on e.id = d.endpoint_id
  join webhook_messages m on m.id = d.message_id
 where d.message_id = :message and d.endpoint_id = :endpoint and d.state = 'pending'
""")
_PASSED: Final = text("""
select exists (
    select from webhook_deliveries d
      join webhook_messages m on m.id = d.message_id
      join webhook_messages held on held.id = :message
     where d.endpoint_id = :endpoint and d.state = 'delivered' and m.sequence > held.sequence)
""")
_OUTCOME: Final = text("""
update webhook_deliveries
   set attempts = attempts + 1, state = :state, last_status = :status, last_error = :error,
       delivered_at = case when :state = 'delivered' then now() end
 where message_id = :message and endpoint_id = :endpoint and state = 'pending'
""")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver of webhooks. Its secret is shown when it is made."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one attempt."""

    status: int | None
    error: str | None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def add_webhook(
    engine: AsyncEngine, box: SecretBox, organization_id: str, *, url: str, secret: str | None = None
) -> Endpoint:
    """Send the organization's events to `url` from now on. An address that is known gets the new secret.

    Raises WorkspaceError for an address that is none, or lies inside a network.
    """
    secret = secret or new_secret()
    values = {"organization_id": organization_id, "url": checked(url), "secret": box.seal(secret)}
    async with inside(engine, organization_id) as conn:
        statement = insert(webhook_endpoints).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=["organization_id", "url"], set_={"secret": values["secret"]}
        )
        row = (await conn.execute(statement.returning(webhook_endpoints.c.id))).one()
    return Endpoint(str(row.id), secret)


async def announce(conn: AsyncConnection, organization_id: str, recording_id: str, event: WebhookEventType) -> None:
    """Tell every endpoint of an event, with both flags as they stand, once this transaction is committed."""
    endpoints = (await conn.execute(text("select id::text from webhook_endpoints order by id"))).scalars().all()
    state: Any = (await conn.execute(_STATE, {"id": recording_id})).one()
    payload: dict[str, Any] = {
        "eventType": event.value,
        "recordingId": recording_id,
        "recordingProcessed": state.processed,
        "recordingLinked": state.linked,
        "siroUserId": state.user_id,
    }
    link = (await crm_links(conn, [recording_id])).get(recording_id)
    if link is not None:
        payload["crm"] = link.shown
    message = {
        "organization_id": organization_id,
        "recording_id": recording_id,
        "event_type": event.value,
        "payload": payload,
    }
    statement = insert(webhook_messages).values(message).returning(webhook_messages.c.id)
    message_id = str((await conn.execute(statement)).scalar_one())
    for endpoint_id in endpoints:
        ids = {"organization_id": organization_id, "message_id": message_id, "endpoint_id": endpoint_id}
        await conn.execute(insert(webhook_deliveries).values(ids))
        await defer(conn, deliver, **ids)


@blueprint.task(name="workspace.deliver", pass_context=True, retry=Patiently())
async def deliver(
    context: procrastinate.JobContext, organization_id: str, message_id: str, endpoint_id: str, *, held: bool = False
) -> None:
    """Send one message to one endpoint; if it is not taken, once more later, as the schedule says.

    `held`: what the faults file had in store for it has happened.
    """
    workspace: Workspace = context.additional_context["workspace"]
    ids = {"message": message_id, "endpoint": endpoint_id}
    async with inside(workspace.engine, organization_id) as conn:
        row: Any = (await conn.execute(_DELIVERY, ids)).one_or_none()
    if row is None:
        return
    first = row.attempts == 0 and not held
    if first and workspace.faults is not None and await _fails(workspace, workspace.faults, organization_id, row, ids):
        return
    answer = await _send(workspace, row.url, workspace.box.unseal(row.secret), message_id, _body(row))
    again = not answer.taken and row.attempts < len(workspace.retry_after)
    state = "delivered" if answer.taken else ("pending" if again else "failed")
    async with inside(workspace.engine, organization_id) as conn:
        await conn.execute(_OUTCOME, ids | {"state": state, "status": answer.status, "error": answer.error})
        if again:
            await defer(
                conn,
                deliver,
                schedule_at=datetime.now(UTC) + workspace.retry_after[row.attempts],
                organization_id=organization_id,
                message_id=message_id,
                endpoint_id=endpoint_id,
            )
    told = {
        "message_id": message_id,
        "endpoint_id": endpoint_id,
        "state": state,
        "status": answer.status or 0,
    }
    log.info("webhook_sent", extra=told)


def _body(row: Any) -> bytes:
    return json.dumps(row.payload, separators=(",", ":")).encode()


async def _fails(workspace: Workspace, faults: Faults, organization_id: str, row: Any, ids: dict[str, str]) -> bool:
    """Let happen to a message what the faults file has in store for it. Whether that keeps it from being sent now."""
    own = await faults.of_organization(organization_id)
    mishap = own.mishap(row.sequence)
    if mishap == "doubled":
        await _send(workspace, row.url, workspace.box.unseal(row.secret), ids["message"], _body(row))
    elif mishap is not None:
        async with inside(workspace.engine, organization_id) as conn:
            await _hold_back(conn, own.settings.webhooks, mishap, organization_id, ids)
    return mishap not in (None, "doubled")


async def _hold_back(
    conn: AsyncConnection, faults: WebhookFaults, mishap: str, organization_id: str, ids: dict[str, str]
) -> None:
    """Do to a message what the faults file says: drop it, or have it sent later."""
    job: dict[str, Any] = {
        "organization_id": organization_id,
        "message_id": ids["message"],
        "endpoint_id": ids["endpoint"],
    }
    now = datetime.now(UTC)
    if mishap == "late" and faults.late is not None:
        await defer(conn, deliver, schedule_at=now + timedelta(seconds=faults.late.seconds), held=True, **job)
    elif mishap == "reordered" and faults.reordered is not None:
        until = now + timedelta(seconds=faults.reordered.seconds)
        await defer(conn, let_pass, until=until.isoformat(), **job)
    else:
        await conn.execute(_OUTCOME, ids | {"state": "failed", "status": None, "error": "dropped by the faults file"})


@blueprint.task(name="workspace.let_pass", pass_context=True, retry=Patiently())
async def let_pass(
    context: procrastinate.JobContext, organization_id: str, message_id: str, endpoint_id: str, until: str
) -> None:
    """Send a message once a later one has been taken by the same endpoint, or the time has come."""
    workspace: Workspace = context.additional_context["workspace"]
    job: dict[str, Any] = {"organization_id": organization_id, "message_id": message_id, "endpoint_id": endpoint_id}
    async with inside(workspace.engine, organization_id) as conn:
        passed = (await conn.execute(_PASSED, {"message": message_id, "endpoint": endpoint_id})).scalar_one()
        now = datetime.now(UTC)
        if passed or now >= datetime.fromisoformat(until):
            await defer(conn, deliver, held=True, **job)
        else:
            await defer(conn, let_pass, schedule_at=now + _LOOK_AGAIN, until=until, **job)


async def _send(workspace: Workspace, url: str, secret: str, message_id: str, body: bytes) -> _Answer:
    try:
        target = await resolve(url, loopback=workspace.on_loopback)
    except WorkspaceError as error:
        return _Answer(None, error.message)
    headers = sign(secret, f"msg_{message_id}", datetime.now(UTC), body) | {
        "host": target.host,
        "content-type": "application/json",
        "user-agent": "Fieldnote-Webhooks/1",
    }
    extensions = {"sni_hostname": target.name}
    try:
        async with (
            httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", target.url, content=body, headers=headers, extensions=extensions) as response,
        ):
            return _Answer(response.status_code, None)  # what it says besides is not read
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return _Answer(None, type(error).__name__)
