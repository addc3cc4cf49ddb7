"""Exports in a folder: which file counts, which parts are not read, how their text is changed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from fieldnote.crm.files.driver import FilesDriver
from fieldnote.crm.types import Place, Record, Source, Unreadable
from fieldnote.errors import CrmRefused, CrmUnavailable
from tests.crm.kinds import rest
from tests.waiting import until

DEALS = Source("push.opportunities", key="id", table="deals")
WHOLE = "id,name\n1,Kitchen\n2,Bath\n"


@pytest.fixture
def folder(place: Place) -> Path:
    return place.folder


@pytest.fixture
def driver(place: Place) -> Iterator[FilesDriver]:
    opened = FilesDriver(place.folder, place, settle=0.05)
    yield opened
    opened.close()


def _write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    rest(path)
    return path


def _rows(driver: FilesDriver, source: Source = DEALS) -> list[dict[str, Any]]:
    return [dict(row) for page in driver.pages(source) for row in page.rows]


def _names(driver: FilesDriver) -> list[str]:
    return [row["name"] for row in _rows(driver)]


# --- what is whole ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("deals.csv", "id,name\n1,Kitchen\n2,Ba", "its last line has no line break at the end"),
        ("deals.csv", "id,name,stage\n1,Kitchen,open\n2,Bath\n", "its last line has fewer columns than the first"),
        ("deals.csv", 'id,name\n1,Kitchen\n2,"Bath\n', "a quote that was opened is not closed"),
        ("deals.csv", "", "it is empty"),
        ("deals.jsonl", '{"id": 1, "name": "Kitchen"}\n{"id": 2, "na\n', "its last line is not whole JSON"),
        ("deals.csv", "id,name\r\n1,K\r\n2,B\r\n".encode("utf-16")[:-6], "its last line has no line break at the end"),
    ],
)
def test_a_half_written_file_is_named_and_the_table_stays_as_it_was(
    folder: Path, driver: FilesDriver, name: str, content: str | bytes, reason: str
) -> None:
    _write(folder, name, content)
    with pytest.raises(CrmUnavailable, match=f"{name} is not read: {reason}"):
        driver.refresh([DEALS])
    (folder / name).unlink()
    _write(folder, "deals-2026-11-22.csv", WHOLE)
    assert driver.refresh([DEALS]) == ()
    _write(folder, f"deals-2026-11-23.{name[6:]}", content)
    warnings = driver.refresh([DEALS])
    assert len(warnings) == 1
    assert warnings[0].startswith(f"deals-2026-11-23.{name[6:]} is not read: {reason}")
    (folder / "deals-2026-11-22.csv").unlink()
    assert driver.refresh([DEALS])[0].endswith("; the table deals is as deals-2026-11-22.csv left it")
    assert _names(driver) == ["Kitchen", "Bath"]


@pytest.mark.parametrize("name", ["deals.csv.part", "deals.tmp.csv", "deals.csv.filepart", "deals.jsonl.TMP"])
def test_a_file_whose_name_says_that_it_grows_is_not_read(folder: Path, driver: FilesDriver, name: str) -> None:
    _write(folder, name, WHOLE)
    with pytest.raises(CrmUnavailable, match="by its name it is still being written"):
        driver.refresh([DEALS])
    _write(folder, "deals.csv", WHOLE)
    assert driver.refresh([DEALS]) == (f"{name} is not read: by its name it is still being written",)
    assert _names(driver) == ["Kitchen", "Bath"]


def test_a_file_that_grows_while_it_is_looked_at_is_left_for_later(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = FilesDriver(folder, place, settle=600)  # so that the file is young however long this test takes
    path = _write(folder, "deals.csv", WHOLE)
    driver.refresh([DEALS])
    with path.open("a") as file:
        file.write("3,Garage\n")

    def wait(_: float) -> None:
        """The event while the driver waits whether somebody still writes."""
        with path.open("a") as growing:
            growing.write("4,Attic\n")

    monkeypatch.setattr(time, "sleep", wait)
    (warning,) = driver.refresh([DEALS])
    assert warning == ("deals.csv is not read: it changed while it was read; the table deals is as deals.csv left it")
    assert _names(driver) == ["Kitchen", "Bath"]
    rest(path)
    assert driver.refresh([DEALS]) == ()
    assert _names(driver) == ["Kitchen", "Bath", "Garage", "Attic"]
    driver.close()


# --- which file counts ------------------------------------------------------------------------------------


def test_the_newest_dated_file_counts_and_there_is_no_way_back(folder: Path, driver: FilesDriver) -> None:
    for day in ("2026-11-21", "2026-11-23", "2026-11-22"):
        _write(folder, f"deals-{day}.csv", f"id,name\n1,of {day}\n")
    driver.refresh([DEALS])
    assert _names(driver) == ["of 2026-11-23"]
    (folder / "deals-2026-11-23.csv").unlink()
    with pytest.raises(CrmUnavailable, match=r"its file deals-2026-11-23\.csv is not in the folder, and nothing newer"):
        driver.refresh([DEALS])
    _write(folder, "deals-2026-11-24.csv", "id,name\n1,of the next\n")
    assert driver.refresh([DEALS]) == ()
    assert _names(driver) == ["of the next"]


def test_a_file_without_a_date_counts_before_an_archive_beside_it(folder: Path, driver: FilesDriver) -> None:
    _write(folder, "deals.csv", "id,name\n1,now\n")
    _write(folder, "deals-2026-11-22.csv", "id,name\n1,then\n")
    driver.refresh([DEALS])
    assert _names(driver) == ["now"]


def test_a_file_that_is_gone_stops_the_reading_and_is_no_empty_table(folder: Path, driver: FilesDriver) -> None:
    _write(folder, "deals.csv", WHOLE)
    driver.refresh([DEALS])
    (folder / "deals.csv").unlink()
    with pytest.raises(CrmUnavailable, match=r"the table deals cannot be read: its file deals\.csv is not in the"):
        driver.refresh([DEALS])
    folder.rmdir()
    with pytest.raises(CrmUnavailable, match=r"the folder .* cannot be read"):
        driver.refresh([DEALS])
    assert _names(driver) == ["Kitchen", "Bath"]


def test_a_file_that_no_stream_reads_may_be_broken_or_go(folder: Path, driver: FilesDriver) -> None:
    _write(folder, "deals.csv", WHOLE)
    for name in ("other.csv", "twins.csv", "twins.jsonl", f"{'x' * 60}.csv"):
        _write(folder, name, "id\n1")
    assert driver.refresh([DEALS]) == ()


@pytest.mark.parametrize(
    ("names", "source", "message"),
    [
        (["deals.csv", "deals.jsonl"], DEALS, "deals.csv and deals.jsonl are both the table deals"),
        (
            ["deals.csv"],
            Source("push.x", key="id", table="dealz"),
            "no file for the table 'dealz'; did you mean 'deals'",
        ),
        (
            ["_fieldnote_landed.csv", "deals.csv"],
            Source("push.x", key="name", table="_fieldnote_landed"),
            "no file for the table '_fieldnote_landed'",
        ),
    ],
)
def test_names_that_are_ambiguous_are_refused(
    folder: Path, driver: FilesDriver, names: list[str], source: Source, message: str
) -> None:
    for name in names:
        _write(folder, name, WHOLE)
    with pytest.raises(CrmRefused) as caught:
        driver.refresh([source])
    assert message in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("size", [1, 2, 5, 23, 24, 100])
def test_a_query_is_computed_once_however_many_pages_it_has(folder: Path, driver: FilesDriver, size: int) -> None:
    _write(folder, "deals.csv", "id,name\n" + "".join(f"{n:02},Deal {n} 5 %\n" for n in range(23)))
    query = r"""
        select id, name, case id when '07' then 'infinity' else '2026-03-01' end::timestamptz as due_at from deals
        where name like '%5 \%' union all select '11', 'the second of its key', null from deals where id = '00'
    """
    source = replace(DEALS, table=None, query=query)
    driver.refresh([source])
    statements: list[str] = []
    engine = driver._database._engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    pages = list(driver.pages(source, size=size))
    rows = [row for page in pages for row in page.rows]
    assert [row["id"] for row in rows] == [f"{n:02}" for n in range(23) if n != 11]
    assert isinstance(rows[7]["due_at"], Unreadable)
    assert [problem.key for page in pages for problem in page.problems] == ["11"]
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    computed = [one for one in statements if "union all" in one]
    assert len(computed) == 3, computed  # its columns, its bounds, its rows


def test_only_a_file_that_changed_is_landed_again(place: Place, folder: Path, driver: FilesDriver) -> None:
    def landed() -> Any:
        with psycopg.connect(place.database_url) as connection:
            schema = f"crm_{place.connection}"
            statement = f"select c.relfilenode, modified from {schema}._fieldnote_files, pg_class c"
            return connection.execute(f"{statement} where c.oid = '{schema}.deals'::regclass").fetchone()

    path = _write(folder, "deals.csv", WHOLE)
    driver.refresh([DEALS])
    before = landed()
    driver.refresh([DEALS])
    assert landed() == before
    rest(path)  # touched, and the same inside
    driver.refresh([DEALS])
    assert (landed()[0], landed()[1] == before[1]) == (before[0], False)
    _write(folder, "deals.csv", WHOLE.replace("Bath", "Barn"))
    driver.refresh([DEALS])
    assert landed()[0] != before[0]
    assert _names(driver) == ["Kitchen", "Barn"]


# --- text -------------------------------------------------------------------------------------------------

ROWS: list[list[str | None]] = [
    ["1", "Ibáñez; Zoë", "12,50"],
    ["2", 'two\nlines and "quotes"', None],
    ["3", "€ 5", "-1"],
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_recognized(
    folder: Path, driver: FilesDriver, encoding: str, delimiter: str
) -> None:
    lines: list[list[str | None]] = [["id", "who it is", "amount"], *ROWS]
    quoted = [['"{}"'.format((value or "").replace('"', '""')) for value in line] for line in lines]
    text = "".join(delimiter.join(line) + "\r\n" for line in quoted)
    _write(folder, "deals.csv", text.encode(encoding))
    assert [list(row.values()) for row in _rows(driver)] == ROWS
    assert driver.columns(DEALS) == ("id", "who it is", "amount")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,name,id\n1,a,2\n", "line 1 has two columns called 'id'"),
        ("id,name\n1,a\n2,b,c\n3,d\n", "line 3 has 3 columns, the header 2: 2,b,c"),
        ("id,name\n1,a\n2\n3,d\n", "line 3 has 1 column, the header 2: 2"),
        ('id,name\n1,"a"b\n2,c\n', "line 2 is not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_stops_with_its_line(
    folder: Path, driver: FilesDriver, content: str | bytes, message: str
) -> None:
    _write(folder, "deals.csv", WHOLE)
    driver.refresh([DEALS])
    _write(folder, "deals.csv", content)
    with pytest.raises(CrmRefused) as caught:
        driver.refresh([DEALS])
    assert message in caught.value.message
    assert "deals.csv" in caught.value.message
    assert _names(driver) == ["Kitchen", "Bath"]


def test_json_lines_keep_their_types_and_columns_are_the_union(folder: Path, driver: FilesDriver) -> None:
    lines = (
        '{"id": 1, "amount": 12500.10, "open": true, "tags": ["a", {"b": 1.5}], "mixed": 5, "big": 1}',
        "",
        '{"id": 2, "amount": 7, "mixed": "x", "late": "2026-11-23T10:00:00", "big": 99999999999999999999}',
    )
    _write(folder, "deals.jsonl", "\n".join(lines) + "\n")
    first, second = _rows(driver)
    assert first == {
        "id": 1, "amount": Decimal("12500.10"), "open": True, "tags": ["a", {"b": 1.5}], "mixed": "5", "big": 1,
        "late": None,
    }  # fmt: skip
    assert (second["amount"], second["mixed"], second["tags"], second["open"]) == (7, "x", None, None)
    assert (second["late"], second["big"]) == ("2026-11-23T10:00:00", Decimal(99999999999999999999))
    _write(folder, "deals.jsonl", '{"id": 3, "amount": null}\n')
    driver.refresh([DEALS])
    assert _rows(driver) == [dict.fromkeys(first, None) | {"id": 3}]
    query = "select id, amount * 2 as twice, late from deals"
    assert _rows(driver, Source("push.x", key="id", query=query)) == [{"id": 3, "twice": None, "late": None}]


@pytest.mark.parametrize("line", ["[1]", "nonsense"])
def test_a_line_that_is_no_json_object_stops_with_its_number(folder: Path, driver: FilesDriver, line: str) -> None:
    _write(folder, "deals.jsonl", f'{{"id": 1}}\n{line}\n{{"id": 2}}\n')
    with pytest.raises(CrmRefused, match=r"deals\.jsonl: line 2 is not (a )?JSON"):
        driver.refresh([DEALS])


# --- landing ----------------------------------------------------------------------------------------------


def test_a_reader_sees_all_exports_as_they_were_before_or_as_they_are_after(
    place: Place, folder: Path, driver: FilesDriver
) -> None:
    query = "select 1 as id, (select count(*) from deals) as deals, (select count(*) from reps) as reps"
    source = Source("push.x", key="id", query=query)

    def put(count: int) -> None:
        for name in ("deals", "reps"):
            _write(folder, f"{name}.csv", "id\n" + "".join(f"{n}\n" for n in range(count)))

    seen: set[tuple[int, int]] = set()
    done = threading.Event()

    def read() -> None:
        reader = FilesDriver(folder, place)
        while not done.is_set():
            (row,) = _rows(reader, source)
            seen.add((row["deals"], row["reps"]))
        reader.close()

    put(400)
    driver.refresh([source])
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(12):
        put(500 if turn % 2 else 400)
        driver.refresh([source])
    done.set()
    for reader in readers:
        reader.join()
    assert seen <= {(400, 400), (500, 500)}
    assert seen


def test_connections_of_one_database_share_nothing(tmp_path: Path, database_url: str) -> None:
    names = ["default", "Default", "de-fault", "de_fault", "de.fault", "d" * 63, "d" * 62 + "e", "default_staging"]
    for name in names:
        folder = tmp_path / name
        folder.mkdir()
        _write(folder, "deals.csv", f"id,name\n1,{name}\n")
    drivers = [FilesDriver(tmp_path / name, Place(name, tmp_path, database_url, tmp_path)) for name in names]
    for driver in drivers:
        driver.refresh([DEALS])
    assert [_names(driver) for driver in drivers] == [[name] for name in names]
    for driver in drivers:
        driver.close()


LANDING = """
import sys
from pathlib import Path
from fieldnote.crm.files.driver import FilesDriver
from fieldnote.crm.types import Place, Source
folder = Path(sys.argv[1])
FilesDriver(folder, Place(sys.argv[3], folder, sys.argv[2], folder)).refresh([Source("x", key="id", table="deals")])
"""


def test_the_landing_of_a_killed_worker_is_taken_up_by_another(place: Place, folder: Path, driver: FilesDriver) -> None:
    _write(folder, "deals.csv", "id,name\n1,old\n")
    driver.refresh([DEALS])
    _write(folder, "deals.csv", "id,name\n" + "".join(f"{n},new\n" for n in range(300_000)))
    with (
        subprocess.Popen([sys.executable, "-c", LANDING, str(folder), place.database_url, place.connection]) as worker,
        psycopg.connect(place.database_url, autocommit=True) as connection,
    ):
        copying = "select count(*) from pg_stat_progress_copy where tuples_processed > 1000"
        until(lambda: connection.execute(copying).fetchone() != (0,), pause=0)
        worker.send_signal(signal.SIGKILL)
    assert _names(driver) == ["old"]
    driver.refresh([DEALS])
    assert len(_names(driver)) == 300_000


def test_a_database_that_does_not_answer_is_no_missing_table(place: Place, folder: Path) -> None:
    _write(folder, "deals.csv", WHOLE)
    driver = FilesDriver(folder, replace(place, database_url="postgresql://nobody@127.0.0.1:9/none"))
    for attempt in (driver.check, lambda: driver.refresh([DEALS]), lambda: _rows(driver)):
        with pytest.raises(CrmUnavailable, match="its database is busy or does not answer"):
            attempt()


def test_nothing_can_be_written_to_a_folder(driver: FilesDriver) -> None:
    with pytest.raises(CrmRefused, match="is only read"):
        driver.write_if(Record("deals", "id", "1"), "name", expected="a", new="b")


@pytest.mark.parametrize(("written", "asked", "found"), [
    ("(303) 555-0142", "+1 303 555 0142", True), ("13035550142", "303-555-0142", True),
    ("+1.303.555.0142 ext 5", "303 555 0142", True), ("call 303 555 0142 or 5", "(303)5550142", True),
    ("3035550142.0", "3035550142", True), ("30355501421", "303 555 0142", False),
    ("303,555,0142", "303 555 0142", False), ("555-0142", "555 0142", True), ("303-555-0142", "555-0142", False),
])  # fmt: skip
def test_copies_are_found_by_phone_however_it_is_written(
    driver: FilesDriver, folder: Path, written: str, asked: str, found: bool
) -> None:
    _write(folder, "deals.csv", f'id,name\n1,"{written}"\n')
    _rows(driver)
    assert driver.copies_name(asked) is found


def test_copies_are_dropped_and_read_again_and_no_reader_takes_them_for_an_empty_crm(
    driver: FilesDriver, folder: Path, place: Place
) -> None:
    _write(folder, "deals.csv", "id,name\n1,Ann Smith <Ann@Home.test>\n2,100% oak\n")
    assert len(_rows(driver)) == 2
    words = ("ann@home.test", "100%", "100_", "Bob")
    assert [driver.copies_name(one) for one in words] == [True, True, False, False]
    other = FilesDriver(place.folder, place, settle=0.05)
    assert len(_rows(other)) == 2
    assert driver.drop_copies() == 1
    assert not driver.copies_name("ann@home.test")
    with pytest.raises((CrmRefused, CrmUnavailable)):
        _rows(other)  # one that works on without a refresh
    other.close()
    _write(folder, "deals.csv", "id,name\n2,100% oak\n")
    assert _names(driver) == ["100% oak"]
    assert driver.drop_copies() == 1
    assert driver.drop_copies() == 0
