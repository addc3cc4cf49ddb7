"""Byte ranges of HTTP (RFC 9110, section 14), as a player asks for them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_BYTES: Final = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)
_FAR: Final = 10**15 - 1
_CONTENT: Final = re.compile(r"bytes[ \t]+(?:([0-9]{1,15})-([0-9]{1,15})|\*)/([0-9]{1,15}|\*)[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes that a client asks for."""

    first: int | None
    """The first byte; None: the last `last` bytes."""
    last: int | None
    """The last byte, inclusive; None: up to the end."""

    @property
    def header(self) -> str:
        """As it is sent in `Range`."""
        return f"bytes={'' if self.first is None else self.first}-{'' if self.last is None else self.last}"

    def within(self, size: int) -> range:
        """The bytes of a file of `size` bytes. Empty if there are none: that is answered 416."""
        if self.first is None:
            return range(max(0, size - (self.last or 0)), size)
        return range(self.first, size if self.last is None else min(size, self.last + 1))


@dataclass(frozen=True, slots=True)
class ContentRange:
    """Which bytes an answer has, and of how many."""

    start: int | None
    """None: the answer has no bytes (416)."""
    end: int | None
    """Exclusive."""
    size: int | None
    """None: the sender does not know."""


def read_range(header: str | None) -> ByteRange | None:
    """The one range of a `Range` header. None for several, and for what cannot be read: the whole file is sent."""
    found = _BYTES.fullmatch(header.strip()) if header is not None and header.isascii() else None
    if found is None or not (found[1] or found[2]):
        return None
    first, last = (_number(part) if part else None for part in found.groups())
    return None if first is not None and last is not None and last < first else ByteRange(first, last)


def _number(digits: str) -> int:
    """More bytes than any file has are as good as the largest number that is passed on."""
    significant = digits.lstrip("0")
    return _FAR if len(significant) > len(str(_FAR)) else int(significant or 0)


def read_content_range(header: str | None) -> ContentRange | None:
    """A `Content-Range` header. None for what cannot be read, or contradicts itself."""
    found = _CONTENT.fullmatch(header.strip()) if header is not None and header.isascii() else None
    if found is None:
        return None
    size = None if found[3] == "*" else int(found[3])
    if found[1] is None:
        return ContentRange(None, None, size)
    start, end = int(found[1]), int(found[2]) + 1
    return None if start >= end or (size is not None and end > size) else ContentRange(start, end, size)
