"""Exports as people make them: lines around the rows, empty columns, broken letters, names that meet, float ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fieldnote.config.crm import CrmSettings
from fieldnote.crm import open_driver
from fieldnote.crm.files.driver import FilesDriver
from fieldnote.crm.files.lines import Skip
from fieldnote.crm.types import Driver, Place, Source
from fieldnote.errors import CrmError, CrmRefused, CrmUnavailable
from tests.crm.kinds import rest

DEALS = Source("push.opportunities", key="id", query="select * from deals")
ROWS = [{"id": "1", "name": "Roof"}, {"id": "2", "name": "Siding"}]


@pytest.fixture
def opened(place: Place) -> Iterator[FilesDriver]:
    driver = FilesDriver(place.folder, place, settle=0)
    yield driver
    driver.close()


def _write(place: Place, content: str | bytes, name: str = "deals.csv") -> Path:
    path = place.folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    rest(path)
    return path


def _read(driver: Driver) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    warnings = driver.refresh([DEALS])
    return [dict(row) for page in driver.pages(DEALS) for row in page.rows], warnings


def _refused(driver: Driver, kind: type[CrmError] = CrmRefused) -> str:
    with pytest.raises(kind) as caught:
        driver.refresh([DEALS])
    return f"{caught.value.message} | {caught.value.hint}"


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        ("sep=;\nid;name\n1;Roof\n2;Siding\n", "line 1, 'sep=;', is skipped"),
        ('"sep=,"\nid,name\n1,Roof\n2,Siding\n', "line 1, '\"sep=,\"', is skipped"),
        ("SEP=\t\r\nid\tname\r\n1\tRoof\r\n2\tSiding\r\n", "line 1, 'SEP=', is skipped"),
        ("\ufeffsep=|\nid|name\n1|Roof\n2|Siding\n", "line 1, 'sep=|', is skipped"),
        ("sep=,,\nid,name\n1,Roof\n2,Siding\n", "line 1, 'sep=,,', is skipped"),
        ("id,name,,\n1,Roof,,\n2,Siding,,\n", "2 columns without a name and without values are left out"),
        ("id,,name\n1,,Roof\n2, ,Siding\n", "1 column without a name and without values are left out"),
        ("id,name,\n1,Roof\n2,Siding\n", "1 column without a name and without values are left out"),
        ("id,name\n1,Roof,,\n2,Siding,\n", "2 times, first in line 2: an empty cell after the last column is skipped"),
        ("id,name\n,\n1,Roof\n , \n2,Siding\n,\n,,,\n", "4 times, first in line 2: an empty row is skipped"),
        (",\n\nid,name\n1,Roof\n2,Siding\n", None),
        ("id,name\n1,Roof\nid,name\n2,Siding\n", "line 3, a repeated header, is skipped"),
        ("id,name\n1,Roof\n2,Siding\n\n\n", None),
    ],
)
def test_certain_leftovers_are_skipped_and_reported_once(
    place: Place, opened: FilesDriver, content: str, warning: str | None
) -> None:
    _write(place, content)
    rows, warnings = _read(opened)
    assert rows == ROWS
    assert warnings == ((f"deals.csv: {warning}",) if warning else ())
    assert opened.refresh([DEALS]) == ()


THREE = "id,name,amount,stage\n1,Roof,10,open\n2,Siding,20,won\n"


@pytest.mark.parametrize(
    "footer",
    [
        "Total: 3 rows", "Total,,,", "TOTAL,,30,", "Grand Total:,,30,", "Summe,,\u20ac 30,", "Count: 2", "2 rows",
        "(2 records)", "2 records exported.", "Total of records: 2,,,", "Generated on 2026-02-01",
        "Page 1 of 1,,,", ",,,Total", "Total records: 2", "End of report", "Subtotal,,30,\nGrand total,,30,",
        "-- end of list --,,,", "*** End of report ***", "[ 2 records ]", "\u2014 Total \u2014,,30,",
        "Total,,,2 records", "Count,,2 Rows,", "Totaal,,30,", "Total g\u00e9n\u00e9ral,,30,", "Eindtotaal: 2 rijen",
        "Total,,2 registros,",
    ],
)  # fmt: skip
def test_a_footer_that_is_one_for_certain_is_skipped_and_reported(
    place: Place, opened: FilesDriver, footer: str
) -> None:
    _write(place, f"{THREE}{footer}\n")
    rows, warnings = _read(opened)
    assert [row["id"] for row in rows] == ["1", "2"]
    assert len(warnings) == 1
    assert "footer" in warnings[0]


@pytest.mark.parametrize(
    "row", ["Total,Roof,5,open", "Total,Total,30,won", "9,Total,,", "Total Roofing,,,", "3,,,", "-- Roofing --,,,"]
)
def test_a_row_that_only_resembles_a_footer_is_kept(place: Place, opened: FilesDriver, row: str) -> None:
    _write(place, f"{THREE}{row}\n")
    assert {item["id"] for item in _read(opened)[0]} == {"1", "2", row.partition(",")[0]}


def test_a_total_in_the_middle_is_a_row(place: Place, opened: FilesDriver) -> None:
    _write(place, f"{THREE}Total,,30,\n3,Door,1,open\n")
    assert [row["id"] for row in _read(opened)[0]] == ["1", "2", "3", "Total"]


FOOTER = '"id","name"\n"1","Roof"\n"2","Siding"\n\n\n"Open Deals"\n"Confidential"\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (FOOTER, 'line 6 has 1 column, the header 2: "Open Deals" | if the last 2 lines are a footer'),
        (FOOTER + '\n"By Ann"\n\n', "if the last 4 lines are a footer, set crm.skip: {last: 4}"),
        ("id,name,x\n1,Roof,\n\nTotal,2\n", "line 4 has 2 columns, the header 3: Total,2 | if the last 1 lines"),
        ("Open Deals\n\nid,name\n1,Roof\n", "line 3 has 2 columns, the header 1: id,name | if the lines before it"),
        ("id,,name\n1,a,2\n", "line 2 has a value in column 2, which has no name in the header: 1,a,2"),
        ("id,name\n1\n2,b\n", "line 2 has 1 column, the header 2: 1 | the delimiter inside a value needs quotes"),
        ("sep=;\nid,name\n1,Roof\n", "line 1 says that ';' separates the columns, and line 2 is not separated by it"),
        ("id,Amount,amount\n1,2,3\n", "'Amount' and 'amount', which only the case of their letters tells apart"),
    ],
)
def test_what_is_uncertain_is_refused_with_its_line(
    place: Place, opened: FilesDriver, content: str, message: str
) -> None:
    _write(place, content)
    assert message in _refused(opened)


def test_one_short_line_at_the_end_is_a_file_that_is_cut_off_or_a_footer(place: Place, opened: FilesDriver) -> None:
    _write(place, "id,name,x\n1,Roof,\nTotal\n")
    assert "if it is a footer, set crm.skip: {last: 1}" in _refused(opened, CrmUnavailable)


@pytest.mark.parametrize(
    ("skip", "content", "warning"),
    [
        ({"last": 2}, FOOTER, None),
        ({"last": 4}, FOOTER + "\n\n", None),
        ({"first": 2}, "Open Deals\n\nid,name\n1,Roof\n2,Siding\n", None),
        ({"first": 1}, "Open Deals\n\nid,name\n1,Roof\n2,Siding\n", None),
        (
            {"lines": "^Total"},
            "id,name\n1,Roof\nTotal,1\n2,Siding\nTotal,2\n",
            "2 times, first in line 3: a row that crm.skip names is skipped",
        ),
        ({"lines": "(?i)^total"}, "id,name\n1,Roof\n2,Siding\nTOTAL\n", "line 4, a row that crm.skip names"),
        ({"deals": {"first": 1, "last": 1}, "*": {"first": 7}}, "x\nid,name\n1,Roof\n2,Siding\nend\n", None),
    ],
)
def test_the_file_declares_lines_to_skip(
    place: Place, skip: Mapping[str, object], content: str, warning: str | None
) -> None:
    settings = CrmSettings.model_validate({"driver": "files", "folder": ".", "skip": skip})
    driver = open_driver(settings, place)
    _write(place, content)
    rows, warnings = _read(driver)
    assert rows == ROWS
    assert len(warnings) == (warning is not None)
    assert warning is None or warning in warnings[0]
    driver.close()


def test_what_is_skipped_is_another_landing(place: Place) -> None:
    _write(place, "id,name\n1,Roof\n2,Siding\n9,Total\n")
    for skip, count in ({}, 3), ({"*": Skip(last=1)}, 2), ({"deals": Skip(lines="Roof")}, 2), ({}, 3):
        driver = FilesDriver(place.folder, place, skip=skip)
        assert len(_read(driver)[0]) == count
        driver.close()


@pytest.mark.parametrize("skip", [{"first": -1}, {"lines": "("}, {"last": "x"}, {"deals": {"lasst": 1}}])
def test_a_wrong_skip_is_refused_when_the_file_is_read(skip: Mapping[str, object]) -> None:
    with pytest.raises(ValueError, match="skip"):
        CrmSettings.model_validate({"driver": "files", "folder": ".", "skip": skip})


# --- float ids --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["5001.0", "", "-3.0"], ["5001", None, "-3"]),
        (["5001.0", "5002"], ["5001.0", "5002"]),
        (["5001.0", "A7"], ["5001.0", "A7"]),
        (["5001.00", "1.0"], ["5001.00", "1.0"]),
        (["1.5", "2.0"], ["1.5", "2.0"]),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_whole_numbers_lose_their_fraction_where_the_whole_column_reads_so(
    place: Place, opened: FilesDriver, kind: str, values: list[str], read: list[str | None]
) -> None:
    if kind == "csv":
        content = "".join(f"{n},{value}\n" for n, value in enumerate(values))
        _write(place, f"id,deal\n{content}")
    else:
        lines = (f'{{"id": "{n}", "deal": {f"{value!r}" if value else None}}}' for n, value in enumerate(values))
        _write(place, "".join(f"{line}\n".replace("'", '"').replace("None", "null") for line in lines), "deals.jsonl")
    rows, warnings = _read(opened)
    assert [row["deal"] for row in rows] == read
    assert bool(warnings) == (read[0] == "5001")


# --- broken values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "read", "kind"),
    [
        (r'"a\u0000b"', "a\ufffdb", "a NUL character"),
        (r'"\ud83d"', "\ufffd", "half a surrogate pair"),
        (r'"\ude00x"', "\ufffdx", "half a surrogate pair"),
        (r'"\ud83d\ude00"', "😀", None),
        (r'{"a": ["b\u0000c", "\udfff"]}', {"a": ["b\ufffdc", "\ufffd"]}, "a NUL character"),
        (r'{"\ud83d": 1}', {"\ufffd": 1}, None),
        ("NaN", None, "a number beyond range"),
        ("-Infinity", None, "a number beyond range"),
        ("1e200000", None, "a number beyond range"),
        ("1e99999999999999999999", None, "a number beyond range"),
        ("9" * 5000, None, "a number beyond range"),
        ("[1e400, 1e200000]", [10**400, None], "a number beyond range"),
    ],
)
def test_a_broken_json_value_is_one_problem_of_its_row(
    place: Place, opened: FilesDriver, value: str, read: object, kind: str | None
) -> None:
    _write(place, f'{{"id": 1, "x": null}}\n{{"id": 2, "x": {value}}}\n{{"id": 3, "x": null}}\n', "deals.jsonl")
    rows, warnings = _read(opened)
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert rows[1]["x"] == read
    assert [warning for warning in warnings if kind and "line 2, column x" in warning and kind in warning] or not kind
    assert bool(warnings) == bool(kind)


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"id,name\n1,a\x00b\n2,\xc3\xb6\n", ["a\ufffdb", "ö"]),
        (b"id,name\n1,Zo\xeb\n2,\xc3\xb6\n", ["Zo\ufffd", "ö"]),
        (b"id,name\n1,\xed\xa0\xbd\n2,ok\n", ["\ufffd", "ok"]),
        (b"id,name\n1,\xed\xa0\xbd\xed\xb8\x80\n2,ok\n", ["😀", "ok"]),
        (b"id,name\n1,Zo\x81\n2,caf\xe9\n", ["Zo\ufffd", "café"]),
        ("id,name\n1,a\ud800\n2,ö\n".encode("utf-16-le", "surrogatepass"), ["a\ufffd", "ö"]),
        ("id,name\n1,a\ud800\n2,ö\n".encode("utf-16", "surrogatepass"), ["a\ufffd", "ö"]),
    ],
)
def test_a_broken_letter_in_csv_is_one_problem_of_its_row(
    place: Place, opened: FilesDriver, content: bytes, read: list[str]
) -> None:
    _write(place, content)
    rows, warnings = _read(opened)
    assert [row["name"] for row in rows] == read
    named = [warning for warning in warnings if warning.startswith("deals.csv: line 2, column name: ")]
    assert len(named) == len(warnings) == ("\ufffd" in read[0])


def test_of_many_broken_values_the_first_are_named_and_the_others_counted(place: Place, opened: FilesDriver) -> None:
    _write(place, "id,name\n" + "".join(f"{n},\0\n" for n in range(50)))
    rows, warnings = _read(opened)
    assert len(rows) == 50
    assert len(warnings) == 21
    assert warnings[-1] == "deals.csv: 30 more values like these"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": 1, "Amount": 1}\n{"id": 2, "amount": 2}\n', "'Amount' and 'amount'"),
        ('{"id": 1, "a": 1, "a": 2}\n', "line 1 has two fields called 'a'"),
        ('{"id": 1, "": 2}\n', "line 1 has a field without a name"),
        (f'{{"id": 1, "{"x" * 64}": 2}}\n', "line 1 has a field called 'xxxxx"),
        (f'{{"id": 1, "x": {"[" * 100_000}{"]" * 100_000}}}\n', "line 1 is nested too deep"),
    ],
)
def test_fields_that_meet_in_one_column_are_refused(
    place: Place, opened: FilesDriver, content: str, message: str
) -> None:
    _write(place, content, "deals.jsonl")
    assert message in _refused(opened)


NO_DATES = [
    "0001-01-01", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "1/1/0001 12:00:00 AM", "01.01.0001 00:00:00",
    "1899-12-30", "1899-12-30 00:00:00.000", "12/30/1899", "12/30/1899 12:00:00 AM", "30.12.1899", "30/12/1899 0:00",
    "0000-00-00", "0000-00-00 00:00:00",
]  # fmt: skip


@pytest.mark.parametrize("cell", NO_DATES)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_date_that_systems_write_for_none_is_read_as_none_and_reported_once(
    place: Place, opened: FilesDriver, cell: str, form: str
) -> None:
    dates = [cell, "2026-02-01", cell]
    if form == "csv":
        _write(place, "id,closed\n" + "".join(f"{n},{day}\n" for n, day in enumerate(dates, 1)))
    else:
        lines = [json.dumps({"id": str(n), "closed": day}) for n, day in enumerate(dates, 1)]
        _write(place, "\n".join(lines) + "\n", "deals.jsonl")
    rows, warnings = _read(opened)
    assert [row["closed"] for row in rows] == [None, "2026-02-01", None]
    assert [text.split(": ", 1)[1] for text in warnings] == [f"'{cell}' in the column closed is read as no date"]


@pytest.mark.parametrize(
    "cell", ["1899-12-30 14:30:00", "1899-12-31", "0001-01-02", "1900-01-01", "house 0001-01-01", "10/1/0001", "1.1"]
)
def test_other_old_dates_and_texts_stay(place: Place, opened: FilesDriver, cell: str) -> None:
    _write(place, f"id,closed\n1,{cell}\n")
    rows, warnings = _read(opened)
    assert ([row["closed"] for row in rows], warnings) == ([cell], ())
