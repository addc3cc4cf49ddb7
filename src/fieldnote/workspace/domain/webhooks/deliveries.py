"""Webhooks out: what happened is stored with its cause, and delivered by jobs until it is taken.

A message is one event, under one `svix-id` however often it is sent. Delivery is at least once and unordered.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
from fieldnote.workspace.audit import PROGRAM, Operator, commanded
from fieldnote.workspace.domain.crm.links import crm_links
from fieldnote.workspace.domain.job_retries import RetryForever
from fieldnote.workspace.domain.webhooks.addresses import certificates, check_port, checked, resolve
from fieldnote.workspace.http.fault_schedule import Faults
from fieldnote.workspace.http.fault_settings import WebhookFaults
from fieldnote.workspace.rows import read_row, read_rows
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
select d.attempts, e.url, e.secret, case when e.previous_until > now() then e.previous_secret end as previous_secret,
       m.payload, m.sequence
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
_ENDPOINTS: Final = text("""
select e.id::text, e.url, e.created_at, case when e.previous_until > now() then e.previous_until end as previous_until,
       count(d) filter (where d.state = 'delivered') as delivered,
       count(d) filter (where d.state = 'pending') as pending, count(d) filter (where d.state = 'failed') as failed
  from webhook_endpoints e left join webhook_deliveries d on d.endpoint_id = e.id
 group by e.id order by e.created_at, e.id
""")
_REMOVE: Final = text("delete from webhook_endpoints where id::text = :named or url = :named returning id::text, url")
_OUTCOME: Final = text("""
update webhook_deliveries
   set attempts = attempts + 1, state = :state, last_status = :status, last_error = :error,
       delivered_at = case when :state = 'delivered' then now() end
 where message_id = :message and endpoint_id = :endpoint and state = 'pending'
""")


class _State(NamedTuple):
    processed: bool
    linked: bool
    user_id: str


class _Pending(NamedTuple):
    attempts: int
    url: str
    secret: bytes
    previous_secret: bytes | None
    payload: dict[str, Any]
    sequence: int


class _Removed(NamedTuple):
    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver of webhooks. Its secret is shown when it is made."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """The outcome of one attempt."""

    status: int | None
    error: str | None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


OVERLAP: Final = timedelta(hours=24)
"""How long the earlier secret of an endpoint signs too."""


async def add_webhook(
    engine: AsyncEngine,
    box: SecretBox,
    organization_id: str,
    *,
    url: str,
    secret: str | None = None,
    overlap: timedelta = OVERLAP,
    by: Operator = PROGRAM,
) -> Endpoint:
    """Send the organization's events to `url` from now on. A known address gets the new secret.

    For the time of `overlap` its earlier secret signs too. Raises WorkspaceError for an address that is not
    valid, lies inside a network, or has a port that deliveries refuse.
    """
    secret = secret or new_secret()
    await check_port(url)
    values = {"organization_id": organization_id, "url": checked(url), "secret": box.seal(secret)}
    async with inside(engine, organization_id) as conn:
        statement = insert(webhook_endpoints).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=["organization_id", "url"],
            set_={
                "secret": values["secret"],
                "previous_secret": webhook_endpoints.c.secret,
                "previous_until": datetime.now(UTC) + overlap,
            },
        )
        row = (await conn.execute(statement.returning(webhook_endpoints.c.id))).one()
        await commanded(conn, organization_id, by, "webhook add", [str(row.id)])
    return Endpoint(str(row.id), secret)


async def list_webhooks(engine: AsyncEngine, organization_id: str) -> list[dict[str, Any]]:
    """The endpoints: id, url, when they were made, until when an earlier secret signs, and deliveries by state."""
    async with inside(engine, organization_id) as conn:
        return [dict(row) for row in (await conn.execute(_ENDPOINTS)).mappings()]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one address."""

    event_type: str
    recording_id: str
    url: str
    state: str
    """`pending`, `delivered` or `failed`."""
    attempts: int
    last_status: int | None
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


async def latest_deliveries(engine: AsyncEngine, organization_id: str, *, limit: int = 50) -> list[Delivery]:
    """The deliveries of the latest events, the newest first."""
    async with inside(engine, organization_id) as conn:
        return [Delivery(**row) for row in (await conn.execute(_DELIVERIES, {"limit": limit})).mappings()]


async def remove_webhook(engine: AsyncEngine, organization_id: str, named: str, *, by: Operator) -> str:
    """Send no further event to an endpoint, by its id or address; its address. Raises WorkspaceError."""
    async with inside(engine, organization_id) as conn:
        row = await read_row(conn, _Removed, _REMOVE, {"named": named.replace("\0", "?")})
        if row is None:
            raise WorkspaceError(
                f"no webhook has the id or address {named!r}", hint="`fieldnote workspace webhook list` shows them."
            )
        await commanded(conn, organization_id, by, "webhook remove", [row.id])
    return row.url


async def announce(conn: AsyncConnection, organization_id: str, recording_id: str, event: WebhookEventType) -> None:
    """Report an event to every endpoint, with both flags, once this transaction is committed."""
    endpoints = (await conn.execute(text("select id::text from webhook_endpoints order by id"))).scalars().all()
    [state] = await read_rows(conn, _State, _STATE, {"id": recording_id})
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


@blueprint.task(name="workspace.deliver", pass_context=True, retry=RetryForever())
async def deliver(
    context: procrastinate.JobContext, organization_id: str, message_id: str, endpoint_id: str, *, held: bool = False
) -> None:
    """Send one message to one endpoint; if it is not taken, once more later, as the schedule says.

    `held`: what the faults file had in store for it has happened.
    """
    workspace: Workspace = context.additional_context["workspace"]
    ids = {"message": message_id, "endpoint": endpoint_id}
    async with inside(workspace.engine, organization_id, working=True) as conn:
        row = await read_row(conn, _Pending, _DELIVERY, ids)
    if row is None:
        return
    first = row.attempts == 0 and not held
    if first and workspace.faults is not None and await _fails(workspace, workspace.faults, organization_id, row, ids):
        return
    answer = await _send(workspace, row.url, _secrets(workspace.box, row), message_id, _body(row))
    again = not answer.taken and row.attempts < len(workspace.retry_after)
    state = "delivered" if answer.taken else ("pending" if again else "failed")
    async with inside(workspace.engine, organization_id, working=True) as conn:
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
    facts = {
        "message_id": message_id,
        "endpoint_id": endpoint_id,
        "state": state,
        "status": answer.status or 0,
    }
    log.info("webhook_sent", extra=facts)


def _secrets(box: SecretBox, row: _Pending) -> list[str]:
    """The secrets that sign a message, the current one first."""
    return [box.unseal(one) for one in (row.secret, row.previous_secret) if one is not None]


def _body(row: _Pending) -> bytes:
    return json.dumps(row.payload, separators=(",", ":")).encode()


async def _fails(
    workspace: Workspace, faults: Faults, organization_id: str, row: _Pending, ids: dict[str, str]
) -> bool:
    """Let happen to a message what the faults file has in store for it. Whether that keeps it from being sent now."""
    own = await faults.of_organization(organization_id)
    mishap = own.mishap(row.sequence)
    if mishap == "doubled":
        await _send(workspace, row.url, _secrets(workspace.box, row), ids["message"], _body(row))
    elif mishap is not None:
        async with inside(workspace.engine, organization_id, working=True) as conn:
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


@blueprint.task(name="workspace.let_pass", pass_context=True, retry=RetryForever())
async def let_pass(
    context: procrastinate.JobContext, organization_id: str, message_id: str, endpoint_id: str, until: str
) -> None:
    """Send a message once a later one has been taken by the same endpoint, or the time has come."""
    workspace: Workspace = context.additional_context["workspace"]
    job: dict[str, Any] = {"organization_id": organization_id, "message_id": message_id, "endpoint_id": endpoint_id}
    async with inside(workspace.engine, organization_id, working=True) as conn:
        passed = (await conn.execute(_PASSED, {"message": message_id, "endpoint": endpoint_id})).scalar_one()
        now = datetime.now(UTC)
        if passed or now >= datetime.fromisoformat(until):
            await defer(conn, deliver, held=True, **job)
        else:
            await defer(conn, let_pass, schedule_at=now + _LOOK_AGAIN, until=until, **job)


async def _send(workspace: Workspace, url: str, secrets: Sequence[str], message_id: str, body: bytes) -> _Answer:
    try:
        target = await resolve(url, loopback=workspace.on_loopback)
    except WorkspaceError as error:
        return _Answer(None, error.message)
    headers = sign(secrets, f"msg_{message_id}", datetime.now(UTC), body) | {
        "host": target.host,
        "content-type": "application/json",
        "user-agent": "Fieldnote-Webhooks/1",
    }
    extensions = {"sni_hostname": target.name}
    try:
        async with (
            httpx2.AsyncClient(
                timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=certificates()
            ) as client,
            client.stream("POST", target.url, content=body, headers=headers, extensions=extensions) as response,
        ):
            return _Answer(response.status_code, None)  # what it says besides is not read
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return _Answer(None, type(error).__name__)


_DELIVERIES = text("""
select m.event_type, m.recording_id::text as recording_id, e.url, d.state, d.attempts, d.last_status, d.last_error,
       m.created_at, d.delivered_at
  from webhook_messages m
  join webhook_deliveries d on d.message_id = m.id
  join webhook_endpoints e on e.id = d.endpoint_id
 order by m.sequence desc, e.url limit :limit
""")
