"""How far a long push or a backfill has come, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldnote.bridge import BackfillResult, StreamResult


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[StreamResult], None] | None]:
    """Something to tell of a stream's progress; nothing where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading the CRM") as status:
        yield lambda stream: status.update(f"{stream.stream}: {stream.read:,} rows read, {stream.sent:,} records sent")


@contextmanager
def of_backfill(*, quiet: bool) -> Iterator[Callable[[BackfillResult], None] | None]:
    """The same for a backfill."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading recordings") as status:
        yield lambda done: status.update(
            f"{done.earlier + done.read:,} recordings read, {done.records:,} records compared, {done.writes:,} writes"
        )
