"""One embedded PostgreSQL a home: the first process that needs it starts it, others join, none stops it.

The home holds::

    postgres.lock           held while a server is built, started or stopped
    postgres/data           PostgreSQL's data directory; the socket and the server's log are in it
    postgres/password       of the superuser `fieldnote`
    postgres.build-…        a first start under way, or one that was killed

`postgres` is renamed into place when it is whole, so a first start that was killed is simply begun again.
Whether a server runs is judged by connecting to the socket in its own data directory, never by a pid. It
listens on no network address, and asks everybody for the password.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import pq, sql

from fieldnote.db.home import ensure_home
from fieldnote.db.locks import file_lock
from fieldnote.db.processes import kill_all, pids_in, wait_until_none
from fieldnote.db.programs import OWN_SERVER_HINT, Programs, find_programs
from fieldnote.db.sockets import NAME as SOCKET_NAME
from fieldnote.db.sockets import PORT, answer_of, forget_links, socket_folder
from fieldnote.errors import DatabaseError

log = logging.getLogger(__name__)

SUPERUSER: Final = "fieldnote"
_LOG: Final = "log"
_LOG_LIMIT: Final = 10_000_000
_SILENCE: Final = 60.0
"""Seconds after which a server that lives but never answered is given up."""
_DUPLICATE: Final = (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)

# For a laptop. Durability is PostgreSQL's own default: a commit is on the disk. The log holds no one's data.
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running embedded server."""

    home: Path
    address: Path
    """The folder of its socket, by a name short enough to connect to."""
    password: str = field(repr=False)

    def url(self, database: str) -> str:
        """A `postgresql://` URL, with password, of `database`, which is made if it is missing."""
        self._ensure_database(database)
        return self._url(database)

    def _url(self, database: str) -> str:
        host = quote(str(self.address), safe="")
        name = quote(database, safe="")
        return f"postgresql://{SUPERUSER}:{quote(self.password, safe='')}@/{name}?host={host}&port={PORT}"

    def _ensure_database(self, database: str) -> None:
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                known = connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone()
                if known is None:
                    with suppress(*_DUPLICATE):  # another process made it at the same moment
                        connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
        except psycopg.Error as error:
            raise DatabaseError(
                f"the embedded PostgreSQL of {self.home} refuses the connection: {error}",
                hint="If this goes on, run `fieldnote db stop` and try again.",
            ) from error


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The facts that `fieldnote db status` shows."""

    data: Path
    built: bool
    """Whether a first start is complete."""
    running: bool
    version: int | None
    """PostgreSQL's major version."""
    size: int
    """Bytes on disk."""


def ensure_server(home: Path) -> Server:
    """Join the home's server; build and start it if need be. Blocking: seconds at first, then milliseconds.

    Safe to call from any number of processes and threads at once, and to be killed in. A recovery after a
    crash is waited for. Raises `DatabaseError`.
    """
    _check_platform()
    cluster = _Cluster(ensure_home(home))
    with _os_errors(cluster.home):
        if not cluster.answers():
            with file_lock(cluster.lock):
                cluster.bring_up()
        return cluster.server()


def stop_server(home: Path) -> bool:
    """Stop the home's server, after the transactions under way are rolled back. Whether one was running."""
    _check_platform()
    with _os_errors(home):
        if not home.is_dir():
            return False
        cluster = _Cluster(home.resolve())
        with file_lock(cluster.lock):
            return cluster.stop()


def server_status(home: Path) -> ServerStatus:
    """Look at the home's server without starting it."""
    with _os_errors(home):
        cluster = _Cluster(home.resolve())
        built = cluster.root.is_dir()
        return ServerStatus(
            data=cluster.data,
            built=built,
            running=built and cluster.answers(),
            version=cluster.version() if built else None,
            size=_size(cluster.data),
        )


def _check_platform() -> None:
    if sys.platform == "win32":
        raise DatabaseError(
            "the embedded PostgreSQL runs on Linux and macOS",
            hint="Run Fieldnote under WSL. " + OWN_SERVER_HINT,
        )


class _Cluster:
    """The files and processes of one home's server. A change needs the home's lock."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lock = home / "postgres.lock"
        self.root = home / "postgres"
        self.data = self.root / "data"

    def server(self) -> Server:
        password = (self.root / "password").read_text(encoding="ascii").strip()
        return Server(self.home, socket_folder(self.data), password)

    def answers(self) -> bool:
        return self.data.is_dir() and answer_of(self.data) == pq.Ping.OK

    def version(self) -> int:
        """The major version that the data is of."""
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise DatabaseError(
                f"{self.data} is not a whole PostgreSQL data directory: {error}",
                hint=f"Put back what was removed from it, or delete {self.root} to begin with an empty one.",
            ) from error

    def bring_up(self) -> None:
        self._remove_unfinished()
        if not self.root.exists():
            self._build()
        elif self._settle():
            return
        self._start()

    def stop(self) -> bool:
        self._remove_unfinished()
        running = bool(pids_in(self.data))
        if running and self._postmaster() is not None:
            _run(self._programs(), "pg_ctl", ["stop", "-m", "fast", "-w", "-t", "60"], data=self.data)
        if not wait_until_none(self.data, seconds=5 if running else 0):
            kill_all(self.data)
        forget_links(self.data)
        return running

    def _programs(self) -> Programs:
        """Those that fit the data: its version, and its owner where root comes after an ordinary user."""
        return find_programs(self.version(), owner=self.data.stat().st_uid)

    def _build(self) -> None:
        """Make a data directory under a temporary name, and rename it when it is whole."""
        started = time.monotonic()
        programs = find_programs()
        build = Path(tempfile.mkdtemp(dir=self.home, prefix="postgres.build-"))
        try:
            if programs.user is not None:
                build.chmod(0o711)
            _initdb(programs, build)
            build.rename(self.root)
            _sync_folder(self.home)
        finally:
            shutil.rmtree(build, ignore_errors=True)
        log.info("embedded_postgresql_built", extra={"seconds": round(time.monotonic() - started, 3)})

    def _remove_unfinished(self) -> None:
        """Remove what first starts left that were killed; their `initdb` may work on without them."""
        for build in self.home.glob("postgres.build-*"):
            kill_all(build / "data")
            shutil.rmtree(build, ignore_errors=True)

    def _settle(self) -> bool:
        """Bring a built server to one of two states: it answers (true), or nothing of it runs (false)."""
        silent_since = time.monotonic()
        while (answer := answer_of(self.data)) != pq.Ping.OK:
            if answer == pq.Ping.REJECT:  # it recovers from a crash, or shuts down; both end by themselves
                silent_since = time.monotonic()
            elif self._postmaster() is None:
                self._bury()
                return False
            elif time.monotonic() - silent_since > _SILENCE:
                raise self._failure("is running, but does not answer")
            time.sleep(0.05)
        return True

    def _postmaster(self) -> int | None:
        """The pid of the server's first process. A pid in the file that works elsewhere is not it."""
        named = _pid_in(self.data / "postmaster.pid")
        return named if named in pids_in(self.data) else None

    def _bury(self) -> None:
        """Remove what a server that was killed left: its other processes, and misleading lock files."""
        if not wait_until_none(self.data, seconds=2) and not kill_all(self.data):
            raise self._failure("was killed, and its last processes do not end")
        for path in (self.data / "postmaster.pid", self.data / f"{SOCKET_NAME}.lock"):
            named = _pid_in(path)
            # A dead pid is left for PostgreSQL's own, stricter check. One that lives is another program's by
            # now (or a dead process that nobody has waited for), as none of our processes works in the folder;
            # PostgreSQL would refuse to start because of it.
            if path.exists() and (named is None or _lives(named)):
                log.info("stale_lock_file_removed", extra={"file": path.name})
                path.unlink(missing_ok=True)

    def _start(self) -> None:
        started = time.monotonic()
        programs = self._programs()
        self._keep_log_small()
        settings = {**_SETTINGS, "fieldnote.home": str(self.home)}  # the last is for people who read `ps`
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        # It says when the server is ready, or has ended: no limit, as a recovery takes what it takes.
        arguments = ["start", "-w", "-t", "86400", "-l", _LOG, "-o", options]
        _, said = _run(programs, "pg_ctl", arguments, data=self.data)
        if not self._settle():
            raise self._failure("does not start", said)
        log.info("embedded_postgresql_started", extra={"seconds": round(time.monotonic() - started, 3)})

    def _keep_log_small(self) -> None:
        path = self.data / _LOG
        with suppress(FileNotFoundError):
            if path.stat().st_size > _LOG_LIMIT:
                path.replace(self.data / f"{_LOG}.old")

    def _failure(self, what: str, said: str = "") -> DatabaseError:
        path = self.data / _LOG
        with suppress(OSError):
            said += "\n" + path.read_bytes()[-4000:].decode(errors="replace")
        return _failure(f"the embedded PostgreSQL of {self.home} {what}", said, f"Its log is {path}.")


def _initdb(programs: Programs, build: Path) -> None:
    data, password = build / "data", build / "password"
    data.mkdir(mode=0o700)
    handle = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    if programs.user is not None:
        for path in (data, password):
            os.chown(path, programs.user.pw_uid, programs.user.pw_gid)
    arguments = [
        f"--username={SUPERUSER}",
        "--pwfile=../password",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # PostgreSQL's own rules for text, the same on every system and after each of its updates.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]
    status, said = _run(programs, "initdb", arguments, data=data)
    if status != 0:
        raise _failure("the embedded PostgreSQL cannot be set up", said, OWN_SERVER_HINT)
    if programs.user is not None:
        os.chown(password, os.geteuid(), os.getegid())


def _run(programs: Programs, program: str, arguments: list[str], *, data: Path) -> tuple[int, str]:
    """Run one of PostgreSQL's programs to its end. Its exit status, and what it said."""
    # A file, not a pipe: the server inherits the other end, and a pipe would stay open as long as it runs.
    with tempfile.TemporaryFile() as output:
        process = programs.start(program, arguments, data=data, output=output.fileno())
        _wait(process, program)
        output.seek(0)
        return process.returncode, output.read().decode(errors="replace")


def _wait(process: subprocess.Popen[bytes], program: str) -> None:
    try:
        while True:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                log.info("embedded_postgresql_busy", extra={"program": program})
            else:
                return
    except BaseException:
        process.kill()
        process.wait()
        raise


def _pid_in(path: Path) -> int | None:
    try:
        first = path.read_text(encoding="ascii", errors="replace").split("\n", 1)[0]
    except OSError:
        return None
    return int(first) if re.fullmatch(r"[1-9][0-9]{0,9}", first.strip()) else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it lives, and is somebody else's
        return True
    return True


_ADVICE: Final = {
    "No space left on device": "The disk is full: free some space, or set FIELDNOTE_HOME to another disk.",
    "could not extend file": "The disk is full: free some space, or set FIELDNOTE_HOME to another disk.",
    "Disk quota exceeded": "The disk quota is used up: free some space, or set FIELDNOTE_HOME to another disk.",
    "Read-only file system": "Set FIELDNOTE_HOME to a folder that you may write to.",
    "Permission denied": "Run as the user who made this home, or set FIELDNOTE_HOME to your own.",
    "Operation not permitted": "Set FIELDNOTE_HOME to a folder on a local disk.",
}


def _failure(what: str, said: str, hint: str) -> DatabaseError:
    """An error that says why, from what the programs said."""
    stamp = re.compile(r"^\S+ \S+ \S+ \[\d+\] ")
    lines = [stamp.sub("", line.strip()) for line in said.splitlines() if line.strip()]
    known = next(((text, line) for line in reversed(lines) for text in _ADVICE if text in line), None)
    if known is not None:
        text, line = known
        return DatabaseError(f"{what}: {line}", hint=_ADVICE[text])
    grave = [line for line in lines if re.search(r"FATAL|PANIC|error:|could not", line)]
    reasons = grave or lines or ["it did not say why"]
    return DatabaseError(f"{what}: {reasons[-1]}", hint=hint)


@contextmanager
def _os_errors(home: Path) -> Iterator[None]:
    """Say what a person can do about a folder that cannot be used."""
    try:
        yield
    except OSError as error:
        where = error.filename or home
        raise _failure(
            "the embedded PostgreSQL cannot be used",
            f"error: {where}: {error.strerror or error}",
            OWN_SERVER_HINT,
        ) from error


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # the server removes files as we look
                total += Path(where, name).lstat().st_size
    return total
