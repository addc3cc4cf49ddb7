"""The published contract as test data: its operations, and values that its schemas allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker

from fieldnote.siro.operations import Audience

DATA = Path(__file__).parents[1] / "data/contract"
FILES = {Audience.ORGANIZATION: "siro-org.json", Audience.USER: "siro-user.json"}
ADDED = "siro-user-added.json"
"""The operations that the published user contract gained in 2026."""

FORMATS = FormatChecker(["uuid"])


@FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"[a-z]+://[^\s]+", value))


@FORMATS.checks("date-time")
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value))


_INSTANT = re.compile(r"(At|After|Time|Date|date|Seen|Updated|Created|timestamp)$|^date[A-Z]")


@dataclass(frozen=True)
class Described:
    """One operation as the contract has it."""

    audience: Audience
    method: str
    path: str
    facts: Any
    schemas: Any

    @property
    def name(self) -> str:
        return f"{self.audience.value} {self.method} {self.path}"

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of the query, by name."""
        return {each["name"]: each for each in self.facts.get("parameters", []) if each["in"] == "query"}

    @property
    def request(self) -> Any:
        """The schema of the body; None: no body."""
        return _json_schema(self.facts.get("requestBody", {}))

    @property
    def answer(self) -> Any:
        """The schema of a success; None: it has no body."""
        return _json_schema(self.facts["responses"][str(self.status)])

    @property
    def status(self) -> int:
        return min(int(status) for status in self.facts["responses"] if status.startswith("2"))

    def validator(self, schema: Any) -> Draft4Validator:
        return Draft4Validator({**without_nullable(schema), "components": self._components}, format_checker=FORMATS)

    @cached_property
    def _components(self) -> dict[str, Any]:
        return {"schemas": without_nullable(self.schemas)}

    @cached_property
    def requests(self) -> st.SearchStrategy[Any]:
        """Bodies that the contract accepts."""
        return wire_values(self.request, schemas=self.schemas)

    @cached_property
    def answers(self) -> st.SearchStrategy[Any]:
        """Answers that the contract allows for a success."""
        return wire_values(self.answer, schemas=self.schemas)


def _json_schema(holder: Any) -> Any:
    return holder.get("content", {}).get("application/json", {}).get("schema")


@cache
def operations() -> dict[tuple[Audience, str, str], Described]:
    """All of both contracts."""
    return {(each.audience, each.method, each.path): each for each in _walk()}


def _walk() -> Iterator[Described]:
    for audience, name in (*FILES.items(), (Audience.USER, ADDED)):
        contract = json.loads((DATA / name).read_text())
        for path, methods in contract["paths"].items():
            for method, facts in methods.items():
                yield Described(audience, method.upper(), path, facts, contract["components"].get("schemas", {}))


def without_nullable(schema: Any) -> Any:
    """OpenAPI 3.0 writes `nullable`, JSON Schema a type of its own."""
    if isinstance(schema, list):
        return [without_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: without_nullable(value) for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable") is not True or plain == {}:
        return plain
    return {"anyOf": [plain, {"type": "null"}]}


def wire_values(schema: dict[str, Any], name: str = "", *, schemas: Any = None) -> st.SearchStrategy[Any]:
    """Values that the contract allows for a field."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    values = _plain_values(schema, name, schemas)
    return st.none() | values if schema.get("nullable") else values


def _plain_values(schema: dict[str, Any], name: str, schemas: Any) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for words in ("anyOf", "oneOf"):
        if words in schema:
            return st.one_of([wire_values(each, name, schemas=schemas) for each in schema[words]])
    if name in {"page", "pageSize"} and "minimum" not in schema:
        return st.integers(1, 1000)  # the contract names no minimum, and no page is smaller
    match schema.get("type"):
        case None:
            return st.none() | st.text(max_size=3) | st.dictionaries(st.text(max_size=2), st.booleans())
        case "object":
            return _objects(schema, schemas)
        case "array":
            bounds = {"min_size": schema.get("minItems", 0), "max_size": min(2, schema.get("maxItems", 2))}
            return st.lists(wire_values(schema["items"], schemas=schemas), **bounds)
        case "integer":
            return st.integers(schema.get("minimum", -(2**40)), schema.get("maximum", 2**40))
        case "number":
            low, high = schema.get("minimum"), schema.get("maximum")
            whole = st.integers(-(2**40) if low is None else int(low), 2**40 if high is None else int(high))
            return whole | st.floats(low, high, allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case _ if schema.get("format") == "uri":
            return st.text("abc/=-", max_size=8).map(lambda path: f"https://files.example/{path}")
        case _ if schema.get("format") == "uuid":
            return st.uuids().map(str)
        case _ if schema.get("format") in {"date-time", "date"} or _INSTANT.search(name):
            return st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
        case _:
            return st.text(min_size=max(1, schema.get("minLength", 1)), max_size=min(8, schema.get("maxLength", 8)))


def _objects(schema: dict[str, Any], schemas: Any) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        more = schema.get("additionalProperties")
        values = wire_values(more, schemas=schemas) if isinstance(more, dict) else st.text(max_size=3)
        return st.dictionaries(st.text(max_size=3), values, max_size=2)
    fields = {key: wire_values(value, key, schemas=schemas) for key, value in schema["properties"].items()}
    needed = {key: fields.pop(key) for key in set(schema.get("required", []))}
    return st.fixed_dictionaries(needed, optional=fields)
