"""Whether a CRM field may be written: three values, and what the file allows. Pure.

The base is what the CRM gave back after our last write. While the live value equals it, the field is ours;
once it does not, a person changed it, and it is theirs. All comparing is done in the column's own type, by
the `same` that the CRM's driver gives: a CRM that rounds, trims or runs triggers is no person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from fieldnote.bridge.pull.read_back import Same, number_of, plain_text
from fieldnote.config import Policy
from fieldnote.crm.types import FrozenValue, freeze


class Verdict(StrEnum):
    """What to do with a field."""

    HOLDS = "holds"
    """Nothing: it holds what it should."""
    WRITE = "write"
    """Write it."""
    KEEP = "keep"
    """Nothing: a person's value stands there, and is left alone."""
    PROPOSE = "propose"
    """Ask a person."""
    SHADOW = "shadow"
    """Nothing but to remember what would be written."""
    DECLINED = "declined"
    """Nothing: a person said no to just this."""
    SILENT = "silent"
    """Nothing: no recording has anything to say about it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is known, so that "empty" (`Value(None)`) and "not known" (`None`) are two things."""

    value: FrozenValue


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be done, kept before it was."""

    value: FrozenValue
    wanted: FrozenValue
    before: FrozenValue
    """What stood there then."""
    recording_id: str | None
    extraction: str
    action: str = "written"
    actor: str = "fieldnote"
    said: FrozenValue = None
    """The extraction's own words."""
    definition_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows of a field."""

    original: Value | None = None
    """What stood there before our first write."""
    base: Value | None = None
    """What the CRM gave back after our last write. None: we never wrote it."""
    wanted: Value | None = None
    """What we had asked for; for `append`, our own lines alone."""
    intent: Intent | None = None
    """What we were about to write when we were stopped."""
    declined: Value | None = None
    """What a person said no to, or wrote something else in the place of: not to be written or proposed again."""

    def alters(self, same: Same) -> bool:
        """Whether the CRM has changed what we last wrote: it gave back something else than we had asked for."""
        base, wanted = self.base, self.wanted
        return base is not None and wanted is not None and not same(base.value, wanted.value)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and with what."""

    verdict: Verdict
    value: FrozenValue = None
    """What to write or to propose."""
    wanted: FrozenValue = None
    """What to remember as asked for: for `append` our own lines, as `value` has a person's around them."""
    taken_back: bool = False
    """The value is the one from before Fieldnote."""


def settle(standing: Standing, live: object, same: Same) -> tuple[Standing, bool]:
    """Find out what became of a write that we were stopped in; the bool says whether it was done.

    If the field still holds what it held, it was not. A live value that equals what we intended is ours. So
    is one that differs by no more than what CRMs do to values (rounding, case, blanks, cutting off): hardly
    anybody types just that between our write and our next look. Anything else is a person's, and treated so.
    """
    intent = standing.intent
    if intent is None:
        return standing, False
    rest = replace(standing, intent=None)
    if same(live, intent.before) or not (same(live, intent.value) or about(live, intent.value)):
        return rest, False
    return written(rest, intent, freeze(live)), True


def written(standing: Standing, intent: Intent, after: FrozenValue) -> Standing:
    """What is known of a field once an intent was carried out and the CRM gave back `after`."""
    match intent.action:
        case "taken_back":
            return Standing()
        case "edited" | "reverted":  # a person's own value, and what it stands in the place of
            return Standing(declined=Value(intent.wanted))
        case _:
            original = standing.original or Value(intent.before)
            return Standing(original, Value(after), Value(intent.wanted), declined=standing.declined)


def decide(policy: Policy, standing: Standing, live: object, desired: FrozenValue, same: Same) -> Decision:
    """What to do about a field that holds `live` and should hold `desired` (None: nothing was said)."""
    if desired is None:
        return Decision(Verdict.SILENT)
    if standing.declined is not None and _equal(standing.declined.value, desired) and not same(live, desired):
        return Decision(Verdict.DECLINED, desired, desired)
    ours = standing.base is not None and same(live, standing.base.value)
    if ours and standing.wanted is not None and _equal(standing.wanted.value, desired):
        return Decision(Verdict.HOLDS, desired, desired)
    if policy is Policy.APPEND:
        return _append(standing, live, str(desired))
    if same(live, desired):
        return Decision(Verdict.HOLDS, desired, desired)
    return Decision(_verdict(policy, standing, live, ours=ours), desired, desired)


def _verdict(policy: Policy, standing: Standing, live: object, *, ours: bool) -> Verdict:
    if policy is Policy.OVERWRITE:
        return Verdict.WRITE
    if policy is Policy.SHADOW:
        return Verdict.SHADOW
    if policy is Policy.PROPOSE:
        return Verdict.PROPOSE
    # A field that we once wrote and that is empty now was emptied by a person.
    if ours or (standing.base is None and is_empty(live)):
        return Verdict.WRITE
    return Verdict.KEEP if policy is Policy.FILL else Verdict.PROPOSE


def take_back(policy: Policy, standing: Standing, live: object, same: Same) -> Decision:
    """Undo what came from a recording that now belongs to another record, if nobody touched it since."""
    if standing.base is None:
        return Decision(Verdict.SILENT)
    if policy is Policy.APPEND and standing.wanted is not None:
        return _remove(str(standing.wanted.value or ""), live)
    if not same(live, standing.base.value):
        return Decision(Verdict.KEEP)
    original = standing.original.value if standing.original is not None else None
    return Decision(Verdict.WRITE, original, original, taken_back=True)


def is_empty(live: object) -> bool:
    """Whether a field holds nothing: null, or blank text. A zero is a value."""
    return live is None or (isinstance(live, str) and not live.strip())


def _append(standing: Standing, live: object, block: str) -> Decision:
    """Our lines stand in the field beside a person's, who may write around them but not into them."""
    text = _lines("" if live is None else str(live))
    previous = None if standing.wanted is None else str(standing.wanted.value or "")
    if previous and previous != block and _contains(text, previous):
        return Decision(Verdict.WRITE, _replaced(text, previous, block), block)
    if _contains(text, block):
        return Decision(Verdict.HOLDS, text, block)
    if not previous:
        return Decision(Verdict.WRITE, f"{text.rstrip()}\n{block}" if text.strip() else block, block)
    return Decision(Verdict.PROPOSE, block, block)


def _remove(previous: str, live: object) -> Decision:
    text = _lines("" if live is None else str(live))
    if not previous or not _contains(text, previous):
        return Decision(Verdict.KEEP if previous else Verdict.SILENT)
    left = _replaced(text, previous, "").strip("\n")
    return Decision(Verdict.WRITE, left or None, None, taken_back=True)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _whole(block: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(_lines(block))}[ \t]*$", re.MULTILINE)


def _contains(text: str, block: str) -> bool:
    return _whole(block).search(text) is not None


def _replaced(text: str, previous: str, block: str) -> str:
    return _whole(previous).sub(lambda _: block, text, count=1)


def _equal(left: FrozenValue, right: FrozenValue) -> bool:
    return type(left) is type(right) and left == right


def about(live: object, wrote: object) -> bool:
    """Whether a CRM may have made `live` of `wrote`: rounded, cut off, or changed in case or blanks."""
    left, right = number_of(live), number_of(wrote)
    if left is not None and right is not None:
        return abs(left - right) < 1
    if isinstance(live, datetime | date) or isinstance(wrote, datetime | date):
        return str(live)[:10] == str(wrote)[:10]
    short, long = plain_text(live), plain_text(wrote)
    return bool(short) and long.startswith(short)
