"""`fieldnote workspace forget` and `fieldnote workspace audit`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import ask_yes_or_no, echo, echo_json, secho
from fieldnote.cli.workspace.access import operator
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_rows, run
from fieldnote.errors import WorkspaceError
from fieldnote.json_form import to_json

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace
    from fieldnote.workspace.domain.erasure import Receipt


def forget(
    *,
    recording: Annotated[
        str | None, typer.Option("--recording", metavar="ID|KEY", help="A recording, by its id or your own id.")
    ] = None,
    account: Annotated[str | None, typer.Option("--account", metavar="ID", help="The workspace's or CRM's id.")] = None,
    person: Annotated[
        str | None,
        typer.Option("--person", metavar="EMAIL|PHONE|ID", help="A customer, or a user by email."),
    ] = None,
    even_protected: Annotated[
        bool, typer.Option("--even-protected", help="Also recordings marked doNotDelete.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the data to erase, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Erase the words, audio, values and coordinates of a recording, customer or person. Prints a receipt.

    It cannot be undone.
    """

    async def do(workspace: Workspace, *, only_look: bool) -> Receipt:
        from fieldnote.workspace.domain.erasure import forget as erase

        return await erase(
            workspace,
            await organization(workspace, org),
            by=operator(acting_as),
            recording=recording,
            account=account,
            person=person,
            even_protected=even_protected,
            dry_run=only_look,
        )

    if not dry_run and not yes:
        if as_json:
            raise WorkspaceError("an erasure cannot be undone", hint="Add --yes, or --dry-run to see it first.")
        _print(run(lambda workspace: do(workspace, only_look=True)), "would be erased")
        ask_yes_or_no("Erase this? It cannot be undone.", abort=True)
    receipt = run(lambda workspace: do(workspace, only_look=dry_run))
    if as_json:
        echo_json(to_json(receipt) | {"dryRun": dry_run})
    else:
        _print(receipt, "would be erased" if dry_run else "erased")


def _print(receipt: Receipt, word: str) -> None:
    secho(f"{receipt.forgotten}, {receipt.at:%Y-%m-%d %H:%M:%S} UTC, by {receipt.by}", bold=True)
    for name, count in receipt.erased.items():
        echo(f"  {word}: {count} {name}")
    for one in receipt.remains:
        echo(f"  remains in {one.where}: {one.what}, until {one.until}")


def audit(
    *,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="2026-02-01 or with a time.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="ID", help="Only events of this recording or record.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="EMAIL", help="Only events by this user.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The number of events.")] = 100,
    keep: Annotated[
        int | None,
        typer.Option("--keep", min=1, max=36_500, metavar="DAYS", help="Keep events for this many days, from now on."),
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """List who read, changed, created and deleted data, newest first."""
    begins = None if since is None else _moment(since)

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.audit_log import keep_events, list_events

        own = await organization(workspace, org)
        if keep is not None:
            await keep_events(workspace.engine, own, keep, by=operator(acting_as))
        return await list_events(workspace.engine, own, since=begins, target=target, user=user, limit=limit)

    print_rows(run(do), _line, as_json=as_json)


def _line(event: dict[str, Any]) -> str:
    who = event["acting_as"] and f"{event['acting_as']} ({event['operator']})"
    who = who or event["operator"] or event["user"] or event["token"] or "unknown"
    where = f" from {event['address']}" if event["address"] else ""
    times = f", {event['calls']} calls" if event["calls"] > 1 else ""
    targets = " ".join(event["targets"][:3]) + (f" and {len(event['targets']) - 3} more" * (len(event["targets"]) > 3))
    refused = "" if event["outcome"] == "done" else f" [{event['outcome']}]"
    return (
        f"{event['at'].astimezone(UTC):%Y-%m-%d %H:%M:%S}  {who}{where}  {event['action']}{times}{refused}  {targets}"
    )


def _moment(text: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise WorkspaceError(
            f"--since is not a date: {text!r}", hint="Write 2026-02-01 or 2026-02-01T08:00Z."
        ) from None
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given
