"""One recording against one appointment: the likelihood ratio to "it belongs to no appointment"."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from fieldnote.matching import weights as w
from fieldnote.matching.names import (
    names_customer,
    nearly_names,
    says_subject,
    spoken,
    telling_words,
    words_said,
)
from fieldnote.matching.places import place_distance_m
from fieldnote.matching.records import Appointment, Conversation


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment with its span in minutes since the epoch."""

    appointment: Appointment
    start: float
    end: float
    end_assumed: bool

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Take:
    """A recording with its span in minutes since the epoch; `end == start` where the length is unknown."""

    conversation: Conversation
    start: float
    end: float
    title: frozenset[str] = frozenset()
    """The words of its title that say anything."""
    said: frozenset[str] = frozenset()
    """The words of its transcript."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the day tells about one recording, whichever appointment it belongs to."""

    free_at: float | None = None
    """When the rep's recording before this one ended."""
    last_stop_m: float | None = None
    """From this recording's place to the closest stop before it."""
    anywhere: float = w.TERRITORY_RADIUS**-2
    """Density of its place if it belongs to none."""
    none: float = 1.0
    """Weight of "none" beside that of a stray at any time: above 1 in the slot of a cancelled appointment."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What one pair has to show."""

    visit: Visit
    first: float
    """Likelihood ratio as the appointment's first recording."""
    part: float
    """The same as a further part, but for the gap to the part before."""
    distance_m: float | None
    name_in_title: bool
    overlap: float
    """Minutes of the recording between the appointment's start and end."""
    subject_in_title: bool = False
    spoken: tuple[str, ...] = ()
    other_rep: bool = False


def visit_of(appointment: Appointment) -> Visit:
    start = _minutes(appointment.starts_at.timestamp())
    end = _minutes(appointment.ends_at.timestamp()) if appointment.ends_at else start
    assumed = end <= start
    end = start + w.ASSUMED_LENGTH if assumed else min(end, start + w.LONGEST)
    return Visit(appointment, start, end, assumed)


def take_of(conversation: Conversation) -> Take:
    start = _minutes(conversation.starts_at.timestamp())
    length = conversation.duration.total_seconds() / 60 if conversation.duration else 0.0
    title, said = telling_words(conversation.title), words_said(conversation.transcript)
    return Take(conversation, start, start + max(0.0, length), title, said)


def _minutes(seconds: float) -> float:
    return seconds / 60


def in_window(take: Take, visit: Visit) -> bool:
    """Whether the recording began at a time that this appointment could explain by itself."""
    offset = take.start - visit.start
    return -w.EARLY_LIMIT <= offset <= max(w.LATE_LIMIT, visit.length)


def has_mark(take: Take, visit: Visit) -> bool:
    """Whether place or name point at an appointment whose time is off, as if entered in another zone."""
    distance = place_distance_m(take.conversation.place, visit.appointment.place)
    if distance is not None and distance < w.AT_THE_HOUSE:
        return True
    return names_customer(take.title | take.said, visit.appointment.customer)


def pair_of(take: Take, visit: Visit, around: Around, distance: float | None) -> Pair:
    """Score one pair; `distance` is that from the phone to the appointment's address."""
    appointment, offset = visit.appointment, take.start - visit.start
    named = names_customer(take.title, appointment.customer)
    about = says_subject(take.title, appointment.title, appointment.customer)
    said = spoken(take.said, appointment.customer, appointment.street, appointment.project)
    common = _place_ratio(distance, around) * _title_ratio(take, appointment, named=named, about=about)
    common *= _spoken_ratio(take, appointment, said) * _span_ratio(take, visit) / (w.STRAYS_PER_MINUTE * around.none)
    other_rep = take.conversation.rep_id not in appointment.rep_ids
    if other_rep:
        common *= w.OTHER_REP_RATE
    free_at = None if around.free_at is None else around.free_at - visit.start
    return Pair(
        visit=visit,
        first=w.RECORDED_ODDS * _length_ratio(take) * start_density(offset, visit.length, free_at) * common,
        part=w.PART_RATE * _part_ratio(take, visit) * common,
        distance_m=distance,
        name_in_title=named,
        overlap=_overlap(take.start, take.end, visit.start, visit.end),
        subject_in_title=about,
        spoken=said,
        other_rep=other_rep,
    )


# --- time -----------------------------------------------------------------------------------------------


def start_density(offset: float, length: float, free_at: float | None = None) -> float:
    """How likely a recording begins this many minutes after the appointed time, per minute.

    `free_at` is when the rep's recording before it ended, likewise: one who was not free came when he was.
    """
    density = _usual_density(offset, length)
    if free_at is None or not w.LATE_MODE - w.TRAVEL < free_at <= offset + w.OVERLAP_TOLERANCE:
        return density
    after = _bell_t((offset - free_at - w.TRAVEL) / w.TRAVEL_SCALE) / w.TRAVEL_SCALE
    return (1 - w.CARRIED_SHARE) * density + w.CARRIED_SHARE * after


def _usual_density(offset: float, length: float) -> float:
    density = w.CORE_SHARE * _bell_t((offset - w.LATE_MODE) / w.LATE_SCALE) / w.LATE_SCALE
    if w.LATE_FROM <= offset <= w.LATE_LIMIT:
        density += w.LATE_SHARE / (w.LATE_LIMIT - w.LATE_FROM)
    if -w.EARLY_LIMIT <= offset <= -w.EARLY_FROM:
        density += w.EARLY_SHARE / (w.EARLY_LIMIT - w.EARLY_FROM)
    density += _other_zone_density(offset)
    if length <= w.LONG_APPOINTMENT:
        return density
    arrival = 1 / length if 0 <= offset <= length else 0.0
    return (1 - w.ARRIVAL_SHARE) * density + w.ARRIVAL_SHARE * arrival


def _other_zone_density(offset: float) -> float:
    """The appointment was entered whole hours off."""
    hours = round((offset - w.LATE_MODE) / 60)
    if hours == 0 or abs(hours) > w.ZONES:
        return 0.0
    share = w.ZONE_SHARE * 0.5 ** abs(hours)
    return share * _bell_t((offset - w.LATE_MODE - 60 * hours) / w.LATE_SCALE) / w.LATE_SCALE


def _bell_t(z: float) -> float:
    """Student's t, three degrees of freedom."""
    root = 1 + z * z / 3
    return 0.3675525969 / (root * root)


def gap_density(gap: float) -> float:
    """How likely a part begins this many minutes after the part before has ended, per minute."""
    gap = max(0.0, gap)
    later = 1 / w.PART_LIMIT if gap <= w.PART_LIMIT else 0.0
    return w.PART_GAP_SHARE * exp(-gap / w.PART_GAP) / w.PART_GAP + (1 - w.PART_GAP_SHARE) * later


def _length_ratio(take: Take) -> float:
    """A visit is seldom recorded for a minute only."""
    return w.SHORT_RATIO if 0 < take.end - take.start < w.SHORT else 1.0


def _part_ratio(take: Take, visit: Visit) -> float:
    """How much the appointment's time speaks for a further part of it."""
    share = _share(take, visit.start, visit.end)
    return share * w.PART_INSIDE + (1 - share) * w.PART_AFTER


def _span_ratio(take: Take, visit: Visit) -> float:
    """Speaks against a recording that lies outside of the appointment's time."""
    share = _share(take, visit.start - w.SLACK_BEFORE, visit.end + w.SLACK_AFTER)
    return exp((share - 1) * (w.OUTSIDE_COST_ASSUMED if visit.end_assumed else w.OUTSIDE_COST))


def _share(take: Take, start: float, end: float) -> float:
    """How much of the recording lies in there, 0..1; without a length, whether it begins there."""
    if take.end > take.start:
        return _overlap(take.start, take.end, start, end) / (take.end - take.start)
    return 1.0 if start <= take.start < end else 0.0


def _overlap(start: float, end: float, other_start: float, other_end: float) -> float:
    return max(0.0, min(end, other_end) - max(start, other_start))


# --- place ----------------------------------------------------------------------------------------------


def _place_ratio(distance: float | None, around: Around) -> float:
    if distance is None:
        return 1.0
    here = w.GOOD_SHARE * _bell(distance, w.GPS_SCALE) + w.COARSE_SHARE * _bell(distance, w.COARSE_SCALE)
    if around.last_stop_m is not None:
        here += w.STALE_SHARE * _bell(around.last_stop_m, w.GPS_SCALE)
    return (here + w.WRONG_SHARE * w.TERRITORY_RADIUS**-2) / around.anywhere


def stray_density(nearest: float | None) -> float:
    """Density of the place of a recording that belongs to none, so far from the closest address it knows."""
    anywhere = w.TERRITORY_RADIUS**-2
    if nearest is None:
        return anywhere
    return w.STRAY_NEAR_SHARE * _bell(nearest, w.STRAY_NEAR_SCALE) + (1 - w.STRAY_NEAR_SHARE) * anywhere


def _bell(distance: float, scale: float) -> float:
    """A round, heavy-tailed density per area (times pi, which every term here lacks)."""
    return scale**-2 / (1 + (distance / scale) ** 2) ** 2


# --- words ----------------------------------------------------------------------------------------------


def _title_ratio(take: Take, appointment: Appointment, *, named: bool, about: bool) -> float:
    ratio = w.SUBJECT_IN_TITLE if about else 1.0
    if named:
        return ratio * w.NAME_IN_TITLE
    if not take.title or not appointment.customer:
        return ratio
    if nearly_names(take.title, appointment.customer):
        return ratio * w.NAME_MISSPELT
    return ratio * w.NAME_NOT_IN_TITLE


def _spoken_ratio(take: Take, appointment: Appointment, said: tuple[str, ...]) -> float:
    if not said:
        could_be = appointment.customer or appointment.street or appointment.project
        return w.NOTHING_SPOKEN if could_be and len(take.said) >= w.TALKED else 1.0
    ratio = 1.0
    for thing in said:
        ratio *= w.SPOKEN[thing]
    return ratio
