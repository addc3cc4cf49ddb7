"""Precision, recall and calibration of `fieldnote.matching.match` on made years. `python -m bench.matching.quality`."""

from __future__ import annotations

import argparse
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from time import process_time
from typing import Any

from bench.matching.oracle import DECIDABLE, Oracle
from bench.matching.rates import DISORDER, ORDER, Rates
from bench.matching.second.adapter import appointments_of, conversations_of
from bench.matching.second.habits import Disorder
from bench.matching.second.year import make
from bench.matching.world import World, make_world
from fieldnote.matching import USUAL, Appointment, Conversation, Decision, Outcome, learn, match
from fieldnote.matching import Rates as MatcherRates

UNTOUCHED = "nothing went wrong"
_NOT_DISORDER = frozenset({"punctuality", "default_title", "no_gps"})
"""Habits of the first world that stay as they are when its disorder is scaled."""
_SCALED = (
    "recorded_without_customer", "other_zone", "swapped", "taken_over", "rides_along", "wrong_address", "stale",
    "comes_back", "strays_per_minute", "after", "curb", "in_canceled_slot", "in_empty_slot", "no_show", "stray_near",
)  # fmt: skip
"""Rates of the matcher that `mistaken` scales as they are."""
_BINS = 10

Answers = dict[str, tuple[str | None, str | None, float]]
"""For each recording its automatic link, the best guess, and the stated chance of that."""


@dataclass(frozen=True)
class Measured:
    """A made year with its truth, whichever world made it."""

    conversations: list[Conversation]
    appointments: list[Appointment]
    visit_of: Mapping[str, str]
    """The visit of each appointment. Two rows of one visit share it."""
    truth: Mapping[str, str | None]
    """The visit of each recording; None if it belongs to no appointment."""
    kinds: Mapping[str, frozenset[str]]
    doubts: Mapping[str, float]
    """How surely nobody could decide a recording; 0 for those that can be decided."""
    excluded: frozenset[str] = frozenset()
    """Recordings that are not counted: those that can be decided least."""


class Tally:
    """Counts of one kind of disorder."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, world: Measured, key: str, answer: tuple[str | None, str | None, float]) -> None:
        truth = world.truth[key]
        linked, guess, _ = answer
        self.counts["recordings"] += 1
        if linked is not None:
            self.counts["all linked"] += 1
            self.counts["all right"] += world.visit_of[linked] == truth
        if key in world.excluded:
            return
        self.counts["decidable"] += 1
        self.counts["wanted"] += truth is not None
        for name, said in (("linked", linked), ("guess", guess)):
            if said is not None:
                self.counts[name] += 1
                self.counts[name + " right"] += world.visit_of[said] == truth

    def row(self, name: str) -> str:
        c = self.counts
        shares = (
            _share(c["linked right"], c["linked"]), _share(c["linked right"], c["wanted"]),
            _share(c["guess right"], c["guess"]), _share(c["guess right"], c["wanted"]),
            _share(c["all right"], c["all linked"]),
            _share(c["linked"], c["decidable"]) if c["decidable"] and not c["wanted"] else "-",
        )  # fmt: skip
        return f"| {name} | {c['recordings']} | {c['decidable']} | " + " | ".join(shares) + " |"


def answers_of(decisions: Iterable[Decision]) -> Answers:
    return {
        d.conversation_id: (d.appointment_id, d.best.appointment_id if d.best else None, d.score) for d in decisions
    }


def first_world(world: World, rates: Rates, certainty: float = DECIDABLE) -> Measured:
    """A year of `bench.matching.world`, judged by its oracle."""
    oracle = Oracle(world, rates, certainty)
    return Measured(
        world.conversations,
        world.appointments,
        {one.id: world.same.get(one.id, one.id) for one in world.appointments},
        world.truth,
        {one.id: world.tags[one.id] or frozenset({UNTOUCHED}) for one in world.conversations},
        {one.id: oracle.doubt(one) for one in world.conversations},
    )


def second_world(seed: int, reps: int, days: int, disorder: Disorder) -> Measured:
    """A year of `bench.matching.second`."""
    year = make(seed, reps, days, disorder)
    return Measured(
        conversations_of(year),
        appointments_of(year),
        {row.key: row.visit for row in year.rows},
        {take.key: take.visit for take in year.takes},
        {take.key: frozenset(take.marks) for take in year.takes},
        {take.key: take.doubt for take in year.takes},
    )


def excluding(world: Measured, share: float) -> Measured:
    """The world without the recordings that can be decided least, at most such a share of all."""
    doubtful = sorted((-doubt, key) for key, doubt in world.doubts.items() if doubt > 0)
    return replace(world, excluded=frozenset(key for _, key in doubtful[: int(share * len(world.doubts))]))


def scaled(factor: float) -> Rates:
    """The first world's disorder, scaled."""
    if not factor:
        return ORDER
    wrong = {one.name: min(0.9, DISORDER.of(one.name) * factor) for one in fields(Rates)}
    wrong["stray"] = DISORDER.stray * factor
    kept = {name: DISORDER.of(name) for name in _NOT_DISORDER}
    return replace(DISORDER, **(wrong | kept))


def mistaken(factor: float) -> MatcherRates:
    """The matcher's usual rates, each wrong by a factor, before it learns."""
    odds = factor * USUAL.recorded / (1 - USUAL.recorded)
    wrong: dict[str, Any] = {name: factor * getattr(USUAL, name) for name in _SCALED}
    wrong["recorded"] = odds / (1 + odds)
    wrong["part_after"] = tuple(min(0.9, factor * share) for share in USUAL.part_after)
    return replace(USUAL, **wrong)


def nearest_start(world: Measured) -> Answers:
    """The rep's open appointment whose start is nearest, within 90 minutes."""
    calendars: dict[str, list[Appointment]] = defaultdict(list)
    for appointment in sorted(world.appointments, key=lambda a: (a.starts_at, a.id)):
        if appointment.kind not in ("CALL", "EMAIL") and not appointment.cancelled:
            for rep_id in appointment.rep_ids:
                calendars[rep_id].append(appointment)
    found = {c.id: _nearest(c, calendars[c.rep_id]) for c in world.conversations}
    return {key: (near, near, 1.0) for key, near in found.items()}


def _nearest(conversation: Conversation, calendar: Sequence[Appointment]) -> str | None:
    begun, reach = conversation.starts_at, timedelta(minutes=90)
    first = bisect_left(calendar, begun - reach, key=lambda a: a.starts_at)
    last = bisect_right(calendar, begun + reach, key=lambda a: a.starts_at)
    near = min(calendar[first:last], key=lambda a: abs(a.starts_at - begun), default=None)
    return near.id if near else None


def measure(world: Measured, answers: Answers) -> dict[str, Tally]:
    """The counts of each kind of recording."""
    tallies: dict[str, Tally] = {"overall": Tally()}
    for conversation in world.conversations:
        for kind in ("overall", *sorted(world.kinds[conversation.id])):
            tallies.setdefault(kind, Tally()).add(world, conversation.id, answers[conversation.id])
    return tallies


def print_calibration(world: Measured, answers: Answers) -> None:
    """Said and true, in ten bins of the stated chance."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for key, (_, guess, chance) in answers.items():
        if guess is not None and key not in world.excluded:
            bins[min(_BINS - 1, int(chance * _BINS))].append((chance, world.visit_of[guess] == world.truth[key]))
    print("\n| Guesses | said | true |\n|---|---|---|")
    for of_bin in bins:
        if of_bin:
            said = 100 * sum(chance for chance, _ in of_bin) / len(of_bin)
            print(f"| {len(of_bin)} | {said:.1f} | {100 * sum(right for _, right in of_bin) / len(of_bin):.1f} |")


def print_strays(world: Measured, answers: Answers) -> None:
    """Of each kind of stray the share that was linked, without those that the generator calls undecidable."""
    counts: dict[str, Counter[bool]] = defaultdict(Counter)
    for key, truth in world.truth.items():
        for kind in world.kinds[key] if truth is None and not world.doubts[key] else ():
            counts[kind][answers[key][0] is not None] += 1
    print("\n| Strays that can be decided | Recordings | Linked |\n|---|---|---|")
    for kind, of_kind in sorted(counts.items()):
        print(f"| {kind} | {of_kind.total()} | {of_kind[True]} = {_share(of_kind[True], of_kind.total())} |")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--world", choices=["first", "second"], default="first")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--reps", type=int, default=50)
    arguments.add_argument("--days", type=int, default=364)
    arguments.add_argument("--disorder", type=float, default=1.0, help="how much goes wrong; 0: nothing")
    arguments.add_argument("--rates", choices=["learned", "usual"], default="learned")
    arguments.add_argument("--mistaken", type=float, default=1.0, help="factor on the usual rates, before learning")
    arguments.add_argument("--certainty", type=float, default=DECIDABLE, help="first world: how likely the truth is")
    arguments.add_argument(
        "--exclude", type=float, default=0.02, help="share of recordings that is not counted at most"
    )
    given = arguments.parse_args()
    if given.world == "first":
        rates = scaled(given.disorder)
        made = make_world(given.seed, reps=given.reps, days=given.days, rates=rates)
        world = first_world(made, rates, given.certainty)
    else:
        world = second_world(given.seed, given.reps, given.days, Disorder().scaled(given.disorder))
    world = excluding(world, given.exclude)
    begun = process_time()
    prior = mistaken(given.mistaken)
    own = learn(world.conversations, world.appointments, prior=prior) if given.rates == "learned" else prior
    learned = process_time()
    decisions = match(world.conversations, world.appointments, rates=own)
    spent = process_time() - learned
    linked = sum(decision.outcome is Outcome.LINKED for decision in decisions)
    print(f"{len(decisions)} recordings, {len(world.appointments)} appointments and activities, {linked} links")
    doubtful, excluded = sum(doubt > 0 for doubt in world.doubts.values()), len(world.excluded)
    print(f"{doubtful} recordings cannot be decided; {excluded} are not counted, {_share(excluded, len(decisions))} %")
    print(f"learned in {learned - begun:.1f} s; {1000 * spent / len(decisions):.3f} ms a decision\n")
    heads = ("", "Recordings", "Decidable", "Links: precision", "recall", "Best guess: precision", "recall")
    print(f"| {' | '.join(heads)} | Links, all | Strays linked |")
    print("|---|---|---|---|---|---|---|---|---|")
    answers = answers_of(decisions)
    for name, tally in measure(world, answers).items():
        print(tally.row(name))
    everything = replace(world, excluded=frozenset())
    print(measure(everything, answers)["overall"].row("overall, nothing excluded"))
    print(measure(world, nearest_start(world))["overall"].row("overall, by nearest start"))
    print_calibration(world, answers)
    print_strays(world, answers)


if __name__ == "__main__":
    main()
