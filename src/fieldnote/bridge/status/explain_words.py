"""The words of `story` for what stands in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldnote.bridge.recording import Ownership

OWNERSHIP: Final[Mapping[Ownership, str]] = {
    Ownership.OURS: "this connection's",
    Ownership.UNPROVEN: "not proven to be this connection's yet",
    Ownership.FOREIGN: "another connection's, and never acted upon",
    Ownership.COLLIDING: "to a record that two connections have pushed, and is not acted upon",
}

QUARANTINE: Final[Mapping[str, str]] = {
    "refused": "Siro did not take it",
    "unmapped": "Its row could not be mapped",
    "pending": "It did not reach Siro, and the next push tries again",
    "pending_deletion": "It is gone from the CRM, and not yet deleted in Siro",
    "dropped": "A person said that it need not go to Siro",
}
"""What became of a record that Siro does not hold as the CRM does."""

FIELDS: Final[Mapping[str, str]] = {
    "written": "was written",
    "holds": "stood there already",
    "kept": "was left alone, as a person's value stands there",
    "proposed": "waits for a person's decision",
    "shadowed": "was kept in the shadow",
    "declined": "was left alone, as a person said no to it",
    "unconverted": "is no certain value",
    "refused": "was refused by the CRM",
    "record_missing": "found no record in the CRM",
    "taken_back": "was taken back, as its recording belongs to another record",
    "reverted": "was undone by a person",
    "interrupted": "was interrupted; the next pull finds out what became of it",
}

NOTES: Final[Mapping[str, str]] = {
    "written": "was written",
    "edited": "is left alone, as a person edited it",
    "removed": "is not made again, as a person deleted it",
    "refused": "was refused by the CRM",
    "withdrawn": "was withdrawn, as its recording belongs to another record",
    "reverted": "was withdrawn by a person",
    "interrupted": "was interrupted; the next pull finds out what became of it",
}

PROPOSALS: Final[Mapping[str, str]] = {
    "approved": "was approved",
    "edited": "was approved with another value",
    "rejected": "was rejected",
    "expired": "expired, as the CRM had changed meanwhile",
    "superseded": "was taken off, as something else is so now",
    "matched": "was met by what a person entered",
    "differed": "was not what a person entered",
}
"""What became of a proposal, or of a shadow."""

LINKS: Final[Mapping[str, str]] = {
    "linked": "was made",
    "rejected": "was rejected",
    "superseded": "was taken off, as the recording was linked otherwise",
}
"""What became of a link that was found."""
