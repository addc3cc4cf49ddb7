"""`fieldnote reconcile`: where Siro, the CRM and the ledger differ, as after a restore from a backup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile
from fieldnote.cli.support.opened import act_of, with_bridge
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import echo, echo_json, secho
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.bridge.status.reconcile import Difference, Reconciliation

_SHOWN: Final = 20
_WORDS: Final = {
    "unknown": "in Siro and in the CRM, but not in the ledger",
    "orphan": "in Siro, but neither in the ledger nor in the CRM",
    "lost": "in the ledger, but not in Siro",
    "changed": "in Siro with other values than in the ledger",
    "replaced": "in Siro under another id than in the ledger",
    "lost_write": "in the CRM as the recordings say, but not in the ledger as written by Fieldnote",
    "other_value": "in the CRM with another value than Fieldnote wrote last",
}
_ORPHANS: Final = (
    "Records of another connection or system are orphans too. Delete in Siro only those that this CRM deleted."
)


def reconcile(
    *,
    config: ConfigFile = DEFAULT_FILE,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt", help="Let the next push send all differences, and record lost writes as Fieldnote's own."
        ),
    ] = False,
    actor: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Compare Siro and the CRM with the ledger, for example after a restore. Changes nothing in Siro or the CRM.

    Exit status: 0 if they agree, 1 if not.
    """
    from fieldnote.bridge.status.reconcile import reconcile as compare

    act = act_of("reconcile --adopt", (), actor) if adopt else None
    found = with_bridge(config, lambda bridge: compare(bridge, adopt=adopt), act=act)
    if as_json:
        echo_json(found)
    else:
        _print(found, adopt=adopt)
    if found.differences or found.stopped:
        raise typer.Exit(1)


def _print(found: Reconciliation, *, adopt: bool) -> None:
    counts = Counter(item.finding.value for item in found.differences)
    echo(
        f"{number_of(found.listed, 'record')} listed by Siro, "
        f"{number_of(found.compared, 'CRM record')} compared with recordings, "
        f"{number_of(len(found.differences), 'difference')}"
    )
    for finding, words in _WORDS.items():
        if not counts[finding]:
            continue
        secho(f"{counts[finding]} {words}:", fg="yellow")
        for item in [one for one in found.differences if one.finding.value == finding][:_SHOWN]:
            echo(f"  {_line(item)}")
        if counts[finding] > _SHOWN:
            echo(f"  and {counts[finding] - _SHOWN} more; --json lists all")
    if found.stopped:
        echo(f"not all recordings were read: {found.stopped}")
    for hint in _hints(counts, adopt=adopt):
        echo(f"hint: {hint}")
    if adopt:
        sent, kept = number_of(found.adopted, "record"), number_of(found.kept, "write")
        echo(f"the next push sends {sent} again; back in the ledger: {kept}")


def _hints(counts: Counter[str], *, adopt: bool) -> Iterator[str]:
    if counts["orphan"]:
        yield _ORPHANS
    if counts["other_value"]:
        yield "A value that differs from Fieldnote's last write is left alone, as a person's."
    if not adopt and set(counts) - {"orphan", "other_value"}:
        yield (
            "`fieldnote reconcile --adopt` lets the next push send all differences except orphans, and records "
            "lost writes as Fieldnote's own."
        )


def _line(item: Difference) -> str:
    siro_id = f" (Siro's id {item.siro_id})" if item.siro_id else ""
    return f"{item.stream} {item.key}{siro_id}" + (f": {', '.join(item.fields)}" if item.fields else "")
