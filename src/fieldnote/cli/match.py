"""`fieldnote match`: how good the matching of recordings with appointments is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile
from fieldnote.cli.support.opened import with_bridge
from fieldnote.cli.support.output import echo, echo_json
from fieldnote.cli.workspace.open import organization
from fieldnote.cli.workspace.open import run as with_workspace

if TYPE_CHECKING:
    from fieldnote.matching.evaluation import Evaluation, Tally
    from fieldnote.workspace import Workspace

app = typer.Typer(no_args_is_help=True)

Org = Annotated[
    str | None, typer.Option("--org", metavar="NAME|ID", help="An organization of the workspace, instead of a file.")
]


@app.callback()
def match() -> None:
    """Measure the matching of recordings with appointments."""


@app.command("eval")
def evaluate(*, config: ConfigFile = DEFAULT_FILE, org: Org = None, as_json: AsJson = False) -> None:
    """Measure the matcher on your own history: precision, recall, calibration, and the threshold to use.

    Links that people or deep links made count as correct. The matcher does not see them.
    """
    found = _of_file(config) if org is None else _of_organization(org)
    if as_json:
        echo_json(found)
    else:
        print_evaluation(found)


def _of_file(config: Path) -> Evaluation:
    from fieldnote.bridge.link_history import evaluate_links

    return with_bridge(config, evaluate_links)


def _of_organization(org: str) -> Evaluation:
    async def do(workspace: Workspace) -> Evaluation:
        from fieldnote.workspace import evaluate_links

        return await evaluate_links(workspace, (await organization(workspace, org)).id)

    return with_workspace(do)


def print_evaluation(found: Evaluation) -> None:
    """For a person: tables, and what they mean for automatic linking."""
    from fieldnote.matching.evaluation import FEWEST

    if not found.overall.recordings:
        echo("No recording of the last year has a link that a person or a deep link made.")
        echo("Link some recordings by hand or by deep link, and measure again.")
        return
    rates = f"learned from {found.learned_from:,} recordings" if found.learned_from else "the usual ones"
    echo(f"{found.overall.recordings:,} recordings with a known link; rates: {rates}\n")
    echo(f"{'':40}{'':>10}{'automatic':>18}{'best guess':>20}")
    echo(f"{'':40}{'recordings':>10}{'precision':>10}{'recall':>8}{'precision':>12}{'recall':>8}")
    for tally in (found.overall, *found.kinds):
        _print_tally(tally)
    echo("\nstated chance   right   guesses")
    for one in found.calibration:
        echo(f"{_percent(one.stated):>13}{_percent(one.right):>8}{one.guesses:>10,}")
    linked = found.overall.linked
    echo(f"\nThe matcher makes {linked:,} links by itself; {linked - found.overall.linked_right:,} of them are wrong.")
    if found.overall.guessed < FEWEST:
        echo(f"{found.overall.guessed} guesses are too few for a threshold: at least {FEWEST} are needed.")
        echo("Link more recordings by hand or by deep link, and measure again.")
    elif found.threshold is None:
        echo("No threshold gives 99.5 % precision on this history.")
    else:
        recall = _percent(found.recall_at_threshold)
        echo(f"99.5 % of the best guesses are right from a chance of {found.threshold:.4f} on; recall there: {recall}")


def _print_tally(tally: Tally) -> None:
    automatic = f"{_percent(tally.precision):>10}{_percent(tally.recall):>8}"
    guess = f"{_percent(tally.guess_precision):>12}{_percent(tally.guess_recall):>8}"
    echo(f"{tally.kind:40}{tally.recordings:>10,}{automatic}{guess}")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
