"""Lists by page and feeds by token."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import JSONResponse

from fieldnote.sandbox.app import fault_of
from fieldnote.sandbox.clock import parse_time
from fieldnote.sandbox.faults import FaultKind
from fieldnote.sandbox.paging import numbered, sealed, unsealed
from fieldnote.sandbox.servicetitan.shapes import ESTIMATE_STATUSES, EXPORTS, Json, Listing
from fieldnote.sandbox.store import Version

if TYPE_CHECKING:
    from fieldnote.sandbox.servicetitan import ServiceTitanStandIn

MOST_IDS = 50
MOST_ROWS = 5000
EXPORT_ROWS = 1000
_PAGE = {"page", "pageSize", "includeTotal"}
_TIMES = {
    "modifiedOnOrAfter": ("modified", 1), "modifiedBefore": ("modified", -1),
    "createdOnOrAfter": ("created", 1), "createdBefore": ("created", -1),
}  # fmt: skip
_SORTS: dict[str, Callable[[Version], Any]] = {
    "Id": lambda version: int(version.id),
    "ModifiedOn": lambda version: (version.modified, int(version.id)),
    "CreatedOn": lambda version: (version.created, int(version.id)),
}

Test = Callable[[Version], bool]


class BadRequest(ValueError):
    """A parameter or a body that the API refuses. The text is its title."""


def problem(title: str, status: int = 400) -> JSONResponse:
    """An error as the API words it."""
    return JSONResponse({"type": "about:blank", "title": title, "status": status, "errors": {}}, status_code=status)


def list_page(crm: ServiceTitanStandIn, request: Request, path: str, listing: Listing, owner: Test | None) -> Json:
    """One page of a list."""
    given = {name: text for name, text in request.query_params.items() if text != ""}
    page = _whole(given, "page", 1, 1, 2**31 - 1)
    size = _whole(given, "pageSize", 50, 1, MOST_ROWS)
    tests = [test for name, text in given.items() if (test := _test(crm, path, listing, name, text))]
    if listing.has_active:
        tests.append(_active(given.get("active", "True")))
    if owner is not None:
        tests.append(owner)
    order, descending = _order(listing, given.get("sort"))
    query = (path, *sorted((name, text) for name, text in given.items() if name not in _PAGE))
    found = crm.store.table(listing.table).select(
        (*query, request.url.path), lambda version: all(test(version) for test in tests), order, descending=descending
    )
    if fault_of(request) is FaultKind.EMPTY:
        found = []
    part = numbered(found, page, size)
    show = crm.older_assignment if path == "dispatch/appointment-assignments" and crm.older else listing.show
    return {
        "page": page,
        "pageSize": size,
        "hasMore": part.more,
        "totalCount": part.total if given.get("includeTotal", "").lower() == "true" else None,
        "data": [show(version) for version in part.items],
    }


def export_part(crm: ServiceTitanStandIn, request: Request, path: str) -> Json:
    """The changes since a token or a date. The position is the number of a commit, so that none lies under it."""
    table, show, has_active = EXPORTS[path]
    given = request.query_params
    older = crm.older and table == "assignments"
    if older:
        show = crm.older_assignment
    after, since = _position(given.get("from"))
    tests: list[Test] = [lambda version: version.sequence > after]
    if since is not None:
        tests.append(lambda version: version.modified >= since)
    if has_active:
        # Appointments come whatever they are; assignments only while they are active, unless asked otherwise.
        unless_said = "True" if table == "assignments" else "Any"
        # That a server of the older document passes over `active` here is an assumption.
        tests.append(_active("True" if older else given.get("active") or unless_said))
    elif given.get("active"):
        raise BadRequest("active is not a parameter of this export")
    found = crm.store.table(table).select(
        ("export", path, given.get("from"), given.get("active")),
        lambda version: all(test(version) for test in tests),
        lambda version: version.sequence,
    )
    if fault_of(request) is FaultKind.EMPTY:
        found = []
    part = found[: crm.export_rows]
    reached = part[-1].sequence if part else after
    more = len(found) > len(part)
    return {"hasMore": more, "continueFrom": sealed(["st", reached]), "data": [show(version) for version in part]}


def _position(text: str | None) -> tuple[int, datetime | None]:
    if not text:
        return 0, None
    try:
        kind, reached = unsealed(text)
        if kind == "st":
            return int(reached), None
    except (ValueError, TypeError):
        pass
    return 0, _time("from", text)


def _test(crm: ServiceTitanStandIn, path: str, listing: Listing, name: str, text: str) -> Test | None:
    if name in _PAGE or (name == "sort" and listing.has_sort) or (name == "active" and listing.has_active):
        return None
    if name in _TIMES and listing.has_times:
        which, way = _TIMES[name]
        if path == "dispatch/appointment-assignments" and crm.older:
            return (
                None  # the document of December 2024 does not know it, and a server passes over what it does not know
            )
        bound = _time(name, text)
        if way > 0:
            return lambda version: getattr(version, which) >= bound
        return lambda version: getattr(version, which) < bound
    if name == "ids" and listing.has_ids:
        ids = {str(number) for number in _numbers(name, text)}
        return lambda version: version.id in ids
    return _special(crm, listing, name, text) or _field(listing, name, text)


def _special(crm: ServiceTitanStandIn, listing: Listing, name: str, text: str) -> Test | None:
    """Parameters that look further than at one field."""
    table = listing.table
    match table, name:
        case "assignments", "appointmentIds":
            wanted = set(_numbers(name, text))
            return lambda version: version.values["appointmentId"] in wanted
        case "customer_contacts", "customerIds":
            customers = set(_numbers(name, text))
            return lambda version: version.values["customerId"] in customers
        case "estimates", "status":
            if text not in ESTIMATE_STATUSES:
                raise BadRequest(f"status '{text}' is not valid")
            return lambda version: version.values["status"]["name"] == text
        case "appointments" | "jobs", "technicianId":
            field = "appointmentId" if table == "appointments" else "jobId"
            technician = _numbers(name, text)[0]
            there = {
                str(version.values[field])
                for version in crm.store.table("assignments").by("technicianId", technician)
                if version.archived is None
            }
            return lambda version: version.id in there
        case _:
            return None


def _field(listing: Listing, name: str, text: str) -> Test:
    if equal := listing.field_of(name):
        if equal.endswith("Id"):
            number = _numbers(name, text)[0]
            return lambda version: bool(version.values[equal] == number)
        return lambda version: str(version.values[equal]).lower() == text.lower()
    if begun := (listing.begins or {}).get(name):
        begin = _time(name, text)
        return lambda version: bool(version.values[begun]) and parse_time(version.values[begun]) >= begin
    if ended := (listing.ends or {}).get(name):
        end = _time(name, text)
        return lambda version: bool(version.values[ended]) and parse_time(version.values[ended]) < end
    raise BadRequest(f"the stand-in does not know the parameter '{name}' of this list")


def _active(text: str) -> Test:
    match text.lower():
        case "true":
            return lambda version: version.archived is None
        case "false":
            return lambda version: version.archived is not None
        case "any":
            return lambda version: True
        case _:
            raise BadRequest(f"active '{text}' is not valid: True, Any, False")


def _order(listing: Listing, text: str | None) -> tuple[Callable[[Version], Any], bool]:
    if text is None or not listing.has_sort:
        return _SORTS["Id"], False
    # A plus sign that was not escaped arrives as a blank.
    sign, name = (text[0], text[1:]) if text[:1] in {"+", "-", " "} else ("+", text)
    if name not in _SORTS:
        raise BadRequest(f"sort '{text}' is not valid")
    return _SORTS[name], sign == "-"


def _whole(given: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, str(default))
    try:
        number = int(text)
    except ValueError:
        raise BadRequest(f"{name} '{text}' is not valid") from None
    if not least <= number <= most:
        raise BadRequest(f"{name} '{text}' is not valid")
    return number


def _numbers(name: str, text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise BadRequest(f"{name} '{text}' is not valid") from None
    if len(numbers) > MOST_IDS:
        raise BadRequest(f"{name} takes {MOST_IDS} ids at most")
    return numbers


def _time(name: str, text: str) -> datetime:
    try:
        return parse_time(text.replace(" ", "+"))
    except ValueError:
        raise BadRequest(f"{name} '{text}' is not valid") from None


def required_contacts_filter(names: Iterable[str]) -> None:
    """The list of all customers' contacts wants a bound of time."""
    if not {"modifiedBefore", "modifiedOnOrAfter"} & set(names):
        raise BadRequest("modifiedBefore or modifiedOnOrAfter is required")
