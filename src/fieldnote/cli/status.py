"""`fieldnote status` and `fieldnote explain`: where everything stands, and why one thing stands where it does."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile
from fieldnote.cli.support.opened import with_bridge

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.bridge.status.completeness import Completeness, Counts
    from fieldnote.bridge.status.explain import Story
    from fieldnote.bridge.status.health import Status


class Kind(StrEnum):
    """What can be explained."""

    RECORDING = "recording"
    ENGAGEMENT = "engagement"
    OPPORTUNITY = "opportunity"


def status(
    *,
    config: ConfigFile = DEFAULT_FILE,
    rep: Annotated[
        str | None, typer.Option("--rep", metavar="EMAIL", help="Only this rep's, by email, name or the CRM's id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show where every appointment and recording stands, what is late, and whether schedules and credentials hold.

    Exit status: 1 if something is unaccounted for, a schedule has not run for three of its periods, or a credential
    fails or is about to; else 0.
    """
    from fieldnote.bridge.status.health import status as look

    found = with_bridge(config, lambda bridge: look(bridge, rep=rep))
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        _print_status(found, one_rep=rep is not None)
    if found.problems:
        raise typer.Exit(1)


def explain(
    kind: Kind,
    key: Annotated[str, typer.Argument(metavar="ID", help="Siro's id of a recording, the CRM's of anything else.")],
    *,
    config: ConfigFile = DEFAULT_FILE,
    offline: Annotated[bool, typer.Option("--offline", help="Ask Siro nothing; tell what is held here.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell the story of one recording, appointment or deal, from Fieldnote's own records, and what to do about it.

    Beside that Siro is asked how a recording is now, or who an appointment's rep is; without an answer it goes on.
    """
    story = with_bridge(config, lambda bridge: _explained(bridge, kind, key, offline=offline))
    if as_json:
        typer.echo(json.dumps(story.as_json(), ensure_ascii=False))
    else:
        _print_story(story)


async def _explained(bridge: Bridge, kind: Kind, key: str, *, offline: bool) -> Story:
    from fieldnote.bridge.status.explain import explain_appointment, explain_deal, explain_recording
    from fieldnote.bridge.status.health import directory

    match kind:
        case Kind.RECORDING:
            return await explain_recording(bridge, key, fresh=not offline)
        case Kind.ENGAGEMENT:
            return await explain_appointment(bridge, key, None if offline else await directory(bridge))
        case Kind.OPPORTUNITY:
            return await explain_deal(bridge, key)


def _print_story(story: Story) -> None:
    typer.secho(f"{story.what}: {story.state.replace('_', ' ')}", bold=True)
    for moment in story.moments:
        typer.echo(f"  {moment.at:%Y-%m-%d %H:%M} UTC  {moment.words}")
    for fact in story.facts:
        typer.echo(f"  {fact}")
    for advice in dict.fromkeys(story.advice):
        typer.secho("  to do: ", fg="cyan", nl=False)
        typer.echo(advice)


def _print_status(found: Status, *, one_rep: bool) -> None:
    _print_counts("appointments", found.completeness.appointments)
    _print_counts("recordings", found.completeness.recordings)
    if not one_rep:
        for name, counted in found.completeness.reps.items():
            _print_counts(f"  {name}", counted.appointments)
            _print_counts(f"  {name}, recordings", counted.recordings)
    _print_late(found.completeness)
    for schedule in found.schedules:
        last = f"{schedule.last:%Y-%m-%d %H:%M} UTC" if schedule.last else "never"
        typer.echo(f"{schedule.task}: last well ended {last}, every {schedule.every}")
    for credential in found.credentials:
        typer.echo(f"{credential.name}'s credential: {credential.why}")
    if not found.asked_siro:
        typer.echo("Siro does not tell now who its users are: no rep is counted as unknown")
    for problem in found.problems:
        typer.secho(f"problem: {problem.words}", fg="red")
        typer.echo(f"  hint: {problem.hint}")


def _print_counts(what: str, counts: Counts) -> None:
    if counts or not what.startswith(" "):
        states = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sorted(counts.items()))
        typer.echo(f"{what}: {states or 'none'}")


def _print_late(found: Completeness) -> None:
    for item in found.late:
        what = f"{item.kind} {item.id}" + (f" of {item.rep}" if item.rep else "")
        typer.secho(
            f"late: {what} is {item.state.replace('_', ' ')} since {item.since:%Y-%m-%d %H:%M} UTC", fg="yellow"
        )
    if found.late_total > len(found.late):
        typer.echo(f"and {found.late_total - len(found.late)} more that are late")
    if found.late:
        typer.echo("`fieldnote explain engagement|recording ID` tells the story of each")
