"""The printed results of a backfill or of its dry run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fieldnote.cli.support.output import echo, secho
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.bridge import BackfillPlan, PullResult
    from fieldnote.bridge.pull.backfill import Kind


def print_plan(plan: BackfillPlan) -> None:
    """The planned writes, by field and policy."""
    echo(f"recordings since {plan.since:%Y-%m-%d %H:%M} UTC: {plan.read} read, {plan.changed} new or changed")
    writes, proposals = number_of(plan.writes.total(), "write"), number_of(plan.proposals.total(), "proposal")
    echo(f"CRM: {number_of(plan.records, 'record')} to compare, {writes}, {proposals}")
    _print_counts(plan.writes)
    _print_counts(plan.proposals)
    _print_counts(plan.problems, fg="yellow")
    for warning in plan.warnings:
        echo(f"warning: {warning}")
    echo(f"nothing was written; {number_of(plan.calls, 'call')} to Siro")


def print_counted(result: PullResult) -> None:
    """The counts of a backfill's writes; a pull names each of its writes, so it has none."""
    from fieldnote.bridge import BackfillResult

    if not isinstance(result, BackfillResult):
        return
    if result.resumed:
        echo(f"went on with an earlier reading: {number_of(result.earlier, 'recording')} had been read before")
    _print_counts(result.counted)


def _print_counts(counts: Counter[Kind], *, fg: str | None = None) -> None:
    for kind, count in sorted(counts.items()):
        policy = f" ({kind.policy})" if kind.policy else ""
        secho(f"  {kind.model} {kind.column}{policy}: {count} {kind.action.replace('_', ' ')}", fg=fg)
