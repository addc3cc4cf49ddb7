"""Audio at rest: AES-256-GCM in chunks, so that any range of bytes can be read without the rest. Pure.

A file begins with a salt, from which its own key is derived. The nonce of a chunk is its number and whether it is the
last: a chunk that was moved, altered or cut off is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldnote.errors import WorkspaceError

CHUNK: Final = 64 * 1024
"""Bytes of sound in a chunk."""
_TAG: Final = 16
_MAGIC: Final = b"FNAUDIO1"
_HEADER: Final = len(_MAGIC) + 32
_PURPOSE: Final = b"fieldnote audio file"


def new_key() -> bytes:
    """A key of one organization."""
    return secrets.token_bytes(32)


def encrypt(key: bytes, source: IO[bytes], into: IO[bytes]) -> None:
    """Write the sound of `source`, encrypted."""
    salt = secrets.token_bytes(32)
    cipher = _cipher(key, salt)
    into.write(_MAGIC + salt)
    number, chunk = 0, source.read(CHUNK)
    while True:
        following = source.read(CHUNK)
        into.write(cipher.encrypt(_nonce(number, last=not following), chunk, None))
        if not following:
            return
        number, chunk = number + 1, following


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the chunks of a file of `size` bytes of sound are."""

    size: int

    @property
    def chunks(self) -> int:
        return max(1, -(-self.size // CHUNK))

    def place(self, number: int) -> tuple[int, int]:
        """Begin and length of a chunk in the stored file."""
        sound = min(CHUNK, self.size - number * CHUNK)
        return _HEADER + number * (CHUNK + _TAG), sound + _TAG


def decrypt(key: bytes, file: IO[bytes], size: int, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` up to, not including, `end`. Raises WorkspaceError for a file that was altered."""
    header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise WorkspaceError("the audio file is not what was stored", hint="Restore it from a backup.")
    cipher, layout = _cipher(key, header[len(_MAGIC) :]), Layout(size)
    for number in range(start // CHUNK, -(-end // CHUNK)):
        begin, length = layout.place(number)
        file.seek(begin)
        try:
            sound = cipher.decrypt(_nonce(number, last=number == layout.chunks - 1), file.read(length), None)
        except (InvalidTag, ValueError) as error:
            raise WorkspaceError(
                "the audio file was altered, or its key was erased", hint="Restore both from a backup."
            ) from error
        yield sound[max(0, start - number * CHUNK) : end - number * CHUNK]


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=_PURPOSE).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")
