"""How long a push's two looks at a row take: its hash, and its mapping. `python -m bench.mapping.rows`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import process_time
from typing import Any

from fieldnote.config import StreamSettings
from fieldnote.mapping.records import RowMapper, compile_stream

JOINED: dict[str, Any] = {
    "startTime": "starts_at",
    "endTime": "ends_at",
    "subject": "title",
    "engagementType": {
        "activityType": {"from": "kind", "choices": {"visit": "APPOINTMENT", "call": "CALL"}},
        "name": "kind",
    },
    "engagementUsers": [{"externalId": "rep_id", "email": "email", "name": "rep_name"}],
    "account": {"externalId": "customer_id", "name": "customer_name", "emailAddresses": "customer_email"},
    "opportunity": {"externalId": "deal_id", "amount": "amount"},
    "deletedAt": "cancelled_at",
}
"""Columns as they are, of an appointment joined with its rep, customer and deal."""

EXPRESSIONS: dict[str, Any] = {
    **JOINED,
    "startTime": "time(starts_text, 'America/Denver')",
    "subject": "concat_ws(' - ', title, customer_name)",
    "account": {
        "externalId": "customer_id",
        "name": "trim(customer_name)",
        "emailAddresses": "lower(customer_email)",
        "phoneNumbers": "phone(phone, 'US')",
        "addresses": "address(address)",
    },
    "opportunity": {"externalId": "deal_id", "amount": "money(budget)"},
}
"""The same with seven functions."""


def joined(number: int) -> dict[str, Any]:
    """A row of 15 columns, of the types that a driver gives."""
    starts = datetime(2026, 1, 5, 8) + timedelta(hours=number % 9, days=number % 300)  # noqa: DTZ001 - local
    return {
        "id": number, "starts_at": starts, "ends_at": starts + timedelta(hours=2), "title": f"Kitchen {number}",
        "kind": "visit" if number % 5 else "call", "cancelled_at": None, "rep_id": number % 40,
        "email": f"rep{number % 40}@example.org", "rep_name": "Ann Lee", "customer_id": number // 2,
        "customer_name": "Smith", "customer_email": "smith@example.org", "deal_id": number // 3,
        "amount": Decimal("45000.00"), "updated_at": starts.replace(tzinfo=UTC),
    }  # fmt: skip


def with_texts(number: int) -> dict[str, Any]:
    """The same, and the columns that the functions read."""
    return joined(number) | {
        "starts_text": f"2026-01-{number % 28 + 1:02} 14:30",
        "phone": f"(303) 861-{number % 10000:04}",
        "address": f"{number + 1} Main St, Denver, CO 80202",
        "budget": "$12,500.00",
    }


def microseconds(work: Callable[[dict[str, Any]], object], rows: Iterable[dict[str, Any]], rounds: int) -> float:
    """A row's time on one core, of the best round."""
    rows = list(rows)

    def times() -> Iterator[float]:
        for _ in range(rounds):
            started = process_time()
            for row in rows:
                work(row)
            yield (process_time() - started) / len(rows) * 1e6

    return min(times())


def mapper(section: dict[str, Any]) -> RowMapper:
    """The mapper of a table of appointments in Denver."""
    return compile_stream("engagements", StreamSettings(table="t", key="id", map=section), timezone="America/Denver")


def main() -> None:
    """Print microseconds a row, and rows a second for hash and map together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for name, section, make in (("columns", JOINED, joined), ("functions", EXPRESSIONS, with_texts)):
        compiled, rows = mapper(section), [make(number) for number in range(options.rows)]
        hashed = microseconds(compiled.hash, rows, options.rounds)
        mapped = microseconds(compiled.map, rows, options.rounds)
        print(f"{name:10} hash {hashed:5.1f} µs  map {mapped:6.1f} µs  both {1e6 / (hashed + mapped):7,.0f} rows/s")


if __name__ == "__main__":
    main()
