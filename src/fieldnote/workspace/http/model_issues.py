"""Pydantic's errors about a body, as the issues that Zod would report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fieldnote.workspace.http.errors import Path, failed, issue, json_type, missing, not_among, quoted, wrong_type

_LIMITS: Final[Mapping[str, tuple[str, str, str]]] = {
    "greater_than_equal": ("ge", "too_small", "Number must be greater than or equal to {}"),
    "greater_than": ("gt", "too_small", "Number must be greater than {}"),
    "less_than_equal": ("le", "too_big", "Number must be less than or equal to {}"),
    "less_than": ("lt", "too_big", "Number must be less than {}"),
    "string_too_short": ("min_length", "too_small", "String must contain at least {} character(s)"),
    "string_too_long": ("max_length", "too_big", "String must contain at most {} character(s)"),
    "too_short": ("min_length", "too_small", "Array must contain at least {} element(s)"),
    "too_long": ("max_length", "too_big", "Array must contain at most {} element(s)"),
}
"""By Pydantic's type of error: where the limit is, Zod's code, and its words."""


def issues_in(error: ValidationError, model: type[BaseModel]) -> list[dict[str, Any]]:
    """Everything that `model` refuses, one issue for each place. Raises ApiError, 400, where the body is not JSON."""
    details = error.errors(include_url=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        raise failed(400, "The request body is not valid JSON")
    found: dict[tuple[str | int, ...], dict[str, Any]] = {}
    for detail in details:
        path, schema = _place(_schema(model), detail["loc"])
        found.setdefault(path, _issue_of(detail, path, schema))
    return list(found.values())


def _issue_of(detail: ErrorDetails, path: Path, schema: Mapping[str, Any]) -> dict[str, Any]:
    kind, value = detail["type"], detail.get("input")
    types, words = _types(schema), _words(schema)
    expected = quoted(words) if words else " | ".join(types)
    if kind == "missing":
        return missing(path, "number" if expected == "integer" else expected or "string")
    received = json_type(value)
    if types and received not in types and not (received == "number" and "integer" in types and _is_whole(value)):
        return wrong_type(expected, value, path)
    if kind in _LIMITS:
        limit, code, message = _LIMITS[kind]
        return issue(code, path, message.format(detail["ctx"][limit]))
    if words and kind in {"enum", "literal_error"}:
        return not_among(path, words, value)
    code = "invalid_string" if received == "string" else "custom"
    return issue(code, path, _sentence(detail["msg"]))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or value == int(value)


def _sentence(message: str) -> str:
    """Pydantic's words without its prefix."""
    text = re.sub(r"^Value error, ", "", message).replace("Input should be ", "Expected ")
    return text[:1].upper() + text[1:]


# --- where in the body


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _place(document: Mapping[str, Any], loc: Sequence[str | int]) -> tuple[tuple[str | int, ...], Mapping[str, Any]]:
    """The part of an error's location that is in the body, without Pydantic's own names, and its schema."""
    schema, path = _resolved(document, document), []
    for step in loc:
        options = [_resolved(document, one) for one in (schema, *schema.get("anyOf", ()))]
        if isinstance(step, int):
            below = next((one["items"] for one in options if "items" in one), None)
        else:
            below = next((one["properties"][step] for one in options if step in one.get("properties", {})), None)
        if below is None:
            break
        path.append(step)
        schema = _resolved(document, below)
    return tuple(path), schema | {"anyOf": [_resolved(document, one) for one in schema.get("anyOf", ())]}


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return dict(schema)


def _types(schema: Mapping[str, Any]) -> list[str]:
    """JSON's types that are allowed, without null; a number makes an integer superfluous."""
    found = dict.fromkeys(
        one["type"] for one in (schema, *schema.get("anyOf", ())) if one.get("type") not in (None, "null")
    )
    return [kind for kind in found if not (kind == "integer" and "number" in found)]


def _words(schema: Mapping[str, Any]) -> list[str]:
    """The words of an enum; none where any text is allowed."""
    options = [one for one in (schema, *schema.get("anyOf", ())) if one.get("type") not in (None, "null")]
    if not options or any("enum" not in one and "const" not in one for one in options):
        return []
    return [str(word) for one in options for word in one.get("enum", [one.get("const")])]
