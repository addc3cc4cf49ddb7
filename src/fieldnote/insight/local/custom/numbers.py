"""Numbers with their unit, and years, for a custom field."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.passages import Hit, Query, query_of
from fieldnote.insight.readers.numbers import Number, numbers
from fieldnote.insight.stems import stem
from fieldnote.insight.talk.turns import Sentence
from fieldnote.insight.words import fold

NUMBER_FEATURES: Final = (
    "has the unit",
    "lacks the unit",
    "has another unit",
    "is money",
    "counts a word of the name",
    "counts a word of the description",
    "is named before",
    "answers how many",
    "is the only number",
    "looks like a year",
    "is spoken in digits",
    "settles it",
    "is taken back",
    "both sides say it",
)
YEAR_FEATURES: Final = ("is four digits", "is the only year")

_YEAR_WANTED = re.compile(r"\byear\b(?!s)(?! old| of warranty)")
_AGE_WANTED = re.compile(
    r"\bhow old\b|\bage\b|\byears? old\b|\bhow many years\b|\bhow long\b|\bin years\b|\byears of\b"
)
_UNITS: Mapping[str, str] = {
    "square feet": r"square (?:feet|foot)|sq\.? ?ft|square footage",
    "squares": r"squares?",
    "tons": r"(?:and a half )?tons?",
    "gallons": r"gallons?",
    "percent": r"percent|%",
    "feet": r"(?:linear |square )?(?:feet|foot|ft)",
    "inches": r"inch(?:es)?",
    "amps": r"amps?",
    "volts": r"volts?",
    "kw": r"kilowatts?|kw",
    "kwh": r"kilowatt[- ]hours?|kwh",
    "years": r"years?(?: old)?",
    "months": r"months?",
    "weeks": r"weeks?",
    "days": r"days?",
    "hours": r"hours?",
    "minutes": r"minutes?",
    "miles": r"miles?",
    "people": r"people|of us|adults",
    "degrees": r"degrees?",
    "grains": r"grains?",
    "ppm": r"ppm|parts per million",
    "psi": r"psi|pounds",
    "pounds": r"pounds?|lbs?",
}
_SAME_UNIT = {"linear feet": "feet", "foot": "feet", "ft": "feet", "kilowatts": "kw", "sq ft": "square feet"}
_ANY_UNIT = re.compile(rf"\s*-?\s*(?:{'|'.join(_UNITS.values())})\b")
_MONEY = re.compile(r"\s*(?:dollars|bucks|thousand|grand|a month|a foot|apiece|cash)\b")
_CLOCK = re.compile(r"\s*(?:o'?clock|a\.?m\b|p\.?m\b|in the (?:morning|afternoon|evening))")
_BEFORE = re.compile(r"[$#]\s?$|\b(?:at|page|route|apartment|unit|channel|highway|exit|class) $")
_PRONOUN = re.compile(
    r"\b(?:the|that|this|which|each|every|first|second|third|last|other|another|new|old|no|any|big|good) $"
)
_PRONOUN_AFTER = re.compile(r" (?:of|at|on|in|is|was|you|i|we|that|who|thing|day|to)\b|[.,?!]|$")
_IS = re.compile(r"\b(?:is|was|are|'s|of|at|about|be|takes|need|it's|say|says|around|like)\W*$|-$")
_HOW_MANY = re.compile(r"\bhow (?:many|old|big|much|long|tall|wide|far|deep|high)\b|\bwhat size\b")
_SPOKEN_YEAR = re.compile(r"\b(?:oh|'0) ?(one|two|three|four|five|six|seven|eight|nine|[1-9])\b|(?<!\w)'(\d\d)\b")
_IN_YEAR = re.compile(r"\b(?:in|since|from|built|back in|around|of|it was|that was|about)(?: like| about| maybe)* $")
_COUNTED = re.compile(r"\s*(?:years?|months?|weeks?|days?|percent|feet|inches|thousand|hundred|grand|dollars|or|to)\b")
_ABOUT = re.compile(r"(?:ten|eleven|twelve|\w+teen)[ -](?:eleven|twelve|\w+teen)")
"""`Fifteen sixteen years` is neither 1,516 nor one number."""
_SETTLES = re.compile(
    r"\b(?:so|then|okay|ok|make (?:it|that)|call it|let's (?:do|say)|that's|it's|in the end)\W*(?:\w+\W+)?$"
)
_TAKEN_BACK = re.compile(r"\b(?:not|instead of|without|rather than|isn't|don't want) (?:the |just |only )?$")
_DIGIT = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}


def is_year(definition: Definition) -> bool:
    """Whether a number field is for a calendar year, not for a count of years."""
    asked = fold(f"{definition.name} {definition.description}")
    return bool(_YEAR_WANTED.search(asked)) and not _AGE_WANTED.search(asked) and not definition.unit


def number_candidates(definition: Definition, hits: Sequence[Hit]) -> Iterator[Candidate]:
    query, units = query_of(definition), _units_of(definition)
    said = [(hit, numbers(hit.passage.sentence.folded)) for hit in hits]
    sides: dict[float, set[bool]] = defaultdict(set)
    for hit, found in said:
        for number in found:
            sides[number.value].add(hit.passage.sentence.by_rep)
    for hit, found in said:
        for number in found:
            if not _may_count(hit.passage.sentence, number):
                continue
            features = _features(hit, number, query, units, is_only=len(found) == 1)
            yield Candidate(_plain(number.value), hit, (*features, float(len(sides[number.value]) == 2)))


def year_candidates(hits: Sequence[Hit]) -> Iterator[Candidate]:
    for hit in hits:
        folded = hit.passage.sentence.folded
        found = _years(folded)
        for year in found:
            is_said = str(year) in folded
            steps = () if is_said else (f"year: {year}",)
            yield Candidate(str(year), hit, (float(is_said), float(len(found) == 1)), operations=steps)


def _units_of(definition: Definition) -> list[str]:
    asked = fold(f"{definition.name} {definition.description}")
    unit = definition.unit.casefold()
    if unit:
        return [_UNITS.get(_SAME_UNIT.get(unit, unit), re.escape(unit))]
    if _AGE_WANTED.search(asked):
        return [_UNITS["years"]]
    return [pattern for pattern in _UNITS.values() if re.search(rf"\b(?:{pattern})\b", asked)]


def _has(units: Sequence[str], sentence: Sentence, number: Number) -> bool:
    after = sentence.folded[number.end : number.end + 30]
    return any(re.match(rf"\s*-?\s*(?:{unit})\b", after) for unit in units)


def _may_count(sentence: Sentence, number: Number) -> bool:
    after, before = sentence.folded[number.end : number.end + 20], sentence.folded[: number.start][-12:]
    if sentence.folded[number.start : number.end] == "one" and (_PRONOUN.search(before) or _PRONOUN_AFTER.match(after)):
        return False
    if _ABOUT.fullmatch(sentence.folded[number.start : number.end]):
        return False
    return not (_CLOCK.match(after) or _BEFORE.search(before) or re.match(r"-some|ish\b", after))


def _features(hit: Hit, number: Number, query: Query, units: Sequence[str], *, is_only: bool) -> tuple[float, ...]:
    sentence, question = hit.passage.sentence, hit.passage.question
    after, before = sentence.folded[number.end :][:40], sentence.folded[: number.start][-40:]
    counted = {stem(word) for word in re.findall(r"[a-z']+", after)[:3]}
    named = {stem(word) for word in re.findall(r"[a-z']+", before)[-5:]}
    has_unit = _has(units, sentence, number)
    how_many = question is not None and hit.passage.distance <= 1 and _HOW_MANY.search(question.folded)
    return (
        float(has_unit),
        float(bool(units) and not has_unit),
        float(not has_unit and _ANY_UNIT.match(after) is not None),
        float(_MONEY.match(after) is not None or number.scale >= 1000),
        float(bool(counted & query.name)),
        float(bool(counted & query.description)),
        float(bool(named & query.all) and _IS.search(before) is not None),
        float(bool(how_many)),
        float(is_only),
        float(number.year),
        float(number.in_digits),
        float(_SETTLES.search(before) is not None),
        float(_TAKEN_BACK.search(before) is not None),
    )


def _years(folded: str) -> list[int]:
    found = [int(number.value) for number in numbers(folded) if number.year and 1850 <= number.value <= 2100]
    for match in _SPOKEN_YEAR.finditer(folded):
        said = match[1] or match[2]
        number = _DIGIT.get(said, 0) or int(said)
        found.append(2000 + number if number < 40 else 1900 + number)
    return [*found, *_short_years(folded)]


def _short_years(folded: str) -> list[int]:
    """`Built in fifty-eight` is 1958."""
    return [
        int(one.value) + (2000 if one.value < 30 else 1900)
        for one in numbers(folded)
        if 10 <= one.value < 100 and _IN_YEAR.search(folded[: one.start]) and not _COUNTED.match(folded[one.end :])
    ]


def _plain(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:g}"
