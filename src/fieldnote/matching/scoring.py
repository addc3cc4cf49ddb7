"""Score one recording against one appointment, and against none: densities by minute and square meter."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from fieldnote.matching import rates as r
from fieldnote.matching.names import (
    MATCHED,
    WAYS,
    CustomerWords,
    Title,
    TitleWords,
    customer_words,
    spoken,
    title_says,
    title_words,
    words_said,
)
from fieldnote.matching.places import distance_m, is_usable
from fieldnote.matching.rates import Rates
from fieldnote.matching.records import Appointment, Conversation, Place
from fieldnote.matching.tables import Table

_LATE_MODE = 3.0
_TRAVEL, _TRAVEL_SCALE = 15.0, 10.0
"""Minutes from one recording to the next, usually."""
_ZONE_SHARES = {1: 0.3, 2: 0.2, 3: 0.12, 4: 0.08, 5: 0.08, 6: 0.08, 7: 0.08, 8: 0.06}
_FARTHEST_ZONE = 8 * 60.0
_ARRIVALS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Arrivals in a window, as shares of it."""
_LONG_AND_EMPTY = 0.4
"""Odds that a row of several hours without a customer, subject or street is a visit, and recorded."""
_SHARED_BY = 3
_PART_AFTER_UNKNOWN = 0.1
_RETURNS_TO_ANOTHER = 0.2
"""Factor where the title of a return, such as "Baker drop by", names somebody who is not the appointment's customer."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment with its span in minutes since the epoch."""

    appointment: Appointment
    start: float
    end: float
    end_assumed: bool
    place: Place | None
    """The address, if it is usable and this customer's own."""
    words: CustomerWords

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Take:
    """A recording with its span in minutes since the epoch; `end == start` if the length is unknown."""

    conversation: Conversation
    start: float
    end: float
    place: Place | None
    title: TitleWords
    said: frozenset[str] = frozenset()
    """The words of its transcript."""

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Around:
    """The day's evidence about one recording, whichever appointment it belongs to."""

    free_at: float | None = None
    """When the rep's recording before this one ended."""
    earlier: tuple[tuple[float, float | None], ...] = ()
    """Gap and distance to each of the recordings before, the latest first."""
    later: tuple[float, float | None] | None = None
    """Gap and distance to the next recording, if one follows soon."""
    stops: tuple[tuple[float, CustomerWords | None], ...] = ()
    """From this recording to the stops before it, the closest first, with the customer of an appointment."""
    nearest_m: float | None = None
    """From this recording to the closest address of the day."""
    canceled: tuple[Visit, ...] = ()
    kept: tuple[tuple[Visit, float | None], ...] = ()
    """The others, each with the distance to its address."""
    colleagues: tuple[tuple[Visit, float | None], ...] = ()
    """The same of colleagues' calendars, where the place or the title points at them."""

    def stop_m(self, visit: Visit) -> float | None:
        """From this recording to the closest stop before it that is not this visit's own house."""
        return next((meters for meters, words in self.stops if words != visit.words), None)


@dataclass(frozen=True, slots=True)
class Pair:
    """One recording and one appointment."""

    visit: Visit
    first: float
    """How many times likelier than no appointment it is, as the appointment's first recording."""
    part: float
    """The same as a further part, without the gap and the place."""
    place: float
    """Density of the phone's place at this appointment."""
    distance_m: float | None
    says: Title
    overlap: float
    """Minutes of the recording between the appointment's start and end."""
    spoken: tuple[str, ...] = ()
    other_rep: bool = False

    @property
    def name_in_title(self) -> bool:
        return self.says in (Title.NAME, Title.SLIP)


@dataclass(frozen=True, slots=True)
class Corpus:
    """All given appointments as visits by their ids, and what they say together."""

    visits: dict[str, Visit]
    have_customers: bool
    """Most appointments name a customer, so one that does not is no visit."""


def corpus_of(appointments: Collection[Appointment], shared_places: AbstractSet[Place] = frozenset()) -> Corpus:
    """Read every appointment once. A shared place counts as none."""
    visits = {one.id: _visit_of(one, one.place in shared_places) for one in appointments}
    return Corpus(visits, 2 * sum(bool(one.customer) for one in appointments) > len(appointments))


def shared_places(appointments: Iterable[Appointment]) -> frozenset[Place]:
    """Places that several customers have: the middle of a ZIP code, the office."""
    owners: dict[Place, set[str | None]] = {}
    for one in appointments:
        if one.place is not None and is_usable(one.place):
            owners.setdefault(one.place, set()).add(one.customer)
    return frozenset(place for place, of in owners.items() if len(of) >= _SHARED_BY)


def surname_shares(visits: Iterable[Visit]) -> dict[str, float]:
    """How frequent the common surnames are among the customers."""
    people = {visit.words.names: visit.words.surname for visit in visits if visit.words.surname}
    shares = {name: count / len(people) for name, count in sorted(Counter(people.values()).items())}
    return {name: share for name, share in shares.items() if share > r.COINCIDENCE[Title.NAME]}


def _visit_of(appointment: Appointment, shared_place: bool) -> Visit:
    start = appointment.starts_at.timestamp() / 60
    end = appointment.ends_at.timestamp() / 60 if appointment.ends_at else start
    assumed = end <= start
    end = start + r.ASSUMED_LENGTH if assumed else min(end, start + r.LONGEST)
    place = appointment.place if is_usable(appointment.place) and not shared_place else None
    words = customer_words(appointment.customer, appointment.street, appointment.title)
    return Visit(appointment, start, end, assumed, place, words)


def take_of(conversation: Conversation) -> Take:
    start = conversation.starts_at.timestamp() / 60
    length = conversation.duration.total_seconds() / 60 if conversation.duration else 0.0
    place = conversation.place if is_usable(conversation.place) else None
    title = title_words(conversation.title)
    return Take(conversation, start, start + max(0.0, length), place, title, words_said(conversation.transcript))


def in_window(take: Take, visit: Visit) -> bool:
    """Whether the recording began at a time that this appointment could explain by itself."""
    offset = take.start - visit.start
    return -r.EARLY_LIMIT <= offset <= max(r.LATE_LIMIT, visit.length)


def has_mark(take: Take, visit: Visit) -> bool:
    """Whether place or words point at an appointment whose time is off."""
    distance = distance_m(take.place, visit.place)
    if distance is not None and distance < r.AT_THE_HOUSE:
        return True
    return names(take, visit.words)


def names(take: Take, words: CustomerWords) -> bool:
    """Whether the title names customer or street, or the transcript the customer."""
    if take.title.words and title_says(take.title, words) in (Title.NAME, Title.STREET):
        return True
    return len(words.surname) > 3 and words.surname in take.said


class Scorer:
    """Scores recordings with one set of rates."""

    def __init__(self, rates: Rates, corpus: Corpus) -> None:
        self.rates = rates
        self._corpus = corpus
        self._odds = rates.recorded / (1 - rates.recorded)
        self._odds_internal = rates.recorded_without_customer / (1 - rates.recorded_without_customer)

    def pairs(
        self,
        take: Take,
        candidates: Iterable[tuple[Visit, float | None]],
        around: Around,
        none: float,
    ) -> list[Pair]:
        """Score a recording with each candidate and the distance to its address.

        `none` is the density of the recording if it belongs to no appointment.
        """
        first, part = (length_density(table, take) for table in (self.rates.length_first, self.rates.length_part))
        return [self._pair(take, visit, meters, around, none, first, part) for visit, meters in candidates]

    def _pair(
        self, take: Take, visit: Visit, distance: float | None, around: Around, none: float, first: float, part: float
    ) -> Pair:
        """`first` and `part` are the densities of the recording's length."""
        appointment, offset = visit.appointment, take.start - visit.start
        says = self.says(take, visit)
        said = spoken(take.said, appointment.customer, appointment.street, appointment.project) if take.said else ()
        common = self._title_share(take, visit, says) * _spoken_ratio(take, appointment, said) / none
        place = self.place(take, visit, around, distance)
        other_rep = take.conversation.rep_id not in appointment.rep_ids
        odds = self._recorded_odds(take, visit, other_rep=other_rep)
        free_at = None if around.free_at is None else around.free_at - visit.start
        time = start_density(self.rates, offset, visit.length, free_at)
        return Pair(
            visit=visit,
            first=odds * time * place * first * common,
            part=part * common,
            place=place,
            distance_m=distance,
            says=says,
            overlap=max(0.0, min(take.end, visit.end) - max(take.start, visit.start)),
            spoken=said,
            other_rep=other_rep,
        )

    def says(self, take: Take, visit: Visit) -> Title:
        return title_says(take.title, visit.words) or take.title.kind

    def _recorded_odds(self, take: Take, visit: Visit, *, other_rep: bool) -> float:
        if not self.is_visit(visit):
            return self._odds_internal
        if other_rep:
            return self.rates.taken_over
        one = visit.appointment
        if visit.length > r.LONG_APPOINTMENT and not (one.customer or one.title or one.street):
            return _LONG_AND_EMPTY
        own = self.rates.by_rep.get(take.conversation.rep_id)
        return self._odds if own is None else own.recorded / (1 - own.recorded)

    def is_visit(self, visit: Visit) -> bool:
        """Whether somebody is visited. A row that lacks a customer where others have one is a meeting or a block."""
        one = visit.appointment
        if one.customer or one.street:
            return True
        return not (self._corpus.have_customers or visit.words.internal)

    def _title_share(self, take: Take, visit: Visit, says: Title) -> float:
        """How often a recording of this appointment has such a title, over how often another has it by chance."""
        kind = take.title.kind
        if not self.is_visit(visit):
            return _INTERNAL_TITLES.get(says, _INTERNAL_OTHER) / (_ABOUT if says is Title.SUBJECT else 1.0)
        usual = self.titles(take)
        if says not in MATCHED:
            share = usual[says]
            if says is Title.OTHER:
                # Another name, as far as the row can say: it may lack the name or the street that the title has.
                share += 0.0 if visit.words.surname else usual[Title.NAME]
                share += 0.0 if visit.words.street else usual[Title.STREET]
            elif says is Title.FOLLOW_UP and visit.words.surname and take.title.names_somebody():
                share *= _RETURNS_TO_ANOTHER
            return share
        chance = self._coincidence(says, visit.words)
        if kind in (Title.STRAY, Title.FOLLOW_UP) and says is not Title.SUBJECT:
            # "Call Baker", "neighbor of Baker", "follow up Baker": the name is there, and so is a reason against it.
            follows = kind is Title.FOLLOW_UP and visit.words.follows_up
            share = usual[Title.NAME] * (0.2 if follows else 0.03) if kind is Title.FOLLOW_UP else usual[Title.STRAY]
            return share / max(chance, _ABOUT)
        if says is Title.SUBJECT and kind is Title.DEFAULT:
            # Words that a phone gives too, but somebody typed them: a stray's would be about the work.
            chance *= self.rates.title_stray[Title.JOB] / self.rates.title_stray[Title.DEFAULT]
        return usual[says] / chance

    def titles(self, take: Take) -> Mapping[Title, float]:
        """How the rep titles the recordings of visits."""
        own = self.rates.by_rep.get(take.conversation.rep_id)
        return own.title_visit if own else self.rates.title_visit

    def _coincidence(self, says: Title, words: CustomerWords) -> float:
        """Chance that a title of words says this although it is about something else."""
        usual = r.COINCIDENCE[says]
        if says in (Title.NAME, Title.SLIP):
            return max(usual, self.rates.surnames.get(words.surname, 0.0))
        return usual

    def again(self, take: Take, says: Title, before: Title) -> tuple[float, float]:
        """How much likelier a part's title is after that of the part before, and the share that repeats its way."""
        usual, way = self.titles(take), WAYS[says]
        again, repeated = self.rates.title_again, 0.0
        if way == WAYS[before]:
            repeated = again / sum(share for title, share in usual.items() if WAYS[title] == way)
        ratio = 1 - again + repeated
        return ratio, repeated / ratio

    # --- place ------------------------------------------------------------------------------------------

    def place(self, take: Take, visit: Visit, around: Around, distance: float | None) -> float:
        """Density of the phone's place if the recording is of this appointment; 1 if the place is unknown."""
        if take.place is None:
            return 1.0
        rates = self.rates
        stop = around.stop_m(visit)
        is_near_stop = stop is not None and stop <= rates.stop.edges[-1]
        stale = rates.stale * rates.stop.at(stop) if stop is not None and is_near_stop else 0.0
        if distance is None:
            return (1 - rates.stale) * rates.anywhere + stale
        near = rates.address.at(distance) if distance < rates.address.edges[-1] else 0.0
        return (1 - rates.stale - rates.wrong_address) * near + rates.wrong_address * rates.anywhere + stale

    def part_place(self, meters: float) -> float:
        """Density of the phone's place that far from where it was in the part before."""
        rates = self.rates
        near = rates.part_place.at(meters) if meters < rates.part_place.edges[-1] else 0.0
        return (1 - rates.wrong_address) * near + rates.wrong_address * rates.anywhere


_INTERNAL_TITLES = {Title.DEFAULT: 0.5, Title.SUBJECT: 0.4, Title.STRAY: 0.05}
"""Titles of meetings and blocks. A customer's name is not among them."""
_INTERNAL_OTHER = 0.01
_ABOUT = 0.05
"""Share of calls and notes that are about one certain customer of the day."""


# --- time -----------------------------------------------------------------------------------------------


def start_density(rates: Rates, offset: float, length: float, free_at: float | None = None) -> float:
    """How likely a recording begins this many minutes after the appointed time, per minute.

    `free_at` is when the rep's recording before it ended, on the same clock: a rep who was not free came later.
    """
    density = _usual_density(rates, offset, length)
    if free_at is None or not _LATE_MODE - _TRAVEL < free_at <= offset + r.OVERLAP_TOLERANCE:
        return density
    after = _bell_t((offset - free_at - _TRAVEL) / _TRAVEL_SCALE) / _TRAVEL_SCALE
    return (1 - rates.carried) * density + rates.carried * after


def _usual_density(rates: Rates, offset: float, length: float) -> float:
    density = rates.start.at(offset) if rates.start.edges[0] <= offset <= rates.start.edges[-1] else 0.0
    hours = round((offset - _LATE_MODE) / 60)
    if hours and abs(hours) in _ZONE_SHARES:
        density += rates.other_zone * 0.5 * _ZONE_SHARES[abs(hours)] * rates.start.at(offset - 60 * hours)
    if length <= r.LONG_APPOINTMENT:
        return density
    arrival = 1 / length if 0 <= offset <= length else 0.0
    return (1 - rates.arrival) * density + rates.arrival * arrival


def leaves_density(rates: Rates, offset: float, length: float) -> float:
    """How likely a visit ends this many minutes after the appointed time, per minute."""
    density = _leaves_at(rates.leaves, offset)
    if length > r.LONG_APPOINTMENT:
        arrivals = [_leaves_at(rates.leaves, offset - share * length) for share in _ARRIVALS]
        density = (1 - rates.arrival) * density + rates.arrival * sum(arrivals) / len(arrivals)
    if abs(offset) <= _FARTHEST_ZONE:
        density += rates.other_zone / (2 * _FARTHEST_ZONE)
    return density


def _leaves_at(leaves: Table, offset: float) -> float:
    return leaves.at(offset) if leaves.edges[0] <= offset <= leaves.edges[-1] else 0.0


def _bell_t(z: float) -> float:
    """Student's t, three degrees of freedom."""
    root = 1 + z * z / 3
    return 0.3675525969 / (root * root)


def part_bin(minutes: float) -> int:
    """The bin of `Rates.part_after` for a recording of so many minutes."""
    return bisect_right(r.PART_AFTER_EDGES, minutes)


def part_density(rates: Rates, minutes: float, gap: float) -> float:
    """How likely a further part begins after such a gap, per minute, after a recording of so many minutes.

    An unknown length is 0 or less.
    """
    if gap >= r.COMES_BACK_FROM:
        return rates.comes_back / (r.PART_LIMIT - r.COMES_BACK_FROM)
    share = rates.part_after[part_bin(minutes)] if minutes > 0 else _PART_AFTER_UNKNOWN
    return share * rates.part_gap.at(max(0.0, gap))


def length_density(lengths: Table, take: Take) -> float:
    return lengths.at(take.length) if take.end > take.start else 1.0


# --- words ----------------------------------------------------------------------------------------------


def _spoken_ratio(take: Take, appointment: Appointment, said: tuple[str, ...]) -> float:
    if not said:
        could_be = appointment.customer or appointment.street or appointment.project
        return r.NOTHING_SPOKEN if could_be and len(take.said) >= r.TALKED else 1.0
    ratio = 1.0
    for thing in said:
        ratio *= r.SPOKEN[thing]
    return ratio
