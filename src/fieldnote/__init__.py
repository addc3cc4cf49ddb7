"""Fieldnote joins a CRM and Siro, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldnote.siro.client import AsyncSiro

__version__ = "0.1.0"

__all__ = ["AsyncSiro", "__version__"]


def __getattr__(name: str) -> Any:
    """The client is loaded when somebody asks for it, so that `fieldnote --help` does not wait for it."""
    if name == "AsyncSiro":
        from fieldnote.siro.client import AsyncSiro  # noqa: PLC0415

        return AsyncSiro
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
