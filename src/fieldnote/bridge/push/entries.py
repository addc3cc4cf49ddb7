"""The push ledger's entries, and what goes into it, as records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fieldnote.bridge.push.payload_diff import Payload
from fieldnote.bridge.push.states import SentState
from fieldnote.crm.types import Cursor


@dataclass(frozen=True, slots=True)
class Mark:
    """Enough of an entry to see whether its row changed."""

    number: int
    state: SentState
    row_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Entry:
    """The ledger's entry of one record."""

    state: SentState
    row_hash: bytes | None
    payload: Payload | None
    """The payload that Siro is known to have."""
    attempted: Payload | None
    """The payload that it may have since."""
    siro_id: str | None = None
    reason: str | None = None
    hint: str | None = None
    uncleared: tuple[str, ...] = ()
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A row that changed without a change for Siro."""

    key: str
    row_hash: bytes
    uncleared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that did not arrive."""

    key: str
    state: SentState
    row_hash: bytes | None
    """None: look at it again whether or not its row changes."""
    reason: str
    hint: str | None = None
    attempted: bytes | None = None
    """The payload that may have reached Siro, as JSON: of this call or an earlier one whose answer never came."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that is not settled, as it is reported."""

    key: str
    state: SentState
    reason: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class DeletionCounts:
    """How many deletions are pending."""

    gone: int
    """Records that the CRM does not have any more."""
    deleted: int
    """Records that the CRM says are deleted."""
    new: int
    """Records that would go to Siro as deleted the first time they go there."""

    @property
    def known(self) -> int:
        """Of records that Siro may have."""
        return self.gone + self.deleted

    @property
    def total(self) -> int:
        """All of them."""
        return self.known + self.new


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stream has been read."""

    cursor: Cursor | None
    version: str
    complete_at: datetime | None
