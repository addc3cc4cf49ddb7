"""`fieldnote workspace webhook`: where events are sent."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.workspace.access import operator
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_result, print_rows, run

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace

webhook_app = typer.Typer(no_args_is_help=True)


@webhook_app.command("add")
def webhook_add(
    *,
    url: Annotated[str, typer.Option("--url", metavar="U", help="The address for events about recordings.")],
    overlap: Annotated[
        int,
        typer.Option(
            "--overlap", min=0, max=8760, metavar="HOURS", help="The time during which the earlier secret signs too."
        ),
    ] = 24,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Send events to an address, signed with a secret that is shown only once.

    If the address exists, it gets a new secret. Until the overlap ends, the server signs with both secrets.
    """

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace import add_webhook

        own = await organization(workspace, org)
        endpoint = await add_webhook(
            workspace.engine,
            workspace.box,
            own.id,
            url=url,
            overlap=timedelta(hours=overlap),
            by=operator(acting_as),
        )
        return {"id": endpoint.id, "secret": endpoint.secret}

    print_result(run(do), as_json=as_json)


@webhook_app.command("list")
def webhook_list(*, org: OrganizationOption = None, as_json: AsJson = False) -> None:
    """List the addresses, and the results of their messages."""

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.domain.webhooks.deliveries import list_webhooks

        return await list_webhooks(workspace.engine, (await organization(workspace, org)).id)

    def line(row: dict[str, Any]) -> str:
        until = row["previous_until"]
        rotating = f", earlier secret until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else ""
        counts = f"{row['delivered']} delivered, {row['pending']} pending, {row['failed']} failed"
        return f"{row['id']}  {row['url']}  {counts}{rotating}"

    print_rows(run(do), line, as_json=as_json)


@webhook_app.command("remove")
def webhook_remove(
    webhook: Annotated[str, typer.Argument(metavar="ID|URL", help="The webhook's id or address.")],
    *,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Remove an address. Its waiting messages are dropped."""

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace.domain.webhooks.deliveries import remove_webhook

        own = await organization(workspace, org)
        return {"removed": await remove_webhook(workspace.engine, own.id, webhook, by=operator(acting_as))}

    print_result(run(do), as_json=as_json)
