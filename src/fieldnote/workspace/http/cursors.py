"""Cursors: where a page ended, bound to the list, its filters and its order.

A cursor carries a checksum over all of them, so that a cursor of another list is refused instead of read as "there
are no more".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from fieldnote.workspace.http.errors import ApiError, invalid, issue

_SIGNED: Final = 12
"""Bytes of a checksum."""
_COUNTED: Final = 20
"""Bits of a number that count; the bits above them are its checksum. JavaScript keeps 53."""
_CHECKED: Final = 32


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of one caller: its path, filters and order, and the cursor that came with the call."""

    bound: bytes
    """All that a cursor of this list is bound to."""
    given: str | None

    def moment(self) -> tuple[datetime, str] | None:
        """Where the page before ended, of a list by time and id."""
        if (ended := self._ended()) is None:
            return None
        try:
            at, record_id = ended
            return datetime.fromisoformat(at).astimezone(UTC), str(UUID(record_id))
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise refused() from None

    def moment_and_word(self) -> tuple[datetime, str] | None:
        """The same, of records whose ids need not be UUIDs."""
        if (ended := self._ended()) is None:
            return None
        try:
            at, word = ended
            return datetime.fromisoformat(at).astimezone(UTC), str(word)
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise refused() from None

    def key(self) -> tuple[str, str] | None:
        """Where the page before ended, of a list by connection and external id."""
        if (ended := self._ended()) is None:
            return None
        try:
            connection_id, key = ended
            return str(UUID(connection_id)), str(key)
        except (ValueError, TypeError, AttributeError):
            raise refused() from None

    def place(self) -> int:
        """How many came before, of a list that counts."""
        match self._ended():
            case None:
                return 0
            case [int() as count]:
                return count
            case _:
                raise refused()

    def number(self) -> int:
        """How many came before, of a list whose cursor has to be a number."""
        if self.given is None:
            return 0
        digits = self.given.removesuffix(".0")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 16:
            raise refused()
        count = int(digits) & ((1 << _COUNTED) - 1)
        if int(digits) != self.number_of(count):
            raise refused()
        return count

    def cursor(self, *ended: datetime | str | int) -> str:
        """The cursor of the page that comes behind this."""
        position = [one.isoformat() if isinstance(one, datetime) else one for one in ended]
        payload = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sum(payload) + payload).decode().rstrip("=")

    def number_of(self, count: int) -> int:
        """The same as a number, for up to a million items."""
        mark = int.from_bytes(self._sum(str(count).encode())) % (1 << _CHECKED)
        return mark << _COUNTED | count

    def _sum(self, payload: bytes) -> bytes:
        return blake2b(payload, key=self.bound, digest_size=_SIGNED, person=b"cursor").digest()

    def _ended(self) -> list[Any] | None:
        if self.given is None:
            return None
        try:
            raw = base64.b64decode(self.given + "=" * (-len(self.given) % 4), altchars=b"-_", validate=True)
            payload = raw[_SIGNED:]
            if raw[:_SIGNED] != self._sum(payload):
                raise refused()
            ended = json.loads(payload)
        except (ValueError, binascii.Error):
            raise refused() from None
        return ended if isinstance(ended, list) else None


def listing_of(given: str | None, *bound: Sequence[object] | str | None) -> Listing:
    """A list that is known by all that is `bound`."""
    return Listing(blake2b(json.dumps(bound, default=str).encode(), digest_size=32).digest(), given)


def refused() -> ApiError:
    """422 for a cursor of another list, or of none."""
    message = "Is not a cursor of this list, with these filters and this order. Start again without a cursor."
    return invalid([issue("custom", ["cursor"], message)])
