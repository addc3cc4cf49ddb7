"""Precision and recall of `fieldnote.matching.match` on a made year. `python -m bench.matching.quality`."""

from __future__ import annotations

import argparse
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from time import process_time

from bench.matching.oracle import DECIDABLE, Oracle
from bench.matching.rates import DISORDER, ORDER
from bench.matching.world import World, make_world
from fieldnote.matching import Appointment, Conversation, Decision, match

UNTOUCHED = "nothing went wrong"


class Tally:
    """Counts of one kind of disorder."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(
        self, linked: str | None, guess: str | None, truth: str | None, same: dict[str, str], *, decidable: bool
    ) -> None:
        self.counts["recordings"] += 1
        if linked is not None:
            self.counts["all linked"] += 1
            self.counts["all right"] += same.get(linked, linked) == truth
        if not decidable:
            return
        self.counts["decidable"] += 1
        self.counts["wanted"] += truth is not None
        for name, answer in (("linked", linked), ("guess", guess)):
            if answer is not None:
                self.counts[name] += 1
                self.counts[name + " right"] += same.get(answer, answer) == truth

    def row(self, name: str) -> str:
        c = self.counts
        shares = (
            _share(c["linked right"], c["linked"]), _share(c["linked right"], c["wanted"]),
            _share(c["guess right"], c["guess"]), _share(c["guess right"], c["wanted"]),
            _share(c["all right"], c["all linked"]),
        )  # fmt: skip
        return f"| {name} | {c['recordings']} | {c['decidable']} | " + " | ".join(shares) + " |"


Answers = dict[str, tuple[str | None, str | None]]
"""For each recording its automatic link and the best guess."""


def answers_of(decisions: Iterable[Decision]) -> Answers:
    return {d.conversation_id: (d.appointment_id, d.best.appointment_id if d.best else None) for d in decisions}


def nearest_start(world: World) -> Answers:
    """What comes of taking the rep's open appointment whose start is nearest, within 90 minutes."""
    calendars: dict[str, list[Appointment]] = defaultdict(list)
    for appointment in sorted(world.appointments, key=lambda a: (a.starts_at, a.id)):
        if appointment.kind == "APPOINTMENT" and not appointment.cancelled:
            for rep_id in appointment.rep_ids:
                calendars[rep_id].append(appointment)
    return {c.id: (_nearest(c, calendars[c.rep_id]),) * 2 for c in world.conversations}


def _nearest(conversation: Conversation, calendar: Sequence[Appointment]) -> str | None:
    begun, reach = conversation.starts_at, timedelta(minutes=90)
    first = bisect_left(calendar, begun - reach, key=lambda a: a.starts_at)
    last = bisect_right(calendar, begun + reach, key=lambda a: a.starts_at)
    near = min(calendar[first:last], key=lambda a: abs(a.starts_at - begun), default=None)
    return near.id if near else None


def measure(world: World, answers: Answers, oracle: Oracle) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {"overall": Tally()}
    for conversation in world.conversations:
        key, decidable = conversation.id, oracle.decidable(conversation)
        for tag in ("overall", *(sorted(world.tags[key]) or [UNTOUCHED])):
            tally = tallies.setdefault(tag, Tally())
            tally.add(*answers[key], world.truth[key], world.same, decidable=decidable)
    return tallies


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--reps", type=int, default=50)
    arguments.add_argument("--days", type=int, default=364)
    arguments.add_argument("--order", action="store_true", help="a world in which nothing goes wrong")
    arguments.add_argument("--certainty", type=float, default=DECIDABLE, help="how likely the truth must be, 0..1")
    given = arguments.parse_args()
    rates = ORDER if given.order else DISORDER
    world = make_world(given.seed, reps=given.reps, days=given.days, rates=rates)
    begun = process_time()
    decisions = match(world.conversations, world.appointments)
    spent = process_time() - begun
    print(f"{len(decisions)} recordings, {len(world.appointments)} appointments and activities")
    print(f"{1000 * spent / len(decisions):.3f} ms a decision\n")
    print("| | Recordings | Decidable | Links: precision | recall | Best guess: precision | recall | Links, all |")
    print("|---|---|---|---|---|---|---|---|")
    oracle = Oracle(world, rates, given.certainty)
    for name, tally in measure(world, answers_of(decisions), oracle).items():
        print(tally.row(name))
    print(measure(world, nearest_start(world), oracle)["overall"].row("overall, by nearest start"))


if __name__ == "__main__":
    main()
