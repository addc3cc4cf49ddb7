"""Scenarios of speed and memory: a first push, one that finds nothing to do, one that finds a hundred rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import source
from contestants import DLTS, FIELDNOTE, Contestant, Place, environment, fieldnote
from processes import Ended, run
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
    def cells(self) -> tuple[str, ...]:
        """CPU seconds, memory, calls, records sent again, end state and exit status: the last run's, save memory."""
        ended, counts = self.ended[-1], self.counts[-1]
        state = max(self.states, key=lambda state: state.missing + state.stale + state.standing)
        return (
            f"{median([run.cpu for run in self.ended]):.1f}",
            f"{self.memory:.0f}",
            str(counts.calls),
            str(counts.repeated),
            str(state),
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
    whole = all(state.equal for state in ours.states) and not any(run.status for run in ours.ended)
    report.asks("the workspace says what the source says", str(ours.states[-1]), kept=whole)


def first_20ms(stage: Stage) -> Report:
    """The same, each answer taking 20 ms."""
    return first(stage, delay=0.020)


# --- nothing to do, and little to do


def unchanged(stage: Stage, rows: int = 100_000) -> Report:
    """A full scan over rows that did not change."""
    rows = stage.fill(rows)
    report = Report(f"A full scan of {rows:,} unchanged rows", ("", "seconds", "rows/s", "CPU s", "memory MB", "calls"))
    with stage.theatre() as (server, place):
        stage.run(FIELDNOTE, place)
        _scan(stage, server, place, rows, report)
    return report


def _scan(stage: Stage, server: Server, place: Place, rows: int, report: Report) -> None:
    source.settle(place.source)
    before = server.counts()
    ended = run(fieldnote(place, "push", "--full", "--json"), environment(place), place.folder)
    after = server.counts()
    calls, sent = after.calls - before.calls, after.received - before.received
    report.add(
        "fieldnote push --full", f"{ended.seconds:.2f}", f"{rows / ended.seconds:,.0f}", f"{ended.cpu:.1f}",
        f"{ended.memory:.0f}", calls,
    )  # fmt: skip
    report.asks("no record is sent", f"{sent} sent, in {calls} calls", kept=sent == 0 and not ended.status)
    allowed = UNCHANGED * rows / 1e6
    report.asks(f"under {UNCHANGED:g} s a million", f"{ended.seconds:.2f} s", kept=ended.seconds < max(allowed, 2.0))
    report.asks(f"under {MEMORY} MB", f"{ended.memory:.0f} MB", kept=ended.memory < MEMORY)


def cursor(stage: Stage, rows: int = 100_000) -> Report:
    """A hundred changed rows, found by an indexed cursor: whole processes in turn, round after round."""
    rows = stage.fill(rows)
    since = source.rows_before_last(stage.source, min(500, rows))
    with ExitStack() as stack:
        theatres = {contestant: stack.enter_context(stage.theatre(since=since)) for contestant in stage.contestants()}
        for contestant, (_, place) in theatres.items():
            stage.run(contestant, place)
        return _cursor_table(stage, rows, dict(_cursor_rounds(stage, theatres)))


def _cursor_rounds(
    stage: Stage, theatres: dict[Contestant, tuple[Server, Place]]
) -> Iterator[tuple[str, tuple[Runs, list[int]]]]:
    """Each contestant's runs, and the calls of each."""
    found: dict[str, tuple[Runs, list[int]]] = {one.name: (Runs(), []) for one in theatres}
    for number in range(stage.rounds or 5):
        keys = source.touch(stage.source, 100, word=f"changed {number}")
        for contestant, (server, place) in theatres.items():
            runs, calls = found[contestant.name]
            before = server.counts()
            runs.ended.append(stage.run(contestant, place))
            runs.counts.append(server.counts())
            runs.states.append(stage.end_state(server, only=keys))
            calls.append(runs.counts[-1].calls - before.calls)
    yield from found.items()


def _cursor_table(stage: Stage, rows: int, found: dict[str, tuple[Runs, list[int]]]) -> Report:
    columns = ("", "seconds", "of better dlt", "CPU s", "memory MB", "calls", "the 100 rows")
    report = Report(f"100 changed rows of {rows:,}, by the cursor; medians of {stage.rounds or 5}", columns)
    mark = better_dlt({name: runs for name, (runs, _) in found.items()})
    for name, (runs, calls) in found.items():
        share = f"{runs.seconds / mark:.2f}" if mark else "-"
        cpu, memory, *_ = runs.cells
        report.add(name, f"{runs.seconds:.2f}", share, cpu, memory, max(calls), runs.states[-1])
    if FIELDNOTE.name in found:
        ours, calls = found[FIELDNOTE.name]
        if mark:
            share_of = ours.seconds / mark
            kept = share_of <= CURSOR_SHARE
            report.asks(f"at most {CURSOR_SHARE} of the better dlt's whole process", f"{share_of:.2f}", kept=kept)
        report.asks("at most 3 calls", str(max(calls)), kept=max(calls) <= 3)
        report.asks("the 100 rows arrive", str(ours.states[-1]), kept=all(state.equal for state in ours.states))
    return report


def million(stage: Stage) -> list[Report]:
    """1,000,000 rows: a first push and its memory, a full scan that finds nothing, a cursor that finds a hundred."""
    rows = stage.fill(1_000_000)
    scan = Report(f"A full scan of {rows:,} unchanged rows", ("", "seconds", "rows/s", "CPU s", "memory MB", "calls"))
    runs = Runs()
    with stage.theatre() as (server, place):
        runs.ended.append(stage.run(FIELDNOTE, place))
        runs.counts.append(server.counts())
        runs.states.append(stage.end_state(server))
        _scan(stage, server, place, rows, scan)
    report = _first_table({FIELDNOTE.name: runs}, rows, 0.0)
    _first_verdicts(report, runs, None)
    return [report, scan]


SCENARIOS: dict[str, Any] = {
    "first": first,
    "first-20ms": first_20ms,
    "unchanged": unchanged,
    "cursor": cursor,
    "million": million,
}
