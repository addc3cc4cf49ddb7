"""A file of variables, NAME=VALUE a line, which a shell can read and only its owner may."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from fieldnote.errors import ConfigError


def read_variables(path: Path) -> dict[str, str]:
    """The variables of the file; none where there is no file. Raises ConfigError for a line that is not one."""
    if not path.exists():
        return {}
    found: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Name another file with --env-file.") from error
    for number, line in enumerate(lines, 1):
        try:
            words = shlex.split(line.removeprefix("export "), comments=True)
        except ValueError:
            words = [line]
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or not name.isidentifier():
                raise ConfigError(f"{path}:{number} is not NAME=VALUE", hint="Correct the line, or remove it.")
            found[name] = value
    return found


def add_variables(path: Path, variables: dict[str, str]) -> None:
    """Append to the file; only its owner may read it, from the first byte on."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="Name another file.") from error
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
