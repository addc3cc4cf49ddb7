"""A postal address written on one line, taken apart where its commas and its postal code leave no doubt.

Read is `street, city, state zip`, as people in the United States, Canada and the United Kingdom write it, with
units after the street and a country behind it. The postal code and the state say which country it is. All else
is unclear: a statistical parser would answer, too, where it can only guess.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fieldnote.mapping.unclear import UnclearError

_US = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas",
    "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan",
    "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
    "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
    "PR": "Puerto Rico", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee",
    "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "VI": "Virgin Islands", "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_CANADA = {
    "AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick",
    "NL": "Newfoundland and Labrador", "NS": "Nova Scotia", "NT": "Northwest Territories", "NU": "Nunavut",
    "ON": "Ontario", "PE": "Prince Edward Island", "QC": "Quebec", "SK": "Saskatchewan", "YT": "Yukon",
}  # fmt: skip
_COUNTIES = (
    "England", "Scotland", "Wales", "Northern Ireland", "Bedfordshire", "Berkshire", "Buckinghamshire",
    "Cambridgeshire", "Cheshire", "Cornwall", "Cumbria", "Derbyshire", "Devon", "Dorset", "County Durham",
    "East Sussex", "East Riding of Yorkshire", "Essex", "Gloucestershire", "Greater London",
    "Greater Manchester", "Hampshire", "Herefordshire", "Hertfordshire", "Isle of Wight", "Kent", "Lancashire",
    "Leicestershire", "Lincolnshire", "Merseyside", "Middlesex", "Norfolk", "Northamptonshire",
    "Northumberland", "North Yorkshire", "Nottinghamshire", "Oxfordshire", "Rutland", "Shropshire", "Somerset",
    "South Yorkshire", "Staffordshire", "Suffolk", "Surrey", "Tyne and Wear", "Warwickshire", "West Midlands",
    "West Sussex", "West Yorkshire", "Wiltshire", "Worcestershire", "Clwyd", "Dyfed", "Gwent", "Gwynedd",
    "Mid Glamorgan", "Powys", "South Glamorgan", "West Glamorgan", "County Antrim", "County Armagh",
    "County Down", "County Fermanagh", "County Londonderry", "County Tyrone",
)  # fmt: skip


def _by_name(*codes: dict[str, str]) -> dict[str, str]:
    """The names of a state, in lower case, and its code."""
    names = {name.casefold(): code for table in codes for code, name in table.items()}
    return names | {code.casefold(): code for table in codes for code in table}


_STATES = {
    "US": _by_name(_US),
    "CA": _by_name(_CANADA) | {"québec": "QC"},
    "GB": {county.casefold(): county for county in _COUNTIES},
}
_ZIPS = {
    "US": re.compile(r"[ ,]+(\d{5}(?:-\d{4})?)$"),
    "CA": re.compile(r"[ ,]+([ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d)$", re.IGNORECASE),
    "GB": re.compile(r"[ ,]+([A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$", re.IGNORECASE),
}
_COUNTRIES = {
    "us": "US", "usa": "US", "united states": "US", "united states of america": "US", "canada": "CA",
    "uk": "GB", "gb": "GB", "united kingdom": "GB", "great britain": "GB",
}  # fmt: skip
_COUNTRY = re.compile(rf"(?:^|[\s,])({'|'.join(sorted(_COUNTRIES, key=len, reverse=True))})$", re.IGNORECASE)
_HOUSE = re.compile(r"(?:\S*\d|(?:p\.? ?o\.? |post office )box\b)", re.IGNORECASE)
"""How the line of the street begins: with a number (12, 12B, N6W23001), or as a box at the post office."""
_UNIT = re.compile(
    r"(?:#|(?:apt|apartment|bldg|building|dept|fl|flat|floor|lot|penthouse|ph|rm|room|spc|space|ste|suite|trlr|"
    r"trailer|unit)\b)",
    re.IGNORECASE,
)
_LONGEST = 300
"""Characters; a longer text is more than an address."""
_LONGEST_STATE = 4
"""Words."""
_BREAK = re.compile(r"\s*[\n;,]\s*")
_UNCLEAR = "is not clear as an address on one line (street, city, state zip)"


def address_parts(text: str) -> dict[str, str]:
    """`street`, `city`, `state`, `zip`, `country`: those that the text has, states and countries by their codes.

    Raises UnclearError where it cannot be taken apart with certainty.
    """
    if len(text) > _LONGEST:
        raise UnclearError(_UNCLEAR)
    line, country = _without_country(" ".join(_BREAK.sub(", ", text).split()))
    for candidate in (country,) if country else ("US", "CA", "GB"):
        if (end := _end(line, candidate)) is not None:
            street, city = _street_and_city(end.front)
            found = {"street": street, "city": city, "state": end.state, "zip": end.zip, "country": candidate}
            return {name: value for name, value in found.items() if value}
    raise UnclearError(_UNCLEAR)


def _without_country(line: str) -> tuple[str, str | None]:
    plain = re.sub(r"\b([A-Z])\.(?:([A-Z])\.)(?:([A-Z])\.?)?$", r"\1\2\3", line).rstrip(" ,.")
    if match := _COUNTRY.search(plain):
        return plain[: match.start()].rstrip(" ,."), _COUNTRIES[match[1].casefold()]
    return plain, None


class _End(NamedTuple):
    """The end of an address, behind street and city."""

    front: str
    state: str | None
    zip: str | None


def _end(line: str, country: str) -> _End | None:
    """None where it is not of this country: without a postal code, a state must say so."""
    match = _ZIPS[country].search(line)
    front, code = (line[: match.start()], match[1].upper()) if match else (line, None)
    if code and country != "US":
        code = f"{code[:-3].strip()} {code[-3:]}"
    words = front.rstrip(".").split(" ")
    for count in range(min(_LONGEST_STATE, len(words) - 1), 0, -1):
        state = _STATES[country].get(" ".join(words[-count:]).casefold())
        before = " ".join(words[:-count])
        # A British county is also a part of many towns' names: it must have its comma.
        if state and (country != "GB" or (code and before.endswith(","))):
            return _End(before, state, code)
    # In Britain no state is needed.
    return _End(front, None, code) if country == "GB" and code else None


def _street_and_city(front: str) -> tuple[str, str]:
    """The part before the state: the street, any units of it, the city. Each has its comma."""
    parts = [part for item in front.split(",") if (part := " ".join(item.split()))]
    if len(parts) < 2:
        raise UnclearError(_UNCLEAR)
    *street, city = parts
    lines = street[1:] if _UNIT.match(street[0]) and len(street) > 1 else street
    others = [part for part in street if part is not lines[0]]
    if not _HOUSE.match(lines[0]) or not all(map(_UNIT.match, others)):
        raise UnclearError(_UNCLEAR)
    if any(character.isdigit() for character in city) or _UNIT.match(city):
        raise UnclearError(_UNCLEAR)
    return ", ".join(street), city
