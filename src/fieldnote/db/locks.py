"""A lock between processes that no death of its holder can leave behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold `path` for this thread alone, among all threads and processes; wait for as long as it takes.

    Without `wait` a lock that somebody holds is a `BlockingIOError`.

    The kernel frees it when its holder ends, also by SIGKILL. The file stays: removing it would let two
    holders in, each with its own file.
    """
    handle = _open_locked(path, wait=wait)
    try:
        yield
    finally:
        os.close(handle)


def _open_locked(path: Path, *, wait: bool) -> int:
    import fcntl  # noqa: PLC0415 - Windows has none, and must still be able to import this package

    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _is_still(path: Path, handle: int) -> bool:
    """Whether the file that we hold is the one there now: the folder may have been deleted as we waited."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
