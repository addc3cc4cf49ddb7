"""The socket of an embedded server: where clients find it, and whether somebody answers there."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from psycopg import pq
from psycopg.conninfo import make_conninfo

from fieldnote.db.home import is_root
from fieldnote.errors import DatabaseError

PORT: Final = 5432
"""A part of the socket's name only: the server has no port."""
NAME: Final = f".s.PGSQL.{PORT}"
_LIMIT: Final = 103
"""Bytes that a socket's address may have on every system (Linux: 107)."""


def socket_folder(data: Path) -> Path:
    """The folder to give to clients as host: the data directory, in which the socket is, or a link to it.

    The server itself calls the folder `.`, so that only clients need a short name, and a link that a cleaner
    took away is made again without the server's help.
    """
    if len(os.fsencode(data / NAME)) <= _LIMIT:
        return data
    for folder in _link_folders():
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_ours_alone(folder):
                return _ensure_link(folder / _link_name(data), data)
    raise DatabaseError(
        f"the path of {data} is too long for a socket, and there is no place for a short name",
        hint="Set FIELDNOTE_HOME to a folder with a shorter path.",
    )


def forget_links(data: Path) -> None:
    """Remove the short name of a server that has stopped."""
    for folder in _link_folders():
        with suppress(OSError):
            (folder / _link_name(data)).unlink()


def answer_of(data: Path) -> pq.Ping:
    """Whether a server of that data directory answers, and lets clients in.

    A server that recovers or shuts down answers `REJECT`. The socket lies in the data directory, so the
    server that answers is that directory's.
    """
    where = make_conninfo(host=str(socket_folder(data)), port=PORT, connect_timeout=3)
    return pq.Ping(pq.PGconn.ping(where.encode()))


def _link_name(data: Path) -> str:
    return hashlib.sha256(os.fsencode(data)).hexdigest()[:16]


def _ensure_link(link: Path, data: Path) -> Path:
    if not link.is_symlink() or link.readlink() != data:
        fresh = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
        fresh.symlink_to(data)
        fresh.replace(link)
    return link


def _link_folders() -> Iterator[Path]:
    """Folders for links, the best first: those of the running system are emptied by nobody till it ends."""
    user = os.geteuid()
    runtime = Path("/run" if is_root() else f"/run/user/{user}")
    if runtime.is_dir():
        yield runtime / "fieldnote"
    yield Path(f"/tmp/fieldnote-{user}")  # noqa: S108 - used only if it is ours alone


def _is_ours_alone(folder: Path) -> bool:
    """Else another user could put a socket there, and receive our password's proof."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
