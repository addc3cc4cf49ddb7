"""A seeded year of field sales in which days go wrong, and the truth about it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import cos, radians
from zoneinfo import ZoneInfo

from bench.matching.rates import DISORDER, Rates
from fieldnote.matching import Appointment, Conversation, Place

CITIES = (
    ("America/New_York", Place(40.05, -75.20)),
    ("America/Chicago", Place(41.85, -87.90)),
    ("America/Denver", Place(39.74, -104.99)),
)
FIRST = ("Ana", "Ben", "Cora", "Dev", "Elena", "Frank", "Grace", "Hugo", "Iris", "Jonas", "Kim", "Luis", "Mara", "Ned")
LAST = (
    "Alvarez", "Brandt", "Chen", "Dubois", "Eriksen", "Farrell", "Greco", "Hoang", "Ito", "Jansen", "Kowalski",
    "Lindqvist", "Moreau", "Novak", "O'Brien", "Petrov", "Quinn", "Rossi", "Schmidt", "Tanaka", "Ueda", "Vargas",
    "Whitfield", "Xiong", "Young", "Zimmer", "Hall", "Parker", "Mu\u00f1oz", "Reyes", "Stone", "Fischer", "Baker",
    "Lee",
)  # fmt: skip
PROJECTS = ("kitchen", "bath", "roof", "windows", "siding", "deck", "solar", "floors")
DEFAULTS = (None, "", "New recording", "Recording", "Untitled recording")
KILOMETER = 1 / 111.32
"""Degrees of latitude."""


@dataclass
class Held:
    """An appointment as it was agreed, before the CRM spoils it."""

    key: str
    rep: int
    start: datetime
    minutes: int
    house: Place
    customer: str
    project: str
    tags: set[str] = field(default_factory=set)


@dataclass
class World:
    appointments: list[Appointment] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    truth: dict[str, str | None] = field(default_factory=dict)
    """The appointment of each recording, or None."""
    tags: dict[str, frozenset[str]] = field(default_factory=dict)
    """The disorder around each recording."""
    same: dict[str, str] = field(default_factory=dict)
    """A duplicate in the CRM to the appointment that it doubles."""


def make_world(seed: int, *, reps: int = 50, days: int = 364, rates: Rates = DISORDER) -> World:
    """All reps' recordings and appointments of so many days from January 5, 2026."""
    return _Maker(seed, reps, days, rates).world()


def moved(place: Place, meters: float, dice: random.Random) -> Place:
    """`place` with normal noise of that size in both directions."""
    north, east = dice.gauss(0, meters) / 1000 * KILOMETER, dice.gauss(0, meters) / 1000 * KILOMETER
    return Place(place.latitude + north, place.longitude + east / cos(radians(place.latitude)))


class _Maker:
    def __init__(self, seed: int, reps: int, days: int, rates: Rates) -> None:
        self._dice = random.Random(seed)
        self._reps, self._days, self._rates = reps, days, rates
        self._world = World()
        self._busy: dict[tuple[int, date], list[tuple[datetime, datetime]]] = {}
        self._count = 0

    def world(self) -> World:
        agreed = [self._agreed(rep) for rep in range(self._reps)]
        for visits in agreed:
            self._hold(visits)
        for rep in range(self._reps):
            self._strays(rep)
        self._world.conversations.sort(key=lambda c: (c.starts_at, c.id))
        return self._world

    # --- what was agreed --------------------------------------------------------------------------------

    def _agreed(self, rep: int) -> list[Held]:
        visits: list[Held] = []
        for day in range(self._days):
            if day % 7 < 5:
                visits.extend(self._day(rep, self._morning(rep, day)))
        for visit in list(visits):
            if self._chance("rescheduled"):
                visits.extend(self._reschedule(visit))
        return sorted(visits, key=lambda visit: visit.start)

    def _morning(self, rep: int, day: int) -> datetime:
        zone = ZoneInfo(CITIES[rep % 3][0])
        return datetime(2026, 1, 5, 8, tzinfo=zone) + timedelta(days=day)

    def _day(self, rep: int, morning: datetime) -> Iterator[Held]:
        clock = morning.astimezone(UTC) + timedelta(minutes=self._dice.choice((0, 30, 60, 90)))
        for _ in range(self._dice.choice((2, 3, 3, 4, 4, 5))):
            minutes = self._dice.choice((60, 60, 90, 120))
            visit = self._visit(rep, clock, minutes)
            yield visit
            if self._chance("double"):
                visit.tags.add("double booking")
                other = self._visit(rep, clock, minutes)
                other.tags.add("lost")
                yield other
            clock += timedelta(minutes=minutes + self._dice.choice((0, 0, 15, 30, 30, 60, 90)))

    def _visit(self, rep: int, start: datetime, minutes: int) -> Held:
        home = moved(CITIES[rep % 3][1], 1000, random.Random(rep))
        customer = f"{self._dice.choice(FIRST)} {self._dice.choice(LAST)}"
        house = moved(home, 9000, self._dice)
        return Held(self._key("a"), rep, start, minutes, house, customer, self._dice.choice(PROJECTS))

    def _reschedule(self, visit: Held) -> Iterator[Held]:
        """Moved by days: under its own id it is gone from its old time, under a new one it is cancelled there."""
        later = visit.start + timedelta(days=self._dice.choice((7, 14)), minutes=self._dice.choice((-60, 0, 30)))
        if self._dice.random() < 0.5:
            visit.start = later
            visit.tags.add("rescheduled")
            return
        visit.tags.add("cancelled")
        again = self._visit(visit.rep, later, visit.minutes)
        again.house, again.customer, again.project = visit.house, visit.customer, visit.project
        again.tags.add("rescheduled")
        yield again

    # --- what became of it ------------------------------------------------------------------------------

    def _hold(self, visits: list[Held]) -> None:
        free_at, last = datetime.min.replace(tzinfo=UTC), None
        for visit in visits:
            if self._chance("cancelled"):
                visit.tags.add("cancelled")
            self._enter(visit)
            if visit.tags & {"cancelled", "lost"}:
                continue
            free_at, last = self._meet(visit, free_at, last), visit.house

    def _meet(self, visit: Held, free_at: datetime, last: Place | None) -> datetime:
        """The visit and its recordings; when the rep is free again."""
        recorded = not self._chance("unrecorded")
        if not recorded and self._dice.random() < 0.5:
            return free_at
        begun = visit.start + timedelta(minutes=self._lateness(visit))
        possible = free_at + timedelta(minutes=self._dice.uniform(5, 25))
        if possible > begun:
            begun = possible
            visit.tags.add("carried over")
        minutes = visit.minutes * self._dice.uniform(0.5, 1.0)
        if self._chance("overrun"):
            minutes += 60
            visit.tags.add("overrun")
        ended = begun + timedelta(minutes=minutes)
        if recorded:
            self._record_visit(visit, begun, minutes, last)
        return ended

    def _lateness(self, visit: Held) -> float:
        if self._chance("late"):
            visit.tags.add("late")
            return self._dice.uniform(30, 90)
        if self._chance("early"):
            visit.tags.add("early")
            return self._dice.uniform(-40, -10)
        return self._dice.gauss(3, self._rates.punctuality)

    def _record_visit(self, visit: Held, begun: datetime, minutes: float, last: Place | None) -> None:
        rep = visit.rep
        if self._chance("taken_over"):
            colleague = self._colleague(visit, begun, minutes)
            if colleague is not None:
                rep = colleague
                visit.tags.add("taken over")
        elif self._chance("second"):
            colleague = self._colleague(visit, begun, minutes)
            if colleague is not None:
                start = begun + timedelta(minutes=self._dice.uniform(-2, 4))
                self._record(visit, colleague, start, minutes * 0.9, last, "second rep")
        if self._chance("pocket"):
            before = begun - timedelta(minutes=self._dice.uniform(4, 20))
            self._record(visit, rep, before, self._dice.uniform(0.5, 3), last, "pocket")
        if self._chance("parts"):
            visit.tags.add("parts")
            for share_from, share in self._dice.choice((((0, 0.4), (0.5, 0.5)), ((0, 0.3), (0.33, 0.3), (0.7, 0.3)))):
                self._record(visit, rep, begun + timedelta(minutes=minutes * share_from), minutes * share, last)
        else:
            self._record(visit, rep, begun, minutes, last)

    def _colleague(self, visit: Held, begun: datetime, minutes: float) -> int | None:
        """One of the same city who records nothing then."""
        others = [rep for rep in range(visit.rep % 3, self._reps, 3) if rep != visit.rep]
        self._dice.shuffle(others)
        free = (rep for rep in others if self._is_free(rep, begun, minutes))
        return next(free, None)

    def _is_free(self, rep: int, begun: datetime, minutes: float) -> bool:
        ended = begun + timedelta(minutes=minutes)
        spans = self._busy.get((rep, begun.date()), [])
        return all(ended < start or begun > end for start, end in spans)

    def _record(
        self, visit: Held | None, rep: int, begun: datetime, minutes: float, last: Place | None, *tags: str
    ) -> None:
        if visit is None and not self._is_free(rep, begun, minutes):
            return
        key = self._key("r")
        found, house = set(tags), visit.house if visit else moved(CITIES[rep % 3][1], 9000, self._dice)
        place: Place | None = moved(house, 25, self._dice)
        if self._chance("no_gps"):
            place = None
            found.add("no GPS")
        elif last is not None and self._chance("stale_gps"):
            place = moved(last, 25, self._dice)
            found.add("GPS at the last stop")
        title = self._title(visit, found)
        conversation = Conversation(key, f"rep-{rep}", begun, timedelta(minutes=minutes), place, title)
        self._world.conversations.append(conversation)
        self._world.truth[key] = visit.key if visit else None
        self._world.tags[key] = frozenset(found | (visit.tags if visit else set()))
        self._busy.setdefault((rep, begun.date()), []).append((begun, begun + timedelta(minutes=minutes)))

    def _title(self, visit: Held | None, found: set[str]) -> str | None:
        if self._chance("default_title"):
            found.add("title default")
            return self._dice.choice(DEFAULTS)
        if visit is None:
            return self._dice.choice(("Drive", "Canvass", "Walk-in", f"{self._dice.choice(LAST)} walk-in"))
        first, last = visit.customer.split(" ", 1)
        if self._chance("misspelt"):
            at = self._dice.randrange(1, len(last))
            last = last[:at] + self._dice.choice("aeiorst") + last[at + self._dice.randrange(2) :]
            found.add("name misspelt")
        return self._dice.choice((f"{last} {visit.project}", f"{first} {last}", f"{last}, {first}", f"Visit {last}"))

    # --- what the CRM says ------------------------------------------------------------------------------

    def _enter(self, visit: Held) -> None:
        start = visit.start
        if self._chance("wrong_zone"):
            start += timedelta(hours=self._dice.choice((-2, -1, 1, 2)))
            visit.tags.add("wrong zone")
        entered = self._appointment(visit, visit.key, start)
        self._world.appointments.append(entered)
        if self._chance("duplicate"):
            key = self._key("a")
            self._world.appointments.append(self._appointment(visit, key, start))
            self._world.same[key] = visit.key
            visit.tags.add("duplicate")
        if self._chance("activity"):
            near = start + timedelta(minutes=self._dice.uniform(-90, 90))
            kind = self._dice.choice(("CALL", "EMAIL"))
            self._world.appointments.append(self._appointment(visit, self._key("a"), near, kind))

    def _appointment(self, visit: Held, key: str, start: datetime, kind: str = "APPOINTMENT") -> Appointment:
        length = timedelta(minutes=visit.minutes if kind == "APPOINTMENT" else 5)
        return Appointment(
            id=key,
            rep_ids=frozenset({f"rep-{visit.rep}"}),
            starts_at=start,
            ends_at=start + length,
            place=self._crm_place(visit) if kind == "APPOINTMENT" else visit.house,
            title=f"{visit.project} - {visit.customer}",
            customer=visit.customer,
            cancelled="cancelled" in visit.tags,
            kind=kind,
        )

    def _crm_place(self, visit: Held) -> Place | None:
        if self._chance("no_address"):
            visit.tags.add("CRM place missing")
            return None
        if self._chance("zip_center"):
            visit.tags.add("CRM place a ZIP's center")
            return Place(round(visit.house.latitude * 20) / 20, round(visit.house.longitude * 16) / 16)
        if self._chance("wrong_address"):
            visit.tags.add("CRM place wrong")
            return moved(visit.house, 30_000, self._dice)
        return visit.house

    # --- what belongs to none ---------------------------------------------------------------------------

    def _strays(self, rep: int) -> None:
        cancelled = [a for a in self._world.appointments if a.cancelled and f"rep-{rep}" in a.rep_ids]
        for week in range(self._days // 7):
            if not self._chance("stray"):
                continue
            start = self._morning(rep, week * 7 + self._dice.randrange(5)).astimezone(UTC)
            begun = start + timedelta(minutes=self._dice.uniform(0, 600))
            slots = [a for a in cancelled if start <= a.starts_at < start + timedelta(hours=10)]
            tag = "belongs to none"
            if slots and self._dice.random() < 0.5:
                begun = slots[0].starts_at + timedelta(minutes=self._dice.uniform(-5, 20))
                tag = "none, in a cancelled slot"
            self._record(None, rep, begun, self._dice.uniform(3, 45), None, tag)

    def _chance(self, name: str) -> bool:
        return self._dice.random() < self._rates.of(name)

    def _key(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count:07d}"
