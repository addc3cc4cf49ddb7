"""`fieldnote oauth setup`: an OAuth app and a user's token, made and tried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.support.env_file import add_variables
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.output import echo, secho
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from fieldnote.bridge.setup.oauth import Credentials
    from fieldnote.siro.models.enums import Scope

app = typer.Typer(no_args_is_help=True)


@app.callback()
def oauth() -> None:
    """What Siro needs to know who asks in whose name."""


@app.command()
def setup(
    *,
    user: Annotated[
        str, typer.Option(metavar="EMAIL", prompt="The Siro user in whose name to read", help="The user of the token.")
    ],
    scope: Annotated[str, typer.Option(help="read or write. Linking recordings needs write.")] = "read",
    env_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add the variables to this file. Only its owner can read it.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the secret, for your secret store.")] = False,
) -> None:
    """Create an OAuth app and a user token with the organization's token (SIRO_TOKEN), and test them.

    Exit status: 0 if the user's token is accepted, 1 if not.
    """
    if env_file is None and not show:
        raise ConfigError(
            "the app's secret has to go somewhere, as Siro shows it once", hint="Give --env-file or --show."
        )
    made = run_in_loop(_make(user, _scope(scope)))
    if env_file is not None:
        add_variables(env_file, made.environment())
        echo(f"{env_file}: SIRO_CLIENT_ID, SIRO_CLIENT_SECRET and SIRO_USER_ID were added")
    if show:
        for name, value in made.environment().items():
            echo(f"{name}={value}")
    if not made.reads:
        secho(f"the token of {made.user} is not accepted: {made.why_not}", fg="red", err=True)
        raise typer.Exit(1)
    echo(f"a token of {made.user} with scope {scope} was made, and is accepted")


def _scope(text: str) -> Scope:
    from fieldnote.siro.models.enums import Scope

    try:
        return Scope(text)
    except ValueError:
        raise ConfigError(f"--scope {text!r} is neither read nor write") from None


async def _make(email: str, scope: Scope) -> Credentials:
    from fieldnote.bridge.setup.oauth import make_credentials
    from fieldnote.siro import AsyncSiro

    async with AsyncSiro.from_env() as siro:
        return await make_credentials(siro, email, scope=scope)
