"""The contract of a CRM driver, as tests that any package can run on its own driver with pytest.

::

    class TestMyCrm(DriverContract):
        @pytest.fixture
        def crm(self, tmp_path):
            server = my_crm(tmp_path)
            yield CrmUnderTest(open_mycrm(server.settings), server.put, table="deals", notes=NoteTarget(...))

Reading is tested always, writing if `writes` is set, notes if `notes` is. A driver that passes can take part in `push`
and `pull`: no row is lost or doubled, nothing is written over a person's value, and a note stays one note.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from fieldnote.crm.types import (
    Cursor,
    Driver,
    NoteTarget,
    Outcome,
    Page,
    Record,
    Row,
    Source,
    external_id,
    freeze,
)
from fieldnote.errors import CrmRefused

__all__ = ["CrmUnderTest", "DriverContract"]

NOON = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)
"""The time around which the tests' rows change."""


@dataclass(frozen=True, slots=True)
class CrmUnderTest:
    """A driver, and a CRM behind it whose one table the tests fill."""

    driver: Driver
    put: Callable[[Sequence[Mapping[str, object]]], None]
    """Let the table have exactly these rows, as the CRM's own people would. Each has the columns `key` (a number from 1
    on), `text` (a text or None), `number` (a number or None) and `cursor` (the aware time of the row's last change, or
    None for a row that has none)."""
    table: str
    key: str = "id"
    text: str = "name"
    number: str = "amount"
    cursor: str = "updated_at"
    as_id: Callable[[int], str] = str
    """The CRM's id of the row with this number."""
    nullable_cursor: bool = True
    """Whether a row may have no time of change."""
    writes: bool = True
    """Whether the driver writes fields of `table`."""
    notes: NoteTarget | None = None
    """Where notes of the table's rows go; None: the driver writes no notes."""

    @property
    def source(self) -> Source:
        """The table as a stream."""
        return Source("push.opportunities", key=self.key, table=self.table, cursor=self.cursor)

    def row(self, number: int, at: datetime | None = NOON, text: str | None = None) -> dict[str, object]:
        """A row for `put`."""
        return {self.key: number, self.text: text or f"deal {number}", self.number: None, self.cursor: at}

    def record(self, number: int) -> Record:
        """The row as a record that something is written to."""
        return Record(self.table, self.key, self.as_id(number))

    def pages(self, since: Cursor | None = None, *, overlap: timedelta = timedelta(0), size: int = 1000) -> list[Page]:
        """A reading, after the driver brought itself up to date."""
        self.driver.refresh([self.source])
        return list(self.driver.pages(self.source, since, overlap=overlap, size=size))

    def keys(self, pages: Sequence[Page]) -> list[str]:
        """The ids in some pages, in order."""
        return [external_id(row[self.key]) for page in pages for row in page.rows]

    def ids(self, *numbers: int) -> list[str]:
        """The CRM's ids of these rows."""
        return [self.as_id(number) for number in numbers]


def _saved(pages: Sequence[Page]) -> Cursor:
    """The cursor as the ledger keeps it: as text."""
    cursor = pages[-1].cursor
    assert cursor is not None, "the last page of a reading has no cursor, though its rows have times"
    return Cursor.parse(str(cursor))


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


class DriverContract:
    """Derive a class from it whose name begins with `Test`, and give it a fixture `crm`: a fresh `CrmUnderTest`."""

    # --- what a driver says of itself ------------------------------------------------------------------

    def test_it_connects_names_its_crm_and_closes_twice(self, crm: CrmUnderTest) -> None:
        crm.put([])
        crm.driver.check()
        assert crm.driver.identity.strip()
        assert crm.driver.identity == crm.driver.identity, "the identity must not change"
        assert isinstance(crm.driver.is_live, bool)
        crm.driver.close()
        crm.driver.close()

    def test_it_names_the_columns_of_a_table(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(1)])
        crm.driver.refresh([crm.source])
        assert {crm.key, crm.text, crm.cursor} <= set(crm.driver.columns(crm.source))

    def test_a_table_or_column_that_does_not_exist_is_refused_by_name(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(1)])
        crm.driver.refresh([crm.source])
        for source in (
            Source("push.opportunities", key=crm.key, table="no_such_table"),
            Source("push.opportunities", key="no_such_column", table=crm.table),
            Source("push.opportunities", key=crm.key, table=crm.table, cursor="no_such_column"),
        ):
            try:
                crm.driver.columns(source)
            except CrmRefused as error:
                assert "no_such" in error.message, error.message
            else:
                raise AssertionError(f"{source} was not refused")

    # --- reading ----------------------------------------------------------------------------------------

    def test_a_full_reading_gives_each_row_once_and_ends_with_a_last_page(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(number, NOON + _minutes(number % 3)) for number in range(1, 12)])
        pages = crm.pages(size=4)
        assert sorted(crm.keys(pages)) == sorted(crm.ids(*range(1, 12)))
        assert [page.last for page in pages] == [*(False for _ in pages[1:]), True]
        assert all(len(page.rows) <= 4 for page in pages), "a page has more rows than `size`"

    def test_an_empty_table_is_a_complete_reading(self, crm: CrmUnderTest) -> None:
        crm.put([])
        pages = crm.pages()
        assert crm.keys(pages) == []
        assert pages[-1].last

    def test_changes_are_read_from_the_cursor_on_less_the_overlap(self, crm: CrmUnderTest) -> None:
        rows = [crm.row(1, NOON - _minutes(60)), crm.row(2, NOON - _minutes(3)), crm.row(3, NOON)]
        crm.put(rows)
        saved = _saved(crm.pages())
        crm.put([*rows, crm.row(4, NOON + _minutes(1))])
        changed = crm.pages(saved, overlap=_minutes(5))
        assert set(crm.ids(2, 3, 4)) <= set(crm.keys(changed)), "rows within the overlap, or newer ones, are missing"
        assert crm.as_id(4) in crm.keys(crm.pages(_saved(changed)))

    def test_a_changed_row_comes_again(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(1), crm.row(2)])
        saved = _saved(crm.pages())
        crm.put([crm.row(1), crm.row(2, NOON + _minutes(9), text="changed")])
        rows = [row for page in crm.pages(saved) for row in page.rows if external_id(row[crm.key]) == crm.as_id(2)]
        assert [row[crm.text] for row in rows] == ["changed"]

    def test_rows_that_share_one_time_are_neither_lost_nor_doubled(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(number) for number in range(1, 24)])
        assert sorted(crm.keys(crm.pages(size=5))) == sorted(crm.ids(*range(1, 24)))
        again = crm.keys(crm.pages(_saved(crm.pages()), overlap=_minutes(1), size=5))
        assert sorted(again) == sorted(crm.ids(*range(1, 24)))

    def test_rows_without_a_time_of_change_come_every_time(self, crm: CrmUnderTest) -> None:
        if not crm.nullable_cursor:
            return
        crm.put([crm.row(1, None), crm.row(2), crm.row(3, None)])
        keys = crm.keys(crm.pages(_saved(crm.pages())))
        assert set(crm.ids(1, 3)) <= set(keys)

    def test_a_deleted_row_is_gone(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(1), crm.row(2)])
        crm.pages()
        crm.put([crm.row(1)])
        assert crm.keys(crm.pages()) == crm.ids(1)
        assert crm.driver.row(crm.source, crm.as_id(2)) is None

    def test_a_reading_goes_on_while_rows_change_and_loses_none(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(number) for number in range(1, 7)])
        crm.driver.refresh([crm.source])
        reading = iter(crm.driver.pages(crm.source, size=2))
        first = next(reading)
        crm.put([crm.row(number, NOON + _minutes(number), text="after") for number in range(1, 8)])
        assert set(crm.ids(*range(1, 7))) <= set(crm.keys([first, *reading]))

    def test_a_reading_that_is_stopped_loses_no_row(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(number, NOON - _minutes(number)) for number in range(1, 8)])
        for count in range(1, len(crm.pages(size=2))):
            known = list(islice(crm.driver.pages(crm.source, overlap=timedelta(0), size=2), count))
            cursors = [page.cursor for page in known if page.cursor is not None]
            since = Cursor.parse(str(cursors[-1])) if cursors else None
            seen = {*crm.keys(known), *crm.keys(crm.pages(since))}
            assert set(crm.ids(*range(1, 8))) <= seen, "a page's cursor is later than rows that were not given yet"

    def test_rows_are_found_by_key(self, crm: CrmUnderTest) -> None:
        crm.put([crm.row(1), crm.row(2)])
        crm.driver.refresh([crm.source])
        found = crm.driver.row(crm.source, crm.as_id(2))
        assert found is not None
        assert found[crm.text] == "deal 2"
        many = crm.driver.rows(crm.source, [*crm.ids(1, 2, 9), "x", ""])
        assert sorted(many) == sorted(crm.ids(1, 2))
        for key in ("x", "", crm.as_id(9), "99999999999999999999999"):
            assert crm.driver.row(crm.source, key) is None, f"the key {key!r} found a row"

    # --- writing ----------------------------------------------------------------------------------------

    def test_a_field_is_written_and_read_back(self, crm: CrmUnderTest) -> None:
        if not crm.writes:
            return
        crm.put([crm.row(1), crm.row(2)])
        crm.driver.may_write(crm.table, crm.number)
        result = crm.driver.write_if(crm.record(1), crm.number, expected=None, new=45000)
        assert (result.outcome, result.before) == (Outcome.APPLIED, None)
        assert crm.driver.same(crm.table, crm.number, result.after, 45000)
        assert self._value(crm, 1, crm.number) == result.after
        assert self._value(crm, 2, crm.number) is None, "another record was written"

    def test_the_value_that_was_read_back_is_known_again(self, crm: CrmUnderTest) -> None:
        """A ledger keeps it as JSON; as `expected` it still is what the CRM holds."""
        if not crm.writes:
            return
        crm.put([crm.row(1)])
        for column, value in ((crm.number, 45000), (crm.text, "Zoë 🙂 & <b>50 %</b>")):
            before = self._value(crm, 1, column)
            kept = freeze(crm.driver.write_if(crm.record(1), column, expected=freeze(before), new=value).after)
            assert crm.driver.write_if(crm.record(1), column, expected=kept, new=value).outcome is Outcome.APPLIED

    def test_a_persons_value_is_not_overwritten(self, crm: CrmUnderTest) -> None:
        if not crm.writes:
            return
        crm.put([crm.row(1, text="a person's words")])
        for expected in (None, "", "A PERSON'S WORDS", "a person's words "):
            result = crm.driver.write_if(crm.record(1), crm.text, expected=expected, new="new")
            assert result.outcome is Outcome.CHANGED, f"written over a person's value: expected {expected!r}"
            assert result.after == "a person's words"
        assert self._value(crm, 1, crm.text) == "a person's words"

    def test_a_field_is_emptied(self, crm: CrmUnderTest) -> None:
        if not crm.writes:
            return
        crm.put([crm.row(1)])
        written = crm.driver.write_if(crm.record(1), crm.number, expected=None, new=7)
        emptied = crm.driver.write_if(crm.record(1), crm.number, expected=freeze(written.after), new=None)
        assert (emptied.outcome, emptied.after) == (Outcome.APPLIED, None)

    def test_a_record_that_does_not_exist_is_missing(self, crm: CrmUnderTest) -> None:
        if not crm.writes:
            return
        crm.put([crm.row(1)])
        for key in (crm.as_id(9), "x", ""):
            record = Record(crm.table, crm.key, key)
            assert crm.driver.read(record, (crm.text,)) is None
            assert crm.driver.write_if(record, crm.text, expected=None, new="x").outcome is Outcome.MISSING

    def test_a_column_that_does_not_exist_is_refused_by_name(self, crm: CrmUnderTest) -> None:
        if not crm.writes:
            return
        crm.put([crm.row(1)])
        for attempt in (
            lambda: crm.driver.may_write(crm.table, "no_such_column"),
            lambda: crm.driver.write_if(crm.record(1), "no_such_column", expected=None, new="x"),
        ):
            try:
                attempt()
            except CrmRefused as error:
                assert "no_such_column" in error.message, error.message
            else:
                raise AssertionError("a column that does not exist was accepted")

    def _value(self, crm: CrmUnderTest, number: int, column: str) -> object:
        row: Row | None = crm.driver.read(crm.record(number), (column,))
        assert row is not None
        return row[column]

    # --- notes ------------------------------------------------------------------------------------------

    def test_a_note_is_added_once_and_found_by_its_key(self, crm: CrmUnderTest) -> None:
        if crm.notes is None:
            return
        crm.put([crm.row(1)])
        first, body = crm.as_id(1), "They like blue.\nTwo lines, Zoë."
        assert crm.driver.find_note(crm.notes, first, "rec-1").outcome is Outcome.MISSING
        added = crm.driver.insert_note(crm.notes, first, "rec-1", body)
        assert (added.outcome, added.body) == (Outcome.APPLIED, body)
        again = crm.driver.insert_note(crm.notes, first, "rec-1", "another body")
        assert (again.outcome, again.body) == (Outcome.CHANGED, body), "the note was added twice, or overwritten"
        assert crm.driver.find_note(crm.notes, first, "rec-1").body == body
        assert crm.driver.insert_note(crm.notes, first, "rec-2", "of another visit").outcome is Outcome.APPLIED
        assert crm.driver.find_note(crm.notes, first, "rec-1").body == body

    def test_a_note_is_updated_only_while_nobody_edited_it(self, crm: CrmUnderTest) -> None:
        if crm.notes is None:
            return
        crm.put([crm.row(1)])
        first = crm.as_id(1)
        crm.driver.insert_note(crm.notes, first, "rec-1", "first")
        wrong = crm.driver.update_note_if(crm.notes, first, "rec-1", expected="not this", body="second")
        if wrong.outcome is Outcome.FIXED:
            return  # the CRM keeps notes as they were made
        assert (wrong.outcome, wrong.body) == (Outcome.CHANGED, "first")
        right = crm.driver.update_note_if(crm.notes, first, "rec-1", expected="first", body="second")
        assert (right.outcome, right.body) == (Outcome.APPLIED, "second")
        absent = crm.driver.update_note_if(crm.notes, first, "rec-9", expected="first", body="second")
        assert absent.outcome is Outcome.MISSING
