"""A stand-in with many appointments, as a process: `python -m bench.crm.server NAME APPOINTMENTS`.

It prints its address and its credentials as JSON, and serves until its input ends.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

from fieldnote.sandbox import StandIn, open_sandbox, serving
from fieldnote.sandbox.contractor import Contractor, Customer, Deal, Rep, Stage, Visit

DAY = datetime(2026, 3, 2, 15, tzinfo=UTC)


def many(visits: int) -> Contractor:
    """A contractor with so many visits, one customer and one deal for five of them."""
    reps = tuple(Rep(n, f"Rep {n}", f"rep{n}@roofs.example") for n in range(1, 41))
    customers = tuple(
        Customer(n, f"Customer {n}", f"{n} Alder Rd", "Denver", "CO", "80206", f"c{n}@home.example")
        for n in range(1, visits // 5 + 2)
    )
    deals = tuple(Deal(n, f"Deal {n}", n, n % 40 + 1, Stage.LEAD) for n in range(1, visits // 5 + 2))
    made = tuple(
        Visit(n, f"Visit {n}", DAY + timedelta(minutes=n), DAY + timedelta(minutes=n + 60), n // 5 + 1, (n % 40 + 1,),
              n // 5 + 1)
        for n in range(1, visits + 1)
    )  # fmt: skip
    return Contractor("America/Denver", reps, customers, deals, made)


def _spread(crm: StandIn) -> None:
    """Records that changed one after the other, the last an hour ago: those of one moment would all be read again."""
    end = crm.clock.now() - timedelta(hours=1)
    for name in crm.store.tables:
        table = crm.store.table(name)
        for number, version in enumerate(reversed(table.all())):
            table.change(version.id, {}, modified=end - timedelta(seconds=number))


def main() -> None:
    crm = open_sandbox(sys.argv[1])
    crm.fill(many(int(sys.argv[2])))
    _spread(crm)
    with serving(crm):
        print(json.dumps({"url": crm.url, "environment": crm.environment()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
