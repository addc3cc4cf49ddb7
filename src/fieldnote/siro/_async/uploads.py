"""Recordings made of files of audio."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from mimetypes import guess_type
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.models import (
    CrmObject,
    UploadedRecording,
    UploadRegister,
    UploadUrls,
    UploadUrlsCreate,
    UserRecordingResult,
)
from fieldnote.siro.operations import one, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import CrmObjectFields, UploadRegisterFields, UploadUrlsCreateFields


class AsyncUploads(AsyncResource):
    """Recordings made of files of audio."""

    async def create_upload_urls(
        self,
        record: UploadUrlsCreate | UploadUrlsCreateFields | None = None,
        /,
        **fields: Unpack[UploadUrlsCreateFields],
    ) -> UploadUrls:
        """Ask where to upload a file of audio; `upload` does all the steps.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(UploadUrlsCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_UPLOAD_URLS.call(one(UploadUrls), body=body))

    async def register_upload(
        self, record: UploadRegister | UploadRegisterFields | None = None, /, **fields: Unpack[UploadRegisterFields]
    ) -> UploadedRecording:
        """Make a recording of an uploaded file; `upload` does all the steps.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(UploadRegister, record, fields)
        return await self._sender.send(endpoints.REGISTER_UPLOAD.call(one(UploadedRecording), body=body))

    async def upload(
        self,
        path: str | PathLike[str],
        *,
        started_at: datetime,
        user_id: str | None = None,
        user_email: str | None = None,
        user_phone: str | None = None,
        file_type: str | None = None,
        title: str | None = None,
        conversation_type: str | None = None,
        result: UserRecordingResult | str | None = None,
        organization_id: str | None = None,
        discoverable: bool | None = None,
        contact_name: str | None = None,
        contact_phone: str | None = None,
        integration_connection_id: str | None = None,
        crm_objects: Iterable[CrmObject | CrmObjectFields] | None = None,
    ) -> UploadedRecording:
        """Make a recording of a file: ask for an address, send the file there, register it. Needs a user token.

        `started_at` is the start of the conversation. Name its user by one of `user_id`, `user_email` and
        `user_phone`. `file_type` is the media type, guessed from the file's name if it is not given. `crm_objects`
        must have been synced before. The file is read as it is sent. Raises FileNotFoundError, and ValueError for
        a file without audio.
        """
        file, size, media_type = _audio_file(path, file_type)
        given: dict[str, Any] = {
            "user_id": user_id,
            "user_email": user_email,
            "user_phone": user_phone,
            "title": title,
            "conversation_type": conversation_type,
            "result": result,
            "organization_id": organization_id,
            "discoverable": discoverable,
            "contact_name": contact_name,
            "contact_phone": contact_phone,
            "integration_connection_id": integration_connection_id,
            "crm_objects": None if crm_objects is None else tuple(crm_objects),
        }
        fields = {name: value for name, value in given.items() if value is not None}
        if sum(name in fields for name in ("user_id", "user_email", "user_phone")) != 1:
            raise ValueError("give one of user_id, user_email and user_phone")
        # Made before anything is sent, so that a mistake does not leave a file behind.
        upload = UploadRegister.model_validate(
            {**fields, "file_url": "https://later.invalid/", "file_type": media_type, "date_created": started_at}
        )
        urls = await self.create_upload_urls(file_size=size, file_type=media_type)
        await self._sender.put_file(urls.upload_url, urls.upload_headers, file, size)
        return await self.register_upload(upload.model_copy(update={"file_url": urls.download_url}))


def _audio_file(path: str | PathLike[str], file_type: str | None) -> tuple[Path, int, str]:
    """The file, its size in bytes, and its media type. Raises FileNotFoundError and ValueError."""
    file = Path(path)
    size = file.stat().st_size
    if not size:
        raise ValueError(f"{file.name} is empty")
    media_type = file_type or guess_type(file.name)[0]
    if media_type is None or not media_type.startswith("audio/"):
        raise ValueError(f"{file.name}: its name does not say which kind of audio it is; give file_type")
    return file, size, media_type
