"""The days that people in North America count from: "before Thanksgiving", "after Memorial Day"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _easter(year: int) -> date:
    """The anonymous Gregorian algorithm (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


HOLIDAYS: Final[dict[str, Callable[[int], date]]] = {
    "thanksgiving": lambda year: _nth(year, 11, 3, 4),
    "(?:christmas|x-?mas) eve": lambda year: date(year, 12, 24),
    "christmas|x-?mas": lambda year: date(year, 12, 25),
    "new year'?s eve": lambda year: date(year, 12, 31),
    "(?:the )?new year'?s|(?:the )?new year": lambda year: date(year, 1, 1),
    "martin luther king(?: jr\\.?)?|mlk": lambda year: _nth(year, 1, 0, 3),
    "president'?s'?": lambda year: _nth(year, 2, 0, 3),
    "mother'?s": lambda year: _nth(year, 5, 6, 2),
    "father'?s": lambda year: _nth(year, 6, 6, 3),
    "columbus|indigenous peoples'?": lambda year: _nth(year, 10, 0, 2),
    "veteran'?s'?": lambda year: date(year, 11, 11),
    "black friday": lambda year: _nth(year, 11, 3, 4) + timedelta(days=1),
    "4th of july|july 4th|independence": lambda year: date(year, 7, 4),
    "labor": lambda year: _nth(year, 9, 0, 1),
    "memorial": lambda year: _nth(year, 6, 0, 1) - timedelta(days=7),
    "easter": _easter,
    "halloween": lambda year: date(year, 10, 31),
    "valentine'?s": lambda year: date(year, 2, 14),
}
"""People's names for them, as patterns, and the day that each falls on in a year."""
