"""The file's calls with their placeholders filled, and the values in the answers. Nothing is executed.

A request is a template with `{placeholders}`; a value of an answer is found by JMESPath.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx2
import jmespath  # type: ignore[import-untyped]
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]

from fieldnote.config import RestCall
from fieldnote.crm.rest.calls import Calls, refusal
from fieldnote.errors import CrmRefused

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def perform(
    calls: Calls,
    call: RestCall,
    values: Mapping[str, object],
    *,
    reads: bool = False,
    secret: object = None,
    headers: Mapping[str, str] | None = None,
    accepted: frozenset[int] = frozenset(),
) -> httpx2.Response:
    """Make a call of the file with these values in its placeholders."""
    path = _PLACEHOLDER.sub(lambda match: quote(str(values[match[1]]), safe=""), call.path)
    params = {name: filled(text, values) for name, text in call.params.items()}
    body = None if call.body is None else filled(call.body, values)
    answer = calls.ask(
        call.method, path, reads=reads, secret=secret, params=params or None, body=body, headers=headers,
        accepted=accepted,
    )  # fmt: skip
    if call.failed is not None and answer.is_success and search(call.failed, json_of(answer), "failed"):
        raise refusal(answer, f"{call.method} {answer.request.url.path}", secret)
    return answer


def filled(template: Any, values: Mapping[str, object]) -> Any:
    """A template with its placeholders filled; one that is alone keeps the type of its value."""
    match template:
        case dict():
            return {filled(str(name), values): filled(item, values) for name, item in template.items()}
        case list():
            return [filled(item, values) for item in template]
        case str() if alone := _PLACEHOLDER.fullmatch(template):
            return values[alone[1]]
        case str():
            return _PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)
        case _:
            return template


def json_of(answer: httpx2.Response) -> Any:
    """The answer's JSON; `CrmRefused` for anything else."""
    try:
        return answer.json()
    except ValueError:
        what = f"{answer.request.method} {answer.request.url.path}"
        raise CrmRefused(f"{what}: the CRM's answer is not JSON", hint="check client.base_url of crm.rest") from None


def search(path: str | None, value: Any, where: str) -> Any:
    """The value at a JMESPath; the value itself without one."""
    if path is None:
        return value
    try:
        return jmespath.search(path, value)
    except JMESPathError as error:
        raise CrmRefused(f"{where}: {str(error).splitlines()[0]}", hint="see jmespath.org") from None


def as_json(value: object) -> object:
    """A fitted value as JSON has it."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return value
