"""Scenarios of speed and memory: a first push, one that finds nothing to do, one that finds a hundred rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import source
from contestants import DLTS, FIELDNOTE, FIELDNOTE_FULL, Contestant, Place
from processes import Ended
from report import Report, median
from server import Counts, Server
from stage import EndState, Stage

MARK = 1.3
"""How many times as fast as the better dlt a first push shall be."""
MEMORY = 150
"""MB of the process tree."""
CURSOR_SHARE = 0.8
"""Of the better dlt's whole process, with a hundred changed rows."""
UNCHANGED = 40.0
"""Seconds for 1,000,000 unchanged rows."""
_FIRST = ("", "seconds", "records/s", "x better dlt", "CPU s", "memory MB", "calls", "sent again", "end state", "exit")


@dataclass(slots=True)
class Runs:
    """One contestant's runs of one scenario."""

    ended: list[Ended] = field(default_factory=list)
    counts: list[Counts] = field(default_factory=list)
    states: list[EndState] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The middle one's."""
        return median([run.seconds for run in self.ended])

    @property
    def memory(self) -> float:
        """The highest peak."""
        return max(run.memory for run in self.ended)

    @property
    def worst(self) -> EndState:
        """The end state with the most that is not as it should be."""
        return max(self.states, key=lambda state: state.wrong)

    @property
    def cells(self) -> tuple[str, ...]:
        """CPU seconds, memory; the last run's calls and records sent again; the worst end state, the last status."""
        ended, counts = self.ended[-1], self.counts[-1]
        return (
            f"{median([run.cpu for run in self.ended]):.1f}",
            f"{self.memory:.0f}",
            str(counts.calls),
            str(counts.repeated),
            str(self.worst),
            str(ended.status),
        )


def better_dlt(found: dict[str, Runs]) -> float | None:
    """Seconds of the quicker of dlt's two settings, of those that took part."""
    return min((found[one.name].seconds for one in DLTS if one.name in found), default=None)


def first(stage: Stage, *, delay: float = 0.0) -> Report:
    """Everybody's first push."""
    rows = stage.fill(100_000)
    found: dict[str, Runs] = {}
    for _ in range(stage.rounds or 1):
        for contestant in stage.contestants():
            with stage.theatre(delay=delay) as (server, place):
                runs = found.setdefault(contestant.name, Runs())
                runs.ended.append(stage.run(contestant, place))
                runs.counts.append(server.counts())
                runs.states.append(stage.end_state(server))
    report = _first_table(found, rows, delay)
    if ours := found.get(FIELDNOTE.name):
        _first_verdicts(report, ours, better_dlt(found))
    return report


def _first_table(found: dict[str, Runs], rows: int, delay: float) -> Report:
    report = Report(f"A first push of {rows:,} appointments, {delay * 1000:g} ms an answer", _FIRST)
    mark = better_dlt(found)
    for name, runs in found.items():
        ratio = f"{mark / runs.seconds:.2f}" if mark else "-"
        report.add(name, f"{runs.seconds:.2f}", f"{rows / runs.seconds:,.0f}", ratio, *runs.cells)
    return report


def _first_verdicts(report: Report, ours: Runs, mark: float | None) -> None:
    if mark:
        ratio = mark / ours.seconds
        report.asks(f"at least {MARK} times as fast as the better dlt", f"{ratio:.2f}", kept=ratio >= MARK)
    report.asks(f"under {MEMORY} MB", f"{ours.memory:.0f} MB", kept=ours.memory < MEMORY)
    whole = ours.worst.equal and not any(run.status for run in ours.ended)
    report.asks("the workspace says what the source says", str(ours.worst), kept=whole)


def first_20ms(stage: Stage) -> Report:
    """The same, each answer taking 20 ms."""
    return first(stage, delay=0.020)


# --- nothing to do, and little to do


def unchanged(stage: Stage) -> Report:
    """A full scan over rows that did not change."""
    rows = stage.fill(100_000)
    with stage.theatre() as (server, place):
        stage.run(FIELDNOTE, place)
        return _scan(stage, rows, server, place)


def _scan(stage: Stage, rows: int, server: Server, place: Place) -> Report:
    """After a first push."""
    before = server.counts()
    ended = stage.run(FIELDNOTE_FULL, place)
    after = server.counts()
    calls, sent = after.calls - before.calls, after.received - before.received
    report = Report(f"A full scan of {rows:,} unchanged rows", ("", "seconds", "rows/s", "CPU s", "memory MB", "calls"))
    cells = (f"{ended.seconds:.2f}", f"{rows / ended.seconds:,.0f}", f"{ended.cpu:.1f}", f"{ended.memory:.0f}")
    report.add(FIELDNOTE_FULL.name, *cells, calls)
    report.asks("no call", f"{calls}, with {sent} records", kept=calls == 0 and not ended.status)
    # A process starts in a second or two however few rows there are.
    allowed = max(UNCHANGED * rows / 1e6, 4.0)
    report.asks(
        f"under {allowed:g} s ({UNCHANGED:g} s a million)", f"{ended.seconds:.2f} s", kept=ended.seconds < allowed
    )
    report.asks(f"under {MEMORY} MB", f"{ended.memory:.0f} MB", kept=ended.memory < MEMORY)
    return report


def cursor(stage: Stage) -> Report:
    """A hundred changed rows, found by an indexed cursor: whole processes in turn, round after round."""
    rows = stage.fill(100_000)
    with _theatres(stage, rows) as theatres:
        for contestant, (_, place) in theatres.items():
            stage.run(contestant, place)
        return _cursor(stage, rows, theatres)


Theatres = dict[Contestant, tuple[Server, Place]]
"""Each contestant's own server and place."""


@contextmanager
def _theatres(stage: Stage, rows: int) -> Iterator[Theatres]:
    """Those who keep nothing but an update time begin 500 rows before the end, which leaves them the same state."""
    since = source.rows_before_last(stage.source, min(500, rows))
    with ExitStack() as stack:
        yield {one: stack.enter_context(stage.theatre(since=since)) for one in stage.contestants()}


def _cursor(stage: Stage, rows: int, theatres: Theatres) -> Report:
    """The rounds, after everybody's first pass."""
    found: dict[str, Runs] = {one.name: Runs() for one in theatres}
    most = dict.fromkeys(found, 0)
    for number in range(stage.rounds or 5):
        keys = source.touch(stage.source, 100, word=f"changed {number}")
        for contestant, (server, place) in theatres.items():
            runs, before = found[contestant.name], server.counts().calls
            runs.ended.append(stage.run(contestant, place))
            runs.counts.append(server.counts())
            runs.states.append(stage.end_state(server, only=keys))
            most[contestant.name] = max(most[contestant.name], runs.counts[-1].calls - before)
    report = _cursor_table(stage, rows, found, most)
    if ours := found.get(FIELDNOTE.name):
        _cursor_verdicts(report, ours, better_dlt(found), most[FIELDNOTE.name])
    return report


def _cursor_table(stage: Stage, rows: int, found: dict[str, Runs], most: dict[str, int]) -> Report:
    columns = ("", "seconds", "of better dlt", "CPU s", "memory MB", "calls", "the 100 rows")
    report = Report(f"100 changed rows of {rows:,}, by the cursor; medians of {stage.rounds or 5}", columns)
    mark = better_dlt(found)
    for name, runs in found.items():
        share = f"{runs.seconds / mark:.2f}" if mark else "-"
        report.add(name, f"{runs.seconds:.2f}", share, *runs.cells[:2], most[name], runs.worst)
    return report


def _cursor_verdicts(report: Report, ours: Runs, mark: float | None, calls: int) -> None:
    if mark:
        share = ours.seconds / mark
        kept = share <= CURSOR_SHARE
        report.asks(f"at most {CURSOR_SHARE} of the better dlt's whole process", f"{share:.2f}", kept=kept)
    report.asks("at most 3 calls", str(calls), kept=calls <= 3)
    report.asks("the 100 rows arrive", str(ours.worst), kept=ours.worst.equal)


def million(stage: Stage) -> list[Report]:
    """1,000,000 rows: a first push and its memory, a full scan that finds nothing, a cursor that finds a hundred."""
    rows = stage.fill(1_000_000)
    with _theatres(stage, rows) as theatres:
        first = _million_first(stage, rows, *theatres[FIELDNOTE])
        scan = _scan(stage, rows, *theatres[FIELDNOTE])
        for contestant, (_, place) in theatres.items():
            if contestant is not FIELDNOTE:
                stage.run(contestant, place)
        return [first, scan, _cursor(stage, rows, theatres)]


def _million_first(stage: Stage, rows: int, server: Server, place: Place) -> Report:
    runs = Runs([stage.run(FIELDNOTE, place)], [server.counts()], [stage.end_state(server)])
    report = _first_table({FIELDNOTE.name: runs}, rows, 0.0)
    _first_verdicts(report, runs, None)
    return report


SCENARIOS: dict[str, Any] = {
    "first": first,
    "first-20ms": first_20ms,
    "unchanged": unchanged,
    "cursor": cursor,
    "million": million,
}
