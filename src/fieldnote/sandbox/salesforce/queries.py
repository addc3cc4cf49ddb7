"""Queries over Salesforce's records, page by page, and the log of deleted and updated ids."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request

from fieldnote.sandbox.app import fault_of
from fieldnote.sandbox.clock import parse_time
from fieldnote.sandbox.faults import FaultKind
from fieldnote.sandbox.salesforce.records import Refused, time_text
from fieldnote.sandbox.salesforce.schema import Json, SObject
from fieldnote.sandbox.salesforce.soql import Malformed, Query, parse
from fieldnote.sandbox.store import Version

if TYPE_CHECKING:
    from fieldnote.sandbox.salesforce import SalesforceStandIn

LEAST_ROWS: Final = 200
MOST_ROWS: Final = 2000
_BATCH: Final = re.compile(r"batchSize=(\d+)")
_LOG_DAYS: Final = 15
_SHARED: Final = timedelta(minutes=1)  # an event that turns a year old meanwhile is archived so much later

Order = tuple[tuple[str, bool], ...]
"""Fields, and whether the greatest comes first."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """The rows of a query, kept until they are fetched."""

    rows: list[Json]
    size: int
    session: str | None
    way: str
    """`query` or `queryAll`."""


@dataclass(frozen=True, slots=True)
class _Sorted:
    """A table's rows in an order, good until its versions or the login's rights change, or a minute has passed."""

    versions: list[Version]
    wanted: tuple[Order, tuple[str, ...]]
    """The order, and the fields that the login sees."""
    at: datetime
    end: datetime
    rows: list[Json]


class Queries:
    """Queries and their locators."""

    def __init__(self, crm: SalesforceStandIn) -> None:
        self._crm = crm
        self._walks: dict[str, _Walk] = {}
        self._numbers = itertools.count(1)
        self._orders: dict[str, _Sorted] = {}

    def start(self, request: Request, way: str) -> Json:
        """The first page of a query."""
        text = request.query_params.get("q")
        if text is None:
            raise Refused("MALFORMED_QUERY", "q is required")
        try:
            rows, total = self._rows(parse(text), deleted=way == "queryAll")
        except Malformed as error:
            raise Refused(error.code, str(error)) from None
        if fault_of(request) is FaultKind.EMPTY:
            rows, total = [], 0
        walk = _Walk(rows, _size(request), self._crm.token_of(request), way)
        locator = f"0r8{next(self._numbers):012d}"
        if len(rows) > walk.size:
            self._walks[locator] = walk
            for old in list(self._walks)[:-10]:
                del self._walks[old]
        return self._page(walk, locator, 0, total)

    def go_on(self, request: Request, way: str) -> Json:
        """A further page. A locator belongs to the session that opened it, as others report."""
        locator, _, begin = request.path_params["locator"].partition("-")
        walk = self._walks.get(locator)
        lost = walk is None or walk.way != way or walk.session != self._crm.token_of(request)
        if walk is None or lost or not begin.isdecimal() or int(begin) >= len(walk.rows):
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(walk, locator, int(begin), len(walk.rows))

    def _page(self, walk: _Walk, locator: str, begin: int, total: int) -> Json:
        rows, end = walk.rows[begin : begin + walk.size], begin + walk.size
        page: Json = {"totalSize": total, "done": end >= len(walk.rows), "records": rows}
        if not page["done"]:
            page["nextRecordsUrl"] = f"/services/data/v{self._crm.version}/{walk.way}/{locator}-{end}"
        return page

    def _rows(self, query: Query, *, deleted: bool) -> tuple[list[Json], int]:
        kind = self._crm.records.kind(query.source)
        for name in (*query.fields, *query.used):
            _see(self._crm, kind, name)
        rows: list[Json] = []
        for row in self._sorted(kind, query.order):
            # Deleted rows leave `query`, and so do archived activities.
            if not deleted and (row.get("IsDeleted") or row.get("IsArchived")):
                continue
            joined = [name for name in query.used if "." in name]
            whole = {**row, **{name: self._joined(kind, row, name) for name in joined}} if joined else row
            if query.where is None or query.where(whole):
                rows.append(whole)
                if len(rows) == query.limit:
                    break
        if query.counts:
            return [], len(rows)
        return [self._selected(kind, row, query.fields) for row in rows], len(rows)

    def _sorted(self, kind: SObject, order: Order) -> list[Json]:
        """All rows that the bin still has, in order. Pages that follow each other soon share one walk."""
        table, now = self._crm.store.table(kind.name), self._crm.clock.now()
        versions = table.select("all", lambda _: True, lambda _: 0)
        kept, wanted = self._orders.get(kind.name), (order, tuple(kind.seen))
        if kept and kept.versions is versions and kept.wanted == wanted and kept.at <= now < kept.end:
            return kept.rows
        emptied = now - timedelta(days=_LOG_DAYS)
        there = [one for one in versions if one.archived is None or one.archived >= emptied]
        rows = [self._crm.records.row(kind, one) for one in there]
        for name, descending in reversed(order):
            rows.sort(key=lambda row, name=name: (row.get(name) is not None, row.get(name) or ""), reverse=descending)  # type: ignore[misc]
        self._orders[kind.name] = _Sorted(versions, wanted, now, now + _SHARED, rows)
        return rows

    def _selected(self, kind: SObject, row: Json, fields: tuple[str, ...]) -> Json:
        path = f"/services/data/v{self._crm.version}/sobjects/{kind.name}/{row['Id']}"
        selected: Json = {"attributes": {"type": kind.name, "url": path}}
        names = {name.lower(): name for name in kind.fields}
        for name in fields:
            if "." not in name:
                selected[names[name.lower()]] = row[names[name.lower()]]
                continue
            relation, _, last = name.partition(".")
            reference = row.get(f"{relation}Id")
            if reference is None:
                selected.setdefault(relation, None)
            else:
                selected.setdefault(relation, {})[last] = self._joined(kind, row, name)
        return selected

    def _joined(self, kind: SObject, row: Json, name: str) -> Any:
        relation, _, last = name.partition(".")
        other = kind.fields[f"{relation}Id"].refers_to or ""
        version = self._crm.store.table(other).get(str(row.get(f"{relation}Id")))
        return None if version is None else self._crm.records.row(self._crm.objects[other], version).get(last)

    # --- logs

    def deleted(self, request: Request) -> Json:
        """The ids that were deleted in a span of time."""
        kind, start, end = self._span(request)
        gone = [
            {"id": version.id, "deletedDate": time_text(version.archived)}
            for version in self._crm.store.table(kind.name).all()
            if version.archived is not None and start <= version.archived < end
        ]
        gone += [
            {"id": key, "deletedDate": time_text(at)}
            for table, key, at in self._crm.purged
            if table == kind.name and start <= at < end
        ]
        earliest = self._crm.clock.now() - timedelta(days=_LOG_DAYS)
        return {
            "deletedRecords": gone, "earliestDateAvailable": time_text(earliest), "latestDateCovered": time_text(end),
        }  # fmt: skip

    def updated(self, request: Request) -> Json:
        """The ids that changed in a span of time."""
        kind, start, end = self._span(request)
        ids = [
            version.id
            for version in self._crm.store.table(kind.name).all()
            if version.archived is None and start <= version.modified < end
        ]
        return {"ids": ids, "latestDateCovered": time_text(end)}

    def _span(self, request: Request) -> tuple[SObject, datetime, datetime]:
        kind = self._crm.records.kind(request.path_params["sobject"])
        try:
            start, end = (parse_time(request.query_params[name].replace(" ", "+")) for name in ("start", "end"))
        except (KeyError, ValueError):
            raise Refused("INVALID_PARAMETER", "start and end are times") from None
        now = self._crm.clock.now()
        if start < now - timedelta(days=_LOG_DAYS):
            raise Refused("INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
        if end <= start:
            raise Refused("INVALID_REPLICATION_DATE", "endDate must be after startDate")
        return kind, start, min(end, now)


def _see(crm: SalesforceStandIn, kind: SObject, name: str) -> None:
    """One field that the login does not see fails the whole query."""
    relation, dot, last = name.partition(".")
    seen = {one.lower() for one in kind.seen}
    if dot:
        reference = kind.seen.get(f"{relation}Id")
        other = crm.objects.get(reference.refers_to or "") if reference else None
        if other is not None and last in other.seen:
            return
    elif name.lower() in seen:
        return
    raise Refused("INVALID_FIELD", f"No such column '{name}' on entity '{kind.name}'.", (name,))


def _size(request: Request) -> int:
    match = _BATCH.search(request.headers.get("Sforce-Query-Options", ""))
    return min(MOST_ROWS, max(LEAST_ROWS, int(match[1]))) if match else MOST_ROWS
