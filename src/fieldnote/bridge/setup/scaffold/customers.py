"""A customer inside an appointment or a deal: name, telephone, address, coordinates. Pure but for the look."""

from __future__ import annotations

from collections.abc import Iterator

from fieldnote.bridge.setup.scaffold.draft import Scaffold
from fieldnote.bridge.setup.scaffold.evidence import meanings
from fieldnote.bridge.setup.scaffold.evidence.words import words
from fieldnote.bridge.setup.scaffold.lines import country_of
from fieldnote.bridge.setup.scaffold.query import Entity, Place


def account(scaffold: Scaffold, customer: Entity, why: str, *, whole: bool) -> Iterator[str]:
    """A customer inside another record."""
    query = customer.query
    yield f"      account:                      # {why}"
    yield f"        externalId: {query.add(customer.at(customer.key), 'customer_id')}"
    name = customer.full_name()
    if name is not None:
        yield f"        name: {query.add(name, 'customer_name')}"
    if not whole:
        return
    country = country_of(scaffold.zone)
    phones = [
        f"\"phone({query.add(customer.expr(place), 'phone')}, '{country}')\""
        for place in [customer.find("phone")]
        if place is not None
    ]
    if phones:
        yield f"        phoneNumbers: [{', '.join(phones)}]"
    yield from _address(customer, country)
    latitude, longitude = customer.find("latitude"), customer.find("longitude")
    if latitude is not None and longitude is not None:
        zero = not latitude.column.values or any(_number(value) == 0 for value in latitude.column.values)
        for meaning, place in (("latitude", latitude), ("longitude", longitude)):
            expression = customer.expr(place)
            yield f"        {meaning}: {query.add(f'nullif({expression}, 0)' if zero else expression, meaning)}"


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 1


def _address(customer: Entity, country: str) -> Iterator[str]:
    best: dict[str, Place] = {}
    for group in _groups(customer):
        if {"street", "city"} <= group.keys() and len(group) > len(best):
            best = group
    if not {"state", "zip"} <= best.keys():
        if best:
            missing = " and ".join(part for part in ("state", "zip") if part not in best)
            yield f"        # addresses: …   Siro takes only whole ones, and no column was found for {missing}"
        return
    parts = [
        f"{part}: {customer.query.add(customer.expr(best[part]), part)}"
        for part in ("street", "city", "state", "zip", "country")
        if part in best
    ]
    yield "        addresses:"
    yield f"          - {{{', '.join(parts)}, default: {{country: {country}}}}}"


def _groups(customer: Entity) -> Iterator[dict[str, Place]]:
    """The parts of each address that the table has: of `billing_…` columns, of `shipping_…` ones, and of the others."""
    kinds = (
        "",
        "billing",
        "bill",
        "mailing",
        "primary",
        "shipping",
        "home",
        "property",
        "service",
        "site",
        "rechnung",
        "liefer",
    )
    for table in customer.tables:
        for kind in kinds:
            among = [
                c for c in table.columns if (kind in words(c.name) if kind else not set(words(c.name)) & set(kinds[1:]))
            ]
            group: dict[str, Place] = {}
            for part in ("street", "city", "state", "zip", "country"):
                found = meanings.ranked(table, part, among)
                if found and found[0][1] not in {place.column for place in group.values()}:
                    group[part] = Place(table, found[0][1])
            codes = [c for c in among if words(c.name)[-1:] == ("code",) and "country" not in words(c.name)]
            if "zip" not in group and kind and codes:
                group["zip"] = Place(table, codes[0])
            yield group
