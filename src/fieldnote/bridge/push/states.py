"""The states of a record that is sent to Siro."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class SentState(StrEnum):
    """How far a record is on its way to Siro."""

    SENT = "sent"
    """Siro has it as the CRM does."""
    PENDING = "pending"
    """Siro did not answer, or the push was stopped: the next push tries again."""
    REFUSED = "refused"
    """Siro refuses the record. Tried again when the row or the map changes."""
    UNMAPPED = "unmapped"
    """The row cannot become a Siro record. Tried again when the row or the map changes."""
    PENDING_DELETION = "pending_deletion"
    """Gone from the CRM, or deleted there, and not yet deleted in Siro. A person confirms so many deletions at once."""
    DELETED = "deleted"
    """Gone from the CRM, and deleted in Siro."""
    DROPPED = "dropped"
    """A person decided not to send it as it is. Tried again when the row or the map changes."""


GONE: Final = "it is not in the CRM any more"
DELETED_IN_CRM: Final = "the CRM says that it is deleted"
"""Why a deletion is pending."""

QUARANTINED: Final = (SentState.REFUSED, SentState.UNMAPPED)
"""Waits for a person to fix the row or the map."""
DROPPED_OR_QUARANTINED: Final = (*QUARANTINED, SentState.DROPPED)
OPEN: Final = (SentState.PENDING, *QUARANTINED, SentState.PENDING_DELETION)
"""Siro does not have it as the CRM does."""
