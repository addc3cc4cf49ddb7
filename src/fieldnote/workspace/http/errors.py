"""Errors in the forms that Siro documents.

`{"error": "..."}` for most; `{"name": "ZodError", "issues": [...]}` with 422 for a payload or parameter that is
not valid; `{"code": 404, "message": "..."}` for a path that the gateway does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

Path = Sequence[str | int]

_JSON_NAMES: Final = {
    "str": "string", "int": "number", "float": "number", "bool": "boolean", "list": "array", "dict": "object",
    "NoneType": "null",
}  # fmt: skip


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def failed(status: int, message: str) -> ApiError:
    """`{"error": message}`."""
    return ApiError(status, {"error": message})


def not_found(what: str) -> ApiError:
    """404 for a record that does not exist."""
    return failed(404, f"{what} not found")


def invalid(issues: Sequence[dict[str, object]]) -> ApiError:
    """422 with everything that is wrong."""
    return ApiError(422, {"name": "ZodError", "issues": list(issues)})


def issue(code: str, path: Path, message: str, **more: str) -> dict[str, object]:
    """One thing that is wrong: `code` as Zod names it, and where."""
    return {"code": code, "path": list(path), "message": message, **more}


def json_type(value: Any) -> str:
    """The type of a value, as JSON names it."""
    return _JSON_NAMES.get(type(value).__name__, "unknown")


def wrong_type(expected: str, value: Any, path: Path = ()) -> dict[str, object]:
    """A value of another type than JSON's `expected`."""
    received = json_type(value)
    if expected == "integer":
        expected, received = ("integer", "float") if isinstance(value, float) else ("number", received)
    return mismatch(expected, received, path)


def mismatch(expected: str, received: str, path: Path) -> dict[str, object]:
    """Two types that differ, by name."""
    return issue(
        "invalid_type", path, f"Expected {expected}, received {received}", expected=expected, received=received
    )


def missing(path: Path, expected: str = "string") -> dict[str, object]:
    """A required value that was left out."""
    return issue("invalid_type", path, "Required", expected=expected, received="undefined")


def too_small(path: Path, least: float) -> dict[str, object]:
    """A number below its minimum."""
    return issue("too_small", path, f"Number must be greater than or equal to {least:g}")


def too_big(path: Path, most: float) -> dict[str, object]:
    """A number above its maximum."""
    return issue("too_big", path, f"Number must be less than or equal to {most:.15g}")


def not_among(path: Path, words: Iterable[str], value: Any) -> dict[str, object]:
    """A word that is not one of the listed ones."""
    message = f"Invalid enum value. Expected {quoted(words)}, received '{value}'"
    return issue("invalid_enum_value", path, message)


def quoted(words: Iterable[str]) -> str:
    """Words as Zod lists them: `'A' | 'B'`."""
    return " | ".join(f"'{word}'" for word in words)


def whole_number(
    path: Path, value: float | None, *, default: int, least: int = 1, most: int | None = None, clamp: int | None = None
) -> int:
    """A number of a body that counts something. Raises ApiError outside `least` and `most`; `clamp` lowers it."""
    if value is None:
        return default
    if value != int(value):
        raise invalid([mismatch("integer", "float", path)])
    if value < least:
        raise invalid([too_small(path, least)])
    if most is not None and value > most:
        raise invalid([too_big(path, most)])
    return int(value) if clamp is None else min(int(value), clamp)
