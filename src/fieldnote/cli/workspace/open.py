"""Code that the commands of `fieldnote workspace` share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.output import echo, echo_json
from fieldnote.json_form import camel_case

if TYPE_CHECKING:
    from fieldnote.workspace import Organization, Workspace
    from fieldnote.workspace.http.fault_settings import FaultSettings

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")]
OrganizationOption = Annotated[
    str | None, typer.Option("--org", metavar="NAME|ID", help="The organization; required if there are several.")
]


def run(
    do: Callable[[Workspace], Awaitable[T]],
    *,
    on_loopback: bool = True,
    faults: FaultSettings | None = None,
    public_url: str | None = None,
) -> T:
    """The result of `do` with the workspace's database open."""
    from fieldnote.db.engine import Application, database_url
    from fieldnote.workspace import open_workspace

    async def main() -> T:
        url = await asyncio.to_thread(database_url, Application.WORKSPACE)
        async with open_workspace(
            database_url=url, on_loopback=on_loopback, faults=faults, public_url=public_url
        ) as workspace:
            return await do(workspace)

    return run_in_loop(main())


async def organization(workspace: Workspace, org: str | None) -> Organization:
    """The one that is named, or the only one."""
    from fieldnote.workspace import find_organization

    return await find_organization(workspace.engine, org)


def print_rows(rows: Sequence[T], line: Callable[[T], str], *, as_json: bool) -> None:
    """A line for each row, or JSON with keys in camelCase."""
    if as_json:
        echo_json([_camel_keys(row) for row in rows], default=str)
        return
    for row in rows:
        echo(line(row))


def _camel_keys(row: object) -> object:
    """A row of the database has the names of its columns as keys."""
    return {camel_case(name): value for name, value in row.items()} if isinstance(row, Mapping) else row


def print_result(result: dict[str, Any], *, as_json: bool) -> None:
    """A line for each value, or JSON."""
    if as_json:
        echo_json(result)
        return
    for name, value in result.items():
        echo(f"{name}: {value}")
