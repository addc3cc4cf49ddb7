"""The home: the one folder in which Fieldnote keeps what must last."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

import platformdirs

from fieldnote.errors import ConfigError, DatabaseError

ROOT_HOME = Path("/var/lib/fieldnote")
_OWN = ("secret.key*", ".secret.key*", "audio", "dlt")
"""The entries of a home beside PostgreSQL's files; only the owner may read them."""


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


def close_process() -> None:
    """Close what this process and its children create to other users, whatever the shell says."""
    if sys.platform != "win32":
        os.umask(0o077)


def close_folder(path: Path) -> None:
    """Make a folder if it is missing, and close it to others, with all in it. Symbolic links are not followed.

    Raises `ConfigError` where another user owns a part of it that others may enter or read.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform == "win32":
            return
        _close(path, path.stat())
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                inside = Path(folder, name)
                with suppress(FileNotFoundError):  # another process deletes audio meanwhile
                    _close(inside, inside.lstat())
    except OSError as error:
        raise DatabaseError(
            f"cannot make {path}: {error.strerror or error}", hint="Choose a folder that you may write to."
        ) from error


def _close(path: Path, state: os.stat_result) -> None:
    if stat.S_ISLNK(state.st_mode) or not state.st_mode & 0o077:
        return
    if state.st_uid != os.geteuid():
        raise ConfigError(f"others may read {path}, which another user owns", hint=f"Run: chown {os.geteuid()} {path}")
    path.chmod(state.st_mode & 0o700)


def ensure_home(path: Path) -> Path:
    """Make the home if it is missing, and give its path without symbolic links.

    It is closed to others. For root it may be entered (not listed) by the user that the embedded server runs as;
    each file in it guards itself. Raises `ConfigError` for a home that others may write to and another user owns.
    """
    try:
        if not path.is_dir():
            for folder in reversed([one for one in (path, *path.parents) if not one.exists()]):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o711 if is_root() else 0o700)
            path.mkdir(exist_ok=True)  # raises where a file has that name
        elif sys.platform != "win32":
            _close_home(path)
        return path.resolve()
    except OSError as error:
        raise DatabaseError(
            f"cannot make Fieldnote's home {path}: {error.strerror or error}",
            hint="Set FIELDNOTE_HOME to a folder that you may write to.",
        ) from error


def _close_home(path: Path) -> None:
    """Take from others what they must not do in a home that exists: list it, change it, and read its files."""
    for inside in (one for pattern in _OWN for one in path.glob(pattern)):
        with suppress(FileNotFoundError):
            if (known := inside.lstat()).st_uid == os.geteuid():
                _close(inside, known)
    state = path.stat()
    allowed = 0o011 if is_root() else 0
    extra = state.st_mode & 0o077 & ~allowed
    if not extra:
        return
    if state.st_uid == os.geteuid():
        path.chmod(state.st_mode & 0o7777 & ~extra)
    elif state.st_mode & 0o022:
        raise ConfigError(
            f"others may write to Fieldnote's home {path}, and another user owns it",
            hint="Set FIELDNOTE_HOME to your own folder.",
        )
