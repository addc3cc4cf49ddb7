"""`fieldnote console`: the web pages, and who may sign in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.output import ask, echo, echo_json, print_table
from fieldnote.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from fieldnote.config import Config
    from fieldnote.console import Console, ConsoleSettings
    from fieldnote.console.access.users import User

T = TypeVar("T")

app = typer.Typer(invoke_without_command=True)
user_app = typer.Typer(no_args_is_help=True)
app.add_typer(user_app, name="user", help="Manage the people who can sign in.")

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The file that describes the connection.")]
DEFAULT_FILE = Path("fieldnote.yaml")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")]
Email = Annotated[str, typer.Option("--email", metavar="E", help="The email that the person signs in with.")]
RoleName = Annotated[str, typer.Option("--role", metavar="ROLE", help="admin, coach, rep or viewer.")]
Reps = Annotated[
    list[str] | None,
    typer.Option("--rep", metavar="ID", help="The CRM's id of a rep that a coach or rep sees. May be repeated."),
]
PasswordInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin; do not ask.")
]


@app.callback()
def console(
    context: typer.Context,
    *,
    config: ConfigFile = DEFAULT_FILE,
    host: Annotated[str | None, typer.Option(help="The address to listen on; the default is in the file.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port; 0 picks a free one.")] = None,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="TLS certificate chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="TLS private key, PEM.")] = None,
) -> None:
    """Serve the web pages of a connection, until stopped (Ctrl-C or SIGTERM).

    `fieldnote run` and `fieldnote workspace serve` serve them too.
    """
    if context.invoked_subcommand is None:
        run_in_loop(_serve(config, host=host, port=port, cert=cert, key=key))


@user_app.command("add")
def user_add(
    *,
    email: Email,
    role: RoleName,
    name: Annotated[str | None, typer.Option("--name", metavar="N", help="The person's name.")] = None,
    rep: Reps = None,
    password_stdin: PasswordInput = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Add a person who can sign in, with their role and password.

    admin sees and does everything; coach sees and acts on their team's reps; rep sees and acts on their own visits;
    viewer sees all reps and changes nothing.
    """
    from fieldnote.console.access.users import add_user

    wanted = _role(role)
    connection = _connection(config) if rep else ""
    password = _password(password_stdin)

    async def do(engine: AsyncEngine) -> None:
        async with _recorded(engine, "add user", f"{email.strip().lower()} as {wanted.value}"):
            await add_user(
                engine, email=email, role=wanted, name=name, password=password, connection=connection, reps=rep or ()
            )

    _in_database(do)
    _say(f"{email} may sign in as {wanted.value}")


@user_app.command("list")
def user_list(*, as_json: AsJson = False, config: ConfigFile = DEFAULT_FILE) -> None:
    """List the people who can sign in."""
    from fieldnote.console.access.users import list_users

    connection = _connection(config) if config.exists() else ""
    found = _in_database(lambda engine: list_users(engine, connection))
    if as_json:
        echo_json([_user_json(user) for user in found], default=str)
        return
    rows = [
        (
            (
                user.email,
                user.name,
                user.role.value,
                ", ".join(user.reps),
                "disabled" if user.disabled_at else "" if user.has_password else "no password",
                f"{user.last_seen_at:%Y-%m-%d %H:%M} UTC" if user.last_seen_at else "",
            ),
            "dim" if user.disabled_at else None,
        )
        for user in found
    ]
    print_table(["email", "name", "role", "reps", "state", "last seen"], rows)


@user_app.command("role")
def user_role(*, email: Email, role: RoleName, rep: Reps = None, config: ConfigFile = DEFAULT_FILE) -> None:
    """Change a person's role, and the reps that they see. The person must sign in again."""
    from fieldnote.console.access.users import set_role

    wanted = _role(role)
    connection = _connection(config) if rep else ""

    async def do(engine: AsyncEngine) -> None:
        async with _recorded(engine, "change role", f"{email.strip().lower()} to {wanted.value}"):
            await set_role(engine, email, wanted, connection=connection, reps=rep)

    _in_database(do)
    _say(f"{email} is {wanted.value} now")


@user_app.command("password")
def user_password(*, email: Email, password_stdin: PasswordInput = False) -> None:
    """Set a new password. The person's sessions end."""
    from fieldnote.console.access.users import set_password

    password = _password(password_stdin)

    async def do(engine: AsyncEngine) -> None:
        async with _recorded(engine, "set password", email.strip().lower()):
            await set_password(engine, email, password)

    _in_database(do)
    _say(f"{email} has a new password")


@user_app.command("disable")
def user_disable(*, email: Email) -> None:
    """Disable a person. Their sessions end; their acts stay on record."""
    _set_disabled(email, disabled=True)
    _say(f"{email} can no longer sign in")


@user_app.command("enable")
def user_enable(*, email: Email) -> None:
    """Let a disabled person sign in again."""
    _set_disabled(email, disabled=False)
    _say(f"{email} may sign in again")


def _set_disabled(email: str, *, disabled: bool) -> None:
    from fieldnote.console.access.users import set_disabled

    async def do(engine: AsyncEngine) -> None:
        async with _recorded(engine, "disable user" if disabled else "enable user", email.strip().lower()):
            await set_disabled(engine, email, disabled=disabled)

    _in_database(do)


async def _serve(path: Path, *, host: str | None, port: int | None, cert: Path | None, key: Path | None) -> None:
    from fieldnote.bridge import open_bridge
    from fieldnote.cli.support.signals import until_stopped
    from fieldnote.config import load
    from fieldnote.console import ConsoleServer, open_console
    from fieldnote.db.engine import Application, database_url

    config = load(path)
    settings = _settings(config, host=host, port=port, cert=cert, key=key)
    url = await asyncio.to_thread(database_url, Application.CONSOLE)
    async with (
        open_bridge(config) as bridge,
        open_console(database_url=url, bridge=bridge, settings=settings) as opened,
        ConsoleServer(opened) as server,
    ):
        echo(f"The console listens on {server.local_url}")
        if opened.settings.public_url:
            echo(f"  people open {server.url}")
        await _say_how_to_sign_in(opened)
        await until_stopped(server.wait())


async def _say_how_to_sign_in(console: Console) -> None:
    from fieldnote.console.access.users import count_users

    if await count_users(console.engine) == 0:
        echo("Nobody can sign in yet: fieldnote console user add --email you@example.com --role admin")


def _settings(
    config: Config, *, host: str | None, port: int | None, cert: Path | None, key: Path | None
) -> ConsoleSettings:
    from fieldnote.cli.console.beside import Wanted
    from fieldnote.cli.support.tls import tls_files, warn_of_plain_http

    settings = replace(Wanted(port).settings(config.console), move=False)
    if host is not None:
        settings = replace(settings, host=host)
    if cert is not None or key is not None:
        settings = replace(settings, tls=tls_files(cert, key))
    if settings.tls is None:
        warn_of_plain_http(settings.host, settings.public_url)
    return settings


def _in_database(do: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    from fieldnote.db.engine import Application, database_url, open_engine

    async def main() -> T:
        url = await asyncio.to_thread(database_url, Application.CONSOLE)
        engine = await open_engine(Application.CONSOLE, url)
        try:
            return await do(engine)
        finally:
            await engine.dispose()

    return run_in_loop(main())


def _say(words: str) -> None:
    """The result, and the database: each console reads its own."""
    from fieldnote.db.engine import Application, database_url, masked_url

    echo(words)
    echo(f"  in the database {masked_url(database_url(Application.CONSOLE))}")


def _recorded(engine: AsyncEngine, act: str, subject: str) -> AbstractAsyncContextManager[None]:
    from fieldnote.cli.support.operator import system_user
    from fieldnote.console.access.acts import recorded_command

    return recorded_command(engine, system_user(), act, subject)


def _connection(path: Path) -> str:
    """The connection that the ids of reps belong to: the file's, or the only one of the database."""
    from fieldnote.config import load

    if path != DEFAULT_FILE or path.exists():
        return load(path).connection
    names = _in_database(_connections)
    if len(names) == 1:
        return names[0]
    raise ConfigError(
        f"there is no file {path}, and the database has {len(names)} connections",
        hint="Add --config FILE: it names the connection that the reps belong to.",
    )


async def _connections(engine: AsyncEngine) -> list[str]:
    """The connections of the bridge in this database."""
    from sqlalchemy import text

    async with engine.connect() as conn:
        if await conn.scalar(text("select to_regclass('bridge.connections')")) is None:
            return []
        return [str(name) for name in await conn.scalars(text("select name from bridge.connections order by name"))]


def _role(name: str) -> Any:
    from fieldnote.console.access.roles import Role

    try:
        return Role(name.strip().lower())
    except ValueError:
        roles = ", ".join(role.value for role in Role)
        raise ConfigError(f"unknown role: {name!r}", hint=f"Choose one of {roles}.") from None


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigError("the password cannot be asked here", hint="Add --password-stdin, and write it to stdin.")
    return str(ask("Password", hide_input=True, confirmation_prompt=True))


def _user_json(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "reps": list(user.reps),
        "disabled": user.disabled_at is not None,
        "hasPassword": user.has_password,
        "createdAt": user.created_at.isoformat(),
        "lastSeenAt": user.last_seen_at.isoformat() if user.last_seen_at else None,
    }
