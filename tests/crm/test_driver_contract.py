"""The contract suite that other packages run: our own drivers pass it, and a driver with a fault does not."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from fieldnote.crm.files.driver import FilesDriver
from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.testing import CrmUnderTest, DriverContract
from fieldnote.crm.types import Cursor, NoteTarget, Outcome, Page, Place, Source
from tests.crm.kinds import rest

NOTES = NoteTarget("deal_notes", record="deal_id", body="body", key="external_key")
Rows = Sequence[Mapping[str, object]]


class TestSqlite(DriverContract):
    @pytest.fixture
    def crm(self, tmp_path: Path) -> Iterator[CrmUnderTest]:
        engine = create_engine(f"sqlite:///{tmp_path}/crm.db")
        with engine.begin() as connection:
            connection.execute(
                text("create table deals (id integer primary key, name text, amount numeric, updated_at text)")
            )
            connection.execute(
                text("create table deal_notes (id integer primary key, deal_id integer, body text, external_key text)")
            )

        def put(rows: Rows) -> None:
            with engine.begin() as connection:
                connection.execute(text("delete from deals"))
                for row in rows:
                    connection.execute(
                        text("insert into deals values (:id, :name, :amount, :updated_at)"),
                        {
                            name: value.isoformat(" ") if isinstance(value, datetime) else value
                            for name, value in row.items()
                        },
                    )

        driver = SqlDriver(f"sqlite:///{tmp_path}/crm.db", timezone="UTC")
        yield CrmUnderTest(driver, put, table="deals", notes=NOTES)
        driver.close()
        engine.dispose()


class TestFiles(DriverContract):
    @pytest.fixture
    def crm(self, place: Place) -> Iterator[CrmUnderTest]:
        path = place.folder / "deals.csv"

        def put(rows: Rows) -> None:
            with path.open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["id", "name", "amount", "updated_at"])
                writer.writerows([["" if value is None else value for value in row.values()] for row in rows])
            rest(path)

        driver = FilesDriver(place.folder, place)
        yield CrmUnderTest(driver, put, table="deals", writes=False)
        driver.close()


EXAMPLE = Path(__file__).parents[2] / "examples/crm_driver/src"


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], CrmUnderTest]]:
    """Makes the example's driver with an empty CRM."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from jsoncrm import JsonCrm

    def make() -> CrmUnderTest:
        (tmp_path / "notes.json").write_text("[]")
        (tmp_path / "deals.json").write_text("[]")

        def put(rows: Rows) -> None:
            (tmp_path / "deals.json").write_text(json.dumps(rows, default=datetime.isoformat))

        notes = NoteTarget("notes", record="deal_id", body="body", key="external_key")
        return CrmUnderTest(JsonCrm(tmp_path), put, table="deals", notes=notes)

    yield make
    for name in [name for name in sys.modules if name.startswith("jsoncrm")]:
        del sys.modules[name]


class Broken:
    """A driver with one fault, around one without."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


class LosesTheLastRow(Broken):
    def pages(self, source: Source, since: Cursor | None = None, **options: Any) -> Iterator[Page]:
        for page in self._driver.pages(source, since, **options):
            yield replace(page, rows=page.rows[:-1]) if page.last and len(page.rows) > 1 else page


class IgnoresTheOverlap(Broken):
    def pages(self, source: Source, since: Cursor | None = None, **options: Any) -> Any:
        return self._driver.pages(source, since, **{**options, "overlap": timedelta(0)})


class NeverSaysLast(Broken):
    def pages(self, source: Source, since: Cursor | None = None, **options: Any) -> Iterator[Page]:
        for page in self._driver.pages(source, since, **options):
            yield replace(page, last=False)


class LeavesOutRowsWithoutATime(Broken):
    def pages(self, source: Source, since: Cursor | None = None, **options: Any) -> Iterator[Page]:
        for page in self._driver.pages(source, since, **options):
            yield replace(page, rows=tuple(row for row in page.rows if row["updated_at"] is not None or since is None))


class Overwrites(Broken):
    def write_if(self, record: Any, column: str, *, expected: object, new: object) -> Any:
        del expected
        row = self._driver.read(record, (column,))
        return self._driver.write_if(record, column, expected=row and row[column], new=new)


class ComparesWithoutCase(Broken):
    def write_if(self, record: Any, column: str, *, expected: object, new: object) -> Any:
        held = (self._driver.read(record, (column,)) or {}).get(column)
        alike = str(held).casefold() == str(expected).casefold()
        return self._driver.write_if(record, column, expected=held if alike else expected, new=new)


class InventsColumns(Broken):
    def may_write(self, table: str, column: str) -> None:
        del table, column


class AddsNotesTwice(Broken):
    def insert_note(self, note: Any, record: str, key: str, body: str) -> Any:
        found = self._driver.insert_note(note, record, key, body)
        return replace(found, outcome=Outcome.APPLIED, body=body) if found.outcome is Outcome.CHANGED else found


class UpdatesEditedNotes(Broken):
    def update_note_if(self, note: Any, record: str, key: str, *, expected: str, body: str) -> Any:
        held = self._driver.find_note(note, record, key).body
        return self._driver.update_note_if(note, record, key, expected=held or expected, body=body)


class GivesItsCursorEarly(Broken):
    def pages(self, source: Source, since: Any = None, **options: Any) -> Any:
        pages = list(self._driver.pages(source, since, **options))
        return iter([replace(page, cursor=pages[-1].cursor) for page in pages])


class FindsAnyKey(Broken):
    def rows(self, source: Source, keys: Sequence[str]) -> Any:
        return {key: {"id": key} for key in keys} | dict(self._driver.rows(source, keys))


CONTRACT = DriverContract()
PROMISES = sorted(name for name in dir(CONTRACT) if name.startswith("test_"))


def _failures(make: Callable[[], CrmUnderTest], broken: type[Broken] | None) -> list[str]:
    failed = []
    for name in PROMISES:
        crm = make()
        if broken is not None:
            crm = replace(crm, driver=broken(crm.driver))
        try:
            getattr(CONTRACT, name)(crm)
        except Exception:  # noqa: BLE001 - any failure counts
            failed.append(name)
    return failed


def test_the_example_without_a_fault_passes(good: Callable[[], CrmUnderTest]) -> None:
    assert _failures(good, None) == []


@pytest.mark.parametrize("broken", Broken.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_driver_with_a_fault_fails(good: Callable[[], CrmUnderTest], broken: type[Broken]) -> None:
    assert _failures(good, broken)
