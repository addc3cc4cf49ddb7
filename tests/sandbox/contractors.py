"""A small contractor for tests: two reps, three customers, three deals, four visits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fieldnote.sandbox.contractor import Contractor, Customer, Deal, Rep, Stage, Visit

DAY = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0)


def small(visits: int = 4) -> Contractor:
    """The contractor, with so many visits. The third is cancelled, the second has two reps and the last has no deal."""
    reps = (
        Rep(1, "Maya Okonkwo", "maya@roofs.example", "+13035550101"),
        Rep(2, "Luis Ferrante", "luis@roofs.example"),
    )
    customers = tuple(
        Customer(
            100 + n, f"Customer {'ABC'[n]}", f"{n + 1} Alder Rd", "Denver", "CO", "80206", f"c{n}@home.example",
            f"+1303555020{n}", 39.7 + n / 100, -104.9,
        )
        for n in range(3)
    )  # fmt: skip
    deals = (
        Deal(200, "Roof", 100, 1, Stage.LEAD),
        Deal(201, "Siding", 101, 2, Stage.QUOTED, Decimal(18500)),
        Deal(202, "Windows", 102, 1, Stage.WON, Decimal("9200.50"), DAY - timedelta(days=3)),
    )
    made = tuple(
        Visit(
            300 + n, f"Visit {n}", DAY + timedelta(hours=n % 8), DAY + timedelta(hours=n % 8 + 1), 100 + n % 3,
            (1, 2) if n == 1 else (n % 2 + 1,), None if n == visits - 1 else 200 + n % 3, cancelled=n == 2,
        )
        for n in range(visits)
    )  # fmt: skip
    return Contractor("America/Denver", reps, customers, deals, made)
