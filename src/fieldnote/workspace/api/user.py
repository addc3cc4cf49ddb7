"""The operations of the user token, below `/v1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter
from sqlalchemy import text

from fieldnote.workspace import credentials
from fieldnote.workspace.api import links, recorders, uploads, views
from fieldnote.workspace.api.calls import Call
from fieldnote.workspace.api.endpoints import Handler, endpoint
from fieldnote.workspace.api.errors import invalid, issue, not_found
from fieldnote.workspace.tenancy import Hold

router: Final = APIRouter(prefix="/v1")

_EXTRACTIONS: Final = text("""
select x.id::text, x.recording_id::text, x.status, x.created_at, x.updated_at, d.id::text as definition_id,
       d.name as definition_name, d.deleted_at is not null as definition_deleted, v.items
  from extractions x
  join entity_definitions d on d.id = x.definition_id
  left join extraction_values v on v.extraction_id = x.id
 where x.recording_id = :id
 order by d.created_at, d.id
""")
_UTTERANCES: Final = text("""
select r.id::text, s.utterances from recordings r left join recording_utterances s on s.recording_id = r.id
 where r.id = :id
""")


def _add(method: str, path: str, handler: Handler, *, status: int = 200, hold: Hold = Hold.NONE) -> None:
    answer = endpoint(handler, kind=credentials.USER, status=status, hold=hold)
    router.add_api_route(path, answer, methods=[method], status_code=status, response_model=None)


async def list_extractions(call: Call) -> dict[str, Any]:
    """What was drawn from a recording, a row for each definition."""
    recording_id = call.record_id("Recording", "recordingId")
    known = await call.conn.execute(text("select 1 from recordings where id = :id"), {"id": recording_id})
    if known.scalar_one_or_none() is None:
        raise not_found("Recording")
    rows: Sequence[Any] = (await call.conn.execute(_EXTRACTIONS, {"id": recording_id})).all()
    return {"data": [_extraction(row) for row in rows], "cursor": None}


def _extraction(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "recordingId": row.recording_id,
        "siroEntityDefinitionId": row.definition_id,
        "siroEntityDefinitionName": row.definition_name,
        "siroEntityDefinitionDeleted": row.definition_deleted,
        "status": row.status,
        "extraction": row.items,
        "mappings": None,
        "createdAt": views.moment(row.created_at),
        "updatedAt": views.moment(row.updated_at),
    }


async def list_utterances(call: Call) -> dict[str, Any]:
    """What was said, in order. The cursor counts utterances."""
    row: Any = (await call.conn.execute(_UTTERANCES, {"id": call.record_id("Recording")})).one_or_none()
    if row is None:
        raise not_found("Recording")
    said: list[dict[str, Any]] = row.utterances or []
    speakers = list(dict.fromkeys(utterance["speaker"] for utterance in said))
    tags = {speaker: str(number) for number, speaker in enumerate(speakers)}
    start, size = _offset(call), call.page_size(default=1000, largest=10_000)
    page = said[start : start + size]
    end = start + len(page)
    return {
        "data": {
            "utterances": [_utterance(utterance, tags) for utterance in page],
            "speakerMap": {tag: speaker for speaker, tag in tags.items()},
            "isLowDataMode": False,
        },
        "pageSize": size,
        "cursor": end if end < len(said) else None,
    }


def _offset(call: Call) -> int:
    value = call.text("cursor") or "0"
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise invalid([issue("custom", ["cursor"], "Is not a cursor of this list")])
    return int(value)


def _utterance(utterance: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    """Where a transcript has no times, all of them are 0: the contract wants numbers."""
    start = utterance["start"] or 0
    return {
        "utterance": utterance["text"],
        "speakerTag": tags[utterance["speaker"]],
        "startTimeInMillis": round(start * 1000),
        "endTimeInMillis": round((utterance["end"] or start) * 1000),
        "redacted": False,
    }


_add("GET", "/core/entities/extractions/{recordingId}", list_extractions)
_add("GET", "/core/recordings/{id}/utterances", list_utterances)
_add("PUT", "/core/recordings/{id}/link", links.link)
_add("DELETE", "/core/recordings/{id}/link", links.remove_link)
_add("PUT", "/core/recordings", recorders.create_recording, status=201, hold=Hold.ALONE)
_add("PATCH", "/core/recordings", recorders.update_recording)
_add("POST", "/core/recordings/signed-urls", uploads.create_upload_urls)
_add("POST", "/core/recordings/upload", uploads.register_upload, status=201, hold=Hold.ALONE)
_add("POST", "/core/recordings/{id}/signedUrl", uploads.audio_url)
