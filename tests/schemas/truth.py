"""The same week of a contractor for every CRM, and how a CRM is built and read back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, text

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Rep:
    n: int
    first: str
    last: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def email(self) -> str:
        return f"{self.first}.{self.last}@roofers.example".lower()


@dataclass(frozen=True)
class Customer:
    n: int
    name: str
    phone: str
    street: str
    city: str
    state: str
    zip: str


@dataclass(frozen=True)
class Deal:
    n: int
    name: str
    amount: int
    result: str
    """OPEN, WON or LOST."""
    customer: Customer
    rep: Rep
    closed: datetime | None
    created: datetime
    changed: datetime


@dataclass(frozen=True)
class Visit:
    n: int
    title: str
    start: datetime
    end: datetime
    rep: Rep
    deal: Deal
    gone: bool
    created: datetime
    changed: datetime

    @property
    def customer(self) -> Customer:
        return self.deal.customer


@dataclass(frozen=True)
class Truth:
    reps: list[Rep]
    customers: list[Customer]
    deals: list[Deal]
    visits: list[Visit]
    creators: list[Rep]
    """Two of the office, who make the appointments and go to none."""


def make_truth(seed: int = 7, visits: int = 60) -> Truth:
    """Reps, customers, deals and appointments; times in UTC, from two weeks ago to two weeks ahead."""
    dice = random.Random(seed)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    firsts = ["Ann", "Bo", "Cleo", "Dan", "Eve", "Finn"]
    lasts = ["Lee", "Diaz", "Park", "Okafor", "Brandt", "Novak"]
    people = [Rep(n + 1, first, last) for n, (first, last) in enumerate(zip(firsts, lasts, strict=True))]
    reps, creators = people[:4], people[4:]
    customers = [
        Customer(
            n,
            f"{dice.choice(lasts)} Family {n}",
            f"(303) 555-01{n:02d}",
            f"{100 + n} Elm St",
            "Denver",
            "CO",
            f"802{n:02d}",
        )
        for n in range(1, 26)
    ]

    def machine(days: float) -> datetime:
        return now - timedelta(days=days) + timedelta(minutes=dice.randrange(1, 59), seconds=dice.randrange(1, 59))

    deals = []
    for n in range(1, 41):
        result = dice.choice(["OPEN", "OPEN", "WON", "LOST"])
        created = machine(40 - n / 2)
        closed = (now - timedelta(days=dice.randrange(1, 9))).replace(hour=0) if result != "OPEN" else None
        customer = customers[n % len(customers)]
        deals.append(
            Deal(
                n,
                f"Roof {n}",
                1000 * dice.randrange(5, 60),
                result,
                customer,
                dice.choice(reps),
                closed,
                created,
                created + timedelta(hours=n % 7),
            )
        )
    made = []
    for n in range(1, visits + 1):
        day = now + timedelta(days=dice.randrange(-14, 15))
        start = day.replace(hour=dice.randrange(14, 21), minute=dice.choice([0, 15, 30, 45]))
        created = machine(30 - n / 4)
        changed = created + timedelta(minutes=dice.choice([0, 0, 7, 600]))
        end = start + timedelta(minutes=dice.choice([60, 90, 120]))
        deal = dice.choice(deals)
        made.append(Visit(n, f"Visit {n}", start, end, dice.choice(reps), deal, dice.random() < 0.12, created, changed))
    return Truth(reps, customers, deals, made, creators)


@dataclass
class Schema:
    """How one CRM keeps the truth."""

    name: str
    ddl: str
    rows: Callable[[Truth], Rows]
    ids: Callable[[str, int], str] = field(default=lambda kind, n: str(n))
    """The externalId of a thing: kind is visit, rep, customer or deal."""
    zone: str = "UTC"
    has_end: bool = True
    has_email: bool = True
    has_deal: bool = True
    has_gone: bool = True
    roles: dict[str, str] = field(default_factory=dict)
    """The tables that must be recognized."""
    says: tuple[str, ...] = ()
    """The lines that the file must have."""
    backends: tuple[str, ...] = ("sqlite",)


def build(schema: Schema, truth: Truth, url: str) -> None:
    """Make the tables, and fill them."""
    address = url.replace("postgresql://", "postgresql+psycopg://").replace("mariadb://", "mysql+pymysql://")
    engine = create_engine(address)
    with engine.begin() as connection:
        for statement in schema.ddl.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%"))
        quote = "`" if engine.dialect.name == "mysql" else '"'
        for table, rows in schema.rows(truth).items():
            for row in rows:
                names = ", ".join(f"{quote}{name}{quote}" for name in row)
                marks = ", ".join(f":p{n}" for n in range(len(row)))
                values = {f"p{n}": value for n, value in enumerate(row.values())}
                connection.execute(text(f"insert into {quote}{table}{quote} ({names}) values ({marks})"), values)
    engine.dispose()


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def differences(schema: Schema, truth: Truth, found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Where the records that a file makes differ from the truth. Empty: the file needs no change."""
    return [
        *_visits(schema, truth, found.get("engagements", [])),
        *_deals(schema, truth, found.get("opportunities", [])),
    ]


def _visits(schema: Schema, truth: Truth, found: list[dict[str, Any]]) -> Iterable[str]:
    by_id = {record["externalId"]: record for record in found}
    wanted = {schema.ids("visit", visit.n): visit for visit in truth.visits}
    if by_id.keys() != wanted.keys():
        yield f"appointments {sorted(by_id.keys() ^ wanted.keys())[:6]}"
    for key in sorted(by_id.keys() & wanted.keys()):
        record, visit = by_id[key], wanted[key]
        if record.get("startTime") != iso(visit.start):
            yield f"{key}: starts {record.get('startTime')}, not {iso(visit.start)}"
        if schema.has_end and record.get("endTime") != iso(visit.end):
            yield f"{key}: ends {record.get('endTime')}, not {iso(visit.end)}"
        if schema.has_gone and (record.get("deletedAt") is not None) != visit.gone:
            yield f"{key}: deletedAt {record.get('deletedAt')}, gone {visit.gone}"
        users = record.get("engagementUsers") or []
        if [user.get("externalId") for user in users] != [schema.ids("rep", visit.rep.n)]:
            yield f"{key}: reps {users}, not {schema.ids('rep', visit.rep.n)}"
        elif schema.has_email and (users[0].get("email") or "").lower() != visit.rep.email:
            yield f"{key}: email {users}, not {visit.rep.email}"
        elif users[0].get("name") not in {visit.rep.name, None} or (schema.has_email and users[0].get("name") is None):
            yield f"{key}: name {users}, not {visit.rep.name}"
        account = record.get("account") or {}
        if (account.get("externalId"), account.get("name")) != (
            schema.ids("customer", visit.customer.n),
            visit.customer.name,
        ):
            yield f"{key}: account {account}, not {visit.customer}"
        if schema.has_deal and (record.get("opportunity") or {}).get("externalId") != schema.ids("deal", visit.deal.n):
            yield f"{key}: deal {record.get('opportunity')}, not {schema.ids('deal', visit.deal.n)}"


def _deals(schema: Schema, truth: Truth, found: list[dict[str, Any]]) -> Iterable[str]:
    by_id = {record["externalId"]: record for record in found}
    wanted = {schema.ids("deal", deal.n): deal for deal in truth.deals}
    if by_id.keys() != wanted.keys():
        yield f"deals {sorted(by_id.keys() ^ wanted.keys())[:6]}"
    for key in sorted(by_id.keys() & wanted.keys()):
        record, deal = by_id[key], wanted[key]
        got = record.get("name"), float(record.get("amount") or 0), record.get("disposition")
        if got != (deal.name, float(deal.amount), deal.result):
            yield f"deal {key}: {got}, not {(deal.name, deal.amount, deal.result)}"
        account = (record.get("account") or {}).get("externalId")
        if account != schema.ids("customer", deal.customer.n):
            yield f"deal {key}: account {account}, not {schema.ids('customer', deal.customer.n)}"
