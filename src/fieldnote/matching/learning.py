"""Learn an organization's rates from its own history, without labels (expectation-maximization).

Each round solves the history with the rates so far and counts what the recordings probably were: half a case where
the chance is one half. The counts, with the usual rates as a prior, are the next rates. Links that people or deep
links made (`fixed`) count as whole cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from operator import itemgetter
from statistics import median
from types import MappingProxyType
from typing import Final

from fieldnote.matching import rates as r
from fieldnote.matching.joint import Choice
from fieldnote.matching.names import Title
from fieldnote.matching.places import distance_m
from fieldnote.matching.rates import USUAL, Rates, RepRates
from fieldnote.matching.records import Appointment, Conversation
from fieldnote.matching.scoring import (
    Pair,
    Take,
    corpus_of,
    part_bin,
    shared_places,
    start_density,
    surname_shares,
    take_of,
)
from fieldnote.matching.solving import RepDay, Solver
from fieldnote.matching.strays import Densities
from fieldnote.matching.tables import Table

ROUNDS: Final = 2
ENOUGH: Final = 500
"""Recordings, below which the usual rates are better."""
MOST: Final = 8_000
"""Recordings that are learned from at most, the latest of each rep."""
_TABLE_WEIGHT: Final = 60.0
"""Cases that the prior of a table counts for. The same for shares, titles and a rep's own habits below."""
_KEPT: Final = 0.2
"""Share of each table that stays the prior's, so that rare values are not counted away."""
_TITLE_WEIGHT: Final = 40.0
_SHARE_WEIGHT: Final = 60.0
_REP_WEIGHT: Final = 20.0
_PART_WEIGHT: Final = 20.0
_SAMPLE: Final = 4_000
_SUSPECTED: Final = 0.02
"""Chance of a note or a knock before a visit in a first look at a sample, which shows whether there are any."""
_LOOKS_LIKE_KNOCK: Final = 0.01
_LOOKS_LIKE_NOTE: Final = 0.035
"""Shares of visits that look like a knock, or like a note before them, in an organization without any: they are short,
or have a short first part."""
_DAY: Final = 660.0
"""Minutes of a working day."""
_PRIOR_DAYS: Final = 5
_LEAST: Final = 0.01
"""Chance below which a choice is not counted."""


def learn(
    conversations: Iterable[Conversation],
    appointments: Iterable[Appointment],
    *,
    fixed: Mapping[str, str | None] = MappingProxyType({}),
    prior: Rates = USUAL,
    rounds: int = ROUNDS,
) -> Rates:
    """The rates of an organization. With fewer than `ENOUGH` recordings they are the prior's.

    The result does not depend on the order of the records.
    """
    takes = [take_of(conversation) for conversation in conversations]
    takes = _latest(takes, max(MOST, ENOUGH * len({take.conversation.rep_id for take in takes})))
    if len(takes) < ENOUGH:
        return prior
    first = min(take.start for take in takes) - r.LONGEST
    planned = [one for one in appointments if one.starts_at.timestamp() / 60 >= first]
    prior = replace(
        prior,
        territory=_territory(takes, prior.territory),
        surnames=surname_shares(corpus_of(planned).visits.values()),
        shared_places=shared_places(planned),
    )
    shown = _round(_latest(takes, _SAMPLE), planned, fixed, replace(prior, knock=_SUSPECTED, ahead=_SUSPECTED), prior)
    seen = min(len(takes), _SAMPLE)
    knock, ahead = _if_plain(shown.knock, _LOOKS_LIKE_KNOCK, seen), _if_plain(shown.ahead, _LOOKS_LIKE_NOTE, seen)
    rates = replace(prior, knock=knock, ahead=ahead)
    for _ in range(rounds):
        rates = _round(takes, planned, fixed, rates, prior)
    return rates


def _if_plain(share: float, looks_like: float, seen: int) -> float:
    """A share in a sample of so many, if it is clearly more than what merely looks like it; otherwise 0."""
    return share if share > looks_like + 2 * sqrt(looks_like / seen) else 0.0


def _round(
    takes: Sequence[Take],
    planned: Sequence[Appointment],
    fixed: Mapping[str, str | None],
    rates: Rates,
    prior: Rates,
) -> Rates:
    """Count the recordings by some rates, and make the next rates of the counts."""
    solver = Solver(takes, planned, fixed, rates)
    counts = Counts(rates)
    for day in solver.solve().values():
        counts.add_day(day, solver)
    return counts.rates(prior, len(takes))


def _latest(takes: Sequence[Take], most: int) -> list[Take]:
    """The latest of each rep, so many in all."""
    by_rep: dict[str, list[Take]] = defaultdict(list)
    for take in takes:
        by_rep[take.conversation.rep_id].append(take)
    of_each = max(1, most // max(1, len(by_rep)))
    kept: list[Take] = []
    for _, own in sorted(by_rep.items()):
        own.sort(key=lambda take: (take.start, take.conversation.id))
        kept.extend(own[-of_each:])
    return kept


def _territory(takes: Sequence[Take], usual: float) -> float:
    """The radius of a disk as dense as the rep's recordings are on average."""
    apart: list[float] = []
    by_rep: dict[str, list[Take]] = defaultdict(list)
    for take in takes:
        if take.place is not None:
            by_rep[take.conversation.rep_id].append(take)
    for own in by_rep.values():
        half = len(own) // 2
        for one, other in zip(own[:half], own[half:], strict=False):
            distance = distance_m(one.place, other.place)
            if distance is not None:
                apart.append(distance)
    return min(60_000.0, max(1_500.0, 1.2 * median(apart))) if len(apart) >= _SHARE_WEIGHT else usual


@dataclass
class Share:
    """How often something happened, of how many times it could."""

    happened: float = 0.0
    could: float = 0.0

    def learned(self, prior: float, weight: float = _SHARE_WEIGHT) -> float:
        share = (self.happened + weight * prior) / (self.could + weight)
        return min(0.97, max(1e-5, share))


class Counts:
    """The probable links of the recordings of one round."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._tables: dict[str, list[float]] = {}
        self._shares: dict[str, Share] = defaultdict(Share)
        self._part_after = [Share() for _ in rates.part_after]
        self._titles_visit: dict[str, dict[Title, float]] = defaultdict(lambda: defaultdict(float))
        self._titles_stray: dict[Title, float] = defaultdict(float)
        self._titles_curb: dict[Title, float] = defaultdict(float)
        self._recorded: dict[str, Share] = defaultdict(Share)
        self._minutes = 0.0
        self._strays = 0.0

    def add_day(self, day: RepDay, solver: Solver) -> None:
        """Count one rep's recordings."""
        firsts = _firsts(day)
        for index, (take, choices) in enumerate(zip(day.takes, day.choices, strict=True)):
            pairs: dict[str, Pair] = {}
            for pair in day.pairs[index]:
                pairs.setdefault(solver.twin(pair.visit.appointment.id), pair)
            for choice, share in choices.items():
                if share >= _LEAST:
                    self._add_choice(day, index, take, choice, share, pairs, firsts, solver)
        self._add_rows(day, solver, firsts)
        self._minutes += _DAY * len({int(take.start // 1440) for take in day.takes})

    def _add_choice(
        self,
        day: RepDay,
        index: int,
        take: Take,
        choice: Choice,
        share: float,
        pairs: Mapping[str, Pair],
        firsts: Mapping[str, float],
        solver: Solver,
    ) -> None:
        key, previous = choice
        if key is None:
            self._add_stray(day, index, take, share, firsts, solver)
        elif (pair := pairs.get(key)) is not None:
            self._titles_visit[day.rep_id][pair.says] += share
            if previous is None:
                self._add_first(day, index, take, pair, share, solver)
            else:
                self._add_part(take, day.takes[previous], share)
                before = solver.scorer.says(day.takes[previous], pair.visit)
                self._shares["title_again"].could += share
                self._shares["title_again"].happened += share * solver.scorer.again(take, pair.says, before)[1]

    def _add_first(self, day: RepDay, index: int, take: Take, pair: Pair, share: float, solver: Solver) -> None:
        rates, around, visit = self._rates, day.around[index], pair.visit
        if take.end > take.start:
            self._count("length_first", self._rates.length_first, take.length, share)
            self._part_after[part_bin(take.length)].could += share
        self._shares["comes_back"].could += share
        self._shares["ahead"].could += share
        if pair.other_rep:
            return
        offset = take.start - visit.start
        if take.end > take.start:
            self._count("leaves", rates.leaves, take.end - visit.start, share)
        self._could_go_on(share)
        kept_away = around.free_at is not None and around.free_at - visit.start > -12
        if not kept_away and visit.length <= r.LONG_APPOINTMENT:
            usual = rates.start.at(offset) if abs(offset) <= rates.start.edges[-1] else 0.0
            near = usual / max(start_density(rates, offset, visit.length), 1e-12)
            self._count("start", self._rates.start, offset, share * near)
            self._shares["other_zone"].could += share
            self._shares["other_zone"].happened += share * (1 - near)
        if take.place is not None and pair.distance_m is not None:
            self._add_address(pair, pair.distance_m, share, around.stop_m(visit))

    def _add_address(self, pair: Pair, distance: float, share: float, stop: float | None) -> None:
        rates = self._rates
        wrong = rates.wrong_address * rates.anywhere / pair.place
        near = rates.address.at(distance) if distance < rates.address.edges[-1] else 0.0
        near *= (1 - rates.stale - rates.wrong_address) / pair.place
        self._count("address", self._rates.address, distance, share * near)
        self._shares["wrong_address"].could += share
        self._shares["wrong_address"].happened += share * wrong
        if stop is not None:
            self._shares["stale"].could += share
            self._shares["stale"].happened += share * max(0.0, 1 - near - wrong)

    def _add_part(self, take: Take, previous: Take, share: float) -> None:
        gap = take.start - previous.end
        self._shares["comes_back"].could += share
        if gap < r.COMES_BACK_FROM:
            self._count("part_gap", self._rates.part_gap, gap, share)
            self._part_after[part_bin(previous.length)].happened += share
        else:
            self._shares["comes_back"].happened += share
        if take.end > take.start:
            self._count("length_part", self._rates.length_part, take.length, share)
            self._part_after[part_bin(take.length)].could += share
        meters = distance_m(take.place, previous.place)
        if meters is not None and meters < self._rates.part_place.edges[-1]:
            self._count("part_place", self._rates.part_place, meters, share)
        self._could_go_on(share)

    def _could_go_on(self, share: float) -> None:
        """A stray may follow on any recording."""
        self._shares["after"].could += share
        self._shares["curb"].could += share

    def _add_stray(
        self, day: RepDay, index: int, take: Take, share: float, firsts: Mapping[str, float], solver: Solver
    ) -> None:
        around = day.around[index]
        look = solver.strays.look(take, around)
        missed = [(1 - min(1.0, firsts.get(solver.twin(one.visit.appointment.id), 0.0)), one) for one in look.missed]
        unit = share / (sum(look.of) + sum(free * one.density for free, one in missed))
        of = Densities(*(unit * density for density in look.of))
        unseen_walk = unit * sum(free * one.walk for free, one in missed)
        unseen_curb = unit * sum(free * one.curb for free, one in missed)
        empty_slot = unit * sum(free * one.slot for free, one in missed)
        knock = unit * sum(free * one.knock for free, one in missed)
        at_curb = of.curb + unseen_curb
        self._titles_stray[take.title.kind] += share - at_curb
        self._titles_curb[take.title.kind] += at_curb
        free = of.free + of.near
        self._strays += free
        if take.place is not None and around.nearest_m is not None:
            self._shares["stray_near"].could += free
            self._shares["stray_near"].happened += of.near
        for name, happened in (("after", of.walk), ("curb", of.curb)):
            self._shares[name].happened += happened
            self._shares[name].could += share
        self._shares["ahead"].happened += of.ahead
        self._shares["knock"].happened += knock
        self._shares["in_canceled_slot"].happened += of.canceled_slot
        if take.end > take.start:
            self._count(
                "length_stray",
                self._rates.length_stray,
                take.length,
                free + 0.5 * (of.canceled_slot + empty_slot),
            )
            self._count("length_after", self._rates.length_after, take.length, of.walk + unseen_walk)
            self._count("length_curb", self._rates.length_curb, take.length, at_curb)
        if around.earlier:
            self._add_gap(of, *min(around.earlier, key=itemgetter(0)))

    def _add_gap(self, of: Densities, gap: float, meters: float | None) -> None:
        """Count how far after the recording before, in minutes and meters, a stray began."""
        self._count("after_gap", self._rates.after_gap, gap, of.walk)
        self._count("curb_gap", self._rates.curb_gap, gap, of.curb)
        if meters is not None and meters < self._rates.after_place.edges[-1]:
            self._count("after_place", self._rates.after_place, meters, of.walk)
            self._count("curb_place", self._rates.curb_place, meters, of.curb)

    def _count(self, name: str, table: Table, value: float, weight: float) -> None:
        counts = self._tables.setdefault(name, [0.0] * len(table.shares))
        counts[table.bin(value)] += weight

    def _add_rows(self, day: RepDay, solver: Solver, firsts: Mapping[str, float]) -> None:
        """Count the appointments of the time in which the rep recorded."""
        begin, end = day.takes[0].start - r.LATE_LIMIT, day.takes[-1].start + r.LATE_LIMIT
        seen: set[str] = set()
        for visit in day.calendar.between(begin, end):
            if visit.appointment.cancelled:
                self._shares["in_canceled_slot"].could += 1
                continue
            key = solver.twin(visit.appointment.id)
            if key in seen:
                continue
            seen.add(key)
            share = min(1.0, firsts.get(key, 0.0))
            kind = self._recorded[day.rep_id] if solver.scorer.is_visit(visit) else self._shares["internal"]
            kind.could += 1
            kind.happened += share
            self._shares["knock"].could += 1

    # --- rates ------------------------------------------------------------------------------------------

    def rates(self, prior: Rates, learned_from: int) -> Rates:
        """The counts with the prior."""
        recorded = Share(
            sum(share.happened for share in self._recorded.values()),
            sum(share.could for share in self._recorded.values()),
        ).learned(prior.recorded)
        titles = _total(self._titles_visit.values())
        visit = _titles(titles, prior.title_visit, _TITLE_WEIGHT)
        strays = (self._strays + _PRIOR_DAYS * _DAY * prior.strays_per_minute) / (self._minutes + _PRIOR_DAYS * _DAY)
        return replace(
            prior,
            learned_from=learned_from,
            recorded=recorded,
            recorded_without_customer=self._share("internal", prior.recorded_without_customer),
            start=self._table("start", prior.start),
            other_zone=self._share("other_zone", prior.other_zone),
            address=self._table("address", prior.address),
            wrong_address=self._share("wrong_address", prior.wrong_address),
            stale=self._share("stale", prior.stale),
            length_first=self._table("length_first", prior.length_first),
            length_part=self._table("length_part", prior.length_part),
            length_stray=self._table("length_stray", prior.length_stray),
            part_after=tuple(
                share.learned(usual, _PART_WEIGHT)
                for share, usual in zip(self._part_after, prior.part_after, strict=True)
            ),
            part_gap=self._table("part_gap", prior.part_gap),
            comes_back=self._share("comes_back", prior.comes_back),
            part_place=self._table("part_place", prior.part_place),
            strays_per_minute=strays,
            after=self._share("after", prior.after),
            after_gap=self._table("after_gap", prior.after_gap),
            after_place=self._table("after_place", prior.after_place),
            length_after=self._table("length_after", prior.length_after),
            curb=self._share("curb", prior.curb),
            curb_gap=self._table("curb_gap", prior.curb_gap),
            curb_place=self._table("curb_place", prior.curb_place),
            length_curb=self._table("length_curb", prior.length_curb),
            leaves=self._table("leaves", prior.leaves),
            knock=self._rare("knock"),
            ahead=self._rare("ahead"),
            in_canceled_slot=self._share("in_canceled_slot", prior.in_canceled_slot),
            stray_near=self._share("stray_near", prior.stray_near),
            title_visit=visit,
            title_stray=_titles(self._titles_stray, prior.title_stray, _TITLE_WEIGHT),
            title_curb=_titles(self._titles_curb, prior.title_curb, _TITLE_WEIGHT),
            title_again=self._shares["title_again"].learned(prior.title_again, _PART_WEIGHT),
            by_rep=self._by_rep(recorded, visit),
        )

    def _table(self, name: str, prior: Table) -> Table:
        return prior.learned(self._tables.get(name) or [0.0] * len(prior.shares), _TABLE_WEIGHT, _KEPT)

    def _share(self, name: str, prior: float) -> float:
        return self._shares[name].learned(prior)

    def _rare(self, name: str) -> float:
        """A share without a prior: what the rates before had at 0 stays 0."""
        return self._shares[name].happened / (self._shares[name].could + _SHARE_WEIGHT)

    def _by_rep(self, recorded: float, visit: Mapping[Title, float]) -> Mapping[str, RepRates]:
        reps = sorted(self._recorded.keys() | self._titles_visit.keys())
        return {
            rep_id: RepRates(
                self._recorded[rep_id].learned(recorded, _REP_WEIGHT),
                _titles(self._titles_visit[rep_id], visit, _REP_WEIGHT),
            )
            for rep_id in reps
        }


def _firsts(day: RepDay) -> dict[str, float]:
    """The chance that each visit was recorded."""
    firsts: dict[str, float] = defaultdict(float)
    for choices in day.choices:
        for (key, previous), share in choices.items():
            if key is not None and previous is None and share >= _LEAST:
                firsts[key] += share
    return firsts


def _total(of_reps: Iterable[Mapping[Title, float]]) -> dict[Title, float]:
    total: dict[Title, float] = defaultdict(float)
    for counts in of_reps:
        for title, count in counts.items():
            total[title] += count
    return total


def _titles(counts: Mapping[Title, float], prior: Mapping[Title, float], weight: float) -> Mapping[Title, float]:
    total = weight + sum(counts.get(title, 0.0) for title in prior)
    return {title: (counts.get(title, 0.0) + weight * usual) / total for title, usual in prior.items()}
