"""The address of a recording for people, as it is in notes: it leads to the console beside the workspace."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from fieldnote.workspace.context import Workspace, recording_page
from fieldnote.workspace.http.calls import SLASH

router = APIRouter()


@router.get("/recordings/{recording_id}", include_in_schema=False)
async def open_recording(request: Request, recording_id: str) -> Response:
    """Send a browser to the console, which asks who it is. It says nothing about the recording."""
    workspace: Workspace = request.app.state.workspace
    if workspace.pages.url is None:
        return PlainTextResponse(
            f"No console is served here. `fieldnote console` shows the recording {recording_id[:80]!a}.\n",
            status_code=404,
        )
    return RedirectResponse(
        recording_page(workspace.pages.url, quote(recording_id.replace(SLASH, "/"), safe="")), status_code=303
    )
