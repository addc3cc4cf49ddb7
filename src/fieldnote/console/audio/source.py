"""Fetches the bytes of a recording from the address that Siro signed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type
from typing import Final
from urllib.parse import urlsplit

import httpx2

from fieldnote.byte_ranges import ByteRange, read_content_range
from fieldnote.errors import FieldnoteError, WorkspaceError
from fieldnote.workspace.domain.webhooks.addresses import Target, resolve

LARGEST: Final = 2 * 1024**3
"""Bytes of one file."""
_PIECE: Final = 65_536
_TIMEOUT: Final = httpx2.Timeout(10, read=30)
_GONE: Final = frozenset({401, 403, 404, 410})
"""A signed address answers so after its end."""


class SoundUnavailable(FieldnoteError):
    """The sound cannot be fetched now. Try again later."""


class AddressEnded(FieldnoteError):
    """The signed address is not good any more. A new one may be."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A player's answer: some bytes of a file, or the news that it has no such bytes."""

    start: int
    end: int
    """Exclusive."""
    size: int
    """Of the whole file."""
    is_part: bool
    """A range was asked for, and this answers it. It may be the whole file."""
    media_type: str
    pieces: AsyncIterator[bytes]

    @property
    def is_missing(self) -> bool:
        """Whether the file lacks the bytes that were asked for."""
        return self.is_part and self.start == self.end


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


@asynccontextmanager
async def open_sound(
    url: str,
    wanted: ByteRange | None,
    *,
    trusted: frozenset[str],
    transport: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[Sound]:
    """The bytes behind a signed address. Redirects are not followed.

    `trusted`: addresses of the configured API, as `host:port`. Other hosts must be public: an answer of the API must
    not lead into the network. Raises `AddressEnded` and `SoundUnavailable`.
    """
    target = await _target(url, trusted)
    headers = {"host": target.host, "user-agent": "Fieldnote-Console/1", "accept-encoding": "identity"}
    if wanted is not None:
        headers["range"] = _sent(wanted).header
    try:
        async with (
            httpx2.AsyncClient(
                timeout=_TIMEOUT,
                follow_redirects=False,
                trust_env=False,
                verify=_certificates(),
                transport=transport,
            ) as client,
            client.stream("GET", target.url, headers=headers, extensions={"sni_hostname": target.name}) as response,
        ):
            yield await _read(client, target, response, wanted)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise SoundUnavailable(f"the sound cannot be fetched: {type(error).__name__}") from None


def _sent(wanted: ByteRange) -> ByteRange:
    """The range that the storage is asked for. The last 0 bytes are none, which storages answer in many ways; the
    first byte is asked for in their place, since that answer has the size."""
    return ByteRange(0, 0) if (wanted.first, wanted.last) == (None, 0) else wanted


async def _target(url: str, trusted: frozenset[str]) -> Target:
    try:
        if origin_of(url) in trusted:
            parts = urlsplit(url)
            return Target(url, parts.netloc.rpartition("@")[2], parts.hostname or "")
        return await resolve(url, loopback=False)
    except (WorkspaceError, ValueError):
        raise SoundUnavailable("the address of the sound leads inside a network") from None


def origin_of(url: str) -> str:
    """`https://host:443` of an address. Raises ValueError."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


async def _read(
    client: httpx2.AsyncClient, target: Target, response: httpx2.Response, wanted: ByteRange | None
) -> Sound:
    if response.status_code in _GONE:
        raise AddressEnded(f"the address of the sound answers {response.status_code}")
    media_type = _media_type(response, target.url)
    match response.status_code:
        case 200:
            size = _checked(_length(response))
            asked = range(size) if wanted is None else wanted.within(size)
            if wanted is not None and not asked:
                return _nothing(size, media_type)
            pieces = _cut(response.aiter_raw(_PIECE), asked.start, len(asked))
            return Sound(asked.start, asked.stop, size, wanted is not None, media_type, pieces)
        case 206 if wanted is not None:
            return _part(response, wanted, media_type)
        case 416 if wanted is not None:
            found = read_content_range(response.headers.get("content-range"))
            size = found.size if found is not None and found.size is not None else await _size(client, target)
            return _nothing(_checked(size), media_type)
        case status:
            raise SoundUnavailable(f"the address of the sound answers {status}")


def _part(response: httpx2.Response, wanted: ByteRange, media_type: str) -> Sound:
    """A partial answer, if it has the bytes that were asked for."""
    found = read_content_range(response.headers.get("content-range"))
    if found is None or found.start is None or found.end is None or found.size is None:
        raise SoundUnavailable("the answer with the sound does not say which bytes it has")
    size = _checked(found.size)
    asked = wanted.within(size)
    if not asked:
        return _nothing(size, media_type)
    if not found.start <= asked.start < found.end:
        raise SoundUnavailable("the answer with the sound has other bytes")
    end = min(asked.stop, found.end)
    pieces = _cut(response.aiter_raw(_PIECE), asked.start - found.start, end - asked.start)
    return Sound(asked.start, end, size, True, media_type, pieces)


async def _size(client: httpx2.AsyncClient, target: Target) -> int:
    """Ask for the first byte: that answer has the size. An empty file has none."""
    headers = {"host": target.host, "accept-encoding": "identity", "range": "bytes=0-0"}
    async with client.stream("GET", target.url, headers=headers, extensions={"sni_hostname": target.name}) as response:
        found = read_content_range(response.headers.get("content-range"))
        if response.status_code == 206 and found is not None and found.size is not None:
            return found.size
        return _length(response) if response.status_code == 200 else 0


def _length(response: httpx2.Response) -> int:
    """The size that an answer states. Raises `SoundUnavailable` without one."""
    given = response.headers.get("content-length", "")
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise SoundUnavailable("the answer with the sound does not state its size")
    return int(given)


def _checked(size: int) -> int:
    if size > LARGEST:
        raise SoundUnavailable(f"the sound is larger than {LARGEST} bytes")
    return size


def _nothing(size: int, media_type: str) -> Sound:
    return Sound(size, size, size, True, media_type, _cut(None, 0, 0))


async def _cut(pieces: AsyncIterator[bytes] | None, skip: int, length: int) -> AsyncIterator[bytes]:
    """`length` bytes after the first `skip`. Raises `SoundUnavailable` if they are fewer."""
    left = length
    if pieces is None or not length:
        return
    async for piece in pieces:
        kept = piece[skip : skip + left]
        skip = max(0, skip - len(piece))
        left -= len(kept)
        if kept:
            yield kept
        if not left:
            return
    raise SoundUnavailable("the sound ended early")


def _media_type(response: httpx2.Response, url: str) -> str:
    """Of the answer, or by the name in the address; storage often says no more than `octet-stream`."""
    given = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    for name in (given, guess_type(urlsplit(url).path)[0] or ""):
        if name.startswith("audio/") or name in {"video/mp4", "video/webm", "application/ogg"}:
            return name if name.isascii() and name.isprintable() else "application/octet-stream"
    return "application/octet-stream"
