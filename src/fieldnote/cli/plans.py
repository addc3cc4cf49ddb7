"""A plan as it is printed: the summary first, then some records of each kind; all of them go to a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from fieldnote.cli.support.output import echo, secho
from fieldnote.errors import ConfigError
from fieldnote.json_form import to_json
from fieldnote.printable import number_of, printable_json

if TYPE_CHECKING:
    from fieldnote.bridge import Plan, PlannedChange

_SIGNS = {"delete": ("-", "red"), "quarantine": ("!", "magenta"), "change": ("~", "yellow"), "create": ("+", "green")}
"""In the order in which the records are printed."""
_SHOWN: Final = 20
"""Records of each action that are printed."""


class Printed(Protocol):
    """A form of a plan."""

    def report(self, change: PlannedChange) -> None:
        """Take one record."""

    def end(self, plan: Plan) -> None:
        """Take the sum."""


@contextmanager
def printed(*, as_json: bool, output: Path | None) -> Iterator[Printed]:
    """A plan on stdout; `output`: all records in this file, and the summary on stdout."""
    if output is None:
        yield JsonPlan() if as_json else TextPlan()
        return
    try:
        with output.open("w", encoding="utf-8") as file:
            yield FilePlan(file, output, as_json=as_json)
    except OSError as error:
        raise ConfigError(f"--output {output} cannot be written: {error.strerror}", hint="Name a new file.") from error


class TextPlan:
    """For people: the summary, and the first records of each kind."""

    def __init__(self) -> None:
        self._kept: dict[str, list[PlannedChange]] = {action: [] for action in _SIGNS}

    def report(self, change: PlannedChange) -> None:
        """Keep the record, if it is among the first."""
        kept = self._kept[change.action.value]
        if len(kept) < _SHOWN:
            kept.append(change)

    def end(self, plan: Plan) -> None:
        """Print all."""
        print_summary(plan)
        for action, kept in self._kept.items():
            for change in kept:
                _print_change(change)
            more = plan.counts[type(kept[0].action)(action)] - len(kept) if kept else 0
            if more > 0:
                echo(f"  and {more} more to {action}; `--output FILE` lists all")


class FilePlan:
    """All records in a file, as text or as one JSON document; the summary on stdout."""

    def __init__(self, file: TextIO, path: Path, *, as_json: bool) -> None:
        self._file = file
        self._path = path
        self._json = JsonPlan(file) if as_json else None

    def report(self, change: PlannedChange) -> None:
        """Write one record."""
        if self._json is not None:
            self._json.report(change)
        else:
            _print_change(change, self._file)

    def end(self, plan: Plan) -> None:
        """Complete the file and print the sum."""
        if self._json is not None:
            self._json.end(plan)
        print_summary(plan)
        echo(f"the records are in {self._path}")


class JsonPlan:
    """One JSON document: `{"changes": […], "read": …, "create": …}`. A million records need no memory."""

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file
        self._first = True

    def report(self, change: PlannedChange) -> None:
        """Write one record."""
        start = '{"changes": [' if self._first else ", "
        echo(start + printable_json(to_json(change)), self._file, nl=False)
        self._first = False

    def end(self, plan: Plan) -> None:
        """Write the sum."""
        start = '{"changes": [' if self._first else ""
        echo(f"{start}], {printable_json(plan.as_json())[1:]}", self._file)


def print_summary(plan: Plan) -> None:
    """How much a push would do."""
    counts = ", ".join(f"{count} to {action.value}" for action, count in plan.counts.items())
    echo(f"{number_of(plan.read, 'row')} read: {counts}")
    for warning in plan.warnings:
        echo(f"warning: {warning}")


def _print_change(change: PlannedChange, file: TextIO | None = None) -> None:
    sign, color = _SIGNS[change.action.value]
    secho(f"{sign} {change.stream} {change.key}", fg=color, file=file)
    if change.reason:
        echo(f"    {change.reason}", file)
    for item in change.fields:
        old = "" if change.action.value == "create" else f"{_shorten(item.old)} → "
        echo(f"    {item.field}: {old}{_shorten(item.new)}", file)


def _shorten(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
