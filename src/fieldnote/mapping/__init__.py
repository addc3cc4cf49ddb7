"""CRM row -> Siro record (`records`); extraction -> CRM value (`values`). Pure functions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldnote.mapping.records import Mapped, RowMapper, compile_stream
    from fieldnote.mapping.values import Converted, Unconvertible, convert

__all__ = ["Converted", "Mapped", "RowMapper", "Unconvertible", "compile_stream", "convert"]

# The workspace reads days by the modules here, and does not install the libraries of `records`.
_HOMES = {
    **dict.fromkeys(("Mapped", "RowMapper", "compile_stream"), "records"),
    **dict.fromkeys(("Converted", "Unconvertible", "convert"), "values"),
}


def __getattr__(name: str) -> Any:
    """Load the module of a name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
