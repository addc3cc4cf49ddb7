"""A week in a contractor's office: what people do in the CRM, and what must be true on both sides after it.

The office keeps its own record of everything that it does. It works on the CRM's tables by its own SQL, and compares
them with what the workspace answers over HTTP. Nothing that Fieldnote prints is read.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Engine, create_engine, text

HOUR_OF_TALK = 40
TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"}
REPS = {1: ("Ann", "Lee"), 2: ("Bo", "Diaz"), 3: ("Cleo", "Park")}


def email_of(rep: int) -> str:
    first, last = REPS[rep]
    return f"{first}.{last}@roofers.example".lower()


@dataclass
class Customer:
    n: int
    name: str
    gone: bool = False


@dataclass
class Deal:
    n: int
    name: str
    customer: int
    amount: int
    result: str = "OPEN"
    typed: str | None = None
    """The words that a person typed into the field for the decision maker."""


@dataclass
class Visit:
    n: int
    deal: int
    rep: int
    start: datetime
    title: str
    gone: bool = False
    recorded: bool = False


@dataclass
class Recording:
    visit: int
    deal: int
    started: datetime
    most: int
    """The largest amount that the customer named."""


class Tables(Protocol):
    """How one CRM keeps what the office does."""

    def ids(self, kind: str, n: int) -> str: ...
    def setup(self, sql: Sql) -> None: ...
    def add_customer(self, sql: Sql, one: Customer) -> None: ...
    def add_deal(self, sql: Sql, one: Deal) -> None: ...
    def add_visit(self, sql: Sql, one: Visit) -> None: ...
    def change_visit(self, sql: Sql, one: Visit) -> None: ...
    def cancel(self, sql: Sql, one: Visit) -> None: ...
    def delete(self, sql: Sql, one: Visit) -> None: ...
    def close(self, sql: Sql, one: Deal) -> None: ...
    def merge(self, sql: Sql, gone: Customer, into: Customer, deals: list[Deal]) -> None: ...
    def type_decision(self, sql: Sql, one: Deal) -> None: ...
    def answers(self, sql: Sql, deal: Deal) -> tuple[Any, Any]: ...
    def notes(self, sql: Sql, deal: Deal) -> int | None: ...


class Sql:
    """The office's own hands in the database."""

    def __init__(self, url: str) -> None:
        address = url.replace("postgresql://", "postgresql+psycopg://").replace("mariadb://", "mysql+pymysql://")
        self.engine: Engine = create_engine(address)
        self.mark = "`" if self.engine.dialect.name == "mysql" else '"'

    def run(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []

    def script(self, statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements.split(";"):
                if statement.strip():
                    connection.exec_driver_sql(statement)

    def insert(self, table: str, **values: Any) -> None:
        names = ", ".join(f"{self.mark}{name}{self.mark}" for name in values)
        self.run(f"insert into {table} ({names}) values ({', '.join(f':{name}' for name in values)})", **values)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


@dataclass
class Office:
    """The people, and their own record of what they did."""

    tables: Tables
    sql: Sql
    dice: random.Random
    customers: dict[int, Customer] = field(default_factory=dict)
    deals: dict[int, Deal] = field(default_factory=dict)
    visits: dict[int, Visit] = field(default_factory=dict)
    recordings: list[Recording] = field(default_factory=list)
    taken: set[tuple[int, datetime]] = field(default_factory=set)

    def open(self) -> None:
        self.tables.setup(self.sql)
        for n in range(1, 9):
            self.customers[n] = Customer(n, f"{self.dice.choice(['Okafor', 'Brandt', 'Novak'])} Family {n}")
            self.tables.add_customer(self.sql, self.customers[n])
        for n in range(1, 9):
            self.deals[n] = Deal(n, f"Roof {n}", n, 1000 * self.dice.randrange(5, 60))
            self.tables.add_deal(self.sql, self.deals[n])
        for _ in range(6):
            self.make(0)

    def slot(self, day: int, rep: int) -> datetime:
        """A free hour of a rep's, on a day of the week that has passed."""
        base = (datetime.now(UTC) - timedelta(days=8 - day)).replace(minute=0, second=0, microsecond=0, tzinfo=None)
        hours = [hour for hour in range(14, 23, 2) if (rep, base.replace(hour=hour)) not in self.taken]
        if not hours:
            return self.slot((day + 1) % 7, rep)
        start = base.replace(hour=self.dice.choice(hours))
        self.taken.add((rep, start))
        return start

    # --- what people do

    def act(self, day: int) -> None:
        """One thing, by chance."""
        doing: list[Callable[[int], None]] = [
            self.make,
            self.make,
            self.move,
            self.assign,
            self.cancel,
            self.delete,
            self.close,
            self.merge,
            self.edit,
        ]
        self.dice.choice(doing)(day)

    def _some(self) -> Visit | None:
        alive = [visit for visit in self.visits.values() if not visit.gone and not visit.recorded]
        return self.dice.choice(alive) if alive else None

    def make(self, day: int) -> None:
        n, rep = len(self.visits) + 1, self.dice.choice(list(REPS))
        visit = Visit(n, self.dice.choice(list(self.deals)), rep, self.slot(day, rep), f"Visit {n}")
        self.visits[n] = visit
        self.tables.add_visit(self.sql, visit)

    def move(self, day: int) -> None:
        if (visit := self._some()) is not None:
            visit.start = self.slot(day, visit.rep)
            self.tables.change_visit(self.sql, visit)

    def assign(self, day: int) -> None:
        if (visit := self._some()) is not None:
            visit.rep = self.dice.choice([rep for rep in REPS if rep != visit.rep])
            visit.start = self.slot(day, visit.rep)
            self.tables.change_visit(self.sql, visit)

    def cancel(self, day: int) -> None:
        del day
        if (visit := self._some()) is not None:
            visit.gone = True
            self.tables.cancel(self.sql, visit)

    def delete(self, day: int) -> None:
        del day
        if (visit := self._some()) is not None:
            visit.gone = True
            self.tables.delete(self.sql, visit)

    def close(self, day: int) -> None:
        del day
        deal = self.dice.choice(list(self.deals.values()))
        deal.result = self.dice.choice(["WON", "LOST"])
        self.tables.close(self.sql, deal)

    def merge(self, day: int) -> None:
        del day
        alive = [one for one in self.customers.values() if not one.gone]
        if len(alive) > 3:
            gone, into = self.dice.sample(alive, 2)
            moved = [deal for deal in self.deals.values() if deal.customer == gone.n]
            for deal in moved:
                deal.customer = into.n
            gone.gone = True
            self.tables.merge(self.sql, gone, into, moved)

    def edit(self, day: int) -> None:
        del day
        deal = self.dice.choice(list(self.deals.values()))
        deal.typed = f"typed by a person {self.dice.randrange(10**6)}"
        self.tables.type_decision(self.sql, deal)

    def said(self, visit: Visit) -> tuple[int, list[tuple[str, str]]]:
        """A short talk in which the customer names a budget and who decides."""
        most = self.dice.choice(list(TENS)[1:])
        least = TENS[most - 10]
        name = REPS[visit.rep][0]
        return most * 1000, [
            (name, "What budget do you have in mind?"),
            ("Mary Smith", f"Between {least} and {TENS[most]} thousand dollars."),
            (name, "Is it just you deciding, or is somebody else involved?"),
            ("Mary Smith", "My husband and I decide that together."),
        ]  # fmt: skip

    # --- the comparison

    def differences(self, engagements: list[dict[str, Any]], opportunities: list[dict[str, Any]]) -> list[str]:
        """Where the workspace does not hold what the office did."""
        ids = self.tables.ids
        found = []
        alive = {item["externalId"]: item for item in engagements if not item.get("deletedAt")}
        wanted = {ids("visit", visit.n): visit for visit in self.visits.values() if not visit.gone}
        found += [f"only in the CRM: {key}" for key in sorted(wanted.keys() - alive.keys())]
        found += [f"only in Siro: {key}" for key in sorted(alive.keys() - wanted.keys())]
        for key in sorted(wanted.keys() & alive.keys()):
            visit, item = wanted[key], alive[key]
            deal = self.deals[visit.deal]
            reps = sorted(user["externalId"] for user in item.get("users") or [] if not user.get("deletedAt"))
            seen = {
                "start": datetime.fromisoformat(item["startTime"]).astimezone(UTC).replace(tzinfo=None),
                "reps": reps,
                "deal": item.get("deal"),
                "customer": item.get("customer"),
            }
            right = {
                "start": visit.start,
                "reps": [ids("rep", visit.rep)],
                "deal": ids("deal", deal.n),
                "customer": ids("customer", deal.customer),
            }
            found += [
                f"visit {key}: {name} {seen[name]}, not {right[name]}" for name in right if seen[name] != right[name]
            ]
        deals = {item["externalId"]: item for item in opportunities if not item.get("deletedAt")}
        for deal in self.deals.values():
            item = deals.get(ids("deal", deal.n), {})
            got = item.get("name"), float(item.get("amount") or 0), item.get("disposition")
            if got != (deal.name, float(deal.amount), deal.result):
                found.append(f"deal {deal.n}: {got}, not {(deal.name, deal.amount, deal.result)}")
        return found

    def wrong_answers(self) -> list[str]:
        """Where the CRM does not hold what customers said, or lost what a person typed."""
        found = []
        for deal in self.deals.values():
            recordings = [item for item in self.recordings if item.deal == deal.n]
            budget, decides = self.tables.answers(self.sql, deal)
            latest = max(recordings, key=lambda item: item.started).most if recordings else None
            if (None if budget is None else int(budget)) != latest:
                found.append(f"deal {deal.n}: budget {budget}, not {latest}")
            if deal.typed is not None and decides != deal.typed:
                found.append(f"deal {deal.n}: a person typed {deal.typed!r}, and the field has {decides!r}")
            if deal.typed is None and bool(decides) != bool(recordings):
                found.append(f"deal {deal.n}: decides {decides!r} after {len(recordings)} recordings")
            notes = self.tables.notes(self.sql, deal)
            if notes is not None and notes != len(recordings):
                found.append(f"deal {deal.n}: {notes} notes for {len(recordings)} recordings")
        return found
