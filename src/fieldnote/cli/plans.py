"""A plan as it is printed: each record as it is found, so that a million of them need no memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from fieldnote.json_form import to_json

if TYPE_CHECKING:
    from fieldnote.bridge import Plan, PlannedChange

_SIGNS = {"create": ("+", "green"), "change": ("~", "yellow"), "delete": ("-", "red"), "quarantine": ("!", "magenta")}


class TextPlan:
    """For people."""

    def report(self, change: PlannedChange) -> None:
        """Print one record."""
        sign, color = _SIGNS[change.action.value]
        typer.secho(f"{sign} {change.stream} {change.key}", fg=color)
        if change.reason:
            typer.echo(f"    {change.reason}")
        for item in change.fields:
            old = "" if change.action.value == "create" else f"{_shorten(item.old)} → "
            typer.echo(f"    {item.field}: {old}{_shorten(item.new)}")

    def end(self, plan: Plan) -> None:
        """Print the sum."""
        for warning in plan.warnings:
            typer.echo(f"warning: {warning}")
        counts = ", ".join(f"{count} to {action.value}" for action, count in plan.counts.items())
        typer.echo(f"{plan.read} rows read: {counts}")


class JsonPlan:
    """One JSON document: `{"changes": […], "read": …, "create": …}`."""

    def __init__(self) -> None:
        self._first = True

    def report(self, change: PlannedChange) -> None:
        """Print one record."""
        typer.echo('{"changes": [' if self._first else ", ", nl=False)
        typer.echo(json.dumps(to_json(change), ensure_ascii=False), nl=False)
        self._first = False

    def end(self, plan: Plan) -> None:
        """Print the sum."""
        if self._first:
            typer.echo('{"changes": [', nl=False)
        rest = json.dumps(plan.as_json(), ensure_ascii=False)
        typer.echo(f"], {rest[1:]}")


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
