"""`fieldnote workspace`: a Siro-compatible server, and what an administrator does in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.console.beside import ConsolePort, NoConsole, Wanted, announce_console, console_beside
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import echo
from fieldnote.cli.workspace import access, definitions, erasure, processing, webhooks
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, print_rows
from fieldnote.cli.workspace.open import organization as _organization
from fieldnote.cli.workspace.open import print_result as _print
from fieldnote.cli.workspace.open import run as _run
from fieldnote.errors import WorkspaceError

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace

app = typer.Typer(no_args_is_help=True)
user_app = typer.Typer(no_args_is_help=True)
team_app = typer.Typer(no_args_is_help=True)
app.add_typer(user_app, name="user", help="Manage the users of the organization.")
app.add_typer(team_app, name="team", help="Manage the teams of the organization.")
app.add_typer(webhooks.webhook_app, name="webhook", help="Manage the addresses that get events.")
app.add_typer(access.token_app, name="tokens", help="Manage tokens.")
app.add_typer(access.token_app, name="token", hidden=True)
app.add_typer(access.org_app, name="org", help="Manage organizations.")
app.add_typer(access.app_app, name="app", help="Manage OAuth apps.")
app.add_typer(
    definitions.definitions_app, name="definitions", help="Manage the fields that are extracted from conversations."
)
app.command()(processing.jobs)
app.command()(processing.retry)
app.command()(processing.roles)
app.command()(processing.redaction)
app.command()(processing.model)
app.command()(processing.status)
app.command()(erasure.forget)
app.command()(erasure.audit)
user_app.command("disable")(access.user_disable)
user_app.command("enable")(access.user_enable)


@app.command()
def init(
    *,
    org: Annotated[str, typer.Option("--org", metavar="NAME", help="The organization's name.")],
    admin: Annotated[str, typer.Option("--admin", metavar="EMAIL", help="The email of its first user.")],
    acting_as: ActingAs = None,
    as_json: AsJson = False,
) -> None:
    """Create an organization, and its token, which is shown only once."""

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace import init_organization

        made, token = await init_organization(workspace.engine, name=org, admin=admin, by=access.operator(acting_as))
        return {
            "organizationId": made.id,
            "adminUserId": made.admin_id,
            "token": token,
            "integrationConnectionId": made.connection_id,
        }

    _print(_run(do), as_json=as_json)


@app.command()
def serve(
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 picks a free one.")] = 8700,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    rate_limit: Annotated[
        str, typer.Option("--rate-limit", metavar="N|off", help="Calls of one token in any 60 seconds.")
    ] = "1000",
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="TLS certificate chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="TLS private key, PEM.")] = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            "--public-url",
            metavar="URL",
            help="The server's address for clients, if it is behind a proxy: https://siro.example.com",
        ),
    ] = None,
    faults: Annotated[
        Path | None, typer.Option("--faults", metavar="FILE", help="A file of faults to inject: docs/faults.md.")
    ] = None,
    console_port: ConsolePort = None,
    no_console: NoConsole = False,
) -> None:
    """Serve the API and the console, process recordings and send webhooks, until stopped (Ctrl-C or SIGTERM)."""
    from fieldnote.cli.support.signals import stop_signal, until_stopped
    from fieldnote.cli.support.tls import is_loopback, tls_files, warn_of_plain_http
    from fieldnote.workspace import WorkspaceServer
    from fieldnote.workspace.http.fault_settings import read_faults

    calls, tls = _calls(rate_limit), tls_files(cert, key)
    if tls is None:
        warn_of_plain_http(host, public_url)
    broken = None if faults is None else read_faults(faults)

    async def do(workspace: Workspace) -> None:
        stopped = stop_signal()  # before the server listens: a signal that comes at once ends it well, too
        async with WorkspaceServer(workspace, host=host, port=port, rate_limit=calls, tls=tls) as server:
            echo(f"The workspace listens on {server.url}")
            echo(f"  SIRO_BASE_URL={server.url}/api-externalApi")
            echo(f"  SIRO_API_URL={server.url}")
            if broken is not None:
                echo(f"  Injecting the faults of {faults}, with the seed {broken.seed}.")
            async with console_beside(Wanted(console_port, serve=not no_console), workspace=workspace) as console:
                announce_console(console)
                await until_stopped(server.wait(), stopped)

    _run(do, on_loopback=is_loopback(host), faults=broken, public_url=public_url)


@user_app.command("add")
def user_add(
    *,
    email: Annotated[str, typer.Option("--email", metavar="E", help="The email of the new user.")],
    name: Annotated[str, typer.Option("--name", metavar="N", help="First and last name.")],
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a user. If the email exists, the command changes that user's name."""

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace import add_user

        user = await add_user(
            workspace.engine,
            await _organization(workspace, org),
            email=email,
            name=name,
            by=access.operator(acting_as),
        )
        return {"userId": user.id, "email": user.email, "name": user.name, "role": user.role}

    _print(_run(do), as_json=as_json)


@team_app.command("add")
def team_add(
    *,
    name: Annotated[str, typer.Option("--name", metavar="N", help="The name of the team.")],
    team_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="The id of the team; the default is a new one.")
    ] = None,
    member: Annotated[
        list[str] | None, typer.Option("--member", metavar="EMAIL", help="The email of a user. May be repeated.")
    ] = None,
    coach: Annotated[
        list[str] | None, typer.Option("--coach", metavar="EMAIL", help="The email of a user. May be repeated.")
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a team. If the id exists, the command adds people to that team."""

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace import add_team

        own = await _organization(workspace, org)
        people = {"members": member or (), "coaches": coach or ()}
        by = access.operator(acting_as)
        return {"teamId": await add_team(workspace.engine, own, name=name, team_id=team_id, by=by, **people)}

    _print(_run(do), as_json=as_json)


@user_app.command("map")
def user_map(
    *,
    external: Annotated[str, typer.Option("--external", metavar="ID", help="The CRM's id of the rep.")],
    email: Annotated[str, typer.Option("--email", metavar="E", help="The email of the workspace user.")],
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Set the user of a CRM's rep. It overrides a match by email or name."""

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace import map_user

        organization = await _organization(workspace, org)
        user = await map_user(
            workspace.engine, organization, external_id=external, email=email, by=access.operator(acting_as)
        )
        return {"externalId": external, "userId": user.id, "email": user.email}

    _print(_run(do), as_json=as_json)


@user_app.command("list")
def user_list(*, org: OrganizationOption = None, as_json: AsJson = False) -> None:
    """List the users of the organization."""

    async def do(workspace: Workspace) -> list[dict[str, str]]:
        from fieldnote.workspace import list_users

        users = await list_users(workspace.engine, await _organization(workspace, org))
        return [{"userId": user.id, "email": user.email, "name": user.name, "role": user.role} for user in users]

    def line(user: dict[str, str]) -> str:
        return f"{user['userId']}  {user['role']:5}  {user['name']} <{user['email']}>"

    print_rows(_run(do), line, as_json=as_json)


def _calls(value: str) -> int | None:
    """None for `off`."""
    word = value.strip().lower()
    if word == "off":
        return None
    if not (word.isascii() and word.isdigit() and int(word[:9]) > 0):
        raise WorkspaceError(f"--rate-limit {value!r} is not a number of calls", hint="Give 1 or more, or off.")
    return int(word[:9])
