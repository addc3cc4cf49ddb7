"""Which tables hold appointments, deals, customers and reps, judged by names, types and references. Pure.

A guess that is not plain is none: what is missing becomes a question in the file, not a wrong line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.introspection import LookedColumn, LookedTable

_TABLES: Final = {
    "visits": ("appointment", "appt", "visit", "meeting", "booking", "engagement", "calendar", "event", "schedule"),
    "reps": (
        "rep",
        "salesperson",
        "salespeople",
        "advisor",
        "technician",
        "tech",
        "employee",
        "staff",
        "user",
        "agent",
    ),
    "customers": (
        "customer",
        "cust",
        "account",
        "client",
        "homeowner",
        "contact",
        "shopper",
        "buyer",
        "lead",
        "person",
    ),
    "deals": ("deal", "opportunity", "opportunitie", "estimate", "quote", "proposal", "lead", "job", "project", "sale"),
}
"""Words in a table's name, the surest first."""
_MOMENTS: Final = {Family.MOMENT, Family.DATE}
_NUMBERS: Final = {Family.INTEGER, Family.NUMBER}
_LOOKS_LIKE_A_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "start": (
        "starts_at",
        "start_time",
        "start",
        "begins_at",
        "scheduled_at",
        "scheduled_for",
        "slot",
        "appt_time",
        "when",
    ),
    "end": ("ends_at", "end_time", "end", "finish", "until"),
    "title": ("title", "subject", "summary", "name", "description"),
    "kind": ("kind", "type", "category"),
    "cancelled": ("cancelled_at", "canceled_at", "deleted_at", "cancelled", "canceled"),
    "updated": ("updated_at", "modified_at", "changed_at", "last_modified", "updated", "modified", "changed"),
    "name": ("full_name", "name", "display_name", "who"),
    "email": ("email", "email_address", "mail"),
    "phone": ("phone", "phone_number", "mobile"),
    "amount": ("amount", "value", "price", "total", "contract_value"),
    "stage": ("stage", "status", "state", "disposition"),
    "closed": ("closed_at", "close_date", "sold_at", "won_at"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
}
"""Names of columns, the surest first, compared without case, `_` and the table's prefix."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The tables that were recognized."""

    visits: LookedTable | None
    reps: LookedTable | None
    customers: LookedTable | None
    deals: LookedTable | None


def roles(tables: Sequence[LookedTable]) -> Roles:
    """Which table is which; each is one thing at most."""
    visits = _best(tables, "visits", lambda table: column(table, "start") is not None)
    rest = [table for table in tables if table is not visits]
    reps = _best(rest, "reps", lambda table: column(table, "email") is not None or column(table, "name") is not None)
    rest = [table for table in rest if table is not reps]
    deals = _best(rest, "deals", lambda table: column(table, "amount") is not None)
    rest = [table for table in rest if table is not deals]
    customers = _best(rest, "customers", lambda table: column(table, "name") is not None or _has_first_and_last(table))
    return Roles(visits, reps, customers, deals)


def _best(tables: Iterable[LookedTable], role: str, fits: object) -> LookedTable | None:
    """The one table that is called so and has what it needs; None where two are as good."""
    scored = sorted(
        ((score, table.name, table) for table in tables if (score := _score(table, role)) and fits(table)),  # type: ignore[operator]
        key=lambda item: -item[0],
    )
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][2]


def _score(table: LookedTable, role: str) -> int:
    """The higher, the surer; 0: no."""
    words = _words(table.name)
    words.append("".join(words))  # `Sales People`
    for place, word in enumerate(_TABLES[role]):
        if any(part in {word, f"{word}s", f"{word}es"} for part in words):
            # Tables of notes, lines and types beside the one that is meant have more words.
            return 1000 - 10 * place - len(words)
    return 0


def _words(name: str) -> list[str]:
    """`tblApptTypes`, `appt_types`: tbl, appt, types."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word not in {"", "tbl", "dbo", "crm", "t"}]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def column(table: LookedTable, meaning: str) -> LookedColumn | None:
    """The column of this meaning, if one is called so and holds what it should."""
    prefixes = {
        "",
        *(_plain(word) for word in _words(table.name)),
        *(_plain(word).rstrip("s") for word in _words(table.name)),
    }
    for wanted in COLUMNS[meaning]:
        for found in table.columns:
            name = _plain(found.name)
            if any(name == prefix + _plain(wanted) for prefix in prefixes) and _holds(found, meaning):
                return found
    return None


def _holds(found: LookedColumn, meaning: str) -> bool:
    match meaning:
        case "start" | "end" | "updated" | "closed":
            return found.family in _MOMENTS or _is_written_time(found)
        case "cancelled":
            return found.family in _MOMENTS or _is_written_time(found)
        case "amount" | "latitude" | "longitude":
            return found.family in _NUMBERS
        case _:
            return found.refers_to is None


def _is_written_time(found: LookedColumn) -> bool:
    texts = [value for value in found.samples if isinstance(value, str)]
    return found.family in {Family.TEXT, Family.UNTYPED} and bool(texts) and all(map(_LOOKS_LIKE_A_TIME.match, texts))


def _has_first_and_last(table: LookedTable) -> bool:
    names = {_plain(found.name) for found in table.columns}
    return {"firstname", "lastname"} <= names


def first_and_last(table: LookedTable) -> tuple[str, str] | None:
    """The columns of first and last name, where there is none of the full one."""
    if column(table, "name") is not None or not _has_first_and_last(table):
        return None
    by_plain = {_plain(found.name): found.name for found in table.columns}
    return by_plain["firstname"], by_plain["lastname"]


def reference(table: LookedTable, to: LookedTable | None) -> str | None:
    """The column by which a table refers to another: by a foreign key, or by a name such as `customer_id`."""
    if to is None:
        return None
    declared = [found.name for found in table.columns if found.refers_to == to.name]
    if declared:
        return declared[0] if len(declared) == 1 else None
    stems = {word.rstrip("s") for word in _words(to.name)}
    if to.key is not None and _plain(to.key) != "id":
        same = [found.name for found in table.columns if _plain(found.name) == _plain(to.key)]
        if len(same) == 1:
            return same[0]
    endings = ("", "id", "no", "key", "code", "ref", _plain(to.key or ""))
    named = [
        found.name
        for found in table.columns
        if any(_plain(found.name) == stem + end for stem in stems for end in endings)
    ]
    return named[0] if len(named) == 1 else None


def key_of(table: LookedTable) -> str | None:
    """The column that identifies a row: the primary key, or one that is called `id`."""
    if table.key is not None:
        return table.key
    return next((found.name for found in table.columns if _plain(found.name) == "id"), None)
