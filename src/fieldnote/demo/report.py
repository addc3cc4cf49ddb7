"""The findings of a demo, as values; how they look on a terminal, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Sent:
    """The results of one stream of the push in this run."""

    stream: str
    rows: int
    sent: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Matched:
    """One recording, the appointment that it was linked to, and why."""

    customer: str
    rep: str
    scenario: str
    appointment_id: str | None
    how: str
    why: tuple[str, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Written:
    """One CRM field that something was said about: as the CRM was built, and now."""

    deal_id: str
    customer: str
    column: str
    before: str | None
    after: str | None
    by_person: bool
    """Fieldnote wrote it, a person corrected it, and the correction is kept."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold for the demo to have worked."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a demo shows."""

    home: str
    day: date
    seed: int
    resumed: bool
    """An earlier run left its data here."""
    crm: dict[str, int]
    sent: tuple[Sent, ...]
    matched: tuple[Matched, ...]
    written: tuple[Written, ...]
    note: str
    """One of the notes, whole."""
    notes: int
    calls: int
    """To the workspace's API, by the bridge."""
    webhooks: int
    """Webhooks that the bridge received in this run."""
    checks: tuple[Check, ...]
    seconds: float = field(metadata={"digits": 1})

    json_properties: ClassVar = ("holds",)

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


def render(report: Report, console: Console) -> None:
    """Print the report as a story: what went in, what matched, what came back, and whether it all holds."""
    console.print()
    for part in (_sent(report), _matched(report), _written(report), _note(report), _checks(report)):
        console.print(part)
        console.print()
    console.print(_footer(report))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _sent(report: Report) -> RenderableType:
    rows = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in report.crm.items())
    table = _table("CRM → Siro", "stream", "rows read", "sent", "unchanged")
    for line in report.sent:
        table.add_row(line.stream, str(line.rows), str(line.sent), str(line.unchanged))
    return Group(Text(f"The contractor's CRM on {report.day}: {rows}.", style="dim"), Text(), table)


def _matched(report: Report) -> RenderableType:
    table = _table("Recordings and their appointments", "", "conversation", "appointment", "why")
    for line in report.matched:
        who = Text.assemble((line.customer, "bold"), f"\n{line.rep}\n", (line.scenario, "dim"))
        appointment = f"{line.appointment_id}\n{line.how}" if line.appointment_id else f"none\n{line.how}"
        table.add_row(_mark(line.right), who, appointment, "\n".join(line.why))
    return table


def _written(report: Report) -> RenderableType:
    table = _table("Siro → CRM: fields of the deals", "deal", "column", "before", "after")
    last = None
    for line in report.written:
        deal = f"{line.deal_id} {line.customer}" if line.deal_id != last else ""
        last = line.deal_id
        table.add_row(deal, line.column, _value(line.before), _after(line))
    return table


def _value(value: str | None) -> Text:
    return Text("-", style="dim") if value is None else Text(value)


def _after(line: Written) -> Text:
    return Text.assemble(_value(line.after), ("  (a person's correction)" if line.by_person else "", "dim"))


def _note(report: Report) -> RenderableType:
    title = f"Siro → CRM: one of the {report.notes} notes"
    return Panel(Text(report.note), title=title, title_align="left", box=box.ROUNDED, expand=False)


def _checks(report: Report) -> RenderableType:
    table = _table("Checks", "", "", "")
    table.show_header = False
    for check in report.checks:
        table.add_row(_mark(check.holds), check.name, Text(check.detail, style="dim"))
    return table


def _mark(good: bool) -> Text:
    return Text("✓", style="bold green") if good else Text("✗", style="bold red")


def _footer(report: Report) -> RenderableType:
    outcome = Text("All checks passed.", style="bold green")
    if not report.holds:
        outcome = Text("Some checks failed.", style="bold red")
    again = " The data of an earlier run was still here, so little was left to do." if report.resumed else ""
    tail = f" {report.seconds:.1f} s. API calls: {report.calls}. Webhooks: {report.webhooks}.{again}"
    return Text.assemble(outcome, tail, f"\nSeed {report.seed}; the data is in {report.home}.")
