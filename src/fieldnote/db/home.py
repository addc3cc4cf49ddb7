"""The home: the one folder in which Fieldnote keeps what must last."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from fieldnote.errors import ConfigError, DatabaseError

ROOT_HOME = Path("/var/lib/fieldnote")


def home() -> Path:
    """The home's absolute path: `FIELDNOTE_HOME`, else the platform's folder for a user's data.

    For root it is a system folder: `/root` is closed to the user that the embedded server runs as.
    The folder need not exist yet.
    """
    named = os.environ.get("FIELDNOTE_HOME")
    if named:
        return _absolute(named)
    if is_root():
        return ROOT_HOME
    return platformdirs.user_data_path("fieldnote", appauthor=False)


def _absolute(named: str) -> Path:
    try:
        return Path(named).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"FIELDNOTE_HOME names no usable folder: {named!r} ({error})",
            hint="Set it to the absolute path of a folder that you may write to.",
        ) from error


def is_root() -> bool:
    """Whether this process runs as the superuser, which PostgreSQL refuses to do."""
    return sys.platform != "win32" and os.geteuid() == 0


def ensure_home(path: Path) -> Path:
    """Make the home if it is missing, and give its path without symbolic links. What exists keeps its mode.

    A new home is closed to others. For root it may be entered (not listed) by the user that the embedded
    server runs as; each file in it guards itself.
    """
    try:
        if not path.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o711 if is_root() else 0o700)
        return path.resolve()
    except OSError as error:
        raise DatabaseError(
            f"cannot make Fieldnote's home {path}: {error.strerror or error}",
            hint="Set FIELDNOTE_HOME to a folder that you may write to.",
        ) from error
