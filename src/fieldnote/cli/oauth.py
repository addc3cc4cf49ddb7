"""`fieldnote oauth`: an OAuth app and a user's token, made and tried; and the move to client credentials."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.bridge import DEFAULT_FILE, ConfigFile
from fieldnote.cli.support.env_file import add_variables
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.opened import act_of, with_bridge
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import ask, echo, echo_json, secho
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.bridge.setup.client_credentials import Step
    from fieldnote.bridge.setup.oauth import Credentials
    from fieldnote.siro.models.enums import Scope

app = typer.Typer(no_args_is_help=True)


@app.callback()
def oauth() -> None:
    """The questions of Siro: the program, and the user in whose name it asks."""


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
    acting_as: ActingAs = None,
) -> None:
    """Create an OAuth app and a user token with the organization's token (SIRO_TOKEN), and test them.

    Exit status: 0 if the user's token is accepted, 1 if not.
    """
    from fieldnote.db.audit import audited_everywhere

    if env_file is None and not show:
        raise ConfigError(
            "the app's secret needs a destination, because Siro shows it only once", hint="Give --env-file or --show."
        )
    wanted = _scope(scope)
    with audited_everywhere(act_of("oauth setup", [f"scope {wanted.value}"], acting_as)):
        made = run_in_loop(_make(user, wanted))
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


@app.command()
def migrate(
    *,
    config: ConfigFile = DEFAULT_FILE,
    client_id: Annotated[
        str,
        typer.Option(
            "--client-id",
            metavar="ID",
            envvar="SIRO_CLIENT_ID",
            prompt="The client application's id",
            help="The client application.",
        ),
    ],
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret-file",
            metavar="FILE",
            help="The file with its secret. Without it: SIRO_CLIENT_SECRET, or a prompt.",
        ),
    ] = None,
    env_file: Annotated[
        Path | None,
        typer.Option("--env-file", metavar="FILE", help="The file that has SIRO_TOKEN, and gets the variables."),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Change the files, if each step of the test succeeds.")
    ] = False,
    acting_as: ActingAs = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Move a connection from an organization token to a client application (client credentials).

    Without --apply, it is a test: it signs in with the new credentials, reads, and changes nothing.
    Exit status: 1 if a step fails.
    """
    from pydantic import SecretStr

    from fieldnote.bridge.setup.client_credentials import Application, change_files, rehearse

    if apply and env_file is None:
        raise ConfigError("the new variables need a file", hint="Give --env-file, or run a test without --apply.")
    application = Application(client_id.strip(), SecretStr(_client_secret(secret_file)))

    async def work(bridge: Bridge) -> tuple[list[Step], list[Path]]:
        steps = await rehearse(bridge, application)
        move = apply and all(step.good for step in steps)
        return steps, change_files(config, env_file, application) if move and env_file is not None else []

    act = act_of("oauth migrate --apply" if apply else "oauth migrate", [application.client_id], acting_as)
    steps, changed = with_bridge(config, work, act=act)
    good = all(step.good for step in steps)
    if as_json:
        report = {"steps": [asdict(step) for step in steps], "good": good, "changed": [str(path) for path in changed]}
        echo_json(report)
    else:
        for step in steps:
            secho(f"{'good' if step.good else 'FAILS'}  {step.name}: {step.detail}", fg=None if step.good else "red")
        for path in changed:
            echo(f"changed {path}; the earlier one is {path.name}.before-migrate, which holds the old token")
        if good and not apply:
            echo("The test succeeded, and nothing was changed. Add --env-file FILE --apply to move.")
        if changed:
            echo("Start `fieldnote run` again with the new variables, then end the organization token in Siro.")
    if not good:
        raise typer.Exit(1)


def _client_secret(file: Path | None) -> str:
    try:
        secret = file.read_text(encoding="utf-8") if file is not None else os.environ.get("SIRO_CLIENT_SECRET", "")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the secret's file cannot be read: {error}", hint="Give --secret-file a text file."
        ) from error
    secret = secret.strip() or ask("The client application's secret", hide_input=True).strip()
    if not secret.isprintable():
        raise ConfigError("the client secret has characters that no secret has", hint="Copy it once more from Siro.")
    return secret


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
