"""How a scenario's outcome is shown: a table, and what was asked of it beside what was seen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was asked of Fieldnote."""

    asked: str
    seen: str
    kept: bool


@dataclass(slots=True)
class Report:
    """The outcome of one scenario."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """One line of the table."""
        self.rows.append(tuple(map(str, cells)))

    def asks(self, asked: str, seen: str, *, kept: bool) -> None:
        """Something that was asked, and whether it was kept."""
        self.verdicts.append(Verdict(asked, seen, kept))

    @property
    def kept(self) -> bool:
        """Whether all that was asked was kept."""
        return all(verdict.kept for verdict in self.verdicts)


def show(report: Report) -> None:
    """On stdout; as wide as it needs to be where no terminal sets a width."""
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table()
    for number, column in enumerate(report.columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in report.rows:
        table.add_row(*row)
    console.print(f"\n[bold]{report.title}[/bold]")
    console.print(table)
    for verdict in report.verdicts:
        console.print(f"  {'kept  ' if verdict.kept else 'MISSED'}  {verdict.asked}: {verdict.seen}", markup=False)
    for note in report.notes:
        console.print(f"  note: {note}", markup=False)


def median(values: Sequence[float]) -> float:
    """The middle one; of two in the middle, the upper."""
    return sorted(values)[len(values) // 2]
