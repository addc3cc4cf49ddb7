"""The words of `explain` for the states of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldnote.bridge.recording import Ownership

OWNERSHIP: Final[Mapping[Ownership, str]] = {
    Ownership.OURS: "belongs to this connection",
    Ownership.OWNERSHIP_UNKNOWN: "is not yet known to belong to this connection",
    Ownership.OTHER_CONNECTION: "belongs to another connection, and this one never acts on it",
    Ownership.SHARED_RECORD: "points at a record that two connections pushed, and this one does not act on it",
}

QUARANTINE: Final[Mapping[str, str]] = {
    "refused": "Siro refused it",
    "unmapped": "Its row could not be mapped",
    "pending": "It did not reach Siro, and the next push tries again",
    "pending_deletion": "It left the CRM, and is not yet deleted in Siro",
    "dropped": "A person decided not to send it",
}
"""The reason that Siro and the CRM differ, by the state of the push."""

FIELDS: Final[Mapping[str, str]] = {
    "written": "was written",
    "holds": "was in the CRM already",
    "kept": "was left alone, because a person's value is there",
    "proposed": "waits for a person's decision",
    "shadowed": "was not written: its policy is `shadow`",
    "declined": "was left alone, because a person rejected it",
    "unconverted": "is not certain enough to convert",
    "refused": "was refused by the CRM",
    "record_missing": "has no record in the CRM to be written to",
    "taken_back": "was withdrawn, because its recording belongs to another record",
    "reverted": "was reverted by a person",
    "interrupted": "was interrupted; the next pull finds out whether it was written",
    "edited": "was replaced by a person's own value, after a look at this one",
    "replaced": "was written, and replaced later",
    "passed_over": "was not written: the field follows another recording or a person",
}

NOTES: Final[Mapping[str, str]] = {
    "written": "was written",
    "edited": "is left alone, because a person edited it",
    "removed": "is not written again, because a person deleted it",
    "refused": "was refused by the CRM",
    "withdrawn": "was withdrawn, because its recording belongs to another record",
    "reverted": "was withdrawn by a person",
    "interrupted": "was interrupted; the next pull finds out whether it was written",
}

PROPOSALS: Final[Mapping[str, str]] = {
    "approved": "was approved",
    "edited": "was approved with another value",
    "rejected": "was rejected",
    "expired": "expired, because the CRM's value changed first",
    "superseded": "was replaced by a newer one",
    "matched": "agreed with the value that a person entered",
    "differed": "differed from the value that a person entered",
}
"""The end of a proposal, or of a shadow value."""

LINKS: Final[Mapping[str, str]] = {
    "open": "waits for a person's decision",
    "linked": "was made",
    "rejected": "was rejected",
    "superseded": "was replaced, because the recording was linked to another record",
}
"""The end of a proposed link."""
