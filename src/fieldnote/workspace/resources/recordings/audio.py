"""The signed addresses by which audio comes and goes. They need no token, and are secrets."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Never

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from sqlalchemy import text

from fieldnote.workspace.audio_store import Signed, Signer, length_of
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.http.calls import SLASH
from fieldnote.workspace.http.errors import ApiError, failed, not_found
from fieldnote.workspace.tenancy import inside

router: Final = APIRouter(prefix="/audio")

RANGE: Final = "x-goog-content-length-range"
_FILE: Final = text("""
select media_type, size, stored_at, recording_id::text from audio_files where id::text = :id
""")
_STORED: Final = text("""
update audio_files set stored_at = now(), duration_ms = :duration
 where id::text = :id and recording_id is null
returning 1
""")


def upload_headers(media_type: str, size: int) -> dict[str, str]:
    """What a PUT has to bring along."""
    return {"Content-Type": media_type, RANGE: f"1,{size}"}


async def upload(request: Request) -> Response:
    """Take a file. Until a recording is made of it, it may be sent again."""
    workspace: Workspace = request.app.state.workspace
    file = _signed(request, workspace, "PUT")
    row = await _row(workspace, file)
    if row.recording_id is not None:
        raise failed(403, "The file belongs to a recording, and can no longer be exchanged")
    for name, wanted in upload_headers(row.media_type, row.size).items():
        if request.headers.get(name) != wanted:
            raise failed(403, f"The header {name} has to be as it was given: {wanted}")
    with tempfile.TemporaryDirectory() as folder:
        received = Path(folder, "audio")
        await _receive(request, received, row.size)
        await workspace.audio.put(file.key, received)
        length = await asyncio.to_thread(length_of, received)
    duration = None if length is None else round(length.total_seconds() * 1000)
    async with inside(workspace.engine, file.organization_id) as conn:
        await conn.execute(_STORED, {"id": file.file_id, "duration": duration})
    return Response(status_code=200)


async def download(request: Request) -> Response:
    """Give a file."""
    workspace: Workspace = request.app.state.workspace
    file = _signed(request, workspace, "GET")
    row = await _row(workspace, file)
    if row.stored_at is None:
        raise not_found("File")
    return StreamingResponse(workspace.audio.read(file.key), media_type=row.media_type)


def _signed(request: Request, workspace: Workspace, method: str) -> Signed:
    organization, file_id = (request.path_params[name].replace(SLASH, "/") for name in ("organization", "file"))
    file = Signed(organization, file_id)
    if not Signer(workspace.box).allows(file, method, request.query_params):
        raise failed(403, "The address has expired, or was not signed for this")
    return file


async def _row(workspace: Workspace, file: Signed) -> Any:
    async with inside(workspace.engine, file.organization_id) as conn:
        row = (await conn.execute(_FILE, {"id": file.file_id})).one_or_none()
    if row is None:
        raise not_found("File")
    return row


async def _receive(request: Request, into: Path, largest: int) -> None:
    """Raises ApiError for a file of a size outside of the range."""
    size = 0
    with into.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > largest:
                _refuse_size(largest)
            await asyncio.to_thread(file.write, piece)
    if size == 0:
        _refuse_size(largest)


def _refuse_size(largest: int) -> Never:
    raise failed(400, f"The file has to have 1 to {largest} bytes")


def _answering(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return JSONResponse(error.body, status_code=error.status)

    answer.__name__, answer.__doc__ = handler.__name__, handler.__doc__
    return answer


router.add_api_route("/{organization}/{file}", _answering(upload), methods=["PUT"], response_model=None)
router.add_api_route("/{organization}/{file}", _answering(download), methods=["GET"], response_model=None)
