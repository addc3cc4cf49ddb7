"""The one check that each value passes, however it was found: its facts occur in its evidence, or it is dropped.

Every number, name and day of a value occurs in the evidence or follows from it by an operation that is recorded.
A text shares at least half of its content words with the evidence. A boolean or a choice names the words it rests
on; without them it is at most proposed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations

from fieldnote.insight.bounds import LONGEST_VALUE
from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.money import amounts, sized
from fieldnote.insight.readers.numbers import numbers
from fieldnote.insight.readers.times import MONTHS, WEEKDAYS, Kind, find_times
from fieldnote.insight.stems import STOP_WORDS, stem, words
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from fieldnote.insight.words import fold
from fieldnote.mapping.dates import days
from fieldnote.mapping.day_spans import Days
from fieldnote.mapping.unclear import UnclearError

ENOUGH_WORDS = 0.5
_MOST_EVIDENCE = 12
_NAME = re.compile(r"(?<![\w'])[A-Z][\w'&.-]*[\w]")
_CALENDAR = {*MONTHS, *WEEKDAYS, "spring", "summer", "fall", "autumn", "winter", "q1", "q2", "q3", "q4"}
# Words of our own phrases and of plain speech about a sale; none of them can be somebody's name.
_PLAIN = frozenset(
    """
    about above alone already appointment approval approves approve around asks available bad bank before below best
    better both budget business buy called call calls cheaper check choose close cold color committee company compare
    comparing competitor concerned concern concerns confused contract cost customer customers date decide decides
    decision decisions deposit disruption does down expensive experience family father finance financing find first fits
    get getting hesitant high higher homeowner homeowners husband insurance insulation interest interested is jointly
    late later less limit looking loud low main makes maker maximum mess minimum monthly mother must need needs new next
    nobody noise none not number objection old once other others own owner owners parents partner past pay payment plans
    prefer prefers present price prices primary project quality quote quotes range rate ready reason rep rush sale sales
    satisfied save seems send she sign signs slow sole son sooner spouse start still talk think timing together too
    total trust trusts uncertain undecided unhappy unsure up upfront urgent value visit wait waiting wants wary warranty
    wife will within work worried worry yes no true false per month months year years week weeks day days
    """.split()
)


@dataclass(slots=True)
class Verdict:
    """Whether a value is supported."""

    supported: bool
    reason: str = ""
    """The fact without evidence, as `number`, `name`, `day` or `words`; it quotes nothing."""
    proposed: bool = False
    operations: list[str] = field(default_factory=list)


def check(
    definition: Definition,
    value: str,
    evidence: Sequence[Utterance],
    *,
    visit: Visit | None = None,
    rests_on: Sequence[str] = (),
) -> Verdict:
    """Judge one value by the utterances that it cites."""
    visit = visit or Visit()
    if not evidence or not value.strip():
        return Verdict(False, "no evidence" if value.strip() else "no value")
    if len(value) > LONGEST_VALUE:
        return Verdict(False, "length")
    facts = _Facts(evidence[:_MOST_EVIDENCE], visit)
    if definition.type in {FieldType.BOOLEAN, FieldType.CHOICE}:
        return _closed(definition, value, facts, rests_on)
    verdict = Verdict(True)
    for kind, reader in (("day", facts.lacks_day), ("number", facts.lacks_number), ("name", facts.lacks_name)):
        if reader(value, verdict.operations):
            return Verdict(False, kind)
    if definition.type in {FieldType.TEXT, FieldType.LIST} and facts.share(value) < ENOUGH_WORDS:
        return Verdict(False, "words")
    return verdict


def _closed(definition: Definition, value: str, facts: _Facts, rests_on: Sequence[str]) -> Verdict:
    allowed = ("yes", "no", "true", "false") if definition.type is FieldType.BOOLEAN else definition.choices
    if value.casefold() not in {one.casefold() for one in allowed}:
        return Verdict(False, "not one of the choices")
    if not rests_on:
        return Verdict(True, proposed=True)
    said = [one for one in rests_on if words(fold(one))]
    is_said = bool(said) and all(facts.says(one) for one in said)
    return Verdict(True, proposed=not is_said or not any(_decides(definition, value, one) for one in said))


_YES_OR_NO = frozenset("yes yeah yep yup sure right correct absolutely definitely no nope nah not never none".split())


def _decides(definition: Definition, value: str, phrase: str) -> bool:
    """Whether words can decide: they name the choice, or the subject of a yes or no, or they are the yes or no."""
    said = {stem(word) for word in words(fold(phrase)) if word not in STOP_WORDS}
    said |= {other for word in words(fold(phrase)) for other in _as_said(word)}
    if definition.type is FieldType.CHOICE:
        return bool(said & {stem(word) for word in words(fold(value))})
    subject = {stem(word) for word in words(fold(f"{definition.name} {definition.description}"))} - _STOPPED
    return bool(said & subject) or bool(_YES_OR_NO & set(words(fold(phrase))))


_STOPPED = frozenset(stem(word) for word in STOP_WORDS)


class _Facts:
    """The numbers, days, names and words of the evidence, each with the operations that may follow."""

    def __init__(self, evidence: Sequence[Utterance], visit: Visit) -> None:
        self.visit = visit
        self.folded = [fold(said.text) for said in evidence]
        self.all = " ".join(self.folded)
        self.words = {word for text in self.folded for word in words(text)}
        self.labels = {word for said in evidence for word in words(fold(said.speaker))}
        # The appointment knows these names; whose they are is as certain as the appointment itself.
        self.labels |= set(words(fold(f"{visit.customer or ''} {visit.rep_name or ''}")))
        self.stems = frozenset(stem(word) for word in self.words | self.labels)

    def says(self, phrase: str) -> bool:
        return f" {' '.join(words(fold(phrase)))} " in f" {' '.join(words(self.all))} "

    def share(self, value: str) -> float:
        wanted = [word for word in words(fold(value)) if word not in STOP_WORDS and word not in _IMPLIED]
        met = sum(1 for word in wanted if stem(word) in self.stems or word.isdigit() or _as_said(word) & self.stems)
        return met / len(wanted) if wanted else 1.0

    # --- numbers ------------------------------------------------------------------------------------------------

    def lacks_number(self, value: str, operations: list[str]) -> bool:
        text = _without_times(value, self.visit.day)
        wanted = _amounts_of(text)
        if not wanted:
            return False
        known, scaled = self._numbers()
        for amount in wanted:
            if amount in known:
                continue
            if amount in scaled:
                operations.append(f"unit: {scaled[amount]}")
            elif made := _year(amount, known) or _sum(amount, known):
                operations.append(made)
            elif amount not in self._of_times():
                return True
        return "month" in fold(value) and "$" in value and not re.search(r"month|/mo\b|payment", self.all)

    def _numbers(self) -> tuple[set[float], dict[float, str]]:
        known: set[float] = set()
        scaled: dict[float, str] = {}
        for text in self.folded:
            for part in _parts(text):
                known |= {number.value for number in numbers(part)} | set(
                    map(float, re.findall(r"\d+(?:\.\d+)?", part))
                )
                for money in amounts(part):
                    known |= {money.low, money.high}
                    bigger = sized(money, thousands=True)
                    if bigger is not money and not _monthly(part):
                        scaled |= {bigger.low: _scaling(money.low), bigger.high: _scaling(money.high)}
        return known, scaled

    def _of_times(self) -> set[float]:
        return {float(found) for text in self._times() for found in re.findall(r"\d+", text)}

    # --- days ---------------------------------------------------------------------------------------------------

    def _times(self) -> list[str]:
        """Each phrase of time in the evidence, as said and as resolved from the visit's day."""
        found: list[str] = []
        for text in self.folded:
            for part in _parts(text):
                for when in find_times(part):
                    found += [part[when.start : when.end], dates.words(when, self.visit.day), dates.words(when, None)]
        return found

    def lacks_day(self, value: str, operations: list[str]) -> bool:
        named = [word for word in words(fold(value)) if word in _CALENDAR]
        stated = [word for word in named if word in self.words or word[:3] in self.words]
        intervals = re.findall(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b", value)
        years = re.findall(r"\b20\d\d\b", value)
        if len(stated) == len(named) and not intervals and all(year in self.words for year in years):
            return False
        if not named and not intervals and not years:
            return False
        if "$" in value and not named and not intervals:
            return False
        wanted = interval(value, self.visit.day)
        for text in self._times():
            known = interval(text, self.visit.day)
            if fold(text) == fold(value):
                operations.append("date from the visit's day")
                return False
            if wanted is None or known is None or known.last is None or wanted.last is None:
                continue
            if (wanted.first or date.min) <= (known.first or date.min) and known.last <= wanted.last:
                operations.append("date from the visit's day")
                return False
        if wanted is not None and self._follows(wanted):
            operations.append("date from the visit's day")
            return False
        return True

    def _follows(self, wanted: Days) -> bool:
        """Whether each end of an interval is a day of the evidence: the coming one or the one before it, or its eve."""
        known = [one for text in self._times() if (one := interval(text, self.visit.day)) is not None]
        ends = {day for one in known for day in (one.first, one.last) if day is not None}
        ends |= {day + timedelta(days=shift) for day in ends for shift in (1, -7)}
        ends |= {day.replace(year=day.year - 1) for day in ends if (day.month, day.day) != (2, 29)}
        asked = [day for day in (wanted.first, wanted.last) if day is not None]
        return bool(asked) and all(day in ends for day in asked)

    # --- names --------------------------------------------------------------------------------------------------

    def lacks_name(self, value: str, operations: list[str]) -> bool:
        for match in _NAME.finditer(value):
            for word in words(fold(match[0])):
                if word in self.words or stem(word) in self.stems or word in _PLAIN or word in STOP_WORDS:
                    continue
                if word in _CALENDAR or word.isdigit() or _as_said(word) & self.stems:
                    continue
                if _begins(value, match.start()) and _is_plain_form(word):
                    continue
                return True
        return False


# Words that a value may use for what is clear without being said.
_IMPLIED = frozenset("customer customers homeowner homeowners wants concerned present decision maker".split())
_SAME: tuple[frozenset[str], ...] = tuple(
    frozenset(map(stem, group.split()))
    for group in (
        "price cost expensive money pricey high budget afford steep",
        "quote bid estimate",
        "husband spouse partner hubby",
        "wife spouse partner",
        "mother mom",
        "father dad",
        "decide decision decides call signs sign say",
        "together both we us jointly joint",
        "alone sole only just myself me",
        "financing finance interest payment loan rate apr",
        "warranty guarantee",
        "hoa association board",
        "noise loud noisy",
        "mess dust disruption dirt cleanup",
        "compare shop shopping",
        "timing schedule time",
    )
)


@lru_cache(maxsize=5_000)
def _as_said(word: str) -> frozenset[str]:
    """Other words for the same, by which a value may sum up its evidence."""
    own = stem(word)
    return frozenset().union(*(group for group in _SAME if own in group))


def _begins(value: str, at: int) -> bool:
    return at == 0 or value[:at].rstrip(" \"'(")[-1:] in {"", ".", ";", ":", ",", "?", "!", "-", "\n"}


def _is_plain_form(word: str) -> bool:
    """Whether a word that begins a phrase has the form of a verb or of a noun that is made of one."""
    return len(word) > 5 and word.endswith(("ing", "tion", "ment", "ness", "ity", "ly", "ed", "able"))


def _parts(text: str) -> list[str]:
    """Pieces of at most a few hundred characters: readers look back and ahead within one."""
    found: list[str] = []
    while len(text) > 600:
        cut = max(text.rfind(sign, 200, 600) for sign in (". ", "? ", "! ", " "))
        cut = cut + 1 if cut > 0 else 600
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]


def _without_times(value: str, day: date | None) -> str:
    """The value without its phrases of time, whose numbers another rule checks."""
    text = re.sub(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b", " ", value)
    folded = fold(text)
    for when in reversed(find_times(folded, text)):
        if when.kind is not Kind.SPAN and "$" not in text[when.start : when.end]:
            text = text[: when.start] + " " * (when.end - when.start) + text[when.end :]
    return text


def _amounts_of(text: str) -> set[float]:
    folded = fold(text)
    found = {number.value for number in numbers(folded)}
    known = {float(digits.replace(",", "")) for digits in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])", folded)}
    return {value for value in found | known if not (value == 1 and "1" not in folded)}


def _monthly(part: str) -> bool:
    return re.search(r"\ba month|per month|monthly|/mo\b", part) is not None


def _scaling(amount: float) -> str:
    return f"{amount:g} is {amount * 1000:,.0f}"


def _year(amount: float, known: set[float]) -> str:
    """`Fifty-eight` is 1958, `oh four` is 2004."""
    return f"year: {amount:g}" if 1930 <= amount < 2030 and amount % 100 in known else ""


def _sum(amount: float, known: set[float]) -> str:
    """The two numbers of the evidence that make this one by addition or subtraction."""
    for one, other in combinations(sorted(known)[:40], 2):
        if one + other == amount:
            return f"sum: {one:g} + {other:g}"
    return ""


def interval(text: str, day: date | None) -> Days | None:
    """The days that a phrase of time names, as a CRM's date column would take it; None where that is unclear."""
    try:
        return days(text, day)
    except UnclearError:
        return None
