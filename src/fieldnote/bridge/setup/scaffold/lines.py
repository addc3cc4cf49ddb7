"""Small parts of the file's text: comments, samples, quoted words, countries. Pure."""

from __future__ import annotations

import json
from typing import Final

from fieldnote.bridge.setup.scaffold.evidence import shapes
from fieldnote.bridge.setup.scaffold.query import Place
from fieldnote.crm.sql.survey import SurveyColumn

_COUNTRIES: Final = {
    "Europe/Berlin": "DE",
    "Europe/Vienna": "AT",
    "Europe/Zurich": "CH",
    "Europe/London": "GB",
    "Europe/Paris": "FR",
    "Europe/Madrid": "ES",
    "Europe/Rome": "IT",
    "Europe/Amsterdam": "NL",
    "Europe/Brussels": "BE",
    "Europe/Dublin": "IE",
    "Europe/Lisbon": "PT",
    "Europe/Copenhagen": "DK",
    "Europe/Stockholm": "SE",
    "Europe/Oslo": "NO",
    "Europe/Warsaw": "PL",
    "America/Toronto": "CA",
    "America/Vancouver": "CA",
    "America/Edmonton": "CA",
    "America/Winnipeg": "CA",
    "America/Halifax": "CA",
    "Australia/Sydney": "AU",
    "Australia/Melbourne": "AU",
    "Australia/Brisbane": "AU",
    "Australia/Perth": "AU",
    "Australia/Adelaide": "AU",
    "Pacific/Auckland": "NZ",
    "America/Mexico_City": "MX",
    "America/Sao_Paulo": "BR",
}
"""The country of a zone. All others are taken for the United States, and the file says so."""


def country_of(zone: str) -> str:
    """The country of numbers and addresses that do not name theirs."""
    return _COUNTRIES.get(zone, "US")


def sample(column: SurveyColumn) -> str:
    """A value to recognize the column by, as a comment. Times and numbers only."""
    return (
        f"        # {column.name}, such as {column.shown}" if column.shown is not None else f"        # {column.name}"
    )


def word(text: str) -> str:
    """A word of the CRM's in the file."""
    return json.dumps(text, ensure_ascii=False)


def amount(name: str, place: Place) -> str:
    """An amount in the map: a number, or a text such as `$12,500.00`."""
    return f"money({name})" if shapes.is_written_money(place.column) and not _is_number(place) else name


def _is_number(place: Place) -> bool:
    return place.column.family.name in {"INTEGER", "NUMBER"}


def listed(names: list[str], most: int = 12) -> str:
    """Some of many, and how many more there are."""
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
