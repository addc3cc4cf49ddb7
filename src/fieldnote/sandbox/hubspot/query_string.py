"""The query string of a HubSpot call."""

from __future__ import annotations

from fastapi import Request

from fieldnote.sandbox.hubspot.properties import Invalid


def names_of(request: Request, name: str) -> list[str]:
    """A list: with commas, or the parameter several times."""
    return [part for text in request.query_params.getlist(name) for part in text.split(",") if part]


def truth_of(request: Request, name: str) -> bool:
    """`true` or `false`."""
    text = request.query_params.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise Invalid(f"{name} is not true or false")
    return text == "true"


def limit_of(request: Request, default: int, most: int) -> int:
    """How many records a page has."""
    text = request.query_params.get("limit", str(default))
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise Invalid(f"limit must be between 1 and {most}")
    return int(text)
