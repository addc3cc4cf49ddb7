"""`fieldnote workspace tokens`, `user`, `org`, `app`: who gets in, and who no longer does."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldnote.cli.support.operator import ActingAs, system_user
from fieldnote.cli.support.output import echo
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_result, print_rows, run
from fieldnote.errors import WorkspaceError

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace
    from fieldnote.workspace.audit import Operator

token_app = typer.Typer(no_args_is_help=True)
org_app = typer.Typer(no_args_is_help=True)
app_app = typer.Typer(no_args_is_help=True)


def operator(acting_as: str | None) -> Operator:
    """The person who runs this command, for the audit."""
    from fieldnote.workspace.audit import Operator

    return Operator(system_user(), acting_as)


# --- tokens


@token_app.command("add")
def token_add(
    *,
    name: Annotated[str, typer.Option("--name", metavar="N", help="The purpose of the token.")],
    scope: Annotated[
        str, typer.Option("--scope", help="read, sync (a CRM's connection: reads all, writes CRM records) or all.")
    ] = "all",
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="DAYS|DATE", help="Days or a date: 90, or 2027-01-31. The default is never."),
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Create another token for the organization. It is shown only once."""
    ends = None if expires is None else _ends(expires)

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace.domain.access import add_token

        own = await organization(workspace, org)
        return {
            "token": await add_token(
                workspace.engine, own, name=name, by=operator(acting_as), scope=_scope(scope), expires_at=ends
            )
        }

    print_result(run(do), as_json=as_json)


def _scope(text: str) -> Any:
    from fieldnote.workspace.http.scopes import TokenScope

    try:
        return TokenScope(text)
    except ValueError:
        raise WorkspaceError(f"--scope is not read, sync or all: {text!r}") from None


def _ends(text: str) -> datetime:
    hint = "Give a number of days, as 90, or a date in the future, as 2027-01-31."
    try:
        if text.isascii() and text.isdigit():
            ends = datetime.now(UTC) + timedelta(days=int(text))
        else:
            ends = datetime.fromisoformat(text)
            ends = ends.replace(tzinfo=UTC) if ends.tzinfo is None else ends.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WorkspaceError(f"--expires is not a time: {text!r}", hint=hint) from None
    if ends <= datetime.now(UTC):
        raise WorkspaceError(f"--expires is not in the future: {text!r}", hint=hint)
    return ends


@token_app.command("list")
def token_list(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also revoked and expired ones.")] = False,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """List the tokens: scope, creator, expiration date, last use."""

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.domain.access import list_tokens

        found = await list_tokens(workspace.engine, await organization(workspace, org))
        return [asdict(token) for token in found if everything or token.state == "active"]

    print_rows(run(do), _token_line, as_json=as_json)


def _token_line(token: dict[str, Any]) -> str:
    whose = f"for {token['user']}" if token["user"] else f"made by {token['made_by'] or 'a program'}"
    used = f"used {_day(token['last_used_at'])}" if token["last_used_at"] else "never used"
    ends = f"expires {_day(token['expires_at'])}" if token["expires_at"] else "no expiry"
    state = "" if token["state"] == "active" else f"  [{token['state']}]"
    return f"{token['id']}  {token['scope']:5}  {token['name']}, {whose}, {ends}, {used}{state}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


@token_app.command("end")
def token_end(
    token: Annotated[str, typer.Argument(metavar="ID|NAME", help="The token's id or name.")],
    *,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a token. The server refuses later calls with it."""

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace.domain.access import end_token

        own = await organization(workspace, org)
        ended = await end_token(workspace.engine, own, token, by=operator(acting_as))
        return {"tokenId": ended.id, "name": ended.name, "state": "ended"}

    print_result(run(do), as_json=as_json)


# --- users


def user_disable(
    *,
    email: Annotated[str, typer.Option("--email", metavar="E", help="The email of the workspace user.")],
    end_tokens: Annotated[
        bool, typer.Option("--end-tokens", help="Also revoke the organization tokens that this user made.")
    ] = False,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Disable a user. Their tokens end at once, and they get no new ones."""

    async def do(workspace: Workspace) -> dict[str, Any]:
        from fieldnote.workspace.domain.access import disable_user

        own = await organization(workspace, org)
        done = await disable_user(workspace.engine, own, email, by=operator(acting_as), end_tokens=end_tokens)
        return {
            "email": email,
            "disabled": True,
            "userTokensEnded": done.user_tokens,
            "organizationTokensMade": done.organization_tokens,
            "organizationTokensEnded": done.ended and bool(done.organization_tokens),
        }

    result = run(do)
    print_result(result, as_json=as_json)
    if result["organizationTokensMade"] and not end_tokens:
        echo("These organization tokens still work. End them: fieldnote workspace tokens end NAME", err=True)


def user_enable(
    *,
    email: Annotated[str, typer.Option("--email", metavar="E", help="The email of the workspace user.")],
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Enable a user again. Revoked tokens stay revoked."""

    async def do(workspace: Workspace) -> dict[str, Any]:
        from fieldnote.workspace.domain.access import enable_user

        await enable_user(workspace.engine, await organization(workspace, org), email, by=operator(acting_as))
        return {"email": email, "disabled": False}

    print_result(run(do), as_json=as_json)


# --- organizations


@org_app.command("list")
def org_list(*, as_json: AsJson = False) -> None:
    """List the organizations of this workspace."""

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.domain.access import list_organizations

        found = await list_organizations(workspace.engine)
        return [{"organizationId": one, "name": name, "disabled": disabled} for one, name, disabled in found]

    def line(row: dict[str, Any]) -> str:
        return f"{row['organizationId']}  {row['name']}{'  [disabled]' if row['disabled'] else ''}"

    print_rows(run(do), line, as_json=as_json)


@org_app.command("disable")
def org_disable(*, acting_as: ActingAs = None, org: OrganizationOption = None, as_json: AsJson = False) -> None:
    """Disable an organization: its tokens stop working, and its jobs wait."""
    _set_organization(org, acting_as, as_json=as_json, disabled=True)


@org_app.command("enable")
def org_enable(*, acting_as: ActingAs = None, org: OrganizationOption = None, as_json: AsJson = False) -> None:
    """Enable an organization again. Its jobs continue within ten minutes."""
    _set_organization(org, acting_as, as_json=as_json, disabled=False)


def _set_organization(org: str | None, acting_as: str | None, *, as_json: bool, disabled: bool) -> None:
    async def do(workspace: Workspace) -> dict[str, Any]:
        from fieldnote.workspace.domain.access import set_organization

        own = await organization(workspace, org)
        await set_organization(workspace.engine, own, disabled=disabled, by=operator(acting_as))
        return {"organizationId": own.id, "name": own.name, "disabled": disabled}

    print_result(run(do), as_json=as_json)


# --- OAuth apps


@app_app.command("list")
def app_list(*, org: OrganizationOption = None, as_json: AsJson = False) -> None:
    """List the OAuth apps, which create user tokens."""

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.domain.access import list_apps

        return await list_apps(workspace.engine, await organization(workspace, org))

    def line(row: dict[str, Any]) -> str:
        return f"{row['client_id']}  {row['name']}, owner {row['owner']}, {row['state']}"

    print_rows(run(do), line, as_json=as_json)


@app_app.command("disable")
def app_disable(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The app, as `app list` prints it.")],
    *,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Disable an OAuth app: its tokens end at once, and it creates no more."""
    _set_app(client_id, org, acting_as, as_json=as_json, disabled=True)


@app_app.command("enable")
def app_enable(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="The app, as `app list` prints it.")],
    *,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Enable an OAuth app again. Revoked tokens stay revoked."""
    _set_app(client_id, org, acting_as, as_json=as_json, disabled=False)


def _set_app(client_id: str, org: str | None, acting_as: str | None, *, as_json: bool, disabled: bool) -> None:
    async def do(workspace: Workspace) -> dict[str, Any]:
        from fieldnote.workspace.domain.access import set_app

        own = await organization(workspace, org)
        await set_app(workspace.engine, own, client_id, disabled=disabled, by=operator(acting_as))
        return {"clientId": client_id, "disabled": disabled}

    print_result(run(do), as_json=as_json)
