"""A seeded contractor whose days go wrong as days do."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import cos, radians

from fieldnote.matching import Appointment, Conversation, Place

DENVER = Place(39.74, -104.99)
SURNAMES = ("Alvarez", "Brandt", "Chen", "Dubois", "Eriksen", "Farrell", "Greco", "Hoang", "Ito", "Jansen")


@dataclass
class World:
    appointments: list[Appointment] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    truth: dict[str, str | None] = field(default_factory=dict)


def moved(place: Place, meters: float, dice: random.Random) -> Place:
    """`place` with normal noise of that size in both directions."""
    north, east = dice.gauss(0, meters), dice.gauss(0, meters)
    per_degree = 111_320.0
    return Place(
        place.latitude + north / per_degree,
        place.longitude + east / per_degree / cos(radians(place.latitude)),
    )


def make_world(recordings: int, seed: int) -> World:
    """Days of reps until there are at least that many recordings."""
    dice, world, day = random.Random(seed), World(), datetime(2026, 3, 2, 15, tzinfo=UTC)
    reps = [f"rep-{i}" for i in range(12)]
    while len(world.conversations) < recordings:
        for rep in reps:
            _add_day(world, rep, day, dice)
        day += timedelta(days=1)
    return world


def _add_day(world: World, rep: str, day: datetime, dice: random.Random) -> None:
    clock = day + timedelta(minutes=dice.choice((0, 30, 60)))
    delay = 0.0
    for _ in range(dice.choice((2, 3, 3, 4, 5))):
        length = dice.choice((60, 60, 90, 120))
        delay = _add_visit(world, rep, clock, length, delay, dice)
        clock += timedelta(minutes=length + dice.choice((0, 0, 15, 30, 60, 120)))
    if dice.random() < 0.2:
        _record(
            world,
            rep,
            day + timedelta(minutes=dice.uniform(0, 660)),
            15,
            moved(DENVER, 9_000, dice),
            None,
            dice,
        )


def _add_visit(world: World, rep: str, start: datetime, length: int, delay: float, dice: random.Random) -> float:
    """One appointment and what became of it; the minutes by which the next one will begin late."""
    house = moved(DENVER, 9_000, dice)
    customer = f"{dice.choice(('Ana', 'Ben', 'Cora'))} {dice.choice(SURNAMES)}"
    cancelled = dice.random() < 0.07
    key = f"appt-{len(world.appointments)}"
    known = None if dice.random() < 0.08 else moved(house, 3_000, dice) if dice.random() < 0.05 else house
    world.appointments.append(
        Appointment(
            id=key,
            rep_ids=frozenset({rep}),
            starts_at=start,
            ends_at=None if dice.random() < 0.1 else start + timedelta(minutes=length),
            place=known,
            customer=customer,
            cancelled=cancelled,
        )
    )
    if cancelled or dice.random() < 0.11:
        return 0.0
    late = max(delay, dice.gauss(3, 6))
    if dice.random() < 0.05:
        late = dice.uniform(30, 90)
    elif dice.random() < 0.05:
        late = dice.uniform(-40, -10)
    minutes = length * dice.uniform(0.5, 1.0) + (60 if dice.random() < 0.05 else 0)
    begun = start + timedelta(minutes=late)
    title = f"{customer} visit" if dice.random() < 0.4 else "New recording"
    if dice.random() < 0.06:
        _record(world, rep, begun, minutes * 0.4, house, key, dice, title)
        _record(world, rep, begun + timedelta(minutes=minutes * 0.5), minutes * 0.5, house, key, dice, title)
    else:
        _record(world, rep, begun, minutes, house, key, dice, title)
    return max(0.0, late + minutes - length)


def _record(
    world: World,
    rep: str,
    start: datetime,
    minutes: float,
    house: Place,
    truth: str | None,
    dice: random.Random,
    title: str | None = None,
) -> None:
    key = f"rec-{len(world.conversations)}"
    place = None if dice.random() < 0.2 else moved(house, 25, dice)
    world.conversations.append(Conversation(key, rep, start, timedelta(minutes=minutes), place, title))
    world.truth[key] = truth
