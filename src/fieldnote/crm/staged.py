"""Code for the drivers that land their rows: the tables are read as those of any database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from typing import Any, NoReturn

from sqlalchemy.engine import URL

from fieldnote.crm.sql.engine import Database, Timeouts
from fieldnote.crm.sql.reading import Reader
from fieldnote.crm.staging import PASSING, Landing
from fieldnote.crm.types import Cursor, CursorMix, NoteResult, NoteTarget, Page, Place, Record, Row, Source, WriteResult
from fieldnote.errors import CrmRefused

_TIMEOUTS = Timeouts(read_lock=600)
"""A reader waits while another worker loads rows."""

_NO_NESTED_LOOPS = "set local enable_nestloop = off"
"""Landed rows are JSON without statistics. The planner expects few, and would compute a grouping once for each row."""


class LandedDriver(ABC):
    """A `Driver` over the schema of its connection. A driver of this kind says how rows get there.

    The first reading lands them, if nobody has called `refresh` before.
    """

    def __init__(self, place: Place) -> None:
        self._landing = Landing(place)
        setting = "the bridge's database URL"
        self._database = Database(
            _url(self._landing),
            writes=False,
            zone=UTC,
            setting=setting,
            opening=(PASSING, _NO_NESTED_LOOPS),
            timeouts=_TIMEOUTS,
        )
        self._reader = Reader(self._database, compute_once=True)
        self._landed: set[Source] = set()
        """The sources that are known to have been landed."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """See `Driver.identity`."""

    @property
    def is_live(self) -> bool:
        """See `Driver.is_live`."""
        return False

    @abstractmethod
    def check(self) -> None:
        """See `Driver.check`."""

    @abstractmethod
    def land(self, sources: Sequence[Source], *, full: bool) -> tuple[str, ...]:
        """Bring the schema up to date, each table in one step. See `Driver.refresh`."""

    @abstractmethod
    def landed_before(self, source: Source) -> bool:
        """Whether what this source reads was ever landed, here or in another process."""

    def refresh(self, sources: Sequence[Source], *, full: bool = False) -> tuple[str, ...]:
        """See `Driver.refresh`."""
        warnings = self.land(sources, full=full)
        self._landed.update(sources)
        self._database.forget_tables()
        return warnings

    def columns(self, source: Source) -> tuple[str, ...]:
        """See `Driver.columns`."""
        self._need_landed(source)
        return self._reader.columns(source)

    def cursor_mix(self, source: Source) -> CursorMix | None:
        """See `DescribesCursors.cursor_mix`."""
        self._need_landed(source)
        return self._reader.cursor_mix(source)

    def pages(
        self,
        source: Source,
        since: Cursor | None = None,
        *,
        overlap: timedelta = timedelta(minutes=5),
        size: int = 1000,
    ) -> Iterator[Page]:
        """See `Driver.pages`."""
        self._need_landed(source)
        yield from self._reader.pages(source, since, overlap, size)

    def row(self, source: Source, key: str) -> Row | None:
        """See `Driver.row`."""
        self._need_landed(source)
        return self._reader.row(source, key)

    def rows(self, source: Source, keys: Sequence[str]) -> dict[str, Row]:
        """See `Driver.rows`."""
        self._need_landed(source)
        return self._reader.rows(source, keys)

    def look_up(self, source: Source, keys: Sequence[str]) -> Page:
        """See `LooksUp.look_up`."""
        self._need_landed(source)
        return self._reader.look_up(source, keys)

    def copies_name(self, words: str) -> bool:
        """See `KeepsCopies.copies_name`."""
        return self._landing.naming(words)

    def drop_copies(self) -> int:
        """See `KeepsCopies.drop_copies`."""
        self._landed.clear()
        count = self._landing.drop()
        self._database.forget_tables()
        return count

    def _need_landed(self, source: Source) -> None:
        if source not in self._landed and not self.landed_before(source):
            self.refresh([source])
        self._landed.add(source)

    # --- writing ------------------------------------------------------------------------------------

    def _only_reads(self) -> NoReturn:
        raise CrmRefused(f"{self.identity} is only read: nothing can be written back")

    def read(self, record: Record, columns: tuple[str, ...]) -> Row | None:
        """Refused, as everything that serves writing back."""
        del record, columns
        self._only_reads()

    def same(self, table: str, column: str, left: object, right: object) -> bool:
        """Refused."""
        del table, column, left, right
        self._only_reads()

    def may_write(self, table: str, column: str) -> None:
        """Refused."""
        del table, column
        self._only_reads()

    def write_if(self, record: Record, column: str, *, expected: object, new: object) -> WriteResult:
        """Refused."""
        del record, column, expected, new
        self._only_reads()

    def find_note(self, note: NoteTarget, record: str, key: str) -> NoteResult:
        """Refused."""
        del note, record, key
        self._only_reads()

    def insert_note(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """Refused."""
        del note, record, key, body
        self._only_reads()

    def update_note_if(self, note: NoteTarget, record: str, key: str, *, expected: str, body: str) -> NoteResult:
        """Refused."""
        del note, record, key, expected, body
        self._only_reads()

    def close(self) -> None:
        """See `Driver.close`."""
        self._database.close()


def _url(landing: Landing) -> URL:
    """The schema's database as SQLAlchemy takes it. The host may be a socket's folder, which a URL cannot have."""
    given = landing.conninfo()
    parts: dict[str, Any] = {name: given.pop(part) for name, part in _PARTS.items() if part in given}
    return URL.create("postgresql+psycopg", query=given, **parts)


_PARTS = {"username": "user", "password": "password", "database": "dbname"}
