"""A million recordings against a million appointments, and one decision. `python -m bench.matching.speed`."""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.matching.world import World, make_world
from fieldnote.matching import Appointment, Conversation, Group, Place, match, match_in_bulk


def write_history(folder: Path, wanted: int) -> tuple[list[str], int, int]:
    """Companies of 50 reps, a file for each company's day, until there are so many recordings."""
    files: list[str] = []
    recordings = appointments = seed = 0
    while recordings < wanted:
        seed += 1
        world = make_world(1000 + seed)
        recordings, appointments = recordings + len(world.conversations), appointments + len(world.appointments)
        files.extend(_write(folder, seed, world))
    return files, recordings, appointments


def _write(folder: Path, seed: int, world: World) -> Iterator[str]:
    days: dict[str, list[str]] = defaultdict(list)
    for c in world.conversations:
        row = [c.id, c.rep_id, c.starts_at.isoformat(), _seconds(c.duration), _pair(c.place), c.title]
        days[_day(c.starts_at)].append(json.dumps(row))
    for a in world.appointments:
        ends = a.ends_at.isoformat() if a.ends_at else None
        row = [a.id, [*a.rep_ids], a.starts_at.isoformat(), ends, _pair(a.place), a.title, a.customer, a.cancelled]
        days[_day(a.starts_at)].append(json.dumps([*row, a.kind]))
    for day, lines in days.items():
        path = folder / f"{seed}-{day}.jsonl"
        path.write_text("\n".join(lines), encoding="utf-8")
        yield str(path)


def read_day(path: str) -> Group:
    """A company's day from its file."""
    conversations, appointments = [], []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if isinstance(row[1], str):
            conversations.append(_conversation(row))
        else:
            appointments.append(_appointment(row))
    return Group(conversations, appointments)


def _conversation(row: list[Any]) -> Conversation:
    key, rep, starts, seconds, place, title = row
    return Conversation(
        key, rep, datetime.fromisoformat(starts), timedelta(seconds=seconds), place and Place(*place), title
    )


def _appointment(row: list[Any]) -> Appointment:
    key, reps, starts, ends, place, title, customer, cancelled, kind = row
    begun, ended = datetime.fromisoformat(starts), ends and datetime.fromisoformat(ends)
    return Appointment(key, frozenset(reps), begun, ended, place and Place(*place), title, customer, cancelled, kind)


def _day(moment: datetime) -> str:
    """The working day in America, whose evenings are the next day in UTC."""
    return (moment - timedelta(hours=9)).date().isoformat()


def _seconds(duration: timedelta | None) -> float:
    return duration.total_seconds() if duration else 0.0


def _pair(place: Place | None) -> tuple[float, float] | None:
    return (place.latitude, place.longitude) if place else None


def one_decision_ms(paths: Iterable[str]) -> float:
    """The slowest of some rep's recordings, each decided by itself with its company's whole day given."""
    slowest = 0.0
    for path in paths:
        group = read_day(path)
        for conversation in group.conversations[:20]:
            own = [c for c in group.conversations if c.rep_id == conversation.rep_id]
            begun = perf_counter()
            match(own, group.appointments)
            slowest = max(slowest, perf_counter() - begun)
    return 1000 * slowest


def overfull_decision_ms() -> float:
    """One decision of forty, where a rep has 200 appointments within three hours."""
    first, rep = datetime(2026, 3, 2, 15, tzinfo=UTC), frozenset({"rep"})
    starts = [(f"a{number}", first + timedelta(minutes=0.9 * number)) for number in range(200)]
    appointments = [Appointment(key, rep, start, start + timedelta(hours=1)) for key, start in starts]
    half = timedelta(minutes=30)
    own = [Conversation(f"r{n}", "rep", first + timedelta(minutes=4 * n), half) for n in range(40)]
    begun = perf_counter()
    decisions = match(own, appointments)
    return 1000 * (perf_counter() - begun) / len(decisions)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--recordings", type=int, default=1_000_000)
    arguments.add_argument("--workers", type=int, default=2)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files, recordings, appointments = write_history(Path(folder), given.recordings)
        print(f"{recordings} recordings, {appointments} appointments and activities, {len(files)} days of a company")
        begun, counts = perf_counter(), Counter[str]()
        for _, answers in match_in_bulk(files, read_day, workers=given.workers):
            counts.update(answer.outcome.value for answer in answers)
        print(f"matched in {perf_counter() - begun:.1f} s with {given.workers} workers: {dict(counts)}")
        print(f"one decision, a whole day of a company given: at most {one_decision_ms(files[:10]):.1f} ms")
    print(f"one decision in an overfull calendar: {overfull_decision_ms():.1f} ms (asked: under 5)")
    own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"the workers took {workers.ru_utime + workers.ru_stime:.0f} s of processor time")
    print(f"largest worker {workers.ru_maxrss / 1024:.0f} MB, this process {own.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
