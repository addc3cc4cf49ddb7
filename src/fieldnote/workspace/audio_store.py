"""Where the sound of recordings lies: a folder, or any address that fsspec knows; and signed addresses of it."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
import secrets
import wave
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlencode, urlsplit

from fieldnote.db.encryption import SecretBox
from fieldnote.db.home import close_folder
from fieldnote.db.home import home as default_home
from fieldnote.errors import ConfigError
from fieldnote.workspace.audio_cipher import decrypt, encrypt

VARIABLE: Final = "FIELDNOTE_WORKSPACE_AUDIO_URL"
ENCRYPTION: Final = "FIELDNOTE_WORKSPACE_AUDIO_ENCRYPTION"
MEDIA_TYPES: Final = {
    "audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/mpeg3": "mp3", "audio/x-mpeg": "mp3",
    "audio/aac": "aac", "audio/aacp": "aac", "audio/x-aac": "aac", "audio/x-hx-aac-adts": "aac",
    "audio/vnd.dlna.adts": "aac",
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav",
}  # fmt: skip
"""Media types that may be uploaded, and what each is."""
_OF_NAMES: Final = {"mp3": "audio/mpeg", "aac": "audio/aac", "wav": "audio/wav"}
OF_SUFFIXES: Final = {
    ".mp3": "audio/mpeg", ".aac": "audio/aac", ".wav": "audio/wav", ".m4a": "audio/mp4", ".mp4": "audio/mp4",
    ".webm": "audio/webm",
}  # fmt: skip
"""Media types of files that `fieldnote workspace record --audio` takes."""
LARGEST: Final = 2 * 1024**3
"""Bytes."""
SIGNED_FOR: Final = timedelta(hours=1)
"""How long an address is good."""
_CHUNK: Final = 1024 * 1024
_LONGEST: Final = timedelta(days=1)


def media_type_of(file_type: str) -> str | None:
    """The media type of a `fileType`, which is one, or a name such as `mp3` or `.mp3`. None where it is not read."""
    given = file_type.strip()
    named = _OF_NAMES.get(given.casefold().removeprefix("."))
    return named or (given if given.casefold() in MEDIA_TYPES else None)


def _read_plain(file: IO[bytes], start: int, end: int | None) -> Iterator[bytes]:
    file.seek(start)
    left = None if end is None else end - start
    while piece := file.read(_CHUNK if left is None else min(_CHUNK, left)):
        left = None if left is None else left - len(piece)
        yield piece


class AudioStore:
    """The files of all organizations, by key."""

    def __init__(self, url: str, *, encrypted: bool = True) -> None:
        """`url`: a folder, or an address as `s3://bucket/audio`, whose package has to be installed.

        `encrypted`: whether new files are.
        """
        self.url = url
        self.encrypted = encrypted

    @classmethod
    def open(cls, home: Path | None = None) -> AudioStore:
        """As FIELDNOTE_WORKSPACE_AUDIO_URL says, else the home's folder `audio`. Nothing is touched yet."""
        folder = default_home() if home is None else home
        encrypted = os.environ.get(ENCRYPTION, "on").strip().lower()
        if encrypted not in {"on", "off"}:
            raise ConfigError(f"{ENCRYPTION} is {encrypted!r}", hint="Set it to on or off.")
        return cls(os.environ.get(VARIABLE) or str(folder / "audio"), encrypted=encrypted == "on")

    @cached_property
    def _place(self) -> tuple[Any, str]:
        import fsspec  # noqa: PLC0415 - a tenth of a second that few commands need
        from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]  # noqa: PLC0415

        try:
            filesystem, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise ConfigError(
                f"{VARIABLE}: {error}", hint="Give a folder, or install what the message asks for."
            ) from error
        if isinstance(filesystem, LocalFileSystem):
            close_folder(Path(root))
        return filesystem, root

    async def put(self, key: str, source: Path, secret: bytes | None = None) -> None:
        """Take a file; with `secret`, encrypted by it."""
        await asyncio.to_thread(self._put, key, source, secret)

    def _put(self, key: str, source: Path, secret: bytes | None) -> None:
        filesystem, root = self._place
        filesystem.makedirs(f"{root}/{key.rpartition('/')[0]}", exist_ok=True)
        if secret is None:
            filesystem.put_file(str(source), f"{root}/{key}")
            return
        with source.open("rb") as sound, filesystem.open(f"{root}/{key}", "wb") as file:
            encrypt(secret, sound, file)

    async def size(self, key: str) -> int:
        """Bytes of a file that is not encrypted. Raises FileNotFoundError."""
        filesystem, root = self._place
        return int(await asyncio.to_thread(filesystem.size, f"{root}/{key}"))

    async def read(
        self, key: str, *, size: int, start: int = 0, end: int | None = None, secret: bytes | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of the sound from `start` up to `end`, in pieces. Raises FileNotFoundError."""
        filesystem, root = self._place
        file = await asyncio.to_thread(filesystem.open, f"{root}/{key}", "rb")
        try:
            pieces = (
                _read_plain(file, start, end)
                if secret is None
                else decrypt(secret, file, size, start, size if end is None else end)
            )
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                yield piece
        finally:
            await asyncio.to_thread(file.close)

    async def delete(self, key: str) -> None:
        """Remove the file, if it is there."""
        filesystem, root = self._place
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(filesystem.rm_file, f"{root}/{key}")


@dataclass(frozen=True, slots=True)
class Signed:
    """A file that an address gives access to."""

    organization_id: str
    file_id: str

    @property
    def key(self) -> str:
        return f"{self.organization_id}/{self.file_id}"

    def fresh_key(self) -> str:
        """Where a further upload of this file is stored."""
        return f"{self.key}-{secrets.token_hex(8)}"


class Signer:
    """Makes addresses that need no token, and knows them again."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    def address(
        self, base_url: str, file: Signed, method: str, expires_at: datetime, *, user: str, private: bool = False
    ) -> str:
        """Good for this method (PUT or GET) until then, while this user may do it.

        `private`: whether the recording is private now. The address ends when that changes.
        """
        expires = int(expires_at.timestamp())
        signature = self._signature(file, method, expires, user, private=private)
        query = urlencode({"method": method, "expires": expires, "user": user, "signature": signature})
        return f"{base_url}/audio/{file.key}?{query}"

    def allows(
        self, file: Signed, method: str, query: Mapping[str, str], *, private: bool = False, ever: bool = False
    ) -> bool:
        """Whether an address with this query gives access now; `ever`: or once did."""
        expires = str(query.get("expires", ""))
        if query.get("method") != method or not (expires.isascii() and expires.isdigit() and len(expires) < 15):
            return False
        if not ever and int(expires) < datetime.now(UTC).timestamp():
            return False
        given = str(query.get("signature", "")).encode("utf-8", "replace")
        user = str(query.get("user", ""))
        return hmac.compare_digest(given, self._signature(file, method, int(expires), user, private=private).encode())

    def _signature(self, file: Signed, method: str, expires: int, user: str, *, private: bool) -> str:
        return self._box.sign(f"audio {method} {file.key} {expires} {user!r} {'private' if private else 'open'}")


def named_in(url: str) -> Signed | None:
    """The file that an address is about; None for one that is not ours."""
    match urlsplit(url).path.split("/"):
        case ["", "audio", organization_id, file_id]:
            return Signed(organization_id, file_id)
        case _:
            return None


def length_of(file: Path) -> timedelta | None:
    """How long a WAV file lasts, by the bytes that it has; None for others, and for more than a day."""
    try:
        with wave.open(str(file), "rb") as sound:
            there = file.stat().st_size // (sound.getnchannels() * sound.getsampwidth())
            length = timedelta(seconds=min(sound.getnframes(), there) / sound.getframerate())
    except (wave.Error, EOFError, RuntimeError, ArithmeticError):  # a header may claim anything
        return None
    return length if length <= _LONGEST else None
