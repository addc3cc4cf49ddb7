"""Numbers with their unit, and years, for a custom field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.values import FoundValue, evidence_of, is_usable
from fieldnote.insight.local.exchanges import of_a_third_party
from fieldnote.insight.local.passages import Hit, Query, query_of
from fieldnote.insight.readers.numbers import Number, numbers
from fieldnote.insight.stems import stem, stems
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

_YEAR_WANTED = re.compile(r"\byear\b(?! old)")
_AGE_WANTED = re.compile(r"\bhow old\b|\bage\b|\byears? old\b|\bhow many years\b|\bhow long\b|\bin years\b")
_UNITS: Mapping[str, str] = {
    "square feet": r"square (?:feet|foot)|sq\.? ?ft|square footage",
    "squares": r"squares?",
    "tons": r"(?:and a half )?tons?",
    "gallons": r"gallons?",
    "percent": r"percent|%",
    "linear feet": r"(?:linear |square )?(?:feet|foot|ft)",
    "feet": r"(?:linear |square )?(?:feet|foot|ft)",
    "inches": r"inch(?:es)?",
    "amps": r"amps?",
    "kilowatts": r"kilowatts?|kw",
    "kw": r"kilowatts?|kw",
    "years": r"years?(?: old)?",
    "months": r"months?",
    "weeks": r"weeks?",
    "days": r"days?",
    "hours": r"hours?",
    "miles": r"miles?",
    "people": r"people|of us|adults",
    "degrees": r"degrees?",
    "grains": r"grains?",
    "ppm": r"ppm|parts per million",
}
_NOT_COUNTED = re.compile(
    r"\s*(?:dollars|bucks|thousand|grand|o'?clock|a\.?m|p\.?m|percent|%|a month|a year|hundred)\b"
)
_COUNTS = re.compile(r"\b(?:number of|how many|count)\b")
_SPOKEN_YEAR = re.compile(r"\b(?:oh|'0) ?(one|two|three|four|five|six|seven|eight|nine|[1-9])\b|(?<!\w)'(\d\d)\b")
_DIGIT = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}


def read_number(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    asked = fold(f"{definition.name} {definition.description} {definition.unit}")
    if _YEAR_WANTED.search(asked) and not _AGE_WANTED.search(asked) and not definition.unit:
        return _year(talk, definition, hits)
    units = _units(definition, asked)
    query = query_of(definition)
    found: list[tuple[float, str, Hit]] = []
    for hit in hits:
        sentence = hit.passage.sentence
        if not is_usable(hit) or of_a_third_party(sentence.folded):
            continue
        for number in numbers(sentence.folded):
            points = _fits(sentence, number, query, units, hit)
            if points > 0:
                found.append((points, _plain(number.value), hit))
    if not found:
        return None
    best = max(points for points, _, _ in found)
    near = [(text, hit) for points, text, hit in found if points >= best - 0.5]
    if best < _NUMBER_ENOUGH or len({text for text, _ in near}) > 1:
        return None
    return FoundValue(near[0][0], evidence_of(near[0][1]), min(0.95, 0.35 + 0.1 * best))


_NUMBER_ENOUGH = 3.0


def _units(definition: Definition, asked: str) -> list[str]:
    if _AGE_WANTED.search(asked):
        return [_UNITS["years"]]
    if definition.unit:
        return [_UNITS.get(definition.unit.casefold(), re.escape(definition.unit.casefold()))]
    return [pattern for pattern in _UNITS.values() if re.search(rf"\b(?:{pattern})\b", asked)]


def _fits(sentence: Sentence, number: Number, query: Query, units: Sequence[str], hit: Hit) -> float:
    """How much a number is the one that is asked for: by its unit or counted noun, by its name, and by the question."""
    after = sentence.folded[number.end : number.end + 40]
    before = sentence.folded[max(0, number.start - 40) : number.start]
    if _NOT_COUNTED.match(after) and not any("percent" in unit for unit in units):
        return 0.0
    if re.search(r"[$#:]\s?$|\b(?:at|number|page|route|apartment|unit) $", before):
        return 0.0
    counted = [stem(word) for word in re.findall(r"[a-z']+", after)[:2]]
    named_before = [stem(word) for word in re.findall(r"[a-z']+", before)[-4:]]
    has_unit = any(re.match(rf"\s*-?\s*(?:{unit})\b", after) for unit in units)
    is_counted = any(word in query.all for word in counted)
    is_named = (
        any(word in query.name for word in named_before)
        and re.search(r"\b(?:is|was|are|'s|of|at|about|be|takes|need|it's|-)\W*$|-$", before) is not None
    )
    if re.match(r"-some|ish\b", after) or (sentence.by_rep and any("people" in unit for unit in units)):
        return 0.0
    question = hit.passage.question
    is_answer = (
        question is not None
        and hit.passage.distance <= 1
        and re.search(r"\bhow (?:many|old|big|much|long|tall|wide|far|deep)\b", question.folded) is not None
    )
    if not (has_unit or is_counted or is_named or (is_answer and question is not None and query.all & question.stems)):
        return 0.0
    if units and not has_unit and not (is_named or is_answer):
        return 0.0
    points = 2.0 * has_unit + 2.0 * is_counted + 2.0 * is_named + 2.0 * is_answer
    points += 1.0 * min(2, len((query.all & hit.passage.stems) - set(counted)))
    return points + 0.5 * (sentence.by_rep and has_unit) + hit.meaning


def _year(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    """A year whose sentence, or whose question, or a neighbor in the turn, speaks of the thing."""
    found: list[tuple[float, int, Hit]] = []
    for hit in hits:
        sentence = hit.passage.sentence
        if not is_usable(hit) or of_a_third_party(sentence.folded):
            continue
        near = hit.passage.stems | stems(sentence.turn.folded)
        points = (
            2.0 * len(query_of(definition).all & hit.passage.stems)
            + len(query_of(definition).all & near)
            + 2 * hit.meaning
        )
        found += [(points, year, hit) for year in _years(sentence.folded)]
    if not found:
        return None
    best = max(points for points, _, _ in found)
    values = {year for points, year, _ in found if points >= best - 0.5}
    if best < 3.0 or len(values) > 1:
        return None
    hit = next(hit for points, _, hit in found if points == best)
    steps = () if str(next(iter(values))) in hit.passage.sentence.folded else (f"year: {next(iter(values))}",)
    return FoundValue(str(values.pop()), evidence_of(hit), 0.7, operations=steps)


def _years(folded: str) -> list[int]:
    found = [int(number.value) for number in numbers(folded) if number.year and 1850 <= number.value <= 2100]
    for match in _SPOKEN_YEAR.finditer(folded):
        said = match[1] or match[2]
        number = _DIGIT.get(said, 0) or int(said)
        found.append(2000 + number if number < 40 else 1900 + number)
    return found


def _plain(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:g}"
