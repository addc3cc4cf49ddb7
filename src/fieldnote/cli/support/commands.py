"""The data that each command reads or changes, and the place where its audit event is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from typing import Any, Final

import typer


class Audited(StrEnum):
    """Which event a command leaves."""

    DECISION = "decision"
    """A person decides: the command takes `--as`, and the connection's audit keeps it with its outcome."""
    CHANGE = "change"
    """It changes what Siro, the CRM or the ledger has, as the file says; the connection's audit keeps it."""
    READ = "read"
    """It shows or copies customers' words; the connection's audit keeps it. `fieldnote audit` needs `--reads`."""
    MACHINE = "machine"
    """It concerns everything on this machine: the audit of each connection keeps it, and that of each organization."""
    CONSOLE = "console"
    """The console's own record keeps it."""
    NOTHING = "nothing"
    """It shows no customer's words, or made-up ones, and changes none of their data."""


COMMANDS: Final[Mapping[str, Audited]] = {
    "demo": Audited.NOTHING,
    "sandbox": Audited.NOTHING,
    "init": Audited.NOTHING,  # before there is a connection; it shows names of tables, and values of type columns
    "check": Audited.READ,
    "users": Audited.DECISION,
    "try": Audited.CHANGE,
    "push": Audited.CHANGE,
    "plan": Audited.READ,
    "pull": Audited.CHANGE,
    "run": Audited.CHANGE,
    "status": Audited.READ,
    "explain": Audited.READ,
    "reconcile": Audited.DECISION,
    "history": Audited.READ,
    "revert": Audited.DECISION,
    "forget": Audited.DECISION,
    "audit": Audited.NOTHING,
    "review list": Audited.READ,
    "review approve": Audited.DECISION,
    "review reject": Audited.DECISION,
    "review edit": Audited.DECISION,
    "review undo": Audited.DECISION,
    "review drop": Audited.DECISION,
    "review agreement": Audited.READ,
    "links list": Audited.READ,
    "links approve": Audited.DECISION,
    "links reject": Audited.DECISION,
    "match eval": Audited.READ,
    "insight eval": Audited.NOTHING,
    "quarantine list": Audited.READ,
    "quarantine show": Audited.READ,
    "quarantine retry": Audited.DECISION,
    "quarantine drop": Audited.DECISION,
    "oauth setup": Audited.MACHINE,
    "oauth migrate": Audited.CHANGE,
    "config schema": Audited.NOTHING,
    "config show": Audited.NOTHING,
    "db status": Audited.NOTHING,
    "db stop": Audited.NOTHING,
    "db url": Audited.MACHINE,
    "db migrate": Audited.NOTHING,
    "db rebuild": Audited.MACHINE,
    "db backup": Audited.MACHINE,
    "db restore": Audited.MACHINE,
    "console": Audited.NOTHING,
    "console user add": Audited.CONSOLE,
    "console user list": Audited.NOTHING,
    "console user role": Audited.CONSOLE,
    "console user password": Audited.CONSOLE,
    "console user disable": Audited.CONSOLE,
    "console user enable": Audited.CONSOLE,
}
"""Each command outside `fieldnote workspace`, which has an audit of its own."""
READS: Final = tuple(name for name, kept in COMMANDS.items() if kept is Audited.READ)


_current: ContextVar[str] = ContextVar("current command")


def current_command() -> str | None:
    """The command that runs, without the program's name: `review list`. None outside a command line."""
    return _current.get(None)


def is_audited(command: str) -> bool:
    """Whether a connection's audit keeps that this command was run. One that is not in the table is kept."""
    return COMMANDS.get(command) is not Audited.NOTHING


def name_commands(group: typer.Typer, before: str = "") -> None:
    """Let every command of a group, and of the groups in it, know its own name."""
    for one in group.registered_commands:
        if one.callback is not None:
            one.callback = _named(f"{before}{one.name or one.callback.__name__}", one.callback)
    for sub in group.registered_groups:
        if sub.typer_instance is not None:
            name_commands(sub.typer_instance, f"{before}{sub.name} ")


def _named(name: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(*arguments: Any, **options: Any) -> Any:
        _current.set(name)
        return callback(*arguments, **options)

    return run
