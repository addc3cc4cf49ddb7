"""`fieldnote status`, `fieldnote explain` and `fieldnote audit`."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile
from fieldnote.cli.support.commands import READS
from fieldnote.cli.support.opened import with_bridge
from fieldnote.cli.support.output import echo, echo_json, secho
from fieldnote.cli.support.times import local_time

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.bridge.audit import Event
    from fieldnote.bridge.status.completeness import Completeness, Counts, Late
    from fieldnote.bridge.status.explain import Explanation
    from fieldnote.bridge.status.health import Status


class Kind(StrEnum):
    """The things that can be explained. Siro's word and the everyday word both work."""

    RECORDING = "recording"
    APPOINTMENT = "appointment"
    ENGAGEMENT = "engagement"
    DEAL = "deal"
    OPPORTUNITY = "opportunity"


def status(
    *,
    config: ConfigFile = DEFAULT_FILE,
    rep: Annotated[
        str | None, typer.Option("--rep", metavar="EMAIL", help="Only this rep, by email, name or CRM id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the state of every appointment and recording, the late ones, schedules, and credentials.

    Exit status: 1 if a state is unknown, a schedule is late by three periods, or a credential fails or expires soon;
    else 0.
    """
    from fieldnote.bridge.status.health import status as read_status

    found = with_bridge(config, lambda bridge: read_status(bridge, rep=rep))
    if as_json:
        echo_json(found.as_json())
    else:
        _print_status(found, one_rep=rep is not None)
    if found.problems:
        raise typer.Exit(1)


def explain(
    kind: Annotated[Kind, typer.Argument(help="The kind of record.")],
    key: Annotated[str, typer.Argument(metavar="ID", help="Siro's id of a recording, or the CRM's id of a record.")],
    *,
    config: ConfigFile = DEFAULT_FILE,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask Siro; use the ledger alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Explain one recording, appointment or deal: its timeline, its state, and the next step.

    The timeline comes from the ledger. If Siro answers, the command adds the recording's current state and the rep's
    user.
    """
    found, zone = with_bridge(config, lambda bridge: _explain(bridge, kind, key, offline=offline), targets=[key])
    if as_json:
        echo_json(found)
    else:
        _print_explanation(found, zone)


async def _explain(bridge: Bridge, kind: Kind, key: str, *, offline: bool) -> tuple[Explanation, str | None]:
    from fieldnote.bridge.recording import Model
    from fieldnote.bridge.status.explain import explain_appointment, explain_deal, explain_recording
    from fieldnote.bridge.status.health import directory
    from fieldnote.bridge.zones import local_zones, zone_of_recording

    model = Model.ENGAGEMENT
    match kind:
        case Kind.RECORDING:
            return await explain_recording(bridge, key, fresh=not offline), await zone_of_recording(bridge, key)
        case Kind.APPOINTMENT | Kind.ENGAGEMENT:
            found = await explain_appointment(bridge, key, None if offline else await directory(bridge))
        case Kind.DEAL | Kind.OPPORTUNITY:
            found, model = await explain_deal(bridge, key), Model.OPPORTUNITY
    zones = await asyncio.to_thread(local_zones, bridge, [(model, key)])
    return found, zones[model, key]


def _print_explanation(found: Explanation, zone: str | None) -> None:
    secho(f"{found.what}: {found.state.replace('_', ' ')}", bold=True)
    for moment in found.moments:
        echo(f"  {local_time(moment.at, zone)}  {moment.words}")
    for fact in found.facts:
        echo(f"  {fact}")
    for advice in dict.fromkeys(found.advice):
        secho("  next step: ", fg="cyan", nl=False)
        echo(advice)


def _print_status(found: Status, *, one_rep: bool) -> None:
    from fieldnote.bridge.status.health import ending
    from fieldnote.config.values import in_words

    _print_counts("appointments", found.completeness.appointments)
    _print_counts("recordings", found.completeness.recordings)
    if not one_rep:
        for name, counted in found.completeness.reps.items():
            _print_counts(f"  {name}, appointments", counted.appointments)
            _print_counts(f"  {name}, recordings", counted.recordings)
    _print_late(found.completeness)
    for schedule in found.schedules:
        last = local_time(schedule.last, found.zone) if schedule.last else "never"
        moving = f"; running now: {schedule.progress}" if schedule.progress else ""
        failed = f"; the latest run {ending(schedule.error)}" if schedule.error else ""
        if schedule.notices:
            failed += f"; {schedule.notices} warnings about the CRM's data: see `fieldnote {schedule.task}`"
        echo(f"{schedule.task}: last success {last}, every {in_words(schedule.every)}{failed}{moving}")
    for credential in found.credentials:
        echo(f"{credential.name} token: {credential.why}")
    if not found.asked_siro:
        echo("Siro did not list its users, so no rep counts as unmapped")
    for problem in found.problems:
        secho(f"problem: {problem.words}", fg="red")
        echo(f"  hint: {problem.hint}")


def _print_counts(what: str, counts: Counts) -> None:
    if counts or not what.startswith(" "):
        states = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sorted(counts.items()))
        echo(f"{what}: {states or 'none'}")


def _print_late(found: Completeness) -> None:
    """The late ones by rep, the latest first."""
    by_rep = sorted(found.late, key=lambda item: item.rep or "")
    for rep, items in groupby(by_rep, key=lambda item: item.rep):
        secho(f"late: {rep or 'no rep'}", fg="yellow")
        for item in items:
            echo(f"  {_describe_late(item)}")
    if found.late_total > len(found.late):
        echo(f"and {found.late_total - len(found.late)} more")
    if found.late:
        echo("`fieldnote explain appointment|recording ID` shows the reason and the next step")


def _describe_late(item: Late) -> str:
    customer = f" {item.customer}" if item.customer else ""
    state = item.state.replace("_", " ")
    return f"{local_time(item.since, item.zone)}{customer}: {state} ({item.kind} {item.id})"


def audit(
    *,
    config: ConfigFile = DEFAULT_FILE,
    since: Annotated[str | None, typer.Option(metavar="ISO", help="Only events since this time.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="ID", help="Only events of this record, recording or proposal.")
    ] = None,
    reads: Annotated[
        bool, typer.Option("--reads", help="Also the commands and pages that only showed customers' words.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The number of events.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List who ran which command (approve, revert, link, erase, push and others), the latest first."""
    from fieldnote.bridge.audit import CONSOLE_READ, list_events
    from fieldnote.cli.bridge import moment

    start = None if since is None else moment(since)
    without = () if reads else (*READS, CONSOLE_READ)
    found = with_bridge(
        config, lambda bridge: list_events(bridge, since=start, target=target, without=without, limit=limit)
    )
    if as_json:
        echo_json(found)
        return
    for one in found:
        echo(_line(one))


def _line(one: Event) -> str:
    who = f"{one.acting_as} ({one.operator})" if one.acting_as else one.operator
    outcome = "" if one.outcome == "done" else f"  [{one.outcome or 'not ended'}]"
    origin = f"  from {one.address}" if one.address else ""
    return f"{one.at:%Y-%m-%d %H:%M:%S}  {who}  {one.action}  {' '.join(one.targets)}{origin}{outcome}"
