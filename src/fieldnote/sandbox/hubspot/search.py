"""HubSpot's search: some seconds late, without archived records, and with an end at 10,000."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fieldnote.sandbox.clock import parse_time
from fieldnote.sandbox.hubspot.properties import Invalid, Json, ObjectType
from fieldnote.sandbox.paging import from_offset
from fieldnote.sandbox.store import Version

if TYPE_CHECKING:
    from fieldnote.sandbox.hubspot import HubSpotStandIn

CAP, MOST, GROUPS, FILTERS_OF_GROUP, FILTERS, SORTS = 10_000, 200, 5, 10, 25, 1

Test = Callable[[Version], bool]


def search(crm: HubSpotStandIn, kind: ObjectType, body: Any) -> Json:
    """One page of what a search finds."""
    if not isinstance(body, dict):
        raise Invalid("Invalid input JSON")
    limit, after = _whole(body, "limit", 10), _whole(body, "after", 0)
    if not 0 < limit <= MOST:
        raise Invalid(f"limit must be between 1 and {MOST}")
    if after + limit > CAP and after >= CAP - limit + 1:
        raise Invalid(f"paging through results is limited to {CAP} results")
    behind, filters = _behind(body)
    groups = _groups(crm, kind, {"filterGroups": filters})
    words = str(body.get("query") or "").lower().split()
    order, descending = _order(crm, kind, body)

    def fits(version: Version) -> bool:
        if version.archived is not None:
            return False
        if groups and not any(all(test(version) for test in tests) for tests in groups):
            return False
        values = [str(value).lower() for value in version.values.values() if value]
        return all(any(word in value for value in values) for word in words)

    question = repr((filters, body.get("sorts"), body.get("query")))
    found = crm.store.table(kind.name).select(
        ("search", question), fits, order, descending=descending, delay=crm.search_delay
    )
    if behind is not None:
        found = found[bisect_right(found, behind, key=lambda version: int(version.id)) :]
    part = from_offset(found, after, limit)
    names = [str(name) for name in body.get("properties") or ()]
    results = [crm.objects.shown(kind, version, names) for version in part.items]
    answer: Json = {"total": len(found), "results": results}
    if part.more:
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _behind(body: Json) -> tuple[int | None, Any]:
    """The id that a walk in the order of ids goes on behind, and the filters without it.

    Each page of such a walk asks the same question but for the id, so that the store need not walk all records again.
    """
    groups = body.get("filterGroups")
    if body.get("sorts") != ["hs_object_id"] or not isinstance(groups, list) or len(groups) != 1:
        return None, groups
    filters = groups[0].get("filters") if isinstance(groups[0], dict) else None
    if not isinstance(filters, list) or not all(isinstance(one, dict) for one in filters):
        return None, groups
    keys = [one for one in filters if one.get("propertyName") == "hs_object_id" and one.get("operator") == "GT"]
    if len(keys) != 1 or not str(keys[0].get("value")).isdecimal() or len(filters) > FILTERS_OF_GROUP:
        return None, groups
    return int(str(keys[0]["value"])), [{"filters": [one for one in filters if one is not keys[0]]}]


def _whole(body: Json, name: str, default: int) -> int:
    value = body.get(name)
    if value is None or value == "":
        return default
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise Invalid(f"{name} is not a number") from None
    if number < 0 or isinstance(value, bool):
        raise Invalid(f"{name} is not valid")
    return number


def _groups(crm: HubSpotStandIn, kind: ObjectType, body: Json) -> list[list[Test]]:
    given = body.get("filterGroups") or []
    if not isinstance(given, list) or not all(isinstance(group, dict) for group in given):
        raise Invalid("filterGroups is not valid")
    filters = [group.get("filters") or [] for group in given]
    if not all(isinstance(group, list) for group in filters):
        raise Invalid("filters is not valid")
    if len(filters) > GROUPS or any(len(group) > FILTERS_OF_GROUP for group in filters):
        raise Invalid(f"a search takes {GROUPS} filterGroups with {FILTERS_OF_GROUP} filters each")
    if sum(map(len, filters)) > FILTERS:
        raise Invalid(f"a search takes {FILTERS} filters")
    return [[_test(crm, kind, one) for one in group] for group in filters]


def _test(crm: HubSpotStandIn, kind: ObjectType, given: Any) -> Test:
    if not isinstance(given, dict):
        raise Invalid("a filter is not valid")
    name, operator = str(given.get("propertyName")), given.get("operator")
    if name not in kind.properties and name not in _ODD_CURSORS:
        raise Invalid(f"There was a problem with the request: property {name} does not exist")
    comparable = _comparable(kind, name)

    def value_of(version: Version) -> Any:
        text = crm.objects.properties(kind, version).get(name)
        return None if text is None else comparable(text)

    def bound(key: str) -> Any:
        if given.get(key) is None:
            raise Invalid(f"filter on {name}: {key} is required")
        try:
            return comparable(str(given[key]))
        except (ValueError, OverflowError, OSError):
            raise Invalid(f"filter on {name}: {given[key]} is not valid") from None

    match operator:
        case "HAS_PROPERTY":
            return lambda version: value_of(version) is not None
        case "NOT_HAS_PROPERTY":
            return lambda version: value_of(version) is None
        case "IN" | "NOT_IN":
            values = given.get("values")
            if not isinstance(values, list) or not values:
                raise Invalid(f"filter on {name}: values is required")
            wanted = {comparable(str(value)) for value in values}
            return lambda version: (value_of(version) in wanted) is (operator == "IN")
        case "BETWEEN":
            low, high = bound("value"), bound("highValue")
            return lambda version: (value := value_of(version)) is not None and low <= value <= high
        case "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN":
            word = str(bound("value")).lower().strip("*")
            pattern = re.compile(rf"\b{re.escape(word)}")
            found = operator == "CONTAINS_TOKEN"
            return lambda version: bool(pattern.search(str(value_of(version) or "").lower())) is found
        case str() if operator in _COMPARISONS:
            compare, right = _COMPARISONS[operator], bound("value")
            return lambda version: (value := value_of(version)) is not None and compare(value, right)
        case _:
            raise Invalid(f"filter on {name}: the operator {operator} is not valid")


_ODD_CURSORS = {"hs_lastmodifieddate", "lastmodifieddate"}
"""Both may be asked for of every type, and the wrong one is null in all records: nothing is found."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda left, right: left == right,
    "NEQ": lambda left, right: left != right,
    "LT": lambda left, right: left < right,
    "LTE": lambda left, right: left <= right,
    "GT": lambda left, right: left > right,
    "GTE": lambda left, right: left >= right,
}


def _comparable(kind: ObjectType, name: str) -> Callable[[str], Any]:
    match kind.properties[name].type if name in kind.properties else "datetime":
        case "number":
            return float
        case "datetime":
            return lambda text: (
                datetime.fromtimestamp(int(text) / 1000, UTC) if text.lstrip("-").isdecimal() else parse_time(text)
            )
        case _:
            return str


def _order(crm: HubSpotStandIn, kind: ObjectType, body: Json) -> tuple[Callable[[Version], Any], bool]:
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list) or len(sorts) > SORTS:
        raise Invalid(f"a search takes {SORTS} sort")
    if not sorts:
        return lambda version: (version.created, int(version.id)), False
    first = sorts[0]
    name, direction = (first, "") if isinstance(first, str) else (first.get("propertyName"), first.get("direction"))
    name, descending = str(name), direction == "DESCENDING"
    if isinstance(first, str) and name.startswith("-"):
        name, descending = name[1:], True
    if name not in kind.properties:
        raise Invalid(f"sort: property {name} does not exist")
    comparable = _comparable(kind, name)

    def order(version: Version) -> Any:
        text = crm.objects.properties(kind, version).get(name)
        # Ties stay in the order of the index, which says nothing about ids.
        return (text is not None, comparable(text) if text is not None else 0, version.sequence)

    return order, descending
