"""How often things go wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares (0..1) of appointments or recordings that have each kind of disorder."""

    no_gps: float = 0.0
    stale_gps: float = 0.0
    no_address: float = 0.0
    zip_center: float = 0.0
    wrong_address: float = 0.0
    default_title: float = 0.0
    misspelt: float = 0.0
    late: float = 0.0
    early: float = 0.0
    overrun: float = 0.0
    parts: float = 0.0
    pocket: float = 0.0
    cancelled: float = 0.0
    rescheduled: float = 0.0
    unrecorded: float = 0.0
    stray: float = 0.0
    """A rep and week."""
    double: float = 0.0
    taken_over: float = 0.0
    second: float = 0.0
    wrong_zone: float = 0.0
    duplicate: float = 0.0
    activity: float = 0.0
    """Calls and e-mails in the CRM near the visit."""
    punctuality: float = 3.0
    """Standard deviation of a usual start, in minutes."""

    def of(self, name: str) -> float:
        return float(getattr(self, name))


ORDER = Rates()
DISORDER = Rates(
    no_gps=0.20,
    stale_gps=0.03,
    no_address=0.08,
    zip_center=0.05,
    wrong_address=0.015,
    default_title=0.60,
    misspelt=0.10,
    late=0.05,
    early=0.05,
    overrun=0.05,
    parts=0.06,
    pocket=0.03,
    cancelled=0.07,
    rescheduled=0.05,
    unrecorded=0.11,
    stray=1.0,
    double=0.015,
    taken_over=0.02,
    second=0.02,
    wrong_zone=0.01,
    duplicate=0.01,
    activity=0.3,
    punctuality=6.0,
)
