"""The signed addresses by which audio comes and goes. They need no token, and are secrets."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Never

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from sqlalchemy import text
from starlette.requests import ClientDisconnect

from fieldnote.workspace.audio_store import Signed, Signer, length_of
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.recordings.audio_files import audio_key, store
from fieldnote.workspace.http.calls import SLASH
from fieldnote.workspace.http.errors import ApiError, failed, not_found
from fieldnote.workspace.tenancy import inside

router: Final = APIRouter(prefix="/audio")

RANGE: Final = "x-goog-content-length-range"
_FILE: Final = text("""
select f.media_type, f.size, f.stored_key, f.stored_size, f.encrypted, f.recording_id::text,
       r.deleted_at is not null or r.root_data_purged_at is not null as gone,
       (select o.disabled from organizations o where o.id = f.organization_id) as organization_disabled,
       (select u.disabled from users u where u.id = f.uploaded_by) as uploader_disabled
  from audio_files f left join recordings r on r.id = f.recording_id
 where f.id::text = :id
""")
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_TAKEN: Final = "The file belongs to a recording, and can no longer be exchanged"


def upload_headers(media_type: str, size: int) -> dict[str, str]:
    """What a PUT has to bring along."""
    return {"Content-Type": media_type, RANGE: f"1,{size}"}


async def upload(request: Request) -> Response:
    """Take a file. Until a recording is made of it, it may be sent again."""
    workspace: Workspace = request.app.state.workspace
    file = _signed(request, workspace, "PUT")
    row = await _row(workspace, file)
    if row.uploader_disabled:
        raise failed(403, "The user of this address is disabled")
    if row.recording_id is not None:
        raise failed(403, _TAKEN)
    for name, wanted in upload_headers(row.media_type, row.size).items():
        if request.headers.get(name) != wanted:
            raise failed(403, f"The header {name} has to be as it was given: {wanted}")
    with tempfile.TemporaryDirectory() as folder:
        received = Path(folder, "audio")
        size = await _receive(request, received, row.size)
        length = await asyncio.to_thread(length_of, received)
        duration = None if length is None else round(length.total_seconds() * 1000)
        if not await store(workspace, file, received, size=size, duration=duration):
            raise failed(403, _TAKEN)
    return Response(status_code=200)


async def download(request: Request) -> Response:
    """Give a file, or the range of bytes that is asked for. The address ends with its recording."""
    workspace: Workspace = request.app.state.workspace
    file = _signed(request, workspace, "GET")
    row = await _row(workspace, file)
    if row.stored_key is None or row.gone:
        raise not_found("File")
    size = await workspace.audio.size(row.stored_key) if row.stored_size is None else row.stored_size
    start, end = _range(request.headers.get("range"), size)
    secret = None
    if row.encrypted:
        async with inside(workspace.engine, file.organization_id) as conn:
            secret = await audio_key(conn, workspace.box, file.organization_id)
        if secret is None:
            raise not_found("File")
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start)}
    partial = (start, end) != (0, size)
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    sound = workspace.audio.read(row.stored_key, size=size, start=start, end=end, secret=secret)
    return StreamingResponse(sound, status_code=206 if partial else 200, media_type=row.media_type, headers=headers)


def _range(header: str | None, size: int) -> tuple[int, int]:
    """The bytes that a Range header asks for; all of them without one, or with one that is not understood."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match[0] == "bytes=-":
        return 0, size
    if not match[1]:
        return max(0, size - int(match[2])), size
    start, end = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    if start >= end:
        raise failed(416, f"The file has {size} bytes")
    return start, end


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
    if row.organization_disabled:
        raise failed(403, "The organization is disabled")
    return row


async def _receive(request: Request, into: Path, largest: int) -> int:
    """Its size. Raises ApiError for one outside of the range."""
    size = 0
    with into.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > largest:
                _refuse_size(largest)
            await asyncio.to_thread(file.write, piece)
    if size == 0:
        _refuse_size(largest)
    return size


def _refuse_size(largest: int) -> Never:
    raise failed(400, f"The file has to have 1 to {largest} bytes")


def _answering(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return JSONResponse(error.body, status_code=error.status)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it; the part that came is removed

    answer.__name__, answer.__doc__ = handler.__name__, handler.__doc__
    return answer


router.add_api_route("/{organization}/{file}", _answering(upload), methods=["PUT"], response_model=None)
router.add_api_route("/{organization}/{file}", _answering(download), methods=["GET"], response_model=None)
