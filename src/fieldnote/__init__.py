"""Fieldnote joins a CRM and Siro, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldnote.siro import AsyncSiro, Siro

__version__ = "0.1.0"

__all__ = ["AsyncSiro", "Siro", "__version__"]


def __getattr__(name: str) -> Any:
    """The clients are loaded when somebody asks for them, so that `fieldnote --help` does not wait for them."""
    if name in {"AsyncSiro", "Siro"}:
        from fieldnote import siro  # noqa: PLC0415

        return getattr(siro, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
