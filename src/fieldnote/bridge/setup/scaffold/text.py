"""The proposed fieldnote.yaml as text, with a question where the tables do not show the answer. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from fieldnote.bridge.setup.scaffold.guess import Roles, column, first_and_last, key_of, reference
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.introspection import LookedColumn, LookedTable
from fieldnote.crm.sql.text import Dialect

_FIELDS = {
    "Budget": (("budget",), "money.max"),
    "Timeline": (("timeline", "start_by", "timing"), "text"),
    "Decision Maker": (("decision",), "text"),
    "Objections": (("objection", "concern"), "text"),
}


@dataclass(slots=True)
class Joined:
    """The query of the appointments, column by column."""

    dialect: Dialect
    base: LookedTable
    columns: list[tuple[str, str]] = field(default_factory=list)
    """Expression, and the name that the map has for it."""
    joins: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)

    def add(self, alias: str, name: str, called: str) -> str:
        """Select a column; the name by which the map knows it."""
        self.columns.append((f"{alias}.{self.dialect.quote(name)}", called))
        return called

    def join(self, table: LookedTable, alias: str, own: str) -> None:
        """Join a table by the base's column."""
        key = key_of(table) or "id"
        condition = f"{alias}.{self.dialect.quote(key)} = a.{self.dialect.quote(own)}"
        self.joins.append(f"left join {self.dialect.path((table.name,))} {alias} on {condition}")

    def text(self) -> str:
        """The SQL."""
        selected = ",\n             ".join(
            expression if expression.split(".", 1)[1] == self.dialect.quote(called) else f"{expression} as {called}"
            for expression, called in self.columns
        )
        lines = [f"select {selected}", f"from {self.dialect.path((self.base.name,))} a", *self.joins]
        return "\n      ".join(lines)


def proposal(tables: Roles, backend: str, zone: str) -> str:
    """The whole file."""
    return "\n".join(_file(tables, Dialect(backend), zone)) + "\n"


def _file(tables: Roles, dialect: Dialect, zone: str) -> Iterator[str]:
    yield "# Written by `fieldnote init`. Read it over, then: fieldnote check, fieldnote plan, fieldnote push."
    yield "version: 1"
    yield ""
    yield "siro:"
    yield "  token: ${SIRO_TOKEN}              # in Siro: the person icon, API Tokens"
    yield ""
    yield "crm:"
    yield "  driver: sql"
    yield "  url: ${CRM_URL}"
    yield f"  timezone: {zone}              # for times without a zone"
    yield ""
    visits, deals = tables.visits, tables.deals
    if visits is None and deals is None:
        yield "# No table of appointments or deals was recognized: name them here, as docs/push.md shows."
        return
    yield "push:"
    yield "  every: 10 minutes"
    if visits is not None:
        yield from _engagements(tables, visits, dialect)
    else:
        yield "  # Which table holds the appointments? None was recognized: without them no recording is matched."
    if deals is not None:
        yield from _opportunities(tables, deals)
    if deals is not None and key_of(deals):
        yield from _pull(deals, key_of(deals) or "")


def _engagements(tables: Roles, visits: LookedTable, dialect: Dialect) -> Iterator[str]:
    query = Joined(dialect, visits)
    lines = list(_appointment(tables, visits, query))
    updated = column(visits, "updated")
    if updated is not None:
        query.add("a", updated.name, updated.name)
    yield "  engagements:                      # appointments"
    yield "    query: |"
    yield f"      {query.text()}"
    key = key_of(visits)
    yield f"    key: {key}" if key else "    key: id                         # which column identifies an appointment?"
    if updated is not None:
        yield f"    cursor: {updated.name}              # grows with every change of the appointment itself"
    else:
        yield "    # no column grows with every change: all rows are compared each time"
    yield "    map:"
    yield from lines


def _appointment(tables: Roles, visits: LookedTable, query: Joined) -> Iterator[str]:
    key = key_of(visits)
    if key is not None:
        query.add("a", key, key)
    for siro, meaning in (("startTime", "start"), ("endTime", "end"), ("subject", "title"), ("deletedAt", "cancelled")):
        found = column(visits, meaning)
        if found is not None:
            yield f"      {siro}: {query.add('a', found.name, found.name)}{_shown(visits, found.name)}"
        elif siro == "startTime":
            yield "      # startTime: which column holds the start?"
    kind = column(visits, "kind")
    yield "      engagementType:"
    if kind is not None:
        name = query.add("a", kind.name, kind.name)
        yield (
            "        activityType: \"'APPOINTMENT'\"     # or a table of words: {from: "
            + name
            + ", choices: {call: CALL}, default: MEETING}"
        )
        yield f"        name: {name}{_shown(visits, kind.name)}"
    else:
        yield "        activityType: \"'APPOINTMENT'\""
        yield "        name: \"'visit'\""
    yield from _rep(tables, visits, query)
    yield from _customer(tables, visits, query)
    if deal := reference(visits, tables.deals):
        yield f"      opportunity: {{externalId: {query.add('a', deal, deal)}}}"
    else:
        yield "      # opportunity: {externalId: …}   which column names the deal?"


def _rep(tables: Roles, visits: LookedTable, query: Joined) -> Iterator[str]:
    own = reference(visits, tables.reps)
    if own is None or tables.reps is None:
        yield "      # engagementUsers: which column names the rep? Without one no recording finds the appointment."
        return
    query.join(tables.reps, "r", own)
    parts = [f"externalId: {query.add('a', own, 'rep_key')}"]
    email, name = column(tables.reps, "email"), column(tables.reps, "name")
    if email is not None:
        parts.append(f"email: {query.add('r', email.name, 'rep_email')}")
    if name is not None:
        parts.append(f"name: {query.add('r', name.name, 'rep_name')}")
    elif pair := first_and_last(tables.reps):
        first, last = query.add("r", pair[0], "rep_first"), query.add("r", pair[1], "rep_last")
        parts.append(f"name: \"concat_ws(' ', {first}, {last})\"")
    yield "      engagementUsers:"
    yield f"        - {{{', '.join(parts)}}}"


def _customer(tables: Roles, visits: LookedTable, query: Joined) -> Iterator[str]:
    own = reference(visits, tables.customers)
    if own is None or tables.customers is None:
        yield "      # account: {externalId: …, name: …}   which columns name the customer?"
        return
    query.join(tables.customers, "c", own)
    parts = [f"externalId: {query.add('a', own, 'customer_key')}"]
    name = column(tables.customers, "name")
    if name is not None:
        parts.append(f"name: {query.add('c', name.name, 'customer_name')}")
    elif pair := first_and_last(tables.customers):
        first, last = query.add("c", pair[0], "customer_first"), query.add("c", pair[1], "customer_last")
        parts.append(f"name: \"concat_ws(' ', {first}, {last})\"")
    latitude, longitude = column(tables.customers, "latitude"), column(tables.customers, "longitude")
    if latitude is not None and longitude is not None:
        parts.append(f"latitude: {query.add('c', latitude.name, 'latitude')}")
        parts.append(f"longitude: {query.add('c', longitude.name, 'longitude')}")
    yield f"      account: {{{', '.join(parts)}}}"


def _opportunities(tables: Roles, deals: LookedTable) -> Iterator[str]:
    yield "  opportunities:                    # deals"
    yield f"    table: {deals.name}"
    key = key_of(deals)
    yield f"    key: {key}" if key else "    key: id                         # which column identifies a deal?"
    if updated := column(deals, "updated"):
        yield f"    cursor: {updated.name}"
    yield "    map:"
    named = column(deals, "title") or column(deals, "name")
    for siro, found in (("name", named), ("amount", column(deals, "amount")), ("closedAt", column(deals, "closed"))):
        if found is not None:
            yield f"      {siro}: {found.name}{_shown(deals, found.name)}"
    if customer := reference(deals, tables.customers):
        yield f"      account: {{externalId: {customer}}}"
    if stage := column(deals, "stage"):
        yield from _disposition(stage)


_WON: Final = re.compile(r"\b(?:won|sold|signed|accepted)\b", re.IGNORECASE)
_LOST: Final = re.compile(
    r"\b(?:lost|dead|no sale|nosale|unsold|not (?:won|sold|signed|accepted|interested)|cancel+ed|declined|rejected|"
    r"abandoned|disqualified|expired)\b",
    re.IGNORECASE,
)


def _result_of(word: str) -> str | None:
    """WON or LOST, if a stage's word says so; `closed_won`, `ClosedWon` and `Closed - Won` are one."""
    spaced = re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word))
    if _LOST.search(spaced):
        return "LOST"
    return "WON" if _WON.search(spaced) else None


def _disposition(stage: LookedColumn) -> Iterator[str]:
    """The table of the stages that are there, each with what its words say."""
    choices = {word: result for word in stage.words if (result := _result_of(word)) is not None}
    if not choices:
        known = f" Its words: {', '.join(stage.words)}." if stage.words else ""
        yield f"      # Which words of {stage.name} mean won or lost? Until you say so, every deal is open.{known}"
        yield f"      disposition: {{from: {stage.name}, choices: {{won: WON, lost: LOST}}, default: OPEN}}"
        return
    open_words = [word for word in stage.words if word not in choices]
    listed = ", ".join(f"{_quote(word)}: {result}" for word, result in choices.items())
    yield f"      # Check this table. Every other word is OPEN{': ' + ', '.join(open_words) if open_words else ''}."
    yield f"      disposition: {{from: {stage.name}, choices: {{{listed}}}, default: OPEN}}"


def _quote(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)


def _pull(deals: LookedTable, key: str) -> Iterator[str]:
    """Where answers may go. Nothing is written yet: each field is proposed first."""
    fields = [
        (name, found.name, kind if found.family is not Family.TEXT or kind == "text" else "text")
        for name, (words, kind) in _FIELDS.items()
        for found in deals.columns
        if any(word in found.name.lower() for word in words)
        and found.family in {Family.TEXT, Family.INTEGER, Family.NUMBER}
    ]
    yield ""
    comment = "" if fields else "# "
    yield f"{comment}pull:"
    yield f"{comment}  every: 2 minutes"
    yield f"{comment}  opportunity:                      # what is written to the deal that a recording is linked to"
    yield f"{comment}    table: {deals.name}"
    yield f"{comment}    key: {key}"
    yield f"{comment}    fields:                         # propose: shown to a person, not written; then fill or update"
    seen: set[str] = set()
    for name, to, kind in fields:
        if name not in seen:
            seen.add(name)
            yield f"      {name}: {{to: {to}, as: {kind}, policy: propose}}"
    if not fields:
        yield "#       Budget: {to: COLUMN, as: money.max, policy: propose}"


def _shown(table: LookedTable, name: str) -> str:
    """Sample values, as a comment."""
    samples = ", ".join(str(value).replace("\n", " ")[:30] for value in table.by_name[name].samples[:2])
    return f"        # such as {samples}" if samples else ""
