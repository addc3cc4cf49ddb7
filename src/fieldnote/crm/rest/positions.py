"""Where a reading of changes begins: positions kept between runs, and `<placeholders>` that stand for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from fieldnote.config import ReadSince

_PLACEHOLDER = re.compile(r"<(\w+)>")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
_STEP = timedelta(milliseconds=1)
"""The finest step of the times that requests carry."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The position of one resource after a reading."""

    name: str
    value: str
    is_token: bool
    """Whether the API made it; else it is a time."""
    settled: bool = False
    """Whether nothing more can come at this time, so that the next reading begins behind it."""


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with its known placeholders filled; one that is the whole text takes the type of its value."""
    match template:
        case dict():
            return {name: filled(item, values) for name, item in template.items()}
        case list():
            return [filled(item, values) for item in template]
        case str() if (alone := _PLACEHOLDER.fullmatch(template)) and alone[1] in values:
            return values[alone[1]]
        case str():
            return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), template)
        case _:
            return template


def written(text: str, form: str) -> str:
    """A time of an answer as a request has it; other values stay as they are."""
    if form == "text" or not _TIME.match(text):
        return text
    moment = moment_of(text)
    if form == "epoch_ms":
        return str(round(moment.timestamp() * 1000))
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def moment_of(text: str) -> datetime:
    """A time of an answer; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def beginning(settings: ReadSince, reached: Reached | None) -> str:
    """The value of `<since>`."""
    if reached is None:
        return written(settings.start, settings.form)
    if reached.is_token:
        return reached.value
    moment = moment_of(reached.value)
    begin = moment + _STEP if reached.settled else moment - (settings.lag or timedelta(0))
    return written(begin.isoformat(), settings.form)


def is_settled(settings: ReadSince, reached: Reached, began: datetime) -> bool:
    """Whether all that the CRM commits late at this time was there when a reading began.

    Else each run would read the records of the last minutes again, and an import leaves thousands of them.
    """
    if reached.is_token or settings.lag is None:
        return False
    return moment_of(reached.value) + settings.lag < began


def later(before: str | None, found: object) -> str | None:
    """The later of two times, as the API wrote them. One that lies in the future by more than a day is no position."""
    if not isinstance(found, str) or not _TIME.match(found):
        return before
    if moment_of(found) > datetime.now(UTC) + timedelta(days=1):
        return before
    return found if before is None or moment_of(found) > moment_of(before) else before


def earlier(text: str | None, limit: datetime) -> str | None:
    """A time as the API wrote it, but not later than the limit."""
    return limit.isoformat() if text is not None and moment_of(text) > limit else text


def earliest(began: datetime, date: str | None) -> datetime:
    """When a reading began, by the CRM's clock where its answers have a `Date`: ours may be ahead of it."""
    try:
        said = parsedate_to_datetime(date or "")
    except ValueError:
        return began
    return min(began, said if said.tzinfo else said.replace(tzinfo=UTC))
