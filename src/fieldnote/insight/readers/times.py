"""Phrases that say when: seasons, months, days, holidays, events, spans of time, haste.

`find_times` finds them; `dates.words` writes one as a person and a date parser can read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from fieldnote.insight.readers.numbers import numbers
from fieldnote.insight.readers.time_words import EVENTS, HOLIDAYS, NO_RUSH, SOON

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
SEASONS = ("winter", "spring", "summer", "fall")
"""In the order of the year, as three months each from December on."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Kind(StrEnum):
    """The time that a phrase names."""

    SEASON = "season"
    MONTH = "month"
    """With or without a day."""
    PERIOD = "period"
    """A week, month, quarter or year as seen from now: `next month`, `the end of the year`."""
    SPAN = "span"
    """So many days, weeks or months."""
    DAY = "day"
    """A weekday, tomorrow, the 15th."""
    HOLIDAY = "holiday"
    EVENT = "event"
    """Something in the customer's life: `before the baby comes`."""
    SOON = "soon"
    """As soon as possible."""
    NO_RUSH = "no rush"


@dataclass(frozen=True, slots=True)
class When:
    """One such phrase."""

    kind: Kind
    start: int
    end: int
    name: str
    """The season, month, unit, day, holiday or event; of a period its unit."""
    side: str = ""
    """`before`, `by`, `after`, `within`, `in`; empty: at that time."""
    part: str = ""
    """`early`, `mid`, `late`, `end of`, …"""
    turn: str = ""
    """`this`, `next` or `last`."""
    day: int | None = None
    year: int | None = None
    count: str = ""
    """Of a span: `2`, `2 to 3`, `a few`."""
    bare: bool = False
    """Has no word beside it that shows it to be a time: `spring`, `two weeks`. An answer may be so short."""


_SIDE_WORDS = {
    "before": "before", "prior to": "before", "ahead of": "before", "by": "by", "no later than": "by",
    "not later than": "by",
    "come": "by", "after": "after", "once": "after", "when": "after", "as soon as": "after",
    "right after": "after", "right before": "before", "just before": "before", "just after": "after",
    "in time for": "by",
    "following": "after", "past": "after",
}  # fmt: skip
_SIDE = (
    r"(?:(?P<side>right before|right after|just before|just after|before|prior to|ahead of|by"
    r"|no later than|not later than|until|till"
    r"|after|following|in time for|come)\s+(?:maybe\s+|like\s+|about\s+|probably\s+)?(?P<the1>the\s+)?"
    r"|(?P<at>sometime\s+(?:in|during|around|about)|sometime|around|in|during|for|over|at|starting"
    r"|maybe|probably|say|about|on|like|of)\s+(?:maybe\s+|like\s+|about\s+)?(?:the\s+)?)?"
)
_PART = (
    r"(?:(?P<part>early|mid|middle of|the middle of|late|later|the end of|end of|the beginning of"
    r"|beginning of|the start of|start of"
    r"|first part of|the first part of|(?:the )?(?:first|second|third|last) (?:week|half) (?:of"
    r"|in)|the latter part of)[\s-]+(?:(?:in|of|on)\s+)?(?P<the2>the\s+)?)?"
)
_TURN = r"(?:(?P<turn>this coming|the coming|coming|this|next|last|this past|past|every|each)\s+)?"
_YEAR = r"(?:\s*,?\s*(?:of\s+)?(?P<year>20[2-9]\d|next year|this year|last year)(?!\d))?"
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
    "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
    *(f"twenty[ -]{word}" for word in ("first", "second", "third", "fourth", "fifth", "sixth", "seventh",
    "eighth", "ninth")),
    "thirtieth", "thirty[ -]first",
)  # fmt: skip
_DAY = (
    rf"(?:(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![\d,:%$k]|\s*(?:thousand|grand|to|or"
    rf"|k)\b)|(?:the\s+)?(?P<dayword>{'|'.join(reversed(_ORDINALS))})\b)"
)
_MONTH = rf"(?P<month>{'|'.join(MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
_UNIT = r"(?P<unit>days?|weeks?|months?|years?)\b"
_COUNT = (
    r"(?P<count>(?:a |the )?(?:couple|few)(?: of)?|(?:a|an|one)(?= (?:week|month|day"
    r"|year))(?: (?P<a_unit>week|month|day) or (?:two|so))?"
    r"|(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen|eighteen"
    r"|twenty|thirty|forty[ -]five|forty|sixty|ninety)\b"
    r"(?:\s*(?:to|or|-|and|,)\s*(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|sixty"
    r"|ninety)\b)?)"
)


def find_times(folded: str, original: str = "") -> list[When]:
    """All phrases of time in a folded text, in order, the longest where they overlap.

    `original` is the text with its capitals, which tell the month from `may` and `march`.
    """
    found = [when for read in _READERS for when in read(folded, original or folded)]
    kept: list[When] = []
    for when in sorted(found, key=lambda w: (w.start - w.end, w.start)):
        if all(when.end <= other.start or when.start >= other.end for other in kept):
            kept.append(when)
    return sorted(kept, key=lambda w: w.start)


def _compile(body: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'-]){body}".replace(" ", r"\s+"))


_SEASON_AT = _compile(
    rf"{_SIDE}{_TURN}{_PART}{_TURN.replace('turn', 'turn2')}(?P<name>spring|summer|fall|autumn"
    rf"|winter)(?:time|'s)?(?![\w-])(?! break){_YEAR}"
)
_MONTH_AT = _compile(rf"{_SIDE}{_PART}{_TURN}{_MONTH}(?:\s+{_DAY})?{_YEAR}")
_DAY_OF_MONTH = _compile(rf"{_SIDE}{_DAY} (?:of )?{_TURN}{_MONTH}{_YEAR}")
_PERIOD_AT = _compile(
    rf"{_SIDE}{_PART}(?P<turn>this coming|coming|this|next|last|past|the|of the"
    rf"|that)\s+(?P<name>week|weekend|month|quarter|year)(?:'s end| end)?(?![\w-])"
)
_YEAR_END = _compile(rf"{_SIDE}(?:year[ -]?end|year's end|the year is (?:up|out|over))\b")
_QUARTER = _compile(
    r"(?P<side>by|before|after)?\s*(?:the )?(?:(?P<part>early|late|end of"
    r"|mid)[ -])?(?:q(?P<q>[1-4])|(?P<word>first|second|third"
    r"|fourth) quarter)(?: of)?(?: (?P<year>20\d\d|next year|this year))?\b"
)
_SPAN_AT = _compile(
    rf"(?:(?P<side>within|inside of|inside|in under|in less than|less than|over|in|after"
    rf"|under)\s+)?(?:(?P<about>about|around|like|maybe|roughly|another"
    rf"|probably)\s+)?(?:the )?(?P<next>next |coming )?(?P<about2>about |around |like "
    rf"|maybe )?{_COUNT}\s*-?\s*(?:{_UNIT})?"
)
_WEEKDAY_AT = _compile(
    rf"{_SIDE}{_TURN}(?P<name>{'|'.join(WEEKDAYS)}|tomorrow|today"
    rf"|tonight|yesterday)(?:\s+(?P<next>after next))?\b"
)
_THE_DAY = _compile(
    rf"(?P<side>by|before|after|on|until|till|no later than|not later than|that's|it's) the (?:(?P<day>\d{{1,2}})(?:st"
    r"|nd|rd|th)"
    rf"|(?P<dayword>{'|'.join(reversed(_ORDINALS[3:]))}))\b(?! (?:time|one|thing|floor|person|day|house|year|week"
    r"|month|of))"
)
_HOLIDAY_AT = _compile(rf"{_SIDE}{_TURN}(?P<name>{'|'.join(HOLIDAYS)})(?![\w-])(?:\s+(?P<year>20\d\d))?")
_EVENT_AT = _compile(
    rf"(?P<side>right before|right after|just before|before|prior to|by|after|once|when|as soon as"
    rf"|in time for|until) (?P<name>{EVENTS})(?![\w])"
)
_SOON_AT = _compile(rf"(?:{SOON})(?![\w])")
_DENIED = re.compile(r"\b(?:not|no need|isn't|don't need (?:it|this|that)|doesn't have to be|not like)\s+(?:\w+\s+)?$")
_NO_RUSH_AT = _compile(rf"(?:{NO_RUSH})(?![\w])")

_TURNS = {
    "this coming": "this",
    "the coming": "this",
    "coming": "this",
    "this past": "last",
    "past": "last",
    "that": "last",
}


def _seasons(folded: str, _: str) -> Iterator[When]:
    for match in _SEASON_AT.finditer(folded):
        turn = _turn(match["turn"] or match["turn2"])
        name = "fall" if match["name"] == "autumn" else match["name"]
        side, part = _side(match["side"]), _part(match["part"])
        bare = not (
            side
            or part
            or turn
            or match["year"]
            or (match["at"] or "") not in {"", "like", "of", "maybe", "probably", "say", "about"}
        )
        year, turn = _year(match["year"], turn)
        yield When(Kind.SEASON, match.start(), match.end(), name, side, part, turn, year=year, bare=bare)


def _months(folded: str, original: str) -> Iterator[When]:
    for pattern in (_DAY_OF_MONTH, _MONTH_AT):
        for match in pattern.finditer(folded):
            groups = match.groupdict()
            said, at = match["month"], match.start("month")
            side, turn = _side(groups["side"]), _turn(groups["turn"])
            part = _part(groups.get("part"))
            day = _day(groups)
            shown = bool(side or part or turn or day or (groups["at"] or "") in {
                "sometime in", "in", "during", "for", "sometime", "around", "starting", "sometime around", "about",
                "on", "of",
            })  # fmt: skip
            if (
                said in {"may", "march", "mar", "dec", "jan", "sep", "jun", "jul"}
                and not shown
                and original[at].islower()
            ):
                continue
            if (
                said in {"may", "march"}
                and original[at].islower()
                and not (side or part or day or turn or groups["at"] in {"in", "of", "sometime in"})
            ):
                continue
            name = next(month for month in MONTHS if month.startswith(said[:3]))
            year, turn = _year(groups["year"], turn)
            yield When(Kind.MONTH, match.start(), match.end(), name, side, part, turn, day, year, bare=not shown)


def _periods(folded: str, _: str) -> Iterator[When]:
    for match in _PERIOD_AT.finditer(folded):
        part, said = _part(match["part"]), match["turn"]
        name = match["name"]
        if said in {"the", "of the"} and not (part or (match[0].endswith("end") and name != "weekend")):
            continue
        part = part or ("end of " if match[0].rstrip().endswith(" end") else "")
        turn = "this" if said in {"the", "of the"} else _turn(said)
        yield When(Kind.PERIOD, match.start(), match.end(), name, _side(match["side"]), part, turn)
    for match in _YEAR_END.finditer(folded):
        yield When(Kind.PERIOD, match.start(), match.end(), "year", _side(match["side"]), "end of ", "this")
    for match in _QUARTER.finditer(folded):
        quarter = match["q"] or str(("first", "second", "third", "fourth").index(match["word"]) + 1)
        year, turn = _year(match["year"], "")
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        yield When(
            Kind.PERIOD, start, match.end(), f"Q{quarter}", _side(match["side"]), _part(match["part"]), turn, year=year
        )


def _spans(folded: str, _: str) -> Iterator[When]:
    for match in _SPAN_AT.finditer(folded):
        unit = match["unit"] or match["a_unit"]
        if unit is None:
            continue
        count, said = _count(match), match["side"] or ""
        if count == "" or re.match(
            r"\s*(?:old|ago|warranty|out\b|later|without|behind|straight|in a row|of experience)", folded[match.end() :]
        ):
            continue
        side = (
            "within"
            if match["next"] or said.startswith(("within", "inside", "in under", "in less", "less", "under", "over"))
            else said
        )
        part = (
            "about "
            if (match["about"] or match["about2"] or "").strip() in {"about", "around", "roughly", "like", "maybe"}
            and side == "in"
            else ""
        )
        name = unit.rstrip("s") if count in {"1", "a"} else unit.rstrip("s") + "s"
        yield When(Kind.SPAN, match.start(), match.end(), name, side, part, count=count, bare=not side)


def _days(folded: str, _: str) -> Iterator[When]:
    for match in _WEEKDAY_AT.finditer(folded):
        side = "" if (match["side"] or "").startswith("come") else _side(match["side"])  # "can you come tomorrow"
        yield When(Kind.DAY, match.start(), match.end(), match["name"], side, turn=_turn(match["turn"]))
    for match in _THE_DAY.finditer(folded):
        side = "" if match["side"] in {"that's", "it's"} else _side(match["side"])
        yield When(Kind.DAY, match.start(), match.end(), "the", side, day=_day(match.groupdict()))


def _holidays(folded: str, _: str) -> Iterator[When]:
    for match in _HOLIDAY_AT.finditer(folded):
        name = next(name for pattern, name in HOLIDAYS.items() if re.fullmatch(pattern, match["name"]))
        side, turn = _side(match["side"]), _turn(match["turn"])
        year = int(match["year"]) if match["year"] else None
        yield When(
            Kind.HOLIDAY, match.start(), match.end(), name, side, turn=turn, year=year, bare=not (side or match["at"])
        )


def _events(folded: str, _: str) -> Iterator[When]:
    for match in _EVENT_AT.finditer(folded):
        yield When(
            Kind.EVENT, match.start(), match.end(), " ".join(match["name"].split()), _SIDE_WORDS.get(match["side"], "")
        )


def _haste(folded: str, _: str) -> Iterator[When]:
    for kind, pattern in ((Kind.SOON, _SOON_AT), (Kind.NO_RUSH, _NO_RUSH_AT)):
        for match in pattern.finditer(folded):
            if kind is Kind.NO_RUSH or not _DENIED.search(folded[: match.start()]):
                yield When(kind, match.start(), match.end(), match[0])


_READERS: tuple[Callable[[str, str], Iterator[When]], ...] = (
    _seasons, _months, _periods, _spans, _days, _holidays, _events, _haste,
)  # fmt: skip


def _side(said: str | None) -> str:
    return _SIDE_WORDS.get(" ".join((said or "").split()), "")


def _turn(said: str | None) -> str:
    words = " ".join((said or "").split())
    return _TURNS.get(words, words)


def _part(said: str | None) -> str:
    """`early `, `mid `, `late `, `end of `, `beginning of `, `first week of `."""
    words = " ".join((said or "").split()).removeprefix("the ")
    if not words:
        return ""
    if words in {"mid", "middle of"}:
        return "mid "
    words = {"start of": "beginning of", "later": "late", "first part of": "early", "latter part of": "late"}.get(
        words, words
    )
    return f"{words.removesuffix(' in').removesuffix(' of')} of " if " " in words else f"{words} "


def _year(said: str | None, turn: str) -> tuple[int | None, str]:
    if said is None:
        return None, turn
    return (int(said), turn) if said.isdigit() else (None, {"next year": "next", "last year": "last"}.get(said, "this"))


def _day(groups: dict[str, str | None]) -> int | None:
    if day := groups.get("day"):
        return int(day) if 1 <= int(day) <= 31 else None
    if word := groups.get("dayword"):
        return next(i for i, ordinal in enumerate(_ORDINALS, start=1) if re.fullmatch(ordinal, word))
    return None


def _count(match: re.Match[str]) -> str:
    said = match["count"]
    if "couple" in said:
        return "2"
    if "few" in said:
        return "a few"
    if match["a_unit"]:
        return "1 to 2"
    values = [f"{number.value:.0f}" for number in numbers(said)]
    if said.split()[0] in {"a", "an"}:
        values = ["1"]
    return " to ".join(values)
