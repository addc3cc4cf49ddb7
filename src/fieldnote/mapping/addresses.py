"""A postal address written on one line, taken apart where its commas and its postal code leave no doubt.

Read is `street, city, state zip`, as people in the United States, Canada and the United Kingdom write it, with
units after the street and a country behind it. The postal code and the state say which country it is. All else
is unclear: a statistical parser would answer, too, where it can only guess.
"""

from __future__ import annotations

import re
from functools import cache

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
    """What a state may be called, in lower case, and its code."""
    names = {name.casefold(): code for table in codes for code, name in table.items()}
    return names | {code.casefold(): code for table in codes for code in table}


_STATES = {
    "US": _by_name(_US),
    "CA": _by_name(_CANADA) | {"québec": "QC"},
    "GB": {county.casefold(): county for county in _COUNTIES},
}
_ZIPS = {
    "US": r"\d{5}(?:-\d{4})?",
    "CA": r"[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
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
"""Characters; what is longer is no address alone."""
_UNCLEAR = "is not clear as an address on one line (street, city, state zip)"


def address_parts(text: str) -> dict[str, str]:
    """`street`, `city`, `state`, `zip`, `country`: those that the text has, states and countries by their codes.

    Raises UnclearError where it cannot be taken apart with certainty.
    """
    if len(text) > _LONGEST:
        raise UnclearError(_UNCLEAR)
    line, country = _without_country(re.sub(r"\s*[\n;]+\s*", ", ", text.strip()))
    for candidate in (country,) if country else ("US", "CA", "GB"):
        if match := _end(candidate).fullmatch(line):
            street, city = _street_and_city(match["front"])
            found = {"street": street, "city": city, **_state_and_zip(match, candidate), "country": candidate}
            return {name: value for name, value in found.items() if value}
    raise UnclearError(_UNCLEAR)


def _without_country(line: str) -> tuple[str, str | None]:
    plain = re.sub(r"\b([A-Z])\.(?:([A-Z])\.)(?:([A-Z])\.?)?$", r"\1\2\3", line).rstrip(" ,.")
    if match := _COUNTRY.search(plain):
        return plain[: match.start()].rstrip(" ,."), _COUNTRIES[match[1].casefold()]
    return plain, None


@cache
def _end(country: str) -> re.Pattern[str]:
    """What an address of this country ends in. Without a postal code, a state must say that it is of this country."""
    states = "|".join(map(re.escape, sorted(_STATES[country], key=len, reverse=True)))
    code = _ZIPS[country]
    gap = r"[\s,]+"
    if country == "GB":  # no state is needed there, and the code may stand by itself
        end = rf"(?:,\s*(?P<state>{states}))?{gap}(?P<zip>{code})"
    else:
        end = rf"{gap}(?P<state>{states})\.?(?:{gap}(?P<zip>{code}))?"
    return re.compile(rf"(?P<front>.+?){end}", re.IGNORECASE)


def _state_and_zip(match: re.Match[str], country: str) -> dict[str, str | None]:
    state, code = match["state"], match["zip"]
    if code and country != "US":
        code = f"{code[:-3].strip()} {code[-3:]}".upper()
    return {"state": _STATES[country][state.casefold()] if state else None, "zip": code}


def _street_and_city(front: str) -> tuple[str, str]:
    """What stands before the state: the street, any units of it, the city. Each has its comma."""
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
