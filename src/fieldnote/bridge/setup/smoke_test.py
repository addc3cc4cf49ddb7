"""One marked appointment, pushed to be recorded: the whole loop tried with a person, and nothing left behind."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fieldnote.bridge.reps import MappingMethod, Rep, match
from fieldnote.bridge.session import Bridge
from fieldnote.errors import FieldnoteError
from fieldnote.siro.models import EngagementSync, Recording

MARK = "Fieldnote test"
"""Begins the subject of the appointment, so that a person who sees it knows it is a test."""
_LOOK_AGAIN = 5.0


@dataclass(frozen=True, slots=True)
class Appointment:
    """The appointment that was pushed."""

    key: str
    siro_id: str
    subject: str
    rep: str
    """The name of the Siro user whose it is."""


@asynccontextmanager
async def appointment(
    bridge: Bridge, email: str, *, length: timedelta = timedelta(hours=1)
) -> AsyncIterator[Appointment]:
    """Push an appointment of now for the rep with this email, and delete it at the end, whatever happens."""
    users = list(await bridge.remote.client.users.list())
    rep = match(Rep("", email), users, {})
    if rep.method is MappingMethod.NONE or rep.user is None:
        raise FieldnoteError(f"no user of Siro has the email {email}", hint="`fieldnote users` lists Siro's users.")
    key = f"fieldnote-test-{uuid.uuid4().hex[:12]}"
    subject = f"{MARK} {key[-4:]}"
    now = datetime.now(UTC)
    client = bridge.remote.client
    record = EngagementSync.model_validate(
        {
            "external_id": key,
            "start_time": now,
            "end_time": now + length,
            "subject": subject,
            "engagement_type": {"activity_type": "APPOINTMENT", "name": "test"},
            "engagement_users": [{"external_id": f"{key}-rep", "email": email, "name": rep.user.full_name or email}],
            "account": {"external_id": f"{key}-customer", "name": MARK},
        }
    )
    try:
        made = await client.engagements.sync(record)
        yield Appointment(key, made.id, subject, rep.user.full_name or email)
    finally:
        gone = EngagementSync.model_validate({"external_id": key, "deleted_at": datetime.now(UTC)})
        await asyncio.shield(client.engagements.sync(gone))


async def recording_of(bridge: Bridge, made: Appointment, *, patience: timedelta) -> Recording | None:
    """Its recording, once Siro has linked one; None if none came in time."""
    client = bridge.remote.client
    give_up = datetime.now(UTC) + patience
    while datetime.now(UTC) < give_up:
        found = await client.engagements.get(made.siro_id)
        if found.recording_id:
            return await client.recordings.get(found.recording_id, show_crm_links=True, show_summary=True)
        await asyncio.sleep(_LOOK_AGAIN)
    return None
