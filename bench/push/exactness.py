"""Scenarios of exactness: what arrives, and what does not, when rows, server or process misbehave."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import source
from contestants import FIELDNOTE, FIELDNOTE_FULL, Contestant, Place
from report import Report
from server import Counts, Server
from stage import EndState, Stage

from fieldnote.bridge.push.sender import IN_FLIGHT

_GROUP = 20
"""Rows of each kind of change: as many as may be deleted without a question."""
_TITLE = "title = 'Visit ' || id || ' moved'"
_LAST = "(select max(updated_at) from appointments)"
_CHANGES: dict[str, str] = {
    "late": f"update appointments set {_TITLE}, updated_at = {_LAST} - interval '2 minutes' where id in ({{ids}})",
    "same time": f"update appointments set {_TITLE}, updated_at = {_LAST} where id in ({{ids}})",
    "no time": f"update appointments set {_TITLE} where id in ({{ids}})",
    "deleted": "delete from appointments where id in ({ids})",
    "changed": f"update appointments set {_TITLE}, updated_at = now() where id in ({{ids}})",
}
"""By their names in the table, in the order in which they happen: `changed` moves the latest update time."""


def changes(stage: Stage) -> Report:
    """A second pass after changes of five kinds: what each contestant brings over."""
    rows = stage.fill(5_000)
    report = Report(f"{_GROUP} changes of each kind among {rows:,} rows: how many the second pass brings over", ())
    report.columns = ("", *_CHANGES, "end state", "exit")
    with ExitStack() as stack:
        theatres = {one: stack.enter_context(stage.theatre()) for one in stage.contestants()}
        for contestant, (_, place) in theatres.items():
            stage.run(contestant, place)
        groups = _change(stage.source, rows)
        for contestant, (server, place) in theatres.items():
            found = _second_pass(stage, report, groups, contestant, server, place)
            if contestant is FIELDNOTE:
                full = _second_pass(stage, report, groups, FIELDNOTE_FULL, server, place)
                _changes_verdicts(report, found, full)
    report.notes += [
        "late: with an update time two minutes below the highest that the first pass saw",
        "same time: with that highest update time; no time: the update time did not move",
    ]
    return report


def _change(url: str, rows: int) -> dict[str, list[str]]:
    """Do it; the keys of each kind, none of them the row with the latest update time."""
    groups = {
        name: [str(rows - 1 - number * _GROUP - n) for n in range(_GROUP)] for number, name in enumerate(_CHANGES)
    }
    source.execute(url, *(statement.format(ids=", ".join(groups[name])) for name, statement in _CHANGES.items()))
    return groups


def _second_pass(
    stage: Stage, report: Report, groups: dict[str, list[str]], contestant: Contestant, server: Server, place: Place
) -> dict[str, int]:
    """Play it; how many of each kind arrived."""
    ended = stage.run(contestant, place)
    arrived = {kind: _arrived(stage, server, keys) for kind, keys in groups.items()}
    report.add(contestant.name, *arrived.values(), stage.end_state(server), ended.status)
    return arrived


def _arrived(stage: Stage, server: Server, keys: list[str]) -> int:
    state = stage.end_state(server, keys)
    return len(keys) - state.wrong


def _changes_verdicts(report: Report, by_cursor: dict[str, int], by_hash: dict[str, int]) -> None:
    timed = [by_cursor[kind] for kind in ("late", "same time", "changed")]
    report.asks(
        "the cursor brings what has a time", f"{sum(timed)} of {_GROUP * len(timed)}", kept=min(timed) == _GROUP
    )
    total = sum(by_hash.values())
    report.asks("the full pass brings all", f"{total} of {_GROUP * len(by_hash)}", kept=min(by_hash.values()) == _GROUP)


# --- a server that fails


def faults(stage: Stage) -> Report:
    """2 % of the calls end in status 500, half of them after they were applied."""
    rows = stage.fill(100_000)
    columns = ("", "seconds", "records/s", "status 500", "sent again", "end state", "exit")
    report = Report(f"A first push of {rows:,} appointments, 2 % of the calls fail, half of them once applied", columns)
    for contestant in stage.contestants():
        with stage.theatre(failing=0.02) as (server, place):
            ended, counts, state = stage.run(contestant, place), server.counts(), stage.end_state(server)
        rate = f"{counts.kept / ended.seconds:,.0f}"
        report.add(contestant.name, f"{ended.seconds:.2f}", rate, counts.failed, counts.repeated, state, ended.status)
        if contestant is FIELDNOTE:
            seen = f"{state}, {counts.failed} calls failed"
            report.asks(
                "everything arrives in one run", seen, kept=counts.failed > 0 and state.equal and not ended.status
            )
    return report


# --- a process that is killed


@dataclass(frozen=True, slots=True)
class Killed:
    """A run that was killed, and the one after it."""

    before: int
    """Records that had arrived at the kill."""
    status: int
    """Exit status of the next run."""
    counts: Counts
    state: EndState


def kill(stage: Stage) -> Report:
    """SIGKILL at random shares of the run; the next run ends it. Half of the rows share one update time."""
    rows = stage.fill(20_000)
    half = f"update appointments set updated_at = {_LAST} where id > {rows // 2}"
    source.execute(stage.source, half, "vacuum full appointments")
    dice = random.Random(stage.seed)
    shares = [dice.uniform(0, 1) for _ in range(stage.rounds or 5)]
    columns = ("", "had arrived at the kill", "whole after the next", "sent again, at most", "worst end state", "exit")
    report = Report(f"SIGKILL in a push of {rows:,} appointments, and one more run (seed {stage.seed})", columns)
    for contestant in stage.contestants():
        runs = [_killed(stage, contestant, int(share * rows)) for share in shares]
        worst = max(runs, key=lambda one: one.state.wrong)
        again = max(one.counts.repeated for one in runs)
        at = " ".join(f"{one.before / rows:.0%}" for one in runs)
        whole = f"{sum(one.state.equal for one in runs)} of {len(runs)}"
        report.add(contestant.name, at, whole, again, worst.state, " ".join(str(one.status) for one in runs))
        if contestant is FIELDNOTE:
            _kill_verdicts(report, runs, again)
    return report


def _killed(stage: Stage, contestant: Contestant, after: int) -> Killed:
    """Killed once `after` records have arrived."""
    with stage.theatre(delay=0.005) as (server, place):
        stage.run(contestant, place, lambda: server.counts().kept > after)
        before = server.counts().kept
        status = stage.run(contestant, place).status
        return Killed(before, status, server.counts(), stage.end_state(server))


def _kill_verdicts(report: Report, runs: list[Killed], again: int) -> None:
    whole = sum(one.state.equal and not one.status for one in runs)
    report.asks("the next run ends whole", f"{whole} of {len(runs)}", kept=whole == len(runs))
    allowed = IN_FLIGHT * 100
    report.asks(f"no more than the {IN_FLIGHT} batches in flight again", f"{again} records", kept=again <= allowed)


# --- a server that counts


def rate_limit(stage: Stage) -> Report:
    """1000 calls in any 60 seconds, a call a record."""
    rows = stage.fill(3_000)
    columns = ("", "calls", "seconds", "ideal", "of the budget", "429", "end state", "exit")
    report = Report(f"{rows:,} calls to a server that answers 1000 in any 60 s", columns)
    with stage.theatre(limit=1000, batch=1, rate_limit="1000") as (server, place):
        ended, counts, state = stage.run(FIELDNOTE, place), server.counts(), stage.end_state(server)
    took, ideal = counts.last - counts.first, 60.0 * ((counts.calls - 1) // 1000)
    share = ideal / took
    report.add(
        FIELDNOTE.name, counts.calls, f"{took:.2f}", f"{ideal:g}", f"{share:.1%}", counts.refused, state, ended.status
    )
    report.asks("at least 98 % of the budget", f"{share:.1%}", kept=share >= 0.98)
    report.asks("no 429", str(counts.refused), kept=not counts.refused)
    return report


SCENARIOS: dict[str, Callable[[Stage], Report]] = {
    "changes": changes,
    "faults": faults,
    "kill": kill,
    "rate-limit": rate_limit,
}
