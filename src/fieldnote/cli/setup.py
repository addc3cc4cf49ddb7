"""`fieldnote check`, `fieldnote users` and `fieldnote try`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.opened import act_of, opened_bridge, with_bridge
from fieldnote.cli.support.operator import ActingAs, actor
from fieldnote.cli.support.output import echo, echo_json, print_table, secho
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.bridge.reps import Mapped
    from fieldnote.bridge.setup.checks import Finding
    from fieldnote.bridge.status.rep_mapping import RepMapping
    from fieldnote.siro.models import Recording

_SIGNS = {"good": ("✓", "green"), "hint": ("!", "yellow"), "bad": ("✗", "red")}


def check(*, config: ConfigFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Test connections, permissions, the mapping of sample rows, reps and time zones, and say how to fix each problem.

    Exit status: 0 if nothing must be fixed, else 1.
    """
    findings = run_in_loop(_check(config, quiet=as_json))
    bad = sum(finding.level.value == "bad" for finding in findings)
    if as_json:
        document = {"good": not bad, "findings": findings}
        echo_json(document)
    elif bad:
        secho(f"{bad} to fix", fg="red")
    if bad:
        raise typer.Exit(1)


async def _check(path: Path, *, quiet: bool) -> list[Finding]:
    from fieldnote.bridge.setup.checks import check_all
    from fieldnote.config import load

    found = []
    async with opened_bridge(load(path)) as bridge:
        async for finding in check_all(bridge):
            found.append(finding)
            if not quiet:
                _print(finding)
    return found


def _print(finding: Finding) -> None:
    sign, color = _SIGNS[finding.level.value]
    secho(f"{sign} {finding.subject}: ", fg=color, nl=False)
    echo(finding.text)
    if finding.fix:
        echo(f"    {finding.fix}")


def users(
    *,
    config: ConfigFile = DEFAULT_FILE,
    chosen: Annotated[
        str | None, typer.Option("--map", metavar="REP=EMAIL", help="Choose the Siro user of a rep, by the CRM's id.")
    ] = None,
    ignore: Annotated[
        str | None, typer.Option("--ignore", metavar="REP", help="Declare that a rep does not use Siro.")
    ] = None,
    undo: Annotated[str | None, typer.Option("--undo", metavar="REP", help="Undo such a choice.")] = None,
    as_name: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """List the CRM's reps with their Siro users, and how each pair was matched.

    A choice applies only in Fieldnote, for states and for matching recordings with appointments.

    Exit status: 0 if every rep has a user, else 1.
    """
    choice = Choice(chosen, ignore, undo, actor(as_name))
    targets = [one.rpartition("=")[0] or one for one in (chosen, ignore, undo) if one]
    act = act_of("users", targets, as_name) if targets else None
    found = with_bridge(config, lambda bridge: _reps(bridge, choice), act=act)
    if as_json:
        document = {
            "reps": [item.as_json() for item in found.mapped],
            "usersWithoutRep": [
                {"id": user.id, "email": user.email, "name": user.full_name} for user in found.without_rep
            ],
            "overridesKnown": found.overrides_known,
        }
        echo_json(document)
    else:
        _print_reps(found)
    if any(item.user is None for item in found.mapped):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Choice:
    """The command line's choices for reps."""

    mapped: str | None
    ignored: str | None
    undone: str | None
    actor: str

    async def make(self, bridge: Bridge) -> None:
        """Do it, with Siro's users as they are now. Raises FieldnoteError."""
        from fieldnote.bridge.board.people import keep_people
        from fieldnote.bridge.board.rep_choices import choose_user, declare_ignored, undo_choice

        if not (self.mapped or self.ignored or self.undone):
            return
        await keep_people(bridge)
        if self.mapped:
            rep, _, email = self.mapped.rpartition("=")
            found = [user for user in await bridge.remote.users() if (user.email or "").casefold() == email.casefold()]
            if not rep or len(found) != 1:
                raise ConfigError(
                    f"--map {self.mapped!r} names no rep, or not the email of one user", hint="Write REP=EMAIL."
                )
            await choose_user(bridge, rep, found[0].id, actor=self.actor)
        if self.ignored:
            await declare_ignored(bridge, self.ignored, actor=self.actor)
        if self.undone and not await undo_choice(bridge, self.undone):
            raise ConfigError(f"nothing was chosen for this rep: {self.undone}", hint="`fieldnote users` lists them.")


async def _reps(bridge: Bridge, choice: Choice) -> RepMapping:
    from fieldnote.bridge.status.rep_mapping import map_reps

    await choice.make(bridge)
    return await map_reps(bridge)


def _print_reps(found: RepMapping) -> None:
    print_table(
        ("CRM id", "rep", "email", "rows", "by", "Siro user", "why"),
        ((_row(item), "yellow" if item.user is None else None) for item in found.mapped),
    )
    for user in found.without_rep:
        echo(f"no rep: {user.full_name or '(no name)'} {user.email or ''}")
    if not found.overrides_known:
        echo("Siro does not list mappings made by hand, so override is not known here.")


def _row(item: Mapped) -> list[str]:
    rep = item.rep
    user = f"{item.user.full_name} <{item.user.email}>" if item.user else "-"
    return [rep.external_id, rep.name or "-", rep.email or "-", str(rep.records), item.method.value, user, item.why]


def try_it(
    *,
    config: ConfigFile = DEFAULT_FILE,
    rep: Annotated[str, typer.Option(metavar="EMAIL", help="The Siro user who will record.")],
    minutes: Annotated[int, typer.Option(min=1, max=600, help="The minutes to wait for the recording.")] = 30,
) -> None:
    """Push one marked appointment, wait for its recording, show the link, and delete the appointment.

    Exit status: 0 if a recording arrived and was linked, else 1.
    """
    from fieldnote.cli.support.signals import until_stopped

    came: list[bool] = []
    run_in_loop(until_stopped(_try(config, rep, minutes, came)))
    if not came:
        raise typer.Exit(1)


async def _try(path: Path, email: str, minutes: int, came: list[bool]) -> None:
    from fieldnote.bridge.setup.smoke_test import appointment, recording_of
    from fieldnote.config import load

    async with opened_bridge(load(path)) as bridge:
        async with appointment(bridge, email) as made:
            echo(f"'{made.subject}' is in {made.rep}'s appointments now: record something with Siro's app.")
            echo(f"Waiting up to {minutes} minutes for the recording; Ctrl-C ends it.")
            recording = await recording_of(bridge, made, patience=timedelta(minutes=minutes))
            if recording is None:
                secho("No recording was linked to it in time.", fg="yellow")
            else:
                came.append(True)
                _print_context(recording)
        echo("The appointment is deleted again.")


def _print_context(recording: Recording) -> None:
    secho(f"✓ recording {recording.id} was linked", fg="green")
    crm = recording.crm
    if crm is not None and crm.engagement is not None:
        echo(f"    appointment: {crm.engagement.external_id}")
    if crm is not None and crm.account is not None:
        echo(f"    customer: {crm.account.external_id}")
    echo(f"    {recording.web_url or recording.title or ''}")
    for part in recording.summary or ():
        echo(f"    {part.name}: {part.content[:200]}")
