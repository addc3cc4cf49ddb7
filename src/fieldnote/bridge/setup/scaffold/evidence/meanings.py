"""Which column means what, by its name and its values. Pure.

Each meaning has words that speak for it and words that speak against it. Values add to that: a start is at a whole
five minutes, an end is minutes or hours behind it, a change time is never before the time of creation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from fieldnote.bridge.setup.scaffold.evidence import shapes
from fieldnote.bridge.setup.scaffold.evidence.stage_words import results_of
from fieldnote.bridge.setup.scaffold.evidence.vocabulary import AGAINST, WANTED
from fieldnote.bridge.setup.scaffold.evidence.words import singular, words
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable


@dataclass(frozen=True, slots=True)
class Rule:
    """The values that a column of some meaning must have, and how sure its name and values must be."""

    fits: Callable[[SurveyColumn], bool]
    least: float = 5


def _time_or_day(column: SurveyColumn) -> bool:
    return shapes.is_time(column) or shapes.is_day(column)


def _words_only(column: SurveyColumn) -> bool:
    return shapes.is_text(column) and not shapes.is_time(column) and not shapes.is_day(column)


RULES: Final[dict[str, Rule]] = {
    "start": Rule(_time_or_day, 3),
    "end": Rule(shapes.is_time, 4),
    "duration": Rule(shapes.is_number),
    "title": Rule(_words_only, 4),
    "kind": Rule(shapes.is_category),
    "updated": Rule(shapes.is_time),
    "created": Rule(_time_or_day),
    "cancelled": Rule(lambda column: _time_or_day(column) or shapes.is_flag(column), 7),
    "active": Rule(shapes.is_flag, 6),
    "name": Rule(_words_only),
    "first": Rule(_words_only, 8),
    "last": Rule(_words_only, 8),
    "email": Rule(shapes.is_email),
    "phone": Rule(shapes.is_phone, 6),
    "amount": Rule(shapes.is_number),
    "stage": Rule(lambda column: shapes.is_category(column) or column.refers_to is not None),
    "closed": Rule(_time_or_day, 7),
    "latitude": Rule(shapes.is_number, 8),
    "longitude": Rule(shapes.is_number, 8),
    "street": Rule(_words_only),
    "city": Rule(_words_only, 8),
    "state": Rule(_words_only),
    "zip": Rule(lambda column: column.family in {Family.TEXT, Family.INTEGER}, 7),
    "country": Rule(_words_only, 8),
}


_NEVER: Final = -99.0


def _cut(table: SurveyTable, column: SurveyColumn) -> tuple[str, ...]:
    """A column's words without those of its table: `appt_time` in `tblAppt` is `time`."""
    own = {singular(word) for word in words(table.name)}
    found = words(column.name)
    rest = tuple(word for word in found if singular(word) not in own)
    return rest or found


@lru_cache(maxsize=100_000)
def _weight(meaning: str, word: str) -> float:
    """How much a word says for a meaning; one that only ends otherwise says nearly as much: `anulada`, `anulado`."""
    known = WANTED[meaning]
    if word in known:
        return known[word]
    similar = [weight for stem, weight in known.items() if len(stem) >= 6 and word[: len(stem) - 1] == stem[:-1]]
    return max(similar, default=0) * 0.9


def name_score(table: SurveyTable, column: SurveyColumn, meaning: str) -> float:
    """The evidence of a column's name for a meaning; at or below 0 it is against it."""
    known, refused = WANTED[meaning], AGAINST[meaning]
    found = _cut(table, column)
    weights = [_weight(meaning, word) for word in found]
    wanted = sorted(weights, reverse=True)
    if not wanted:
        return 0
    best = wanted[0] + 0.4 * sum(wanted[1:])
    others = sum(word not in known and not _weight(meaning, word) and word not in {"c", "in", "the"} for word in found)
    against = sum(word in refused for word in found)
    return best - 7 * against - 0.8 * others


def score(table: SurveyTable, column: SurveyColumn, meaning: str) -> float:
    """The evidence of name and values together for a meaning; far below 0: it cannot be."""
    rule = RULES[meaning]
    if (column.hidden and not _may_hide(column, meaning)) or not rule.fits(column):
        return _NEVER
    points = name_score(table, column, meaning)
    if meaning == "updated" and column.moves:
        points += 12
    return points + _by_values(column, meaning)


def _by_values(column: SurveyColumn, meaning: str) -> float:
    """The evidence of the values for a meaning that they can show."""
    if len(column.values) < 3:
        return 6 if meaning == "email" and column.values else 0
    match meaning:
        case "email":
            return 6
        case "phone":
            return 7 if shapes.look_like_phones(column) else 0
        case "name":
            return 6 if shapes.look_like_names(column) else 0
        case "title":
            return 5 if shapes.look_like_titles(column) else 0
        case "amount":
            return 6 if shapes.look_like_amounts(column) else 0
        case "stage":
            return 4 * len(set(results_of(map(str, column.distinct)).values())) if shapes.is_category(column) else 0
        case _:
            return 0


def _may_hide(column: SurveyColumn, meaning: str) -> bool:
    return column.family in {Family.MOMENT, Family.DATE, Family.BOOLEAN} or meaning in {"latitude", "longitude"}


def ranked(
    table: SurveyTable, meaning: str, among: Iterable[SurveyColumn] | None = None
) -> list[tuple[float, SurveyColumn]]:
    """The columns that may have a meaning, the surest first. Of equals a filled one is before an empty one."""
    least = RULES[meaning].least
    found = [(score(table, column, meaning), column) for column in (table.columns if among is None else among)]
    good = [(points, column) for points, column in found if points >= least]
    return sorted(good, key=lambda item: (-item[0], -shapes.filled(item[1]), item[1].name))


@lru_cache(maxsize=100_000)
def best(table: SurveyTable, meaning: str) -> SurveyColumn | None:
    """The column with a meaning, if there is one."""
    found = ranked(table, meaning)
    return found[0][1] if found else None


# --- times that belong together ---------------------------------------------------------------------------

_SHORTEST, _LONGEST = timedelta(minutes=5), timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Span:
    """When an appointment is."""

    start: SurveyColumn
    end: SurveyColumn | None
    why: str
    score: float


@lru_cache(maxsize=10_000)
def span_of(table: SurveyTable) -> Span | None:
    """The columns of start and end, by their names and by how far apart their values are."""
    times = [column for column in table.columns if _time_or_day(column)]
    clocks = any(map(shapes.is_clock, table.columns))
    best_span: Span | None = None
    for start in times:
        named = name_score(table, start, "start")
        if not shapes.is_time(start) and clock_of(table, start) is not None:
            named = max(named, 0) + 4
        if named <= -6:
            continue
        points = named + _start_by_values(start)
        end, end_points, why = _end_for(table, start, times)
        total = points + end_points + (0 if shapes.is_time(start) else 1 if clocks else -4)
        if total >= 3 and (best_span is None or total > best_span.score):
            best_span = Span(start, end, why, total)
    return best_span


_OF_TIMES: Final = {"date", "day", "datum", "fecha", "time", "uhrzeit", "zeit", "hora", "clock", "start", "inicio"}


def clock_of(table: SurveyTable, day: SurveyColumn) -> SurveyColumn | None:
    """The time of day that belongs to a day by its name: `due_time` to `due_date`."""
    stem = set(words(day.name)) - _OF_TIMES
    for column in table.columns:
        own = set(words(column.name))
        if stem and own - _OF_TIMES == stem and own & _OF_TIMES and shapes.is_clock(column):
            return column
    return None


def _start_by_values(column: SurveyColumn) -> float:
    count = len(column.values)
    if not count:
        return 0 if not column.row_values else -5
    weight = min(1, count / 4)
    if not shapes.is_time(column):
        return weight * 3 * (shapes.filled(column) - 0.6)
    return weight * (5 * (shapes.round_share(column) - 0.4) + 3 * (shapes.filled(column) - 0.6) + _ahead(column))


def _ahead(column: SurveyColumn) -> float:
    """Plans go beyond the newest value that a program wrote; here simply beyond now."""
    now = datetime.now()  # noqa: DTZ005 - a day more or less does not matter
    later = sum(at > now for value in column.values if (at := shapes.moment(value)) is not None)
    return 1.5 if later else 0


def _end_for(
    table: SurveyTable, start: SurveyColumn, times: list[SurveyColumn]
) -> tuple[SurveyColumn | None, float, str]:
    found: tuple[SurveyColumn | None, float, str] = (None, 0, "")
    for end in times:
        if end is start or not shapes.is_time(end):
            continue
        named = name_score(table, end, "end")
        if named <= -6:
            continue
        apart = shapes.gaps(start, end)
        fitting = sum(_SHORTEST <= gap <= _LONGEST for gap in apart)
        before = sum(gap < timedelta() for gap in apart)
        if apart and (fitting < 0.8 * len(apart) or before > 0.05 * len(apart)):
            continue
        by_values = min(1, len(apart) / 4) * 4 + 2 * (shapes.round_share(end) - 0.4) if apart else 0
        points = max(named, 0) * 0.4 + by_values
        if (named >= 4 or (apart and shapes.round_share(end) >= 0.7)) and points > found[1]:
            why = "by its name" if not apart else "always minutes or hours after the start"
            found = end, points, why
    return found


def cursor_of(table: SurveyTable, columns: Iterable[SurveyColumn]) -> tuple[SurveyColumn | None, str]:
    """The column that moves with each change, and why it is taken for that; else what is missing."""
    listed = [column for column in columns if shapes.is_time(column)]
    named = [
        item for item in ranked(table, "updated", listed) if shapes.filled(item[1]) > 0.5 or not item[1].row_values
    ]
    if named:
        return named[0][1], ""
    # Of two times that programs wrote, the one that is never before the other, and differs, is that of the change.
    machine = [c for c in listed if c.values and shapes.filled(c) > 0.9 and shapes.round_share(c) < 0.5]
    for later in machine:
        for earlier in machine:
            apart = shapes.gaps(earlier, later)
            if (
                later is not earlier
                and len(apart) >= 3
                and min(apart) >= timedelta()
                and max(apart) > timedelta(minutes=1)
            ):
                return later, f"never before {earlier.name}, and often after it"
    return None, ""
