"""One recording against one appointment: the likelihood ratio to "it belongs to no appointment"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from math import exp

from fieldnote.matching import weights as w
from fieldnote.matching.places import place_distance_m
from fieldnote.matching.records import Appointment, Conversation

_WORD = re.compile(r"[^\W_]{2,}")
_APOSTROPHES = str.maketrans("", "", "'\u2019")
_NO_NAME = re.compile(
    r"and|co|company|corp|dr|family|home|house|inc|jr|llc|llp|ltd|miss|mr|mrs|ms|residence|sr|the|trust"
)
"""Words that any customer may be called by."""


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


def visit_of(appointment: Appointment) -> Visit:
    start = _minutes(appointment.starts_at.timestamp())
    end = _minutes(appointment.ends_at.timestamp()) if appointment.ends_at else start
    assumed = end <= start
    end = start + w.ASSUMED_LENGTH if assumed else min(end, start + w.LONGEST)
    return Visit(appointment, start, end, assumed)


def take_of(conversation: Conversation) -> Take:
    start = _minutes(conversation.starts_at.timestamp())
    length = conversation.duration.total_seconds() / 60 if conversation.duration else 0.0
    return Take(conversation, start, start + max(0.0, length))


def _minutes(seconds: float) -> float:
    return seconds / 60


def in_window(take: Take, visit: Visit) -> bool:
    """Whether the recording began at a time that this appointment could explain at all."""
    offset = take.start - visit.start
    return -w.EARLY_LIMIT <= offset <= max(w.LATE_LIMIT, visit.length)


def pair_of(take: Take, visit: Visit) -> Pair:
    """Score one pair that is `in_window`. Beyond `TOO_FAR` both ratios are zero."""
    conversation, appointment = take.conversation, visit.appointment
    distance = place_distance_m(conversation.place, appointment.place)
    named = names_customer(conversation.title, appointment.customer)
    common = _place_ratio(distance) * _title_ratio(conversation.title, appointment.customer, named=named)
    common *= _span_ratio(take, visit) / w.STRAYS_PER_MINUTE
    return Pair(
        visit=visit,
        first=w.RECORDED_ODDS * start_density(take.start - visit.start, visit.length) * common,
        part=w.PART_RATE * _part_ratio(take, visit) * common,
        distance_m=distance,
        name_in_title=named,
        overlap=_overlap(take.start, take.end, visit.start, visit.end),
    )


def start_density(offset: float, length: float) -> float:
    """How likely a recording begins this many minutes after the appointed time, per minute."""
    z = (offset - w.LATE_MODE) / w.LATE_SCALE
    core = 0.3675525969 / (1 + z * z / 3) ** 2 / w.LATE_SCALE  # Student's t, three degrees of freedom
    spread = 1 / (w.EARLY_LIMIT + max(w.LATE_LIMIT, length))
    density = w.CORE_SHARE * core + (1 - w.CORE_SHARE) * spread
    if length <= w.LONG_APPOINTMENT:
        return density
    arrival = 1 / length if 0 <= offset <= length else 0.0
    return (1 - w.ARRIVAL_SHARE) * density + w.ARRIVAL_SHARE * arrival


def gap_density(gap: float) -> float:
    """How likely a part begins this many minutes after the part before has ended, per minute."""
    gap = max(0.0, gap)
    later = 1 / w.LATE_LIMIT if gap <= w.LATE_LIMIT else 0.0
    return w.PART_GAP_SHARE * exp(-gap / w.PART_GAP) / w.PART_GAP + (1 - w.PART_GAP_SHARE) * later


def _place_ratio(distance: float | None) -> float:
    if distance is None:
        return 1.0
    if distance > w.TOO_FAR:
        return 0.0
    anywhere = w.TERRITORY_RADIUS**-2
    here = w.GOOD_SHARE * _bell(distance, w.GPS_SCALE) + w.COARSE_SHARE * _bell(distance, w.COARSE_SCALE)
    near = w.STRAY_NEAR_SHARE * _bell(distance, w.STRAY_NEAR_SCALE)
    return (here + w.WRONG_SHARE * anywhere) / (near + (1 - w.STRAY_NEAR_SHARE) * anywhere)


def _bell(distance: float, scale: float) -> float:
    """A round, heavy-tailed density per area (times pi, which every term here lacks)."""
    return scale**-2 / (1 + (distance / scale) ** 2) ** 2


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


def _title_ratio(title: str | None, customer: str | None, *, named: bool) -> float:
    if named:
        return w.NAME_IN_TITLE
    return w.NAME_NOT_IN_TITLE if title and title.strip() and customer else 1.0


def names_customer(title: str | None, customer: str | None) -> bool:
    """Whether a title has the customer's surname in it, or two words of a longer name."""
    if not title or not customer:
        return False
    given, words = _words(customer), set(_words(title))
    if not given:
        return False
    surname = given[0] if "," in customer else given[-1]
    return (len(surname) > 2 and surname in words) or len(words.intersection(given)) > 1


def _words(text: str) -> list[str]:
    """Words without case and accents, and without those that are no name."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    words = _WORD.findall(plain.casefold().translate(_APOSTROPHES))
    return [word for word in words if not _NO_NAME.fullmatch(word)]
