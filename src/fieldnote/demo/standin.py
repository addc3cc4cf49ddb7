"""The demo's contractor as a stand-in for a CRM takes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fieldnote.demo.contractor import ZONE, Contents, make
from fieldnote.demo.conversations import CONVERSATIONS
from fieldnote.sandbox.contractor import Contractor, Customer, Deal, Rep, Stage, Visit

_STAGES = {"lead": Stage.LEAD, "quoted": Stage.QUOTED, "sold": Stage.WON, "dead": Stage.LOST}


def contractor_on(day: date, seed: int) -> Contractor:
    """The contractor around a day; the same day and seed give the same one."""
    return contractor_of(make(day, seed, CONVERSATIONS))


def contractor_of(contents: Contents) -> Contractor:
    """The rows of the demo's CRM, without a CRM."""
    return Contractor(
        zone=str(ZONE),
        reps=tuple(Rep(row["id"], row["name"], row["email"], row["phone"]) for row in contents.reps),
        customers=tuple(map(_customer, contents.customers)),
        deals=tuple(map(_deal, contents.deals)),
        visits=tuple(map(_visit, contents.appointments)),
    )


def _customer(row: Mapping[str, Any]) -> Customer:
    return Customer(
        row["id"], row["name"], row["street"], row["city"], row["state"], row["zip"], row["email"], row["phone"],
        row["latitude"], row["longitude"],
    )  # fmt: skip


def _deal(row: Mapping[str, Any]) -> Deal:
    stage = _STAGES[row["stage"]]
    return Deal(row["id"], row["name"], row["customer_id"], row["rep_id"], stage, row["amount"], row["closed_at"])


def _visit(row: Mapping[str, Any]) -> Visit:
    return Visit(
        row["id"], row["title"], row["starts_at"], row["ends_at"], row["customer_id"], (row["rep_id"],),
        row["deal_id"], cancelled=row["cancelled_at"] is not None,
    )  # fmt: skip
