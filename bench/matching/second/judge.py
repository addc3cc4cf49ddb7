"""Which recordings nobody could decide from the records alone, and how surely not."""

from bisect import bisect_left
from collections.abc import Collection
from datetime import timedelta

from bench.matching.second.records import Row, Take, Year

_NEAR = timedelta(hours=3)


_NO_TRACE, _NO_WAY_TO_TELL, _LOOKS_LIKE_A_VISIT = 3, 2, 1
"""How surely a recording cannot be decided: its row is gone, nothing points at its row, or it looks like a visit."""
_AT_THE_DOOR = 100.0


def mark_undecidable(year: Year) -> None:
    """Give a doubt to each recording whose row, or lack of one, leaves no trace."""
    rows: dict[str, list[Row]] = {}
    by_visit: dict[str, list[Row]] = {}
    for row in year.rows:
        rows.setdefault(row.rep, []).append(row)
        by_visit.setdefault(row.visit, []).append(row)
    for own in rows.values():
        own.sort(key=lambda row: row.start)
    ends: dict[str, list[Take]] = {}
    for take in year.takes:
        if take.visit is not None:
            ends.setdefault(take.visit, []).append(take)
    recorded = ends.keys()
    takes: dict[str, list[Take]] = {}
    for take in sorted(year.takes, key=lambda take: take.start):
        takes.setdefault(take.rep, []).append(take)
    for rep, own_takes in takes.items():
        own = rows.get(rep, [])
        for n, take in enumerate(own_takes):
            before = own_takes[n - 1] if n else None
            truth = by_visit.get(take.visit or "", [])
            if take.visit is not None and not truth:
                # Its row was deleted: nothing is left to link.
                take.doubt = _NO_TRACE
            elif truth:
                take.doubt = _NO_WAY_TO_TELL * _visit_undecidable(take, truth, _around(own, take))
            else:
                open_rows = [row for row in _around(own, take) if row.customer is not None and not row.canceled]
                take.doubt = _LOOKS_LIKE_A_VISIT * _stray_undecidable(take, before, open_rows, recorded)


def _around(own: list[Row], take: Take) -> list[Row]:
    starts = [row.start for row in own]
    first, last = bisect_left(starts, take.start - _NEAR), bisect_left(starts, take.start + _NEAR)
    return own[first:last]


def _visit_undecidable(take: Take, truth: list[Row], around: list[Row]) -> bool:
    placed = take.placed and any(
        row.spot is not None and not row.marks & {"approximate_place", "wrong_place", "no_place"} for row in truth
    )
    if take.titled or placed:
        return False
    away = min(abs(row.start - take.start) for row in truth)
    if all(row.rep != take.rep for row in truth) or away > _NEAR:
        return True
    rivals = [row for row in around if row.visit != take.visit and row.customer is not None and not row.canceled]
    return away > timedelta(minutes=75) or any(
        abs(row.start - take.start) < away + timedelta(minutes=10) for row in rivals
    )


def _stray_undecidable(take: Take, before: Take | None, open_rows: list[Row], recorded: Collection[str]) -> bool:
    if take.titled:
        return False
    if not take.placed and take.seconds > 420 and any(_in_slot(row, take) for row in open_rows):
        return True
    if any(row.visit not in recorded and _at_the_door(row, take) for row in open_rows):
        # The visit itself was not recorded. A visit that begins late is ten times likelier than a drive from it.
        return True
    if before is None or before.visit is None:
        return False
    gap = take.start - before.start - timedelta(seconds=before.seconds)
    beside = take.spot is None or before.spot is None or take.spot.meters_to(before.spot) < 50
    return gap < timedelta(minutes=3) and beside


def _at_the_door(row: Row, take: Take) -> bool:
    late = take.start - row.start
    if take.spot is None or row.spot is None or not -timedelta(minutes=20) <= late <= timedelta(hours=2):
        return False
    return take.spot.meters_to(row.spot) < _AT_THE_DOOR


def _in_slot(row: Row, take: Take) -> bool:
    return row.start - timedelta(minutes=20) <= take.start <= row.start + timedelta(minutes=45)
