"""A day's visits by rep, as blocks between two hours. All places are in percent of the width. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fieldnote.bridge.status.visits import Visit

_FIRST: Final = 8
_LAST: Final = 20
_SHORTEST: Final = 2.5
"""Percent, so that a short visit can be seen and clicked."""
LANE: Final = 34
"""Pixels."""
_WIDTH: Final = 920
_LETTER: Final = 6.9
"""Pixels, of the picture and of a letter: an estimate on a desktop."""


@dataclass(frozen=True, slots=True)
class Block:
    """A visit."""

    visit: Visit
    label: str
    """The customer, as far as it fits."""
    x: float
    width: float
    y: int


@dataclass(frozen=True, slots=True)
class Row:
    """A rep's day."""

    rep: str
    blocks: tuple[Block, ...]
    height: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All rows, over the same hours."""

    rows: tuple[Row, ...]
    hours: tuple[tuple[float, str], ...]
    """Where each hour is, and its name."""
    now: float | None
    """Where the present is, if it is on this day."""
    untimed: tuple[Visit, ...]
    """Visits without a start."""


def timeline(visits: Sequence[Visit], day: date, zone: ZoneInfo, now: datetime) -> Timeline:
    """The picture of one day in `zone`."""
    timed = [visit for visit in visits if visit.starts_at is not None]
    first, last = _hours(timed, day, zone)
    begin = datetime.combine(day, time(), zone)
    span = (last - first) * 3600.0

    def place(at: datetime) -> float:
        return 100 * ((at - begin).total_seconds() - first * 3600) / span

    by_rep: dict[str, list[Visit]] = {}
    for visit in timed:
        by_rep.setdefault(visit.rep_id or "", []).append(visit)
    named = sorted(((some[-1].rep or "No rep", some) for some in by_rep.values()), key=lambda row: row[0].casefold())
    rows = [_row(rep, some, place) for rep, some in named]
    here = place(now)
    step = 1 if last - first <= 12 else 2
    return Timeline(
        tuple(rows),
        tuple((100 * (hour - first) / (last - first), _name(hour)) for hour in range(first, last, step)),
        round(here, 2) if 0 <= here <= 100 else None,
        tuple(visit for visit in visits if visit.starts_at is None),
    )


def _hours(visits: Iterable[Visit], day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The first and last hour that are shown: those of the visits, within the day."""
    first, last = _FIRST, _LAST
    begin = datetime.combine(day, time(), zone)
    for visit in visits:
        if visit.starts_at is not None:
            start = (visit.starts_at - begin).total_seconds() / 3600
            end = ((visit.ends_at or visit.starts_at) - begin).total_seconds() / 3600
            first, last = min(first, int(max(start, 0))), max(last, int(min(end, 24) + 0.999))
    return first, max(last, first + 1)


def _row(rep: str, visits: Sequence[Visit], place: Callable[[datetime], float]) -> Row:
    """Each visit in the first lane that is free."""
    lanes: list[float] = []
    blocks = []
    for visit in visits:
        if visit.starts_at is None:
            continue
        left = min(max(place(visit.starts_at), 0.0), 100 - _SHORTEST)
        right = min(max(place(visit.ends_at or visit.starts_at + timedelta(hours=1)), left + _SHORTEST), 100.0)
        lane = next((number for number, end in enumerate(lanes) if end <= left + 0.01), len(lanes))
        lanes[lane:] = [right, *lanes[lane + 1 :]]
        width = right - left
        blocks.append(Block(visit, _label(visit, width), round(left, 2), round(width, 2), lane * LANE))
    return Row(rep, tuple(blocks), max(len(lanes), 1) * LANE)


def _label(visit: Visit, width: float) -> str:
    """The whole name, else the last one: nothing is cut within a word."""
    name = visit.customer or visit.subject or visit.key
    room = (width * _WIDTH / 100 - 14) / _LETTER
    last = name.split()[-1] if name.split() else name
    return name if len(name) <= room else last if len(last) <= room else ""


def _name(hour: int) -> str:
    return f"{hour % 12 or 12} {'AM' if hour % 24 < 12 else 'PM'}"
