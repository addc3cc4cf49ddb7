"""Reading a request's body: bounded in size, also after it is decompressed."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable
from typing import Final

CODINGS: Final = ("gzip", "x-gzip", "identity")
"""The values of Content-Encoding that are read."""
_GZIP: Final = 16 + zlib.MAX_WBITS


class BodyRefused(Exception):
    """The body is too large, or cannot be decoded. `status` answers it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def read_body(chunks: AsyncIterable[bytes], *, largest: int, coding: str = "") -> bytes:
    """The body, decompressed where `coding`, its Content-Encoding, says so.

    `largest` is in bytes, of what is sent and of what it becomes. Raises BodyRefused: 413 for a body that is larger,
    400 for one that is not gzip though it says so, 415 for another coding.
    """
    coding = coding.strip().lower()
    if coding and coding not in CODINGS:
        raise BodyRefused(415, f"The Content-Encoding is not supported: {coding}. Send gzip, or no encoding.")
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > largest:
            raise _too_large(largest)
    return _unzipped(bytes(body), largest) if coding in {"gzip", "x-gzip"} else bytes(body)


def _unzipped(body: bytes, largest: int) -> bytes:
    """All members of a gzip file. Stops at the limit, whatever the body claims to become."""
    unzipped = bytearray()
    while True:
        unzipper = zlib.decompressobj(_GZIP)
        try:
            unzipped += unzipper.decompress(body, largest + 1 - len(unzipped))
        except zlib.error as error:
            raise _not_gzip() from error
        if len(unzipped) > largest:
            raise _too_large(largest)
        if not unzipper.eof:
            raise _not_gzip()
        body = unzipper.unused_data.lstrip(b"\0")  # a file of gzip may be padded
        if not body:
            return bytes(unzipped)


def _too_large(largest: int) -> BodyRefused:
    return BodyRefused(413, f"The request body is larger than {largest} bytes")


def _not_gzip() -> BodyRefused:
    return BodyRefused(400, "The request body is not valid gzip, as its Content-Encoding says")
