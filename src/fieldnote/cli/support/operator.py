"""The person who runs a command: the user of the operating system, and the name that `--as` gives."""

from __future__ import annotations

import getpass
import os
from typing import Annotated

import typer

ActingAs = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="The name of the person who decides, for the audit log. Fieldnote also logs this machine's user name.",
    ),
]


def system_user() -> str:
    """The user of this process; environment variables do not change it."""
    try:
        import pwd
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run under a number without a name
        return f"uid {os.getuid()}"


def actor(given: str | None) -> str:
    """The name in a history: `NAME (user of this machine)`, or that user alone."""
    user = system_user()
    return user if given is None or given == user else f"{given} ({user})"
