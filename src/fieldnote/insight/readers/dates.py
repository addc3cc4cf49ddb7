"""A phrase of time in the words that a CRM should hold: `Spring 2026`, `Before Thanksgiving`, `Within 2 weeks`.

With the day of the conversation, what is relative to it gets its year; without it the words stay as they were said.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from fieldnote.insight.readers.times import MONTHS, SEASONS, WEEKDAYS, Kind, When


def words(when: When, day: date | None) -> str:
    """The phrase for people and date parsers, begun with a capital."""
    text = _written(when, day)
    return text[:1].upper() + text[1:]


def _written(when: When, day: date | None) -> str:
    match when.kind:
        case Kind.SEASON:
            return _beside(when, _season(when, day))
        case Kind.MONTH:
            return _half(when, day) or _beside(when, _month(when, day))
        case Kind.PERIOD:
            return _beside(when, _period(when, day))
        case Kind.SPAN:
            return f"{when.side} {when.part}{when.count} {when.name}".strip()
        case Kind.DAY:
            return _beside(when, _day(when, day))
        case Kind.HOLIDAY:
            return _beside(when, _with_year(when.name, when.year))
        case Kind.EVENT:
            return f"{when.side} {_event(when.name)}"
        case Kind.SOON:
            return "as soon as possible"
        case Kind.NO_RUSH:
            return "no rush"


def _beside(when: When, text: str) -> str:
    """With its side, as in `before June`, and its part, as in `end of June`."""
    part = f"the {when.part}" if when.side and when.part.endswith("of ") else when.part
    return f"{when.side} {part}{text}".strip()


def _with_year(text: str, year: int | None) -> str:
    return f"{text} {year}" if year else text


def _season(when: When, day: date | None) -> str:
    # A winter has two years, so none is put to it.
    year = when.year or (_season_year(when, day) if day and when.name != "winter" else None)
    # A season's name has a capital only where it begins the words or has its year.
    name = when.name.capitalize() if year and not when.side and not when.part else when.name
    if year:
        return f"{name} {year}"
    return f"{when.turn} {name}".strip()


def _season_year(when: When, day: date) -> int:
    """The year of a season that is now or comes next; `next` is the one of the next year."""
    ends = SEASONS.index(when.name) * 3 + 2
    return day.year if when.turn != "next" and day.month <= ends else day.year + 1


def _half(when: When, day: date | None) -> str:
    """`The first half of May` as its days; empty for any other phrase, and without a visit's day."""
    if day is None or when.side or when.kind is not Kind.MONTH or not when.part.endswith("half of "):
        return ""
    number = MONTHS.index(when.name) + 1
    name, year = when.name.capitalize(), when.year or _month_year(when, number, day)
    begins, ends = (1, 15) if when.part.startswith("first") else (16, monthrange(year, number)[1])
    return f"{name} {begins} to {name} {ends}, {year}"


def _month(when: When, day: date | None) -> str:
    number = MONTHS.index(when.name) + 1
    name = when.name.capitalize() + (f" {when.day}" if when.day else "")
    year = when.year or (_month_year(when, number, day) if day else None)
    if year:
        return f"{name}, {year}" if when.day else f"{name} {year}"
    return f"{when.turn} {name}".strip() if when.turn == "next" else name


def _month_year(when: When, number: int, day: date) -> int:
    passed = (number, when.day or 31) < (day.month, day.day)
    return day.year + 1 if passed or (when.turn == "next" and number == day.month) else day.year


def _period(when: When, day: date | None) -> str:
    if when.name.startswith("Q"):
        year = when.year or (_quarter_year(when, day) if day else None)
        return _with_year(when.name, year)
    if day is not None and when.name == "month":
        ahead = day.month + (when.turn == "next") - 1
        return f"{MONTHS[ahead % 12].capitalize()} {day.year + ahead // 12}"
    if day is not None and when.name == "year":
        return str(day.year + (when.turn == "next"))
    turn = "the" if when.part and when.turn == "this" else when.turn
    return f"{turn} {when.name}"


def _quarter_year(when: When, day: date) -> int:
    return day.year + 1 if when.turn == "next" or int(when.name[1]) * 3 < day.month else day.year


def _day(when: When, day: date | None) -> str:
    if when.day:
        if day is not None and (known := on_day(when, day)):
            return f"{MONTHS[known.month - 1].capitalize()} {known.day}, {known.year}"
        return f"the {when.day}{_ordinal_ending(when.day)}"
    name = when.name if when.name in {"today", "tomorrow", "tonight", "yesterday"} else when.name.capitalize()
    return f"{when.turn} {name}".strip() if when.turn == "next" else name


def _ordinal_ending(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


_SAID_OF_SCHOOL = {
    "school's out": "school is out", "school gets out": "school is out", "school lets out": "school is out",
    "school's in": "school starts", "school": "school starts",
}  # fmt: skip


def _event(name: str) -> str:
    """Without the speaker: `our daughter's wedding` is `daughter's wedding`, `i list the house` `listing the house`."""
    for owner in ("my ", "our "):
        name = name.removeprefix(owner)
    for speaker in ("we ", "i "):
        if name.startswith(speaker):
            name = "they " + name.removeprefix(speaker)
    return _SAID_OF_SCHOOL.get(name, name)


def on_day(when: When, day: date, *, past: bool = False) -> date | None:
    """The one day that a phrase names, at or after the visit's day, or with `past` at or before it."""
    if when.side or when.part:
        past = past and when.side == ""
    if when.kind is Kind.MONTH and when.day:
        return _in_year(when, day, past=past)
    if when.kind is not Kind.DAY:
        return None
    near = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
    if when.name in near:
        return day + timedelta(days=near[when.name])
    if when.name in WEEKDAYS:
        ahead = (WEEKDAYS.index(when.name) - day.weekday()) % 7
        if past or when.turn == "last":
            return day - timedelta(days=(day.weekday() - WEEKDAYS.index(when.name)) % 7 or 7)
        return day + timedelta(days=ahead or 7)
    return _day_of_month(when.day, day, past=past) if when.day else None


def _in_year(when: When, day: date, *, past: bool) -> date | None:
    month = MONTHS.index(when.name) + 1
    for year in [when.year] if when.year else ([day.year, day.year - 1] if past else [day.year, day.year + 1]):
        if when.day and when.day <= monthrange(year, month)[1]:
            known = date(year, month, when.day)
            if when.year or (known <= day if past else known >= day):
                return known
    return None


def _day_of_month(number: int, day: date, *, past: bool) -> date | None:
    year, month = day.year, day.month
    for _ in range(3):
        if number <= monthrange(year, month)[1]:
            known = date(year, month, number)
            if known <= day if past else known >= day:
                return known
        month += -1 if past else 1
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return None
