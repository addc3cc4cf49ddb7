"""A CRM that people work in: random histories, and what Siro should hold at their end.

Every change moves the row's update time, as a CRM does: sometimes a little back (it commits late), ahead (a
clock that is off), or not at all (two changes within one tick).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse, JSONResponse

from tests.bridge.conftest import Crm
from tests.bridge.stub_siro import StubSiro

SCHEMA = (
    "create table people (id integer primary key, name varchar(80), email varchar(80))",
    "create table customers (id integer primary key, name varchar(80), merged_into integer, updated_at timestamp)",
    "create table jobs (id integer primary key, name varchar(80), amount integer, updated_at timestamp)",
    """create table visits (id integer primary key, starts_at timestamp, title varchar(80), rep integer,
       customer integer, job integer, cancelled_at timestamp, updated_at timestamp)""",
)
VISITS = """
select v.id, v.starts_at, v.title, v.job, v.cancelled_at, p.id as rep, p.email, p.name as rep_name,
       c.id as customer, c.name as customer_name, c.merged_into,
       case when c.updated_at > v.updated_at then c.updated_at else v.updated_at end as updated_at
from visits v join people p on p.id = v.rep join customers c on c.id = v.customer
"""
PUSH: dict[str, Any] = {
    "every": "1 hour",
    "batch": 7,
    "engagements": {
        "query": VISITS,
        "key": "id",
        "cursor": "updated_at",
        "deletes": {"at_most": "100%"},
        "map": {
            "startTime": "starts_at",
            "subject": "title",
            "engagementUsers": [{"externalId": "rep", "email": "email", "name": "rep_name"}],
            "account": {"externalId": "customer", "name": "customer_name", "mergedToExternalId": "merged_into"},
            "opportunity": {"externalId": "job"},
            "deletedAt": "cancelled_at",
        },
    },
    "opportunities": {
        "table": "jobs",
        "key": "id",
        "cursor": "updated_at",
        "deletes": {"at_most": "100%"},
        "map": {"name": "name", "amount": "amount"},
    },
}
"""Four customers and four reps; the guards of deletions are another test's."""


class History:
    """One CRM, and a pair of dice."""

    def __init__(self, crm: Crm, dice: random.Random) -> None:
        self.crm = crm
        self.dice = dice
        self.now = datetime(2026, 3, 1, 9, tzinfo=UTC).replace(tzinfo=None)  # as the CRM keeps its times
        self.changes: tuple[Callable[[], None], ...] = (
            self.add_visit, self.add_visit, self.add_job, self.retitle, self.reschedule, self.change_rep,
            self.change_job, self.cancel_or_not, self.rename_customer, self.merge_customer, self.delete_visit,
            self.delete_job, self.bring_back, self.change_amount, self.move_without_change,
        )  # fmt: skip
        for statement in SCHEMA:
            crm.execute(statement)
        for key in range(1, 5):
            crm.execute(f"insert into people values ({key}, 'Rep {key}', 'rep{key}@example.com')")
            crm.execute(f"insert into customers values ({key}, 'Customer {key}', null, '{self.now}')")
        # These two stay: a source without any row would delete nothing.
        crm.execute(f"insert into jobs values (1, 'Job 1', 1, '{self.now}')")
        self.insert_visit(1)

    def step(self) -> None:
        """One change by somebody."""
        self.now += timedelta(seconds=self.dice.choice([0, 0, 1, 30, 200]))
        self.dice.choice(self.changes)()

    # --- changes

    def stamp(self) -> str:
        """The update time of a change: now, a little late, or by a clock that is off."""
        return f"{self.now + timedelta(seconds=self.dice.choice([0, 0, 0, -60, -200, 100])):%Y-%m-%d %H:%M:%S}"

    def key(self, table: str) -> int | None:
        keys = [row[0] for row in self.crm.execute(f"select id from {table} order by id")]
        return self.dice.choice(keys) if keys else None

    def update(self, table: str, column: str, value: str) -> None:
        key = self.key(table)
        if key is not None:
            self.crm.execute(f"update {table} set {column} = {value}, updated_at = '{self.stamp()}' where id = {key}")

    def add_visit(self) -> None:
        self.insert_visit(1 + max((row[0] for row in self.crm.execute("select id from visits")), default=0))

    def insert_visit(self, key: int) -> None:
        job = self.key("jobs")
        self.crm.execute(
            f"insert into visits values ({key}, '{self.start()}', 'Visit', {self.dice.randint(1, 4)}, "
            f"{self.dice.randint(1, 4)}, {job or 'null'}, null, '{self.stamp()}')"
        )

    def start(self) -> str:
        return f"{self.now + timedelta(hours=self.dice.randint(-48, 480)):%Y-%m-%d %H:%M:%S}"

    def add_job(self) -> None:
        key = 1 + max((row[0] for row in self.crm.execute("select id from jobs")), default=0)
        self.crm.execute(f"insert into jobs values ({key}, 'Job {key}', {self.dice.randint(1, 9)}, '{self.stamp()}')")

    def retitle(self) -> None:
        self.update("visits", "title", f"'Title {self.dice.randint(1, 99)}'")

    def reschedule(self) -> None:
        self.update("visits", "starts_at", f"'{self.start()}'")

    def change_rep(self) -> None:
        self.update("visits", "rep", str(self.dice.randint(1, 4)))

    def change_job(self) -> None:
        self.update("visits", "job", str(self.dice.choice([self.key("jobs"), None]) or "null"))

    def cancel_or_not(self) -> None:
        self.update("visits", "cancelled_at", self.dice.choice([f"'{self.now}'", "null"]))

    def rename_customer(self) -> None:
        self.update("customers", "name", f"'Customer {self.dice.randint(1, 99)}'")

    def merge_customer(self) -> None:
        self.update("customers", "merged_into", self.dice.choice(["1", "null"]))

    def delete_visit(self) -> None:
        self.crm.execute(f"delete from visits where id = {self.key('visits')} and id > 1")

    def delete_job(self) -> None:
        self.crm.execute(f"delete from jobs where id = {self.key('jobs')} and id > 1")

    def bring_back(self) -> None:
        """A key that was there before, for the same visit or for another."""
        key = self.dice.randint(1, 20)
        if not self.crm.execute(f"select 1 from visits where id = {key}"):
            self.insert_visit(key)

    def change_amount(self) -> None:
        self.update("jobs", "amount", self.dice.choice(["null", "5", "6"]))

    def move_without_change(self) -> None:
        self.update("visits", "title", "title")

    # --- what Siro should hold

    def visits(self) -> dict[str, dict[str, Any]]:
        """By key: what can be said of each visit that is not cancelled."""
        rows = self.crm.execute(
            "select v.id, v.starts_at, v.title, v.rep, v.customer, c.name, v.job from visits v "
            "join customers c on c.id = v.customer where v.cancelled_at is null"
        )
        return {
            str(key): {
                "startTime": datetime.fromisoformat(starts).replace(tzinfo=UTC),
                "subject": title,
                "reps": {str(rep)},
                "account": (str(customer), name),
                "job": None if job is None else str(job),
            }
            for key, starts, title, rep, customer, name, job in rows
        }

    def jobs(self) -> dict[str, tuple[str, int | None]]:
        """By key: name and amount."""
        return {str(key): (name, amount) for key, name, amount in self.crm.execute("select id, name, amount from jobs")}


def visits_held(stub: StubSiro) -> dict[str, dict[str, Any]]:
    """By key: what Siro says of each live visit."""
    return {
        key: {
            "startTime": datetime.fromisoformat(record["startTime"]),
            "subject": record["subject"],
            "reps": {user["externalId"] for user in record["engagementUsers"] if not user.get("deletedAt")},
            "account": (record["account"]["externalId"], record["account"]["name"]),
            "job": record["opportunity"]["externalId"] if record.get("opportunity") else None,
        }
        for key, record in stub.records["engagements"].items()
        if not record.get("deletedAt")
    }


def jobs_held(stub: StubSiro) -> dict[str, tuple[str, int | None]]:
    """By key: what Siro says of each live job."""
    return {
        key: (record["name"], record.get("amount"))
        for key, record in stub.records["opportunities"].items()
        if not record.get("deletedAt")
    }


def chaos(stub: StubSiro, dice: random.Random) -> Callable[[str, str, Any], Response | None]:
    """A server and a line that misbehave, before the effect of a call or after it."""

    def misbehave(method: str, path: str, body: Any) -> Response | None:
        if method != "PUT" or dice.random() > 0.3:
            return None
        kind = dice.choice(["500", "500 after", "429", "cut", "cut after", "edge", "refused"])
        if kind.endswith("after"):
            for record in body if isinstance(body, list) else [body]:
                stub.sync(path.rsplit("/", 1)[1], record)
        match kind.removesuffix(" after"):
            case "429":
                return Response(status_code=429)
            case "cut":
                return Response('{"data": [{"id": "1", "exte', media_type="application/json")
            case "edge":
                return HTMLResponse("<title>Access denied</title>", 403)
            case "refused":
                return JSONResponse({"error": "not now"}, 409)
            case _:
                return JSONResponse({"error": "oops"}, 500)

    return misbehave
