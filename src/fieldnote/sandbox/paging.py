"""Pages by number, by offset and by an opaque cursor."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """A part of a list."""

    items: Sequence[T]
    more: bool
    total: int


def numbered(items: Sequence[T], page: int, size: int) -> Slice[T]:
    """Page `page`, counted from 1. The list is cut where it is now, as these CRMs do: rows may slip between pages."""
    return from_offset(items, (page - 1) * size, size)


def from_offset(items: Sequence[T], offset: int, size: int) -> Slice[T]:
    """The part that begins at `offset`."""
    return Slice(items[offset : offset + size], offset + size < len(items), len(items))


def sealed(position: Any) -> str:
    """A position as an opaque token."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def unsealed(token: str) -> Any:
    """The position of a token; ValueError for any other text."""
    try:
        return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        raise ValueError("not a token") from error
