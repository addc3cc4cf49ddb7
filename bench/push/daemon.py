"""The scenario of a running daemon: how long the cycle takes that finds a hundred changed rows."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import source
from contestants import FIELDNOTE, Place, environment, fieldnote
from processes import running
from report import Report, median
from server import Server
from stage import Stage

CYCLE = 0.3
"""Seconds that a cycle with a hundred changed rows may take."""
_PATIENCE = 600.0
_EVERY = 2.0
_RUNS = """
select extract(epoch from finished_at - started_at), outcome
from bridge.runs where kind = 'push' and finished_at is not null order by id desc
"""


def daemon(stage: Stage) -> Report:
    """A daemon that pushes every two seconds; a hundred rows change between two cycles."""
    rows = stage.fill(100_000)
    report = Report(f"100 changed rows of {rows:,}, under a running daemon", ("", "cycle s", "change to last call s"))
    with stage.theatre(every=f"{_EVERY:g} seconds") as (server, place):
        stage.run(FIELDNOTE, place)
        command = fieldnote(place, "run", "--port", "0")
        with running(command, environment(place), place.folder):
            found = [_round(stage, server, place, number) for number in range(stage.rounds or 5)]
    for number, (cycle, latency) in enumerate(found):
        report.add(f"round {number + 1}", f"{cycle:.3f}", f"{latency:.3f}")
    cycle = median([one for one, _ in found])
    report.asks(f"a cycle under {CYCLE} s", f"{cycle:.3f} s (the middle one)", kept=cycle < CYCLE)
    report.notes.append(f"the change waits up to {_EVERY:g} s for its cycle, in which the second column is no merit")
    return report


def _round(stage: Stage, server: Server, place: Place, number: int) -> tuple[float, float]:
    """Seconds of the cycle by the ledger's own record of it, and from the change to the last call."""
    before = server.counts().received
    known = len(_sent(place))
    source.touch(stage.source, 100, word=f"round {number}")
    changed = time.monotonic()
    until(lambda: server.counts().received >= before + 100)
    latency = server.counts().last - changed
    until(lambda: len(_sent(place)) > known)
    return _sent(place)[0], latency


def _sent(place: Place) -> list[float]:
    """Seconds of each cycle that sent something, the latest first."""
    with psycopg.connect(place.ledger) as connection:
        runs = connection.execute(_RUNS).fetchall()
    return [float(seconds) for seconds, outcome in runs if sum(one["sent"] for one in outcome.get("streams", ()))]


def until(so: Callable[[], bool]) -> None:
    """Look every 20 ms; a daemon that does nothing must not hold the bench for ever."""
    end = time.monotonic() + _PATIENCE
    while not so():
        if time.monotonic() > end:
            raise SystemExit("the daemon did not do its work")
        time.sleep(0.02)


SCENARIOS = {"daemon": daemon}
