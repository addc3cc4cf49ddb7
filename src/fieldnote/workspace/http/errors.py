"""Errors in the forms that Siro documents.

`{"error": "..."}` for most; `{"name": "ZodError", "issues": [...]}` with 422 for a payload or parameter that is
not valid; `{"code": 404, "message": "..."}` for a path that the gateway does not know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Path = Sequence[str | int]

# Pydantic's types of error, and what Zod would have expected there.
_EXPECTED: Final = {
    "string_type": "string",
    "bool_type": "boolean",
    "list_type": "array",
    "model_type": "object",
    "model_attributes_type": "object",
    "dict_type": "object",
    "float_type": "number",
    "int_type": "number",
}
_JSON_NAMES: Final = {
    "str": "string", "int": "number", "float": "number", "bool": "boolean", "list": "array", "dict": "object",
    "NoneType": "null",
}  # fmt: skip


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def failed(status: int, message: str) -> ApiError:
    """`{"error": message}`."""
    return ApiError(status, {"error": message})


def not_found(what: str) -> ApiError:
    """404 for a record that is not there."""
    return failed(404, f"{what} not found")


def invalid(issues: Sequence[dict[str, Any]]) -> ApiError:
    """422 with everything that is wrong."""
    return ApiError(422, {"name": "ZodError", "issues": list(issues)})


def issue(code: str, path: Path, message: str, **more: str) -> dict[str, Any]:
    """One thing that is wrong: `code` as Zod names it, and where."""
    return {"code": code, "path": list(path), "message": message, **more}


def wrong_type(expected: str, value: Any, path: Path = ()) -> dict[str, Any]:
    """A value of another type than JSON's `expected`."""
    received = _JSON_NAMES.get(type(value).__name__, "unknown")
    message = f"Expected {expected}, received {received}"
    return issue("invalid_type", path, message, expected=expected, received=received)


def issues_in(error: ValidationError, *path: str | int) -> list[dict[str, Any]]:
    """What a model refuses in the value at `path` of a body. Raises ApiError, 400, where it is no JSON."""
    details = error.errors(include_url=False)
    if any(detail["type"] == "json_invalid" for detail in details):
        raise failed(400, "The request body is not valid JSON")
    return [_issue_of(detail, (*path, *detail["loc"])) for detail in details]


def _issue_of(detail: ErrorDetails, path: Path) -> dict[str, Any]:
    kind = detail["type"]
    received = _JSON_NAMES.get(type(detail.get("input")).__name__, "unknown")
    if kind == "missing":
        return issue("invalid_type", path, "Required", received="undefined")
    if kind in _EXPECTED:
        return wrong_type(_EXPECTED[kind], detail.get("input"), path)
    if kind in {"enum", "literal_error"}:
        return issue("invalid_enum_value", path, "Invalid enum value. " + _sentence(detail["msg"]))
    if received == "null":
        return issue("invalid_type", path, "Expected a value, received null", received=received)
    code = "invalid_string" if received == "string" else "custom"
    return issue(code, path, _sentence(detail["msg"]))


def _sentence(message: str) -> str:
    """Pydantic's words without its prefix."""
    text = re.sub(r"^Value error, ", "", message).replace("Input should be ", "Expected ")
    return text[:1].upper() + text[1:]
