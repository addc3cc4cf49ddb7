"""The state of an appointment or recording in a word or two, and its tone. `bridge.status.states` has the sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from fieldnote.bridge.status.states import State

_WORDS: Final[Mapping[State, tuple[str, str]]] = {
    State.NOT_SENT: ("Not in Siro yet", "warn"),
    State.QUARANTINED: ("Refused by Siro", "bad"),
    State.DROPPED: ("Not sent, by choice", "calm"),
    State.PENDING_DELETION: ("Deletion to confirm", "warn"),
    State.CANCELLED: ("Cancelled", "calm"),
    State.NO_START_TIME: ("No start time", "warn"),
    State.NO_REP: ("No rep", "warn"),
    State.REP_IGNORED: ("Rep does not use Siro", "calm"),
    State.REP_NOT_MAPPED: ("Rep not in Siro", "bad"),
    State.UPCOMING: ("Upcoming", "calm"),
    State.IN_PROGRESS: ("Happening now", "move"),
    State.AWAITING_RECORDING: ("Waiting for the recording", "move"),
    State.UNLINKED: ("Not linked", "warn"),
    State.NOT_RECORDED: ("Not recorded", "bad"),
    State.EXPLAINED: ("Explained", "calm"),
    State.OWNERSHIP_UNKNOWN: ("Owner not known yet", "warn"),
    State.OTHER_CONNECTION: ("Another CRM's", "calm"),
    State.SHARED_RECORD: ("Shared record", "warn"),
    State.DELETED: ("Deleted in Siro", "calm"),
    State.PROCESSING: ("Siro is processing", "move"),
    State.STUCK: ("Stuck in Siro", "bad"),
    State.WAITING: ("Waiting for Siro", "move"),
    State.EXTRACTION_FAILED: ("Siro gave no values", "bad"),
    State.REFUSED_BY_CRM: ("Refused by the CRM", "bad"),
    State.RECORD_MISSING: ("Missing in the CRM", "bad"),
    State.NEEDS_REVIEW: ("Needs a decision", "warn"),
    State.NOT_WRITTEN: ("About to be written", "move"),
    State.WRITTEN: ("Written", "good"),
    State.REVERTED: ("Reverted", "calm"),
    State.LEFT_UNCHANGED: ("Left as it was", "calm"),
    State.PURGED: ("Words deleted by Siro", "calm"),
    State.NOTHING_SAID: ("Nothing to write", "calm"),
    State.UNKNOWN: ("Unknown", "bad"),
}


_KINDS: Final = {
    "engagements": "appointment", "engagement": "appointment", "opportunities": "deal", "opportunity": "deal",
}  # fmt: skip
_PLACE: Final = re.compile(r"^push\.\w+, record [^:]{1,200}: ")


def record_kind(place: str) -> str:
    """`appointment` for a stream or a target; `customer` for those that are of neither appointments nor deals."""
    return _KINDS.get(place, "customer")


def without_place(reason: str) -> str:
    """A reason without the stream and the key, which a page shows beside it."""
    return _PLACE.sub("", reason)


def label(state: str) -> str:
    """`Not recorded`."""
    return _WORDS[_known(state)][0]


def tone(state: str) -> str:
    """A class of the style sheet: `good`, `move`, `warn`, `bad` or `calm`."""
    return _WORDS[_known(state)][1]


def _known(state: str) -> State:
    return _BY_NAME.get(state, State.UNKNOWN)


_BY_NAME: Final[Mapping[str, State]] = {state.value: state for state in State}
