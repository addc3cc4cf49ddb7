"""The operations of the user token, below `/v1`."""

from __future__ import annotations

from typing import Final, TypedDict

from fastapi import APIRouter
from sqlalchemy import text

from fieldnote.workspace import credentials
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.endpoints import Handler, endpoint
from fieldnote.workspace.resources.crm import links
from fieldnote.workspace.resources.organization import (
    conversation_types,
    users,  # fmt: skip
)
from fieldnote.workspace.resources.recordings import (
    comments,
    extractions,
    folders,
    followups,
    outcomes,
    recorders,
    search,
    uploads,
    user_recordings,
    views,
)
from fieldnote.workspace.resources.scorecards import history, metrics, scorecards
from fieldnote.workspace.tenancy import RecordLock

router: Final = APIRouter(prefix="/v1")

_SAID: Final = text("select utterances from recording_utterances where recording_id = :id")


def _add(method: str, path: str, handler: Handler, *, status: int = 200, lock: RecordLock = RecordLock.NONE) -> None:
    answer = endpoint(handler, kind=credentials.USER, status=status, lock=lock)
    router.add_api_route(path, answer, methods=[method], status_code=status, response_model=None)


class _Said(TypedDict):
    """An utterance as it is stored."""

    speaker: str
    text: str
    start: float | None
    end: float | None


async def list_utterances(call: Call) -> dict[str, object]:
    """The words, in order. The cursor counts utterances."""
    row = await user_recordings.find(call)
    said: list[_Said] = (await call.conn.execute(_SAID, {"id": row.id})).scalar_one_or_none() or []
    speakers = list(dict.fromkeys(utterance["speaker"] for utterance in said))
    tags = {speaker: str(number) for number, speaker in enumerate(speakers)}
    listing = call.listing()
    start, size = listing.number(), call.page_size(default=1000, clamp=10_000)
    page = said[start : start + size]
    end = start + len(page)
    return {
        "data": {
            "utterances": [_utterance(utterance, tags) for utterance in page],
            "speakerMap": {tag: speaker for speaker, tag in tags.items()},
            "isLowDataMode": False,
        },
        "pageSize": size,
        "cursor": listing.number_of(end) if end < len(said) else None,
    }


def _utterance(utterance: _Said, tags: dict[str, str]) -> dict[str, object]:
    """Where a transcript has no times, all of them are 0: the contract wants numbers."""
    start = utterance["start"] or 0
    return {
        "utterance": utterance["text"],
        "speakerTag": tags[utterance["speaker"]],
        "startTimeInMillis": round(start * 1000),
        "endTimeInMillis": round((utterance["end"] or start) * 1000),
        "redacted": False,
    }


_add("GET", "/core/entities/extractions/{recordingId}", extractions.list_extractions)
_add("GET", "/core/recordings/{id}/utterances", list_utterances)
_add("PUT", "/core/recordings/{id}/link", links.link)
_add("DELETE", "/core/recordings/{id}/link", links.remove_link)
_add("PUT", "/core/recordings", recorders.create_recording, status=201, lock=RecordLock.ALONE)
_add("PATCH", "/core/recordings", recorders.update_recording)
_add("POST", "/core/recordings/signed-urls", uploads.create_upload_urls)
_add("POST", "/core/recordings/upload", uploads.register_upload, status=201, lock=RecordLock.ALONE)
_add("POST", "/core/recordings/{id}/signedUrl", uploads.audio_url)
_add("GET", "/core/recordings", user_recordings.list_recordings)
_add("POST", "/core/recordings", user_recordings.get_recordings)
_add("POST", "/core/recordings/search", search.search_recordings)
_add("GET", "/core/recordings/{id}", user_recordings.get_recording)
_add("DELETE", "/core/recordings/{id}", user_recordings.delete_recording)
_add("GET", "/core/recordings/{id}/deep-link/{tenant}", user_recordings.deep_link)
_add("PATCH", "/core/recordings/{id}/transcription-language", user_recordings.set_language)
_add("PUT", "/core/recordings/{id}/listen", views.log_listen)
_add("PUT", "/core/recordings/{id}/viewed", views.mark_viewed)
_add("POST", "/core/recordings/{id}/views", views.log_view)
_add("GET", "/core/recordings/{id}/summary", user_recordings.list_summary)
_add("GET", "/core/organizations/{id}/users", users.list_organization_users)
_add("GET", "/core/conversation-configurations", conversation_types.list_types)
_add("POST", "/core/conversation-configurations", conversation_types.create_type)
_add("PATCH", "/core/conversation-configurations/{id}", conversation_types.update_type)
_TYPE_PROMPTS: Final = "/core/conversation-configurations/{conversationTypeId}/summary-prompts"
_add("GET", _TYPE_PROMPTS, conversation_types.list_prompts)
_add("POST", _TYPE_PROMPTS, conversation_types.add_prompts)
_add("PUT", _TYPE_PROMPTS, conversation_types.replace_prompts)
_add("GET", "/core/summary-prompts/industry", conversation_types.list_industry_prompts)
_add("GET", "/core/folders", folders.list_folders)
_add("POST", "/core/folders", folders.create_folder)
_add("DELETE", "/core/folders", folders.delete_folder)
_add("PATCH", "/core/folders/{id}", folders.update_folder)
_add("GET", "/core/folders/{id}/items", folders.get_folder)
_add("POST", "/core/folders/{id}/items", folders.add_item)
_add("DELETE", "/core/folders/{id}/items", folders.remove_item)
_add("GET", "/core/outcomes/outcome-definitions", outcomes.list_definitions)
_add("GET", "/core/outcomes/outcome-definitions/{conversationConfigId}", outcomes.get_definitions)
_add("POST", "/core/outcomes/outcome-definitions/{conversationConfigId}", outcomes.save_definition)
_add("POST", "/core/outcomes/set-multiple/{conversationConfigId}", outcomes.set_multiple)
_add("GET", "/core/recordings/{recordingId}/outcomes", outcomes.get_outcomes)
_add("PATCH", "/core/recordings/{recordingId}/outcomes", outcomes.choose_outcomes)
_add("GET", "/core/scorecards/color-configurations", scorecards.list_colors)
_add("GET", "/core/scorecards/evaluated-instances/{id}", scorecards.evaluate_scorecard)
_add("GET", "/core/scorecards/evaluated-instances/{id}/populations", scorecards.evaluate_populations)
_add("GET", "/core/scorecards/instance-summaries", scorecards.list_summaries)
_add("GET", "/core/scorecards/instances", scorecards.list_scorecards)
_add("PUT", "/core/scorecards/instances", scorecards.create_scorecard)
_add("GET", "/core/scorecards/instances/{id}", scorecards.get_scorecard)
_add("PATCH", "/core/scorecards/instances/{id}", scorecards.update_scorecard)
_add("PUT", "/core/scorecards/scorecard-metrics", metrics.create_metric)
_add("GET", "/core/scorecards/scorecard-metrics/available", metrics.list_metrics)
_add("GET", "/core/scorecards/scorecard-metrics/values", metrics.metric_values)
_add("GET", "/core/scorecards/scorecard-metrics/{id}", metrics.get_metric)
_add("PATCH", "/core/scorecards/scorecard-metrics/{id}", metrics.update_metric)
_add("DELETE", "/core/scorecards/scorecard-metrics/{id}", metrics.delete_metric)
_add("GET", "/core/scorecards/standardized-prompts", metrics.list_standard_prompts)
_add("GET", "/core/scorecards/teams/{teamId}/weighted-score-history", history.team_history)
_add("GET", "/core/scorecards/users/{userId}/weighted-score-history", history.user_history)
_add("GET", "/core/followups", followups.list_followups)
_add("PATCH", "/core/followups/{id}", followups.update_followup)
_add("GET", "/core/recordings/{id}/comments", comments.list_comments)
_add("POST", "/core/recordings/{id}/comments", comments.create_comment, status=201)
_add("GET", "/core/recordings/{id}/comments/{commentId}", comments.get_comment)
_add("PATCH", "/core/recordings/{id}/comments/{commentId}", comments.update_comment)
_add("DELETE", "/core/recordings/{id}/comments/{commentId}", comments.delete_comment)
_add("POST", "/core/recordings/{id}/comments/{commentId}/rating", comments.rate_comment)
_add("GET", "/core/recordings/{id}/threads", comments.list_threads)
_add("PATCH", "/core/recordings/{recording_id}/threads/{thread_id}", comments.update_thread)
