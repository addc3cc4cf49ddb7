"""The recorder app's events about a recording: the mobile events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from fieldnote.errors import WorkspaceError
from fieldnote.siro.deeplinks import WEB, AppLink, WebLink
from fieldnote.siro.models import EventCode

_ENGAGEMENTS: Final = ("Engagement", "Event", "ServiceAppointment")

if TYPE_CHECKING:
    from fieldnote.workspace.domain.recordings.recordings import NewRecording


@dataclass(frozen=True, slots=True)
class Opened:
    """The data of a deep link."""

    appointment_id: str | None = None
    opportunity_id: str | None = None
    title: str | None = None


def opened_by(link: str | None) -> Opened:
    """Read a deep link of either form. Raises WorkspaceError."""
    if link is None:
        return Opened()
    try:
        if not link.startswith(WEB):
            app = AppLink.parse(link)
            return Opened(app.appointment_id, app.opportunity_id, app.title)
        web = WebLink.parse(link)
        objects = json.loads(web.crm_objects or "[]")
        named = {one["objectType"]: str(one["objectId"]) for one in objects}
    except (ValueError, TypeError, KeyError) as error:
        hint = "It is siro://record?appointmentId=… or https://app.siro.ai/record?crmObjects=[{objectType, objectId}]."
        raise WorkspaceError(f"{link!r} is not a link that starts a recording", hint=hint) from error
    appointment = next((named[kind] for kind in _ENGAGEMENTS if kind in named), None)
    return Opened(appointment, named.get("Opportunity"), web.title)


def events_of(ids: dict[str, object], new: NewRecording) -> list[dict[str, object]]:
    """The rows of what the app did: opened by a link or a button, and stopped. `ids` go into each. None for a file."""
    if new.uploaded:
        return []
    more = {"external_opportunity_ids": [new.opportunity_id] if new.opportunity_id else None}
    return [
        ids | more | {"event_code": code.value, "event": event, "created_at": at} for code, event, at in _happened(new)
    ]


def _happened(new: NewRecording) -> Iterator[tuple[EventCode, dict[str, str], datetime]]:
    if (link := _link(new)) is not None:
        yield EventCode.DEEPLINK_RECEIVED, {"fullUrl": link}, new.started_at
        yield EventCode.DEEPLINK_CONSUMED, {"fullUrl": link}, new.started_at
    trigger = "buttonPress" if link is None else "deeplink"
    yield EventCode.RECORDER_STATE_CHANGE, {"trigger": trigger, "value": "start"}, new.started_at
    if new.utterances is not None:
        ended = new.started_at + new.length
        yield EventCode.RECORDER_STATE_CHANGE, {"trigger": "buttonPress", "value": "stop"}, ended


def _link(new: NewRecording) -> str | None:
    """The deep link that it was opened by."""
    if new.link is not None:
        return new.link
    if new.appointment_id is None and new.opportunity_id is None:
        return None
    return AppLink(new.appointment_id, new.title, new.opportunity_id).url()
