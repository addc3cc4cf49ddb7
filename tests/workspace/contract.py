"""The published contract as a judge of answers, with the exceptions that are decided."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx2
from jsonschema import Draft4Validator

from tests.siro.contract import without_nullable

DATA: Final = Path(__file__).parents[1] / "data"
ORGANIZATION_BASE: Final = "/api-externalApi"

# Where the quickstart and the contract disagree, the quickstart is followed; see the table of what is known.
_WRAPPED: Final = "/v1/core/recordings/{id}/summaries"  # {"data": [...]} for a bare array
_FLAT: Final = "/v1/core/mobile-events"  # an array for an array of arrays

# A connection that was never let go has a `deletedAt` by the contract, and none of the platforms that its list can be
# asked for beside those that a connection can be made to.
_CONNECTED: Final = ("/v1/core/organizations", "/v1/core/integrations/connections")

_ERROR: Final = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
    "additionalProperties": False,
}
_UNKNOWN_PATH: Final = {
    "type": "object",
    "properties": {"code": {"enum": [404, 405]}, "message": {"type": "string"}},
    "required": ["code", "message"],
    "additionalProperties": False,
}
_ZOD: Final = {
    "type": "object",
    "properties": {
        "name": {"enum": ["ZodError"]},
        "issues": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "path": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "number"}]}},
                    "message": {"type": "string"},
                    "expected": {"type": "string"},
                    "received": {"type": "string"},
                },
                "required": ["code", "path", "message"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["name", "issues"],
    "additionalProperties": False,
}


def check(response: httpx2.Response) -> None:
    """Assert that an answer has the form that the contract gives it."""
    problems = problems_of(response)
    assert not problems, f"{response.request.method} {response.request.url.path}: {response.status_code} {problems}"


def problems_of(response: httpx2.Response, template: str | None = None) -> list[str]:
    """The parts of an answer that the contract does not have. `template`: the contract's path, where it is known."""
    if response.status_code >= 500:
        return ["an error of the server's own"]
    body = response.json()
    if response.status_code >= 400:
        schema = _ZOD if response.status_code == 422 else _UNKNOWN_PATH if "code" in body else _ERROR
    else:
        schema = _schema(response.request.method.lower(), _raw(response), template)
    found = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in Draft4Validator(schema).iter_errors(body)]
    return found + [f"a time without three digits: {name} {value}" for name, value in _odd_times(body)]


def _raw(response: httpx2.Response) -> str:
    """The path as it was sent: an id may hold `%2F`."""
    return response.request.url.raw_path.decode().split("?")[0]


def _odd_times(body: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Times are written with three digits of a second's fraction and in UTC, as JavaScript writes them."""
    if isinstance(body, dict):
        for key, value in body.items():
            yield from _odd_times(value, key)
    elif isinstance(body, list):
        for value in body:
            yield from _odd_times(value, name)
    elif isinstance(body, str) and _NAMES_A_TIME.search(name) and _TIME.match(body) and not _EXACT.fullmatch(body):
        yield name, body


_NAMES_A_TIME: Final = re.compile(r"(At|Time|Created|Updated|Date)$|^date|^last")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d")
_EXACT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@cache
def contract_of(name: str) -> dict[str, Any]:
    """`siro-org` or `siro-user`, whole."""
    document: dict[str, Any] = json.loads((DATA / f"contract/{name}.json").read_text())
    return document


@cache
def _schema(method: str, path: str, template: str | None = None) -> dict[str, Any]:
    """The form of a good answer."""
    name = "siro-org" if path.startswith(ORGANIZATION_BASE) else "siro-user"
    path = path.removeprefix(ORGANIZATION_BASE)
    template = template or next(known for known in contract_of(name)["paths"] if _fits(known, path))
    responses = contract_of(name)["paths"][template][method]["responses"]
    [good] = [status for status in responses if status.startswith("2")]
    schema: dict[str, Any] = without_nullable(responses[good]["content"]["application/json"]["schema"])
    schema["components"] = without_nullable(contract_of(name)["components"])
    if template.startswith(_CONNECTED):
        schema = _as_connections_are(schema)
    if template == _WRAPPED and name == "siro-org":
        return {"type": "object", "properties": {"data": schema}, "required": ["data"]}
    if template == _FLAT:
        data = schema["properties"]["data"]
        schema = schema | {"properties": schema["properties"] | {"data": data["items"]}}
    return schema


def _as_connections_are(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_as_connections_are(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _as_connections_are(item) for name, item in schema.items()}
    if "integrationPlatform" in found and "type" in found["integrationPlatform"]:
        found["integrationPlatform"] = {"type": "string"}
        if "deletedAt" in found:
            found["deletedAt"] = {"anyOf": [found["deletedAt"], {"type": "null"}]}
    return found


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None


def good_status(method: str, path: str) -> int:
    """The status that the contract declares for success."""
    name = "siro-org" if path.startswith(ORGANIZATION_BASE) else "siro-user"
    path = path.removeprefix(ORGANIZATION_BASE)
    template = next(known for known in contract_of(name)["paths"] if _fits(known, path))
    [good] = [s for s in contract_of(name)["paths"][template][method.lower()]["responses"] if s.startswith("2")]
    return int(good)
