"""`fieldnote links`: appointments for recordings that Siro has left unlinked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile
from fieldnote.cli.support.opened import act_of, with_bridge
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.operator import actor as actor_of
from fieldnote.cli.support.output import echo, echo_json, secho
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.bridge.pull.linking import Found

app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The number in `fieldnote links list`.")]


@app.command("list")
def list_(
    *,
    config: ConfigFile = DEFAULT_FILE,
    everything: Annotated[
        bool, typer.Option("--all", help="Also linked and rejected recordings, and those without a candidate.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the likely appointment of each unlinked recording, latest first, with reasons and other candidates."""
    from fieldnote.bridge.pull.linking import MatchState, found_links

    states = list(MatchState) if everything else [MatchState.OPEN]
    found = with_bridge(config, lambda bridge: found_links(bridge, states))
    if as_json:
        echo_json(found)
        return
    for item in found:
        _print(item)
    echo(number_of(len(found), "recording"))


@app.command()
def approve(number: Number, *, config: ConfigFile = DEFAULT_FILE, actor: ActingAs = None) -> None:
    """Make the proposed link through Siro's API."""
    from fieldnote.bridge.pull.linking import approve_link

    act = act_of("links approve", [number], actor)
    done = with_bridge(config, lambda bridge: approve_link(bridge, number, actor=actor_of(actor)), act=act)
    echo(f"recording {done.recording_id} is linked to appointment {done.engagement}")


@app.command()
def reject(number: Number, *, config: ConfigFile = DEFAULT_FILE, actor: ActingAs = None) -> None:
    """Reject a link. Fieldnote proposes no other link for the recording."""
    from fieldnote.bridge.pull.linking import reject_link

    act = act_of("links reject", [number], actor)
    done = with_bridge(config, lambda bridge: reject_link(bridge, number, actor=actor_of(actor)), act=act)
    echo(f"recording {done.recording_id} stays unlinked")


def _print(item: Found) -> None:
    which = f"appointment {item.engagement}" if item.engagement else "no appointment"
    secho(f"{item.id}  recording {item.recording_id} of {item.started_at:%Y-%m-%d %H:%M} UTC: {which}", bold=True)
    echo(f"    {item.state.value}, {item.score:.0%} certain: {'; '.join(item.reasons) or 'nothing fits'}")
    if item.problem:
        echo(f"    not linked automatically: {item.problem}")
    for other in item.others:
        echo(f"    not {other['engagement']} ({other['score']:.0%}): {other['why']}")
