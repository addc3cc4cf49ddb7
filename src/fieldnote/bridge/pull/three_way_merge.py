"""Whether a CRM field may be written: three values, and what the file allows. Pure.

The base is what the CRM gave back after our last write. While the live value equals it, the field is ours;
once it does not, a person changed it, and it is theirs. All comparing is done in the column's own type, by
the `same` that the CRM's driver gives: a CRM that rounds, trims or runs triggers is no person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from fieldnote.bridge.pull.read_back import Same, number_of, plain_text
from fieldnote.config import Policy
from fieldnote.crm.types import FrozenValue, freeze


class Verdict(StrEnum):
    """A step for a field."""

    HOLDS = "holds"
    """Nothing: it holds what it should."""
    WRITE = "write"
    """Write it."""
    KEEP = "keep"
    """Nothing: a person's value is there, and is left alone."""
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
    """The value before it."""
    recording_id: str | None
    extraction: str
    action: str = "written"
    actor: str = "fieldnote"
    said: FrozenValue = None
    """The extraction's own words."""
    definition_id: str | None = None


@dataclass(frozen=True, slots=True)
class KnownField:
    """The ledger's facts about a field."""

    original: Value | None = None
    """The value before our first write."""
    base: Value | None = None
    """The CRM's value after our last write. None: we never wrote it."""
    wanted: Value | None = None
    """The value that we asked for; for `append`, our own lines alone."""
    intent: Intent | None = None
    """The value that we were about to write when we were stopped."""
    declined: Value | None = None
    """The value that a person rejected or replaced: not to be written or proposed again."""

    def alters(self, same: Same) -> bool:
        """Whether the CRM has changed what we last wrote: it gave back something else than we had asked for."""
        base, wanted = self.base, self.wanted
        return base is not None and wanted is not None and not same(base.value, wanted.value)


@dataclass(frozen=True, slots=True)
class Decision:
    """A step and its values."""

    verdict: Verdict
    value: FrozenValue = None
    """The value to write or to propose."""
    wanted: FrozenValue = None
    """The value to remember as asked for: for `append` our own lines, as `value` has a person's around them."""
    taken_back: bool = False
    """The value is the one from before Fieldnote."""


def settle(known_field: KnownField, live: object, same: Same) -> tuple[KnownField, bool]:
    """Find out what became of a write that we were stopped in; the bool says whether it was done.

    If the field still holds what it held, it was not. A live value that equals what we intended is ours. So
    is one that differs by no more than what CRMs do to values (rounding, case, blanks, cutting off): hardly
    anybody types just that between our write and our next look. Anything else is a person's, and treated so.
    """
    intent = known_field.intent
    if intent is None:
        return known_field, False
    rest = replace(known_field, intent=None)
    if same(live, intent.before) or not (same(live, intent.value) or about(live, intent.value)):
        return rest, False
    return written(rest, intent, freeze(live)), True


def written(known_field: KnownField, intent: Intent, after: FrozenValue) -> KnownField:
    """The state of a field once an intent was carried out and the CRM returned `after`."""
    match intent.action:
        case "taken_back":
            return KnownField()
        case "edited" | "reverted":  # a person's own value, and the value that it replaced
            return KnownField(declined=Value(intent.wanted))
        case _:
            original = known_field.original or Value(intent.before)
            return KnownField(original, Value(after), Value(intent.wanted), declined=known_field.declined)


def decide(policy: Policy, known_field: KnownField, live: object, desired: FrozenValue, same: Same) -> Decision:
    """The step for a field that has `live` and should have `desired` (None: nothing was said)."""
    if desired is None:
        return Decision(Verdict.SILENT)
    if known_field.declined is not None and _equal(known_field.declined.value, desired) and not same(live, desired):
        return Decision(Verdict.DECLINED, desired, desired)
    ours = known_field.base is not None and same(live, known_field.base.value)
    if ours and known_field.wanted is not None and _equal(known_field.wanted.value, desired):
        return Decision(Verdict.HOLDS, desired, desired)
    if policy is Policy.APPEND:
        return _append(known_field, live, str(desired))
    if same(live, desired):
        return Decision(Verdict.HOLDS, desired, desired)
    return Decision(_verdict(policy, known_field, live, ours=ours), desired, desired)


def _verdict(policy: Policy, known_field: KnownField, live: object, *, ours: bool) -> Verdict:
    if policy is Policy.OVERWRITE:
        return Verdict.WRITE
    if policy is Policy.SHADOW:
        return Verdict.SHADOW
    if policy is Policy.PROPOSE:
        return Verdict.PROPOSE
    # A field that we once wrote and that is empty now was emptied by a person.
    if ours or (known_field.base is None and is_empty(live)):
        return Verdict.WRITE
    return Verdict.KEEP if policy is Policy.FILL else Verdict.PROPOSE


def why_asked(policy: Policy, live: object) -> str:
    """The reason that a person is asked about a value, in words."""
    match policy:
        case Policy.UPDATE if is_empty(live):
            return "the field was emptied after Fieldnote had filled it"
        case Policy.UPDATE:
            return "a person's value is in the field"
        case Policy.APPEND:
            return "the lines that Fieldnote added were changed"
        case _:
            return f"the policy of the field is `{policy.value}`"


def take_back(policy: Policy, known_field: KnownField, live: object, same: Same) -> Decision:
    """Undo what came from a recording that now belongs to another record, if nobody touched it since."""
    if known_field.base is None:
        return Decision(Verdict.SILENT)
    if policy is Policy.APPEND and known_field.wanted is not None:
        return _remove(str(known_field.wanted.value or ""), live)
    if not same(live, known_field.base.value):
        return Decision(Verdict.KEEP)
    original = known_field.original.value if known_field.original is not None else None
    return Decision(Verdict.WRITE, original, original, taken_back=True)


def is_empty(live: object) -> bool:
    """Whether a field holds nothing: null, or blank text. A zero is a value."""
    return live is None or (isinstance(live, str) and not live.strip())


def _append(known_field: KnownField, live: object, block: str) -> Decision:
    """Our lines are in the field beside a person's, who may write around them but not into them.

    A line that is in the field already is not added: a ledger from a backup does not know what it wrote since.
    """
    text = _lines("" if live is None else str(live))
    previous = "" if known_field.wanted is None else str(known_field.wanted.value or "")
    grows_in_place = previous not in {"", block} and _contains(text, previous)
    if _contains(text, block) and (not grows_in_place or _contains(block, previous)):
        return Decision(Verdict.HOLDS, text, block)
    if grows_in_place:
        new = without_lines(block, _replaced(text, previous, ""))
        changed = _replaced(text, previous, new)
        return Decision(Verdict.HOLDS if changed == text else Verdict.WRITE, changed, new)
    new = without_lines(block, text)
    if not new:
        return Decision(Verdict.HOLDS, text, previous or None)
    if not previous:
        return Decision(Verdict.WRITE, f"{text.rstrip()}\n{new}" if text.strip() else new, new)
    return Decision(Verdict.PROPOSE, block, block)


def without_lines(block: str, text: str) -> str:
    """The lines of a block that a text does not have, blanks around them aside."""
    there = {line.strip() for line in text.splitlines()}
    return "\n".join(line for line in block.split("\n") if line.strip() not in there)


def _remove(previous: str, live: object) -> Decision:
    text = _lines("" if live is None else str(live))
    if not previous or not _contains(text, previous):
        return Decision(Verdict.KEEP if previous else Verdict.SILENT)
    left = _replaced(text, previous, "").strip("\n")
    return Decision(Verdict.WRITE, left or None, None, taken_back=True)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _find(text: str, block: str) -> tuple[int, int] | None:
    """Where a text has the lines of a block, blanks behind them aside.

    Without a pattern: a value of a megabyte would take seconds to compile.
    """
    lines, start = _lines(block), 0
    while True:
        if text.startswith(lines, start):
            end = text.find("\n", start + len(lines))
            end = len(text) if end < 0 else end
            if not text[start + len(lines) : end].strip(" \t"):
                return start, end
        start = text.find("\n", start) + 1
        if not start:
            return None


def _contains(text: str, block: str) -> bool:
    return _find(text, block) is not None


def _replaced(text: str, previous: str, block: str) -> str:
    found = _find(text, previous)
    return text if found is None else f"{text[: found[0]]}{block}{text[found[1] :]}"


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
