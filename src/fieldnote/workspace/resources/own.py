"""The workspace's own operations, below `/fieldnote/v1` with an organization token: Siro's API has none of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter

from fieldnote.errors import FieldnoteError
from fieldnote.json_form import to_json
from fieldnote.workspace import credentials
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.insight import definitions, trials
from fieldnote.workspace.domain.insight.definitions import Stored
from fieldnote.workspace.domain.recordings import jobs
from fieldnote.workspace.domain.recordings.processing import again
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.endpoints import Handler, Later, endpoint
from fieldnote.workspace.http.errors import ApiError, not_found

router: Final = APIRouter(prefix="/fieldnote/v1")
MOST_TRIED: Final = 20
"""Recordings of one trial: each may take a second."""
_MOST_APPLIED: Final = 10_000
Json = dict[str, object]


def _add(method: str, path: str, handler: Handler, *, status: int = 200) -> None:
    answer = endpoint(_translating(handler), kind=credentials.ORGANIZATION, status=status)
    router.add_api_route(path, answer, methods=[method], status_code=status, response_model=None)


def _translating(handler: Handler) -> Handler:
    async def translated(call: Call) -> Any:
        try:
            return await handler(call)
        except FieldnoteError as error:
            raise ApiError(422, {"error": error.message, "hint": error.hint}) from error

    translated.__name__, translated.__doc__ = handler.__name__, handler.__doc__
    return translated


async def list_definitions(call: Call) -> Json:
    """All definitions of the organization."""
    return {"data": [one.as_json() for one in await definitions.list_definitions(call.conn)]}


async def add_definition(call: Call) -> Json:
    """Add a definition."""
    entry = _body(call)
    kind = _take(entry, "conversationType", str, None)
    return {"data": (await definitions.add_definition(call.conn, call.organization_id, entry, kind)).as_json()}


async def change_definition(call: Call) -> Json:
    """Change what is given of a definition. Recordings that were already processed keep their values until `apply`."""
    named: str = call.word("id")
    _, after = await definitions.change_definition(call.conn, call.organization_id, named, _body(call))
    return {"data": after.as_json()}


async def remove_definition(call: Call) -> Json:
    """Remove a definition."""
    return {"data": (await definitions.remove_definition(call.conn, call.organization_id, call.word("id"))).as_json()}


async def try_definition(call: Call) -> Later:
    """The differences that a definition, or the definitions as they are, would make in past recordings."""
    body = _body(call)
    since, named = _moment(body), _ids(body)
    limit = _take(body, "limit", int, MOST_TRIED)
    if not 1 <= limit <= MOST_TRIED:
        raise ApiError(422, {"error": f"limit is not between 1 and {MOST_TRIED}: {limit}", "hint": "Try fewer."})
    entry, candidate = _take(body, "definition", dict, None), None
    _nothing_left(body)
    if entry is not None:
        candidate = Stored("", definitions.checked(entry))
    ids = await trials.choose(call.conn, named=named, since=since, limit=limit)
    organization_id = call.organization_id

    async def work(workspace: Workspace) -> Json:
        found = await trials.try_on(workspace, organization_id, ids, candidate)
        return {"data": to_json(found)}

    return Later(work, ids)


async def apply_definitions(call: Call) -> Json:
    """Extract and summarize recordings again, by the definitions as they are now."""
    body = _body(call)
    since, named = _moment(body), _ids(body)
    _nothing_left(body)
    if since is None and not named:
        raise ApiError(422, {"error": "recordings and since are missing", "hint": "Name recordings, or a time."})
    ids = await trials.choose(call.conn, named=named, since=since, limit=_MOST_APPLIED)
    queued = await again(call.conn, call.organization_id, ids)
    return {"data": [{"recordingId": one} for one in queued]}


async def get_steps(call: Call) -> Json:
    """The steps of a recording with their states."""
    found = await jobs.list_jobs(call.conn, call.word("id"))
    if not found:
        raise not_found("Recording")
    return {"data": to_json(found[0])}


async def retry_recording(call: Call) -> Json:
    """Begin the failed step of a recording again."""
    found = await jobs.retry(call.conn, call.organization_id, [call.word("id")])
    return {"data": [{"recordingId": one} for one in found]}


async def get_roles(call: Call) -> Json:
    """The role of each speaker in a recording, by label."""
    return {"data": to_json(await jobs.speaker_roles(call.conn, call.word("id")))}


async def correct_roles(call: Call) -> Json:
    """Correct roles by label. The recording is extracted and summarized again."""
    given = _body(call)
    roles = {label: role for label, role in given.items() if isinstance(role, str)}
    if len(roles) < len(given):
        raise ApiError(422, {"error": "a role is not a text", "hint": "Send {label: role}."})
    found = await jobs.correct_roles(call.conn, call.organization_id, call.word("id"), roles)
    return {"data": to_json(found)}


def _body(call: Call) -> Json:
    try:
        body = json.loads(call.body or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError(422, {"error": "the body is not a JSON object", "hint": "Send an object."})
    return body


def _take(body: Json, name: str, kind: type[Any], default: Any) -> Any:
    """A value that is taken out of the body. Raises ApiError for one of another type."""
    value = body.pop(name, None)
    if value is None:
        return default
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ApiError(422, {"error": f"{name} has the wrong type: {value!r:.80}", "hint": "See docs/insight.md."})
    return value


def _ids(body: Json) -> Sequence[str]:
    given = _take(body, "recordings", list, [])
    if not all(isinstance(one, str) for one in given) or len(given) > _MOST_APPLIED:
        raise ApiError(422, {"error": "recordings is not a list of ids", "hint": "Send up to 10,000 texts."})
    return [one.replace("\0", "?") for one in given]


def _moment(body: Json) -> datetime | None:
    given = _take(body, "since", str, None)
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ApiError(422, {"error": f"since is not a time: {given!r:.80}", "hint": "Write 2026-02-15T14:00:00Z."})
    return found


def _nothing_left(body: Json) -> None:
    if body:
        raise ApiError(422, {"error": f"unknown key: {min(body)!r:.80}", "hint": "See docs/insight.md."})


_add("GET", "/definitions", list_definitions)
_add("POST", "/definitions", add_definition, status=201)
_add("POST", "/definitions/try", try_definition)
_add("POST", "/definitions/apply", apply_definitions, status=202)
_add("PATCH", "/definitions/{id}", change_definition)
_add("DELETE", "/definitions/{id}", remove_definition)
_add("GET", "/recordings/{id}/steps", get_steps)
_add("POST", "/recordings/{id}/retry", retry_recording, status=202)
_add("GET", "/recordings/{id}/roles", get_roles)
_add("PUT", "/recordings/{id}/roles", correct_roles)
