"""A contractor's days, made up: the rows of the CRM and the conversations that were recorded.

Pure: the same day, seed and stories give the same rows, one for one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import cos, radians
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from fieldnote.demo import names
from fieldnote.matching import Place

ZONE = ZoneInfo("America/Denver")
CUSTOMERS, DEALS, APPOINTMENTS, NOTES = 200, 300, 600, 40
DAYS_AROUND = 10
MIN_STORIES = 6

_FIRST_CUSTOMER, _FIRST_DEAL, _FIRST_APPOINTMENT = 1001, 5001, 20001
_SLOTS = (time(8, 30), time(11, 0), time(13, 30), time(16, 0))
_NOT_A_LETTER = re.compile(r"[^a-z]+")
_TRAVEL = timedelta(minutes=60)  # between a visit of the story and any other appointment of its rep


class Story(Protocol):
    """A conversation that somebody wrote. `fieldnote.demo.conversations` has them."""

    @property
    def key(self) -> str: ...
    @property
    def customer_name(self) -> str: ...
    @property
    def trade(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """A recording as it happened in the field."""

    conversation_key: str
    """The conversation that was recorded. One may be used twice, when there are few."""
    recording_key: str
    """Identifies the recording; the same at every run."""
    scenario: str
    """The point of interest about it, in a few words."""
    appointment_id: str | None
    """The appointment that it truly belongs to; None: a walk-in."""
    deal_id: str | None
    rep_email: str
    rep_name: str
    customer_name: str
    started_at: datetime
    duration_s: int
    place: Place | None
    deep_link: bool
    """The recorder was opened from the CRM, so it knows the appointment's id."""
    title: str | None
    """The recording's title on the rep's phone."""


@dataclass(slots=True)
class Contents:
    """The rows of every table, as column to value, and the visits."""

    reps: list[dict[str, Any]] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    deals: list[dict[str, Any]] = field(default_factory=list)
    appointments: list[dict[str, Any]] = field(default_factory=list)
    deal_notes: list[dict[str, Any]] = field(default_factory=list)
    visits: tuple[Visit, ...] = ()


class _Scene(NamedTuple):
    """One visit of the plan, on the day before: whose, when by the calendar and how it really went."""

    key: str
    words: str
    rep: int
    town: int
    start: time
    length: int
    late: int
    recorded: int
    located: bool = True
    deep_link: bool = False
    again: bool = False
    """On the deal of the first scene."""
    walk_in: bool = False


# All of it ends before the day begins in UTC, and well within the two days that a bridge looks back.
_SCENES = (
    _Scene("plain", "on time, at the address", 0, 0, time(8, 30), 90, 4, 74),
    _Scene("first-of-two", "runs into the next visit", 1, 3, time(9, 0), 90, 6, 96),
    _Scene("second-of-two", "back to back, begun late", 1, 3, time(10, 45), 90, 14, 66),
    _Scene("no-place", "phone without coordinates", 2, 5, time(10, 0), 75, 3, 58, located=False),
    _Scene("deep-link", "opened from the CRM, 70 minutes early", 3, 7, time(13, 0), 60, -70, 52, deep_link=True),
    _Scene("late", "started 20 minutes late", 4, 8, time(9, 30), 90, 20, 61),
    _Scene("again", "second visit on one deal", 0, 0, time(14, 0), 60, 2, 43, again=True),
    _Scene("walk-in", "no appointment at all", 5, 10, time(11, 40), 0, 0, 27, walk_in=True),
    _Scene("spare-1", "on time, at the address", 6, 1, time(9, 15), 75, 5, 60),
    _Scene("spare-2", "a little early", 7, 2, time(13, 15), 75, -6, 60),
    _Scene("spare-3", "on time, at the address", 8, 4, time(10, 30), 75, 1, 60),
    _Scene("spare-4", "a little late", 9, 6, time(12, 0), 75, 9, 60),
)
_NEEDED = 8  # scenes that are always played; the spare ones take further stories


def make(day: date, seed: int, stories: Sequence[Story]) -> Contents:
    """Everything about the contractor around `day`. Raises ValueError for fewer than six stories."""
    if len(stories) < MIN_STORIES:
        raise ValueError(f"the demo needs at least {MIN_STORIES} conversations, not {len(stories)}")
    return _Maker(day, random.Random(f"fieldnote/{day.isoformat()}/{seed}")).make(stories)  # noqa: S311 - no secret


def _cast(stories: Sequence[Story]) -> list[tuple[_Scene, Story]]:
    """The story of each scene. Two stories of one customer are two visits on one deal; else one is used twice."""
    by_customer: dict[str, Story] = {}
    first, again = stories[0], stories[0]
    for story in stories:
        earlier = by_customer.setdefault(story.customer_name.casefold(), story)
        if earlier is not story:
            first, again = earlier, story
            break
    others = [story for story in stories if story is not first and story is not again]
    open_scenes = [scene for scene in _SCENES if scene.key != "plain" and not scene.again]
    count = max(_NEEDED - 2, min(len(others), len(open_scenes)))
    parts = {"plain": first, "again": again}
    parts |= {scene.key: others[i % len(others)] for i, scene in enumerate(open_scenes[:count])}
    return [(scene, parts[scene.key]) for scene in _SCENES if scene.key in parts]


class _Slot(NamedTuple):
    """A time of one rep."""

    rep_id: int
    start: datetime
    end: datetime


class _Maker:
    def __init__(self, day: date, dice: random.Random) -> None:
        self._day = day
        self._dice = dice
        self._out = Contents()
        self._busy: dict[tuple[int, date], list[tuple[datetime, datetime]]] = {}

    def make(self, stories: Sequence[Story]) -> Contents:
        self._make_reps()
        self._out.visits = tuple(self._play(scene, story) for scene, story in _cast(stories))
        visited = len(self._out.customers)
        while len(self._out.customers) < CUSTOMERS:
            self._add_customer(self._name(), self._dice.choice(names.TOWNS), known=self._dice.random() > 0.06)
        self._make_deals(self._out.customers[visited:])
        self._make_appointments(self._out.customers[visited:])
        self._make_notes()
        return self._out

    def _make_reps(self) -> None:
        for number, name in enumerate(names.REPS, start=1):
            self._out.reps.append(
                {
                    "id": number,
                    "name": name,
                    "email": f"{name.lower().replace(' ', '.')}@{names.COMPANY_DOMAIN}",
                    "phone": self._phone(),
                    "updated_at": self._before(),
                }
            )

    # --- the visits -------------------------------------------------------------------------------------

    def _play(self, scene: _Scene, story: Story) -> Visit:
        """Put a scene's customer, deal and appointment into the CRM, and say how its recording went."""
        town, rep = names.TOWNS[scene.town], self._out.reps[scene.rep]
        yesterday = self._day - timedelta(days=1)
        planned = _local(yesterday, scene.start)
        self._keep_free(scene.rep, yesterday, planned, planned + timedelta(minutes=scene.length))
        appointment = None if scene.walk_in else self._story_appointment(scene, story, town, planned)
        if appointment is None:
            house = self._somewhere(town)
        else:
            customer = self._out.customers[appointment["customer_id"] - _FIRST_CUSTOMER]
            house = Place(customer["latitude"], customer["longitude"])
        return Visit(
            conversation_key=story.key,
            recording_key=f"visit-{scene.key}",
            scenario=scene.words,
            appointment_id=None if appointment is None else str(appointment["id"]),
            deal_id=None if appointment is None else str(appointment["deal_id"]),
            rep_email=rep["email"],
            rep_name=rep["name"],
            customer_name=story.customer_name,
            started_at=planned + timedelta(minutes=scene.late, seconds=self._dice.randrange(60)),
            duration_s=scene.recorded * 60 + self._dice.randrange(60),
            place=self._seen_from(house) if scene.located else None,
            deep_link=scene.deep_link,
            title=story.customer_name if scene.deep_link else None,
        )

    def _story_appointment(self, scene: _Scene, story: Story, town: names.Town, start: datetime) -> dict[str, Any]:
        if scene.again:
            customer, deal = self._out.customers[0], self._out.deals[0]
        else:
            customer = self._add_customer(self._full(story.customer_name), town, known=True)
            deal = self._add_deal(customer, story.trade.strip() or "project", scene.rep + 1, stage="lead")
        slot = _Slot(scene.rep + 1, start, start + timedelta(minutes=scene.length))
        return self._add_appointment(slot, customer, deal, "follow_up" if scene.again else "visit")

    def _full(self, name: str) -> str:
        """A surname alone gets a first name."""
        return name if " " in name.strip() else f"{self._dice.choice(names.FIRST_NAMES)} {name.strip()}"

    def _keep_free(self, rep: int, day: date, start: datetime, end: datetime) -> None:
        self._busy.setdefault((rep, day), []).append((start - _TRAVEL, end + _TRAVEL))

    # --- the rest of the CRM ----------------------------------------------------------------------------

    def _make_deals(self, customers: Sequence[dict[str, Any]]) -> None:
        for customer in customers:
            self._add_deal(customer, self._dice.choice(names.PROJECTS), self._any_rep())
        while len(self._out.deals) < DEALS:
            self._add_deal(self._dice.choice(customers), self._dice.choice(names.PROJECTS), self._any_rep())

    def _make_appointments(self, customers: Sequence[dict[str, Any]]) -> None:
        deals: dict[int, list[dict[str, Any]]] = {}
        for row in self._out.deals:
            deals.setdefault(row["customer_id"], []).append(row)
        slots = self._slots()
        self._dice.shuffle(slots)
        for slot in slots[: APPOINTMENTS - len(self._out.appointments)]:
            customer = self._dice.choice(customers)
            deal = self._dice.choice(deals[customer["id"]]) if self._dice.random() < 0.85 else None
            kind = self._dice.choices(("visit", "follow_up", "call"), (80, 14, 6))[0]
            self._add_appointment(slot, customer, deal, kind)

    def _slots(self) -> list[_Slot]:
        """Every time that a rep could take an appointment: none twice, half an hour of travel between."""
        slots = []
        for offset in range(-DAYS_AROUND, DAYS_AROUND + 1):
            day = self._day + timedelta(days=offset)
            for rep in range(len(names.REPS)):
                for slot in _SLOTS:
                    start = _local(day, slot) + timedelta(minutes=self._dice.choice((0, 15, 30)))
                    end = start + timedelta(minutes=self._dice.choice((60, 60, 75, 90)))
                    if self._is_free(rep, day, start, end):
                        slots.append(_Slot(rep + 1, start, end))
        return slots

    def _is_free(self, rep: int, day: date, start: datetime, end: datetime) -> bool:
        """A rep who meets a walk-in has nothing else that day; others only what leaves time to travel."""
        if day == self._day - timedelta(days=1) and any(s.walk_in and s.rep == rep for s in _SCENES):
            return False
        return all(end <= busy or start >= free for busy, free in self._busy.get((rep, day), []))

    def _make_notes(self) -> None:
        for _ in range(NOTES):
            deal, written = self._dice.choice(self._out.deals), self._before()
            self._out.deal_notes.append(
                {"deal_id": deal["id"], "body": self._dice.choice(names.NOTES), "created_at": written}
            )

    # --- rows -------------------------------------------------------------------------------------------

    def _add_customer(self, name: str, town: names.Town, *, known: bool) -> dict[str, Any]:
        place = self._somewhere(town)
        number = len(self._out.customers)
        row = {
            "id": _FIRST_CUSTOMER + number,
            "name": name,
            "email": f"{_NOT_A_LETTER.sub('.', name.lower()).strip('.')}.{number}@mail.example",
            "phone": self._phone(),
            "street": f"{self._dice.randrange(100, 9900)} {self._dice.choice(names.STREETS)}",
            "city": town.name,
            "state": "CO",
            "zip": town.zip_code,
            "country": "US",
            "latitude": place.latitude if known else None,
            "longitude": place.longitude if known else None,
            "updated_at": self._before(),
        }
        self._out.customers.append(row)
        return row

    def _add_deal(
        self, customer: dict[str, Any], project: str, rep_id: int, stage: str | None = None
    ) -> dict[str, Any]:
        stage = stage or self._dice.choices(("lead", "quoted", "sold", "dead"), (35, 30, 20, 15))[0]
        amount = None if stage == "lead" else Decimal(self._dice.randrange(30, 900) * 100)
        row = {
            "id": _FIRST_DEAL + len(self._out.deals),
            "customer_id": customer["id"],
            "rep_id": rep_id,
            "name": f"{customer['name'].split()[-1]} {project}",
            "stage": stage,
            "amount": amount,
            "closed_at": self._before() if stage in {"sold", "dead"} else None,
            "updated_at": self._before(),
        }
        self._out.deals.append(row)
        return row

    def _add_appointment(
        self, slot: _Slot, customer: dict[str, Any], deal: dict[str, Any] | None, kind: str
    ) -> dict[str, Any]:
        held = not self._out.visits  # the visits' own are made first, and took place
        changed = self._before()
        subject = deal["name"] if deal else f"{customer['name'].split()[-1]} {kind.replace('_', '-')}"
        row = {
            "id": _FIRST_APPOINTMENT + len(self._out.appointments),
            "rep_id": slot.rep_id,
            "customer_id": customer["id"],
            "deal_id": deal["id"] if deal else None,
            "kind": kind,
            "title": subject,
            "starts_at": slot.start,
            "ends_at": slot.start + timedelta(minutes=15) if kind == "call" else slot.end,
            "cancelled_at": changed if not held and self._dice.random() < 0.07 else None,
            "updated_at": changed,
        }
        self._out.appointments.append(row)
        return row

    # --- small things -----------------------------------------------------------------------------------

    def _name(self) -> str:
        return f"{self._dice.choice(names.FIRST_NAMES)} {self._dice.choice(names.SURNAMES)}"

    def _phone(self) -> str:
        return f"+1303555{self._dice.randrange(100, 200):04d}"  # numbers that are set aside for fiction

    def _any_rep(self) -> int:
        return self._dice.randrange(len(names.REPS)) + 1

    def _before(self) -> datetime:
        """A moment of the three weeks before all visits, to the microsecond as a database keeps it."""
        latest = _local(self._day - timedelta(days=1), time(7, 0))
        return latest - timedelta(microseconds=self._dice.randrange(21 * 86_400 * 1_000_000))

    def _somewhere(self, town: names.Town) -> Place:
        return _moved(Place(town.latitude, town.longitude), self._dice.gauss(0, 1200), self._dice.gauss(0, 1200))

    def _seen_from(self, house: Place) -> Place:
        return _moved(house, self._dice.gauss(0, 18), self._dice.gauss(0, 18))


def _local(day: date, at: time) -> datetime:
    """A time of the contractor's own clock, as UTC."""
    return datetime.combine(day, at, ZONE).astimezone(UTC)


def _moved(place: Place, north_m: float, east_m: float) -> Place:
    """`place` so many metres further, to the six digits that CRMs keep."""
    per_degree = 111_320.0
    east = east_m / per_degree / cos(radians(place.latitude))
    return Place(round(place.latitude + north_m / per_degree, 6), round(place.longitude + east, 6))
