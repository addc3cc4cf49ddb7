"""A contractor's records before any CRM has them: each stand-in is seeded with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Stage(StrEnum):
    """The state of a deal."""

    LEAD = "lead"
    QUOTED = "quoted"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Rep:
    """A salesperson."""

    key: int
    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A household with one address."""

    key: int
    name: str
    street: str
    city: str
    state: str
    zip_code: str
    email: str | None = None
    phone: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """Something to sell to a customer."""

    key: int
    name: str
    customer: int
    rep: int
    stage: Stage
    amount: Decimal | None = None
    closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment at the customer's home."""

    key: int
    title: str
    start: datetime
    end: datetime
    customer: int
    reps: tuple[int, ...]
    deal: int | None = None
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Contractor:
    """All of it. Keys are unique within a kind."""

    zone: str
    """The IANA name of the zone that its people live in."""
    reps: tuple[Rep, ...]
    customers: tuple[Customer, ...]
    deals: tuple[Deal, ...]
    visits: tuple[Visit, ...]
