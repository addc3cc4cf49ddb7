"""The signed addresses by which audio comes and goes. They need no token, and are secrets."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple, Never

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from sqlalchemy import text
from starlette.requests import ClientDisconnect

from fieldnote.byte_ranges import read_range
from fieldnote.workspace.audio_store import Signed, Signer, length_of
from fieldnote.workspace.audit import SignedBy
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.recordings.audio_files import audio_key, store
from fieldnote.workspace.http.auditing import action_of, address_of
from fieldnote.workspace.http.calls import SLASH
from fieldnote.workspace.http.errors import ApiError, failed, not_found
from fieldnote.workspace.rows import read_row
from fieldnote.workspace.tenancy import become_user, inside

router: Final = APIRouter(prefix="/audio")

RANGE: Final = "x-goog-content-length-range"
_FILE: Final = text("""
select f.media_type, f.size, f.stored_key, f.stored_size, f.encrypted, f.recording_id::text,
       r.deleted_at is not null or r.root_data_purged_at is not null as gone,
       coalesce(r.details -> 'isPrivate' = 'true'::jsonb, false) as private,
       coalesce(s.redacted, '[]') = f.muted as is_muted,
       (select o.disabled from organizations o where o.id = f.organization_id) as organization_disabled
  from audio_files f left join recordings r on r.id = f.recording_id
  left join recording_utterances s on s.recording_id = r.id
 where f.id::text = :id
""")
_VISIBLE: Final = text("select exists (select from audio_files where id::text = :id)")
"""By the row policies of the user."""
NOT_MUTED: Final = "The recording has redacted words, and its audio is not muted"
_TAKEN: Final = "The file belongs to a recording, and can no longer be exchanged"


class _File(NamedTuple):
    media_type: str
    size: int
    stored_key: str | None
    stored_size: int | None
    encrypted: bool
    recording_id: str | None
    gone: bool | None
    private: bool
    is_muted: bool | None
    organization_disabled: bool


def upload_headers(media_type: str, size: int) -> dict[str, str]:
    """The headers that a PUT needs."""
    return {"Content-Type": media_type, RANGE: f"1,{size}"}


async def upload(request: Request) -> Response:
    """Take a file. Until a recording is made of it, it may be sent again."""
    workspace: Workspace = request.app.state.workspace
    file, row = await _row(request, workspace, "PUT")
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
        if not await store(workspace, file, received, size=size, duration=duration, by=_signed_by(request, file)):
            raise failed(403, _TAKEN)
    return Response(status_code=200)


async def download(request: Request) -> Response:
    """Give a file, or the range of bytes that is asked for.

    The address ends with its recording, when the recording becomes private or public, and when its user may no longer
    see the recording.
    """
    workspace: Workspace = request.app.state.workspace
    file, row = await _row(request, workspace, "GET")
    if row.stored_key is None or row.gone:
        raise not_found("File")
    if row.recording_id is not None and not row.is_muted:
        raise failed(409, NOT_MUTED)
    size = await workspace.audio.size(row.stored_key) if row.stored_size is None else row.stored_size
    asked = read_range(request.headers.get("range"))
    part = range(size) if asked is None else asked.within(size)
    if asked is not None and not part:
        error = {"error": f"The file has {size} bytes"}
        return JSONResponse(error, status_code=416, headers={"Content-Range": f"bytes */{size}"})
    secret = None
    if row.encrypted:
        async with inside(workspace.engine, file.organization_id) as conn:
            secret = await audio_key(conn, workspace.box, file.organization_id)
        if secret is None:
            raise not_found("File")
    target = row.recording_id or file.file_id
    workspace.audit.collect_signed(_signed_by(request, file), action_of(request), [target])
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(len(part))}
    if asked is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    sound = workspace.audio.read(row.stored_key, size=size, start=part.start, end=part.stop, secret=secret)
    return StreamingResponse(
        sound, status_code=200 if asked is None else 206, media_type=row.media_type, headers=headers
    )


async def _row(request: Request, workspace: Workspace, method: str) -> tuple[Signed, _File]:
    """The file of the address, and its row, where the address is good and its user sees the file."""
    organization, file_id = (request.path_params[name].replace(SLASH, "/") for name in ("organization", "file"))
    file, query, signer = Signed(organization, file_id), request.query_params, Signer(workspace.box)
    if not any(signer.allows(file, method, query, private=private) for private in (False, True)):
        raise failed(403, "The address has expired, or was not signed for this")
    try:
        return file, await _visible_row(request, workspace, file, signer, method)
    except ApiError:
        by = _signed_by(request, file)
        workspace.audit.collect_signed(by, action_of(request), [file.file_id], outcome="refused")
        raise


async def _visible_row(request: Request, workspace: Workspace, file: Signed, signer: Signer, method: str) -> _File:
    query = request.query_params
    async with inside(workspace.engine, file.organization_id) as conn:
        row = await read_row(conn, _File, _FILE, {"id": file.file_id})
        if row is None:
            raise not_found("File")
        if row.organization_disabled:
            raise failed(403, "The organization is disabled")
        if not signer.allows(file, method, query, private=row.private):
            raise failed(403, "The recording became private or public since; ask for a new address")
        if not await become_user(conn, query["user"]):
            raise failed(403, "The user of this address is disabled")
        if not (await conn.execute(_VISIBLE, {"id": file.file_id})).scalar_one():
            raise not_found("File")
    return row


def _signed_by(request: Request, file: Signed) -> SignedBy:
    """Call this only for a signature that is good, as it takes the user from the address."""
    return SignedBy(file.organization_id, request.query_params["user"], address_of(request))


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
