"""Where a reading of changes begins: positions kept between runs, and `<placeholders>` that stand for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fieldnote.config import ReadSince

_PLACEHOLDER = re.compile(r"<(\w+)>")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")


@dataclass(frozen=True, slots=True)
class Reached:
    """The position of one resource after a reading."""

    name: str
    value: str
    is_token: bool
    """Whether the API made it; else it is a time."""


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
    """A time of an answer as a request has it; what is no time stays as it is."""
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
    """What `<since>` stands for."""
    if reached is None:
        return written(settings.start, settings.form)
    if reached.is_token:
        return reached.value
    begin = moment_of(reached.value) - (settings.lag or timedelta(0))
    return written(begin.isoformat(), settings.form)


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
