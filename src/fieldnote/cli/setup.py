"""`fieldnote check` and `fieldnote users`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, AsJson, ConfigFile

if TYPE_CHECKING:
    from fieldnote.bridge.checks import Finding
    from fieldnote.bridge.people import Mapped, People

_SIGNS = {"good": ("✓", "green"), "hint": ("!", "yellow"), "bad": ("✗", "red")}


def check(*, config: ConfigFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """Test connections, permissions, the mapping of sample rows, people and time zones, and say how to mend each.

    Exit status: 0 if nothing is bad, 1 if something is.
    """
    findings = asyncio.run(_check(config, quiet=as_json))
    bad = sum(finding.level.value == "bad" for finding in findings)
    if as_json:
        document = {"good": not bad, "findings": [finding.as_json() for finding in findings]}
        typer.echo(json.dumps(document, ensure_ascii=False))
    elif bad:
        typer.secho(f"{bad} to mend", fg="red")
    if bad:
        raise typer.Exit(1)


async def _check(path: Path, *, quiet: bool) -> list[Finding]:
    from fieldnote.bridge import open_bridge
    from fieldnote.bridge.checks import check_all
    from fieldnote.config import load

    found = []
    async with open_bridge(load(path)) as bridge:
        async for finding in check_all(bridge):
            found.append(finding)
            if not quiet:
                _print(finding)
    return found


def _print(finding: Finding) -> None:
    sign, colour = _SIGNS[finding.level.value]
    typer.secho(f"{sign} {finding.subject}: ", fg=colour, nl=False)
    typer.echo(finding.text)
    if finding.mend:
        typer.echo(f"    {finding.mend}")


def users(*, config: ConfigFile = DEFAULT_FILE, as_json: AsJson = False) -> None:
    """List the CRM's reps beside Siro's users, and by what each is taken for whom.

    Exit status: 0 if every rep has a user, 1 if one has none.
    """
    found = asyncio.run(_people(config))
    if as_json:
        document = {
            "reps": [item.as_json() for item in found.mapped],
            "usersWithoutRep": [
                {"id": user.id, "email": user.email, "name": user.full_name} for user in found.without_rep
            ],
            "overridesKnown": found.overrides_known,
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print_people(found)
    if any(item.user is None for item in found.mapped):
        raise typer.Exit(1)


async def _people(path: Path) -> People:
    from fieldnote.bridge import open_bridge
    from fieldnote.bridge.people import people
    from fieldnote.config import load

    async with open_bridge(load(path)) as bridge:
        return await people(bridge)


def _print_people(found: People) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for heading in ("CRM id", "rep", "email", "rows", "by", "Siro user", "why"):
        table.add_column(heading)
    for item in found.mapped:
        table.add_row(*_row(item), style="yellow" if item.user is None else None)
    console = Console()
    console.print(table)
    for user in found.without_rep:
        console.print(f"no rep: {user.full_name or '(no name)'} {user.email or ''}", markup=False)
    if not found.overrides_known:
        console.print("Siro did not tell whom a person has mapped by hand: override is not known here.")


def _row(item: Mapped) -> list[str]:
    rep = item.rep
    user = f"{item.user.full_name} <{item.user.email}>" if item.user else "-"
    return [rep.external_id, rep.name or "-", rep.email or "-", str(rep.records), item.way.value, user, item.why]
