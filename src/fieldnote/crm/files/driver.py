"""The files driver: CSV and JSON Lines from a folder, as a CRM's nightly exports are.

Each file lands as the table of its name, and the streams read these tables as those of any database. A file is
landed when it changed: beside the table that is there, and then all that changed take their places in one step,
so that a reader sees either the exports before or those after.

A file that is not whole is left for later and its table stays as it was; a file that is gone stops the reading,
for an empty table would look like a CRM that has lost its records.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from fieldnote.config import nearest
from fieldnote.crm.files.csv_rows import HalfWritten
from fieldnote.crm.files.folder import Export, Folder, look, refuse_twins
from fieldnote.crm.files.lines import Findings, Skip
from fieldnote.crm.files.text import Survey, fingerprint, rows, survey
from fieldnote.crm.files.whole_numbers import WholeNumbers
from fieldnote.crm.query_tables import looked_up, tables_of
from fieldnote.crm.staged import LandedDriver
from fieldnote.crm.staging import NEW, ensure_indexes, gate
from fieldnote.crm.types import Place, Source
from fieldnote.errors import CrmRefused, CrmUnavailable

_NOTES = """create table if not exists _fieldnote_files (
    name text primary key, file text not null, day date, size bigint not null, modified bigint not null,
    digest bytea not null, columns text[] not null, types text[] not null,
    landed_at timestamptz not null default now());
    alter table _fieldnote_files add column if not exists skip text not null default ''"""

_KNOWN = """select name, file, day, size, modified, digest, columns, types, skip from _fieldnote_files
    where to_regclass(quote_ident(name)) is not null"""

_KEEP = """insert into _fieldnote_files (name, file, day, size, modified, digest, columns, types, skip)
    values (%(name)s, %(file)s, %(day)s, %(size)s, %(modified)s, %(digest)s, %(columns)s, %(types)s, %(skip)s)
    on conflict (name) do update set file = excluded.file, day = excluded.day, size = excluded.size,
        modified = excluded.modified, digest = excluded.digest, columns = excluded.columns, types = excluded.types,
        skip = excluded.skip, landed_at = now()"""


@dataclass(frozen=True, slots=True)
class _Note:
    """Which file a table holds."""

    name: str
    file: str
    day: date | None
    size: int
    modified: int
    """The file's time of change, in nanoseconds."""
    digest: bytes
    columns: list[str]
    types: list[str]
    skip: str
    """The lines that were skipped, as the file declared them."""

    def is_of(self, export: Export, state: os.stat_result, skip: Skip) -> bool:
        """Whether the file is as it was when it was landed."""
        known = (self.file, self.size, self.modified, self.skip)
        return known == (export.name, state.st_size, state.st_mtime_ns, str(skip))


class FilesDriver(LandedDriver):
    """A `Driver` over a folder of exports.

    `settle`: for how many seconds nobody may have written to a file before it is read.
    `skip`: the lines that are no rows, by table; `*` is for all other tables.
    """

    def __init__(
        self, folder: Path, place: Place, *, settle: float = 2.0, skip: Mapping[str, Skip] | None = None
    ) -> None:
        super().__init__(place)
        self._folder = folder
        self._settle = settle
        self._skip = dict(skip or {})

    @property
    def identity(self) -> str:
        """`files:` and the folder."""
        return f"files:{self._folder.resolve()}"

    def check(self) -> None:
        """Look into the folder, and connect to the database once."""
        look(self._folder)
        with self._landing.looking():
            pass

    def landed_before(self, source: Source) -> bool:
        """Whether all tables of this source have been landed."""
        with self._landing.looking() as connection:
            known = {name.casefold() for name in _notes(connection)} if connection else set()
        used = tables_of(source)
        return bool(known) if used is None else {name.casefold() for name in used} <= known

    def land(self, sources: Sequence[Source], *, full: bool) -> tuple[str, ...]:
        """Land what changed of the tables that the sources read."""
        del full  # a file is always read as a whole
        folder = look(self._folder)
        with self._landing.landing() as connection:
            landing = _Landing(connection, self._landing.schema, self._settle, self._skip)
            landing.bring(folder, _used(sources, folder, landing.notes))
            ensure_indexes(
                connection, self._landing.schema, (place for source in sources for place in looked_up(source))
            )
        return tuple(landing.warnings)


def _used(sources: Sequence[Source], folder: Folder, notes: Iterable[str]) -> set[str]:
    """The tables that the sources read; all there are, where a query does not tell."""
    there = {name.casefold(): name for name in (*notes, *folder.growing.values(), *folder.exports)}
    used: set[str] = set()
    for source in sources:
        names = tables_of(source)
        if names is None:
            return set(there.values())
        found = {
            name if name in there.values() else there[name.casefold()] for name in names if name.casefold() in there
        }
        if names and not found:  # beside a known one, a table may be PostgreSQL's own
            name = min(names)
            text = f"{source.name}: the folder has no file for the table '{name}'"
            raise CrmRefused(f"{text}{nearest(name, sorted(there.values()))}", hint=f"put {name}.csv there")
        used |= found
    return used


def _notes(connection: psycopg.Connection) -> dict[str, _Note]:
    with connection.cursor(row_factory=class_row(_Note)) as cursor:
        try:
            cursor.execute(_KNOWN)
        except psycopg.errors.UndefinedTable:
            return {}
        return {note.name: note for note in cursor}


class _Landing:
    """One landing: what is new goes beside the old tables, and then all of it into their places."""

    def __init__(self, connection: psycopg.Connection, schema: str, settle: float, skip: Mapping[str, Skip]) -> None:
        self.connection = connection
        self.schema = schema
        self.settle = settle
        self.skip = skip
        connection.execute(_NOTES)
        self.notes = _notes(connection)
        self.warnings: list[str] = []
        self._landed: list[_Note] = []

    def bring(self, folder: Folder, tables: Iterable[str]) -> None:
        """Land these tables."""
        for table in sorted(tables):
            growing = [name for name, of in folder.growing.items() if of == table]
            reasons = [f"{name} is not read: by its name it is still being written" for name in growing]
            self._table(table, folder.exports.get(table, ()), reasons)
        self._take_places()

    def _table(self, table: str, exports: Sequence[Export], reasons: list[str]) -> None:
        """Land the first of these exports that is whole. `reasons`: what is left out already, and why."""
        note = self.notes.get(table)
        refuse_twins(exports)
        exports = [export for export in exports if not _is_older(export, note)]
        if not exports and not (note and reasons):
            last = f"its file {note.file} is not in the folder, and nothing newer is" if note else "; ".join(reasons)
            hint = "put the export back, or wait for the next one"
            raise CrmUnavailable(f"the table {table} cannot be read: {last}", hint=hint)
        landed = any(self._is_landed(export, note, reasons) for export in exports)
        if note is None and not landed:
            text = f"the table {table} cannot be read. {'; '.join(reasons)}"
            raise CrmUnavailable(text, hint="Fieldnote tries again automatically")
        left = "" if landed or note is None else f"; the table {table} is as {note.file} left it"
        self.warnings += [f"{reason}{left}" for reason in reasons]

    def _is_landed(self, export: Export, note: _Note | None, reasons: list[str]) -> bool:
        try:
            self._export(export, note)
        except (HalfWritten, FileNotFoundError) as error:
            why = "it was taken away" if isinstance(error, OSError) else error
            reasons.append(f"{export.name} is not read: {why}")
            return False
        except OSError as error:
            hint = "let the user that Fieldnote runs as read the export"
            raise CrmUnavailable(f"{export.name} cannot be read: {error.strerror}", hint=hint) from error
        return True

    def _export(self, export: Export, note: _Note | None) -> None:
        """Land one file beside its table, unless the table holds it already."""
        state = export.path.stat()
        skip = self.skip.get(export.table, self.skip.get("*", Skip()))
        if note is not None and note.is_of(export, state, skip):
            return
        self._wait_until_it_rests(export, state)
        state = export.path.stat()
        digest = fingerprint(export.path, skip)
        if note is not None and note.digest == digest:
            found = Survey(digest, "", dict(zip(note.columns, note.types, strict=True)))
        else:
            found = survey(export, digest, _json_columns(note), skip)
            self._copy(export, found, state, skip)
        self._landed.append(
            _Note(
                export.table, export.name, export.day, state.st_size, state.st_mtime_ns, digest,
                list(found.columns), list(found.columns.values()), str(skip),
            )
        )  # fmt: skip

    def _wait_until_it_rests(self, export: Export, state: os.stat_result) -> None:
        if time.time() - state.st_mtime < self.settle:
            time.sleep(self.settle)
            _is_still(export, state)

    def _copy(self, export: Export, found: Survey, state: os.stat_result, skip: Skip) -> None:
        findings = Findings(export.name)
        numbers = WholeNumbers({n: name for n, (name, kind) in enumerate(found.columns.items()) if kind == "text"})
        table = sql.Identifier(self.schema, NEW + export.table)
        count = 0
        columns = [sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(kind)) for n, kind in found.columns.items()]
        try:
            with self.connection.transaction(), self.connection.cursor() as cursor:
                cursor.execute(sql.SQL("drop table if exists {}").format(table))
                cursor.execute(sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join(columns)))
                with cursor.copy(sql.SQL("copy {} from stdin").format(table)) as copy:
                    for count, row in enumerate(rows(export, found, skip, findings, numbers), 1):  # noqa: B007
                        copy.write_row(row)
                _is_still(export, state)
                for name in numbers.columns():
                    findings.note(f"the column {name} holds whole numbers only, and is read without their .0")
                    column = sql.Identifier(name)
                    cursor.execute(sql.SQL("update {} set {} = left({}, -2)").format(table, column, column))
                cursor.execute(sql.SQL("analyze {}").format(table))
        except psycopg.DataError as error:
            place = re.search(r"line (\d+)", error.diag.context or "")
            row_number, what = (place[1] if place else count), error.diag.message_primary or error
            text = f"{export.name}: row {row_number} cannot be kept ({what})"
            raise CrmRefused(text, hint="correct the export") from error
        self.warnings += findings.warnings()

    def _take_places(self) -> None:
        """The step that readers see."""
        with gate(self.connection), self.connection.cursor() as cursor:
            for note in self._landed:
                known = self.notes.get(note.name)
                if known is None or known.digest != note.digest:
                    table, new = sql.Identifier(self.schema, note.name), sql.Identifier(self.schema, NEW + note.name)
                    cursor.execute(sql.SQL("drop table if exists {}").format(table))
                    cursor.execute(sql.SQL("alter table {} rename to {}").format(new, sql.Identifier(note.name)))
                cursor.execute(_KEEP, {name: getattr(note, name) for name in _Note.__slots__})


def _json_columns(note: _Note | None) -> dict[str, str]:
    return dict(zip(note.columns, note.types, strict=True)) if note and note.file.lower().endswith("jsonl") else {}


def _is_older(export: Export, note: _Note | None) -> bool:
    """A snapshot of a day before the one that was landed is a step back."""
    return bool(note and note.day and export.day and export.day < note.day)


def _is_still(export: Export, state: os.stat_result) -> None:
    """Raises HalfWritten if the file is another one than before."""
    now = export.path.stat()
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (state.st_ino, state.st_size, state.st_mtime_ns):
        raise HalfWritten("it changed while it was read")
