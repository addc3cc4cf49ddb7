"""Precision and recall of `fieldnote.matching.match` on a made year. `python -m bench.matching.quality`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from time import process_time

from bench.matching.oracle import DECIDABLE, Oracle
from bench.matching.rates import DISORDER, ORDER
from bench.matching.world import World, make_world
from fieldnote.matching import Decision, match

UNTOUCHED = "nothing went wrong"


class Tally:
    """Counts of one kind of disorder."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, decision: Decision, truth: str | None, same: dict[str, str], *, decidable: bool) -> None:
        linked, guess = decision.appointment_id, decision.best.appointment_id if decision.best else None
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


def measure(world: World, decisions: Iterable[Decision], oracle: Oracle) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {"overall": Tally()}
    by_id = {conversation.id: conversation for conversation in world.conversations}
    for decision in decisions:
        key = decision.conversation_id
        decidable = oracle.decidable(by_id[key])
        for tag in ("overall", *(sorted(world.tags[key]) or [UNTOUCHED])):
            tallies.setdefault(tag, Tally()).add(decision, world.truth[key], world.same, decidable=decidable)
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
    for name, tally in measure(world, decisions, Oracle(world, rates, given.certainty)).items():
        print(tally.row(name))


if __name__ == "__main__":
    main()
