"""Value types of the file: durations, shares, zones, addresses, and secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema, model_validator


class Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _an_empty_key_is_absent(cls, value: object) -> object:
        """`push:` with nothing below it says the same as no `push` at all."""
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])", re.IGNORECASE
)


def _duration(value: object) -> object:
    """`10 minutes`, `2m`, `1h 30m`; a number alone says no unit."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    if not text or _DURATION.sub("", text).strip(" ,"):
        raise ValueError("is not a duration; write for example '10 minutes', '90s' or '1h 30m'")
    seconds = sum(float(number) * _UNITS[unit[0].lower()] for number, unit in _DURATION.findall(text))
    if not 1 <= seconds <= 31 * 86400:
        raise ValueError("must be between one second and 31 days")
    return timedelta(seconds=seconds)


def in_words(length: timedelta) -> str:
    """A duration as the file may write it: `10 minutes`, `1 hour 30 minutes`."""
    seconds = length.total_seconds()
    parts = []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count, seconds = divmod(seconds, size)
        parts += [f"{int(count)} {name}{'' if count == 1 else 's'}"] if count else []
    if seconds or not parts:
        parts.append(f"{seconds:g} second{'' if seconds == 1 else 's'}")
    return " ".join(parts)


_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_SPAN = re.compile(r"\s*(\d{1,5})\s*(d|days?|w|weeks?|months?|y|years?)\s*", re.IGNORECASE)


def _span(value: object) -> object:
    """`30 days`, `2 weeks`, `6 months` of 30 days each, `1 year` of 365."""
    if isinstance(value, timedelta):
        return value
    match = _SPAN.fullmatch(str(value))
    if match is None or not 2 <= (days := int(match[1]) * _DAYS[match[2][0].lower()]) <= 36_500:
        raise ValueError("is not a span of two days or more; write for example '30 days' or '1 year'")
    return timedelta(days=days)


def _share(value: object) -> object:
    """`5%` or `0.05`."""
    text = str(value).strip()
    try:
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError("is not a share; write for example '5%'")
    return share


def _zone(value: object) -> object:
    """An IANA name, checked against the zones of this machine or of the tzdata package."""
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, LookupError):
        raise ValueError("is not the name of a time zone; write for example America/Denver") from None
    return str(value)


def _web_address(value: object) -> object:
    parts = urlsplit(str(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a web address; it begins with https:// (or http:// on your own machine)")
    return value


def _rate_limit(value: object) -> object:
    """`off` is None."""
    text = str(value).strip().lower()
    if text == "off" or value is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("is not a number of calls in 60 seconds, nor off")
    return int(text)


def enabled(value: object) -> object:
    """`true` and `false` for a section."""
    return {"enabled": value} if isinstance(value, bool) else value


def secrets(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_text(*examples: str) -> WithJsonSchema:
    """How a file writes it, for editors."""
    return WithJsonSchema({"type": "string", "examples": list(examples)})


class Escape(StrEnum):
    """How a text is changed on its way into a CRM that shows it as more than text."""

    HTML = "html"
    """`&`, `<` and `>` as entities, for a CRM that shows the text as HTML."""
    FORMULA = "formula"
    """An apostrophe before a text that a spreadsheet would calculate. Numbers and phones stay as they are."""


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Escapes = Annotated[
    tuple[Escape, ...],
    BeforeValidator(_as_tuple),
    WithJsonSchema({"type": ["string", "array"], "examples": ["html", ["html", "formula"]]}),
]
Duration = Annotated[timedelta, BeforeValidator(_duration), _as_text("10 minutes", "90s", "1h 30m")]
Span = Annotated[timedelta, BeforeValidator(_span), _as_text("30 days", "1 year")]
Share = Annotated[float, BeforeValidator(_share), WithJsonSchema({"type": ["string", "number"], "examples": ["5%"]})]
Text = Annotated[str, Field(min_length=1)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
Secret = Annotated[SecretStr, Field(min_length=1)]
RateLimit = Annotated[
    int | None, BeforeValidator(_rate_limit), WithJsonSchema({"type": ["integer", "string"], "examples": [1000, "off"]})
]


class ColumnZone(Section):
    """Times are in the zone that a column of the same row names: `timezone: {column: tz}`."""

    column: Text
    """The column with the name of each row's zone."""


def _zone_or_column(value: object) -> object:
    if isinstance(value, Mapping):
        if list(value) != ["column"] or not isinstance(value["column"], str):
            raise ValueError("is neither the name of a time zone nor {column: the column that holds it}")
        return ColumnZone(column=value["column"])
    return value if isinstance(value, ColumnZone) else _zone(value)


Zone = Annotated[str | ColumnZone, BeforeValidator(_zone_or_column)]
