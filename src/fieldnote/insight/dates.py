"""A phrase of time in the words that a CRM should hold: `Spring 2026`, `Before Thanksgiving`, `Within 2 weeks`.

With the day of the conversation, what is relative to it gets its year; without it the words stay as they were said.
"""

from __future__ import annotations

from datetime import date

from fieldnote.insight.times import MONTHS, SEASONS, Kind, When


def words(when: When, day: date | None) -> str:
    """The phrase for people and date parsers, begun with a capital."""
    text = _written(when, day)
    return text[:1].upper() + text[1:]


def _written(when: When, day: date | None) -> str:
    match when.kind:
        case Kind.SEASON:
            return _beside(when, _season(when, day))
        case Kind.MONTH:
            return _beside(when, _month(when, day))
        case Kind.PERIOD:
            return _beside(when, _period(when, day))
        case Kind.SPAN:
            return f"{when.side} {when.part}{when.count} {when.name}".strip()
        case Kind.DAY:
            return _beside(when, _day(when))
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
    # A name of a season stands with a capital only where it begins the words or has its year.
    name = when.name.capitalize() if year and not when.side and not when.part else when.name
    if year:
        return f"{name} {year}"
    return f"{when.turn} {name}".strip()


def _season_year(when: When, day: date) -> int:
    """The year of a season that is now or comes next; `next` is the one of the next year."""
    ends = SEASONS.index(when.name) * 3 + 2
    return day.year if when.turn != "next" and day.month <= ends else day.year + 1


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


def _day(when: When) -> str:
    if when.day:
        return f"the {when.day}{_ordinal_ending(when.day)}"
    name = when.name if when.name in {"today", "tomorrow", "tonight"} else when.name.capitalize()
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
