"""Times as text: `1:02:03.5`, `12.5s`, `PT1M2.5S`, `2026-02-15T14:00:00Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

CLOCK = r"(?:\d{1,4}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,30})?"
_CLOCK = re.compile(CLOCK)
_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,30})?(?:e-?\d{1,2})?)\s?(ms|s|sec|secs|seconds)?", re.IGNORECASE)
_ISO_DURATION = re.compile(
    r"P(?:(?P<d>\d{1,4})D)?(?:T(?:(?P<h>\d{1,6})H)?(?:(?P<m>\d{1,6})M)?(?:(?P<s>\d{1,9}(?:[.,]\d{1,30})?)S)?)?"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def seconds(clock: str) -> float:
    """Return `1:02:03.5` or `02:03` as seconds."""
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def parse_time(text: str) -> tuple[float, bool] | None:
    """Return the time and whether its unit is certain; None if the text is no time.

    A bare number has no certain unit. A date is returned as seconds since 1970.
    """
    text = text.strip()
    if match := _NUMBER.fullmatch(text):
        value, unit = float(match[1]), (match[2] or "").lower()
        return (value / 1000 if unit == "ms" else value), bool(unit)
    if _CLOCK.fullmatch(text):
        return seconds(text), True
    if (match := _ISO_DURATION.fullmatch(text)) and len(text) > 2:
        days, hours, minutes = (int(match[part] or 0) for part in "dhm")
        return ((days * 24 + hours) * 60 + minutes) * 60 + float((match["s"] or "0").replace(",", ".")), True
    if _DATE.match(text):
        return _date(text)
    return None


def _date(text: str) -> tuple[float, bool] | None:
    # datetime reads six digits of a second; Microsoft writes seven.
    text = re.sub(r"(\.\d{6})\d+", r"\1", text[:40])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), True
