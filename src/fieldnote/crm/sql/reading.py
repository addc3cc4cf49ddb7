"""Reading rows: pages by keyset, and single rows. How it works is in `fieldnote.crm.sql.driver`."""

# ruff: noqa: S608 - every name in a statement is quoted by `Dialect`, and every value is bound

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from fieldnote.crm.sql.cursor_column import CursorColumn, Order
from fieldnote.crm.sql.engine import Database, Rows
from fieldnote.crm.sql.errors import translated
from fieldnote.crm.sql.keys import clash, with_ids
from fieldnote.crm.sql.text import one_select, spelled
from fieldnote.crm.types import Cursor, CursorMix, Page, Row, RowProblem, Source, Unreadable, external_id, key_text
from fieldnote.errors import CrmRefused

_MULTIPLIED = "a join multiplies the rows: aggregate, or pick one row for each key"
_CHUNK = 500
_MOST_EQUAL = 10_000
"""More rows of one key than this are not read to see whether a collation has put several keys together."""

_SECOND: Final = re.compile(r"(.+):\d+")


@dataclass(frozen=True, slots=True)
class _Plan:
    """A source with its names as the database spells them."""

    source: Source
    origin: str
    """The part behind `from`."""
    columns: tuple[str, ...]
    key: str
    cursor: str | None
    clashes: list[dict[str, list[str]]] = field(default_factory=list)
    """The keys that meet in one id, by id; empty until a key with blanks was seen."""

    def clashes_with(self, padded: Sequence[object], find: Callable[[], dict[str, list[str]]]) -> dict[str, list[str]]:
        """The clashes of the whole source, which are looked for once, when the first padded key is seen."""
        if padded and not self.clashes:
            self.clashes.append(find())
        return self.clashes[0] if self.clashes else {}


class Reader:
    """Reads streams from one database."""

    def __init__(self, database: Database, *, compute_once: bool = False) -> None:
        """`compute_once`: a full reading of a query computes it once; needs a PostgreSQL that may keep its rows."""
        self._database = database
        self._compute_once = compute_once
        self._quote = database.dialect.quote
        self._bind = database.dialect.bind
        self._first = database.dialect.first
        self._padded: dict[Source, bool] = {}
        """Whether a source has keys with blanks around them, where that is known."""

    def columns(self, source: Source) -> tuple[str, ...]:
        """A stream's columns."""
        with translated(f"reading {source.name}"), self._database.transaction() as connection:
            return self._plan(connection, source).columns

    def cursor_mix(self, source: Source) -> CursorMix | None:
        """The kinds of values in a stream's cursor; None if there is one kind, or no cursor."""
        with translated(f"reading {source.name}"), self._database.transaction() as connection:
            plan = self._plan(connection, source)
            return None if plan.cursor is None else self._cursor_of(plan, plan.cursor).mix(connection)

    def pages(self, source: Source, since: Cursor | None, overlap: timedelta, size: int) -> Iterator[Page]:
        """All rows, or those changed since; see `Driver.pages`."""
        with translated(f"reading {source.name}"):
            with self._database.transaction() as connection:
                plan = self._plan(connection, source)
            if since is None or plan.cursor is None:
                yield from self._all(plan, size)
            else:
                column = self._cursor_of(plan, plan.cursor)
                with self._database.transaction() as connection:
                    start, order = column.start(connection, since, overlap)
                if order.sorts:
                    yield from self._without_cursor(plan, plan.cursor, order, size)
                    yield from self._changed(plan, column, plan.cursor, start, order, size)
                else:
                    yield from self._by_key(plan, None, size)

    def row(self, source: Source, key: str) -> Row | None:
        """The one row with this key."""
        with translated(f"reading {source.name}"), self._database.transaction() as connection:
            plan = self._plan(connection, source)
            try:
                rows = self._matching(connection, plan, [key])
            except DataError:
                # The key column has a type that this key is no value of.
                return None
        if len(rows) > 1:
            problem = _of_several(key, [row[plan.key] for row in rows])
            raise CrmRefused(f"{source.name}: {problem.reason}", hint=problem.hint)
        return rows[0] if rows else None

    def rows(self, source: Source, keys: Sequence[str]) -> dict[str, Row]:
        """The rows with these keys, in as few statements as may be."""
        return {key: rows[0] for key, rows in self._found(source, keys).items() if len(rows) == 1}

    def look_up(self, source: Source, keys: Sequence[str]) -> Page:
        """The same, and the keys that come with several rows as problems."""
        kept, problems = [], []
        for key, rows in self._found(source, keys).items():
            if len(rows) == 1:
                kept.append(rows[0])
            else:
                # The column is spelled as the rows have it.
                column = spelled(source.key, tuple(rows[0]), source.name)
                problems.append(_of_several(key, [row[column] for row in rows]))
        return Page(tuple(kept), None, last=False, problems=tuple(problems))

    def _found(self, source: Source, keys: Sequence[str]) -> dict[str, Rows]:
        with translated(f"reading {source.name}"):
            try:
                return self._rows(source, keys)
            except DataError:
                # One of the keys is no value of the key column's type; it must not hide the others.
                return {key: rows for key in keys for key, rows in self._rows_of_one(source, key).items()}

    def _rows_of_one(self, source: Source, key: str) -> dict[str, Rows]:
        try:
            return self._rows(source, [key])
        except DataError:
            return {}

    def _rows(self, source: Source, keys: Sequence[str]) -> dict[str, Rows]:
        found: dict[str, Rows] = {}
        with self._database.transaction() as connection:
            plan = self._plan(connection, source)
            for start in range(0, len(keys), _CHUNK):
                for row in self._matching(connection, plan, keys[start : start + _CHUNK]):
                    found.setdefault(external_id(row[plan.key]), []).append(row)
        return found

    def _matching(self, connection: Connection, plan: _Plan, keys: Sequence[str]) -> Rows:
        """The rows whose id is one of these, also under a key with blanks around it."""
        wanted = set(keys)
        rows = [row for row in self._having(connection, plan, keys) if external_id(row[plan.key]) in wanted]
        missing = wanted - {external_id(row[plan.key]) for row in rows}
        if not self._has_text_keys(connection, plan, rows):
            return rows
        if self._has_padded(connection, plan):
            # An exact key may have a second one beside it that means the same id.
            exact = {row[plan.key] for row in rows}
            rows += [row for row in self._trimmed_to(connection, plan, sorted(wanted)) if row[plan.key] not in exact]
        elif missing:
            rows += self._trimmed_to(connection, plan, sorted(missing))
        return rows

    def _has_padded(self, connection: Connection, plan: _Plan) -> bool:
        """Whether any key has blanks around it: one look at all keys, once."""
        if plan.source not in self._padded:
            where = f"{self._database.dialect.padded(self._quote(plan.key))} and 1 = {self._bind('one')}"
            statement = f"select 1 as one from {plan.origin} where {where}{self._first(1)}"
            self._padded[plan.source] = bool(self._database.select(connection, statement, {"one": 1}))
        return self._padded[plan.source]

    def _has_text_keys(self, connection: Connection, plan: _Plan, rows: Rows) -> bool:
        sample = rows[:1] or self._select(connection, plan, f"1 = {self._bind('one')}{self._first(1)}", {"one": 1})
        return bool(sample) and isinstance(sample[0][plan.key], str)

    def _trimmed_to(self, connection: Connection, plan: _Plan, ids: Sequence[str]) -> Rows:
        parameters = {f"key{n}": key for n, key in enumerate(ids)}
        listed = ", ".join(map(self._bind, parameters))
        where = f"{self._database.dialect.trimmed(self._quote(plan.key))} in ({listed})"
        rows = self._select(connection, plan, f"{where}{self._first(100 * len(ids))}", parameters)
        return [row for row in rows if external_id(row[plan.key]) in set(ids)]

    def _having(self, connection: Connection, plan: _Plan, keys: Sequence[str]) -> Rows:
        """Rows with one of these keys, and with those that the database holds to be equal to one."""
        parameters: dict[str, Any] = {f"key{n}": key for n, key in enumerate(keys)}
        if self._database.dialect.backend == "sqlite":
            # An expression of SQLite's has no type, so that '7' and 7 are two things to it.
            numbers = [key for key in keys if key.isdecimal() and len(key) < 19 and key == str(int(key))]
            parameters |= {f"number{n}": int(key) for n, key in enumerate(numbers)}
        listed = ", ".join(map(self._bind, parameters))
        return self._select(
            connection, plan, f"{self._quote(plan.key)} in ({listed}){self._first(100 * len(keys))}", parameters
        )

    def _clashes(self, plan: _Plan) -> dict[str, list[str]]:
        """The ids that several different keys have, each with its keys."""
        key = self._quote(plan.key)
        trimmed = self._database.dialect.trimmed(key)
        several = f"select {trimmed} from {plan.origin} group by {trimmed} having count(*) > 1"
        statement = f"select {key} as k from {plan.origin} where {trimmed} in ({several}) and 1 = {self._bind('one')}"
        with self._database.transaction() as connection:
            rows = self._database.select(connection, statement, {"one": 1})
        found: dict[str, list[str]] = {}
        for row in rows:
            keys = found.setdefault(external_id(row["k"]), [])
            if row["k"] not in keys:
                keys.append(key_text(row["k"]))
        return {key: keys for key, keys in found.items() if len(keys) > 1}

    # --- plans --------------------------------------------------------------------------------------

    def _plan(self, connection: Connection, source: Source) -> _Plan:
        """Ask the database for a source's columns, and find key and cursor among them."""
        dialect = self._database.dialect
        if source.table is not None:
            origin = dialect.path(self._database.table(connection, source.table).path)
        else:
            query = one_select(source.query or "", source.name, dialect.backend)
            # The line break keeps a comment inside the query from hiding what follows it.
            origin = f"(\n{dialect.literal(query)}\n)"
        origin = f"{origin} {dialect.quote('fieldnote')}"
        # A bound value makes every driver read '%' in the same way.
        statement = f"select * from {origin} where 1 = {self._bind('never')}"
        result = connection.exec_driver_sql(statement, {"never": 0})
        columns = tuple(result.keys())
        result.close()
        twice = [name for name, times in Counter(columns).items() if times > 1]
        if dialect.backend == "sqlite" and source.query is not None:
            # It calls the second `id` of a query `id:1`, and only the first could be read.
            known = {name.casefold() for name in columns}
            twice += [
                found[1] for name in columns if (found := _SECOND.fullmatch(name)) and found[1].casefold() in known
            ]
        if twice:
            raise CrmRefused(f"{source.name}: two columns are called '{twice[0]}'", hint="rename one with 'as'")
        cursor = spelled(source.cursor, columns, f"{source.name}.cursor: it") if source.cursor else None
        return _Plan(source, origin, columns, spelled(source.key, columns, f"{source.name}.key: it"), cursor)

    # --- the two orders -----------------------------------------------------------------------------

    def _all(self, plan: _Plan, size: int) -> Iterator[Page]:
        """Every row, in the order of the key."""
        highest, keyless = self._before_all(plan)
        once = self._compute_once and plan.source.query is not None
        for page in self._computed_once(plan, size) if once else self._by_key(plan, None, size):
            problems = (*keyless, *page.problems)
            keyless = ()
            yield Page(page.rows, highest if page.last else None, page.last, problems)

    def _computed_once(self, plan: _Plan, size: int) -> Iterator[Page]:
        """Every row of a query in the order of the key. By key, each page would compute the whole query again."""
        key = self._quote(plan.key)
        statement = f"select * from {plan.origin} where {key} is not null order by {key}"
        with self._database.computed_once(statement) as fetch:
            rows = fetch(size)
            last = len(rows) < size
            while not last:
                more = fetch(size)
                last = len(more) < size
                # A page ends behind all rows of its last key.
                while more and more[0][plan.key] == rows[-1][plan.key]:
                    rows.append(more.pop(0))
                if more:
                    yield self._sifted(plan, rows, set(), None, last=False)
                    rows = more
            yield self._sifted(plan, rows, set(), None, last=True)

    def _without_cursor(self, plan: _Plan, cursor: str, order: Order, size: int) -> Iterator[Page]:
        """The rows whose cursor is null, or of another kind than most. None of these pages is the reading's last."""
        only = f"{self._quote(cursor)} is null"
        if order.regular:
            only = f"({only} or not ({order.regular}))"
        for page in self._by_key(plan, only, size, dict(order.bound)):
            if page.rows or page.problems:
                yield Page(page.rows, None, last=False, problems=page.problems)

    def _by_key(
        self, plan: _Plan, only: str | None, size: int, bound: Mapping[str, Any] | None = None
    ) -> Iterator[Page]:
        key, bind = self._quote(plan.key), self._bind
        narrowed = f"{only} and " if only else ""
        after, last = None, False
        while not last:
            where = f"{key} is not null" if after is None else f"{key} > {bind('key')}"
            statements = (f"{narrowed}{where} order by {key}", f"{narrowed}{key} = {bind('key')}")
            with self._database.transaction() as connection:
                rows, last = self._page(connection, plan, statements, {**(bound or {}), "key": after}, size)
                # A full reading has all rows of a key beside each other; one of a part has not.
                repeated = self._repeated(connection, plan, rows) if only else set()
            after = self._place(plan, rows, last=last).get(plan.key)
            yield self._sifted(plan, rows, repeated, None, last)

    def _changed(
        self, plan: _Plan, column: CursorColumn, cursor_name: str, start: Cursor, order: Order, size: int
    ) -> Iterator[Page]:
        """The regular rows from `start` on, in the order of cursor and key."""
        cursor, key, bind = self._quote(cursor_name), self._quote(plan.key), self._bind
        by = f"order by {cursor}, {key}"
        regular = (
            f"{order.regular} and " if order.shape is not None or self._database.dialect.backend == "sqlite" else ""
        )
        tie = f"{cursor} = {bind('cursor')} and {key} = {bind('key')}"
        where = f"{cursor} >= {bind('cursor')} and {key} is not null"
        fixed = dict(order.bound) if regular else {}
        position: dict[str, Any] = {"cursor": start.value}
        last = False
        while not last:
            with self._database.transaction() as connection:
                rows, last = self._page(connection, plan, (f"{regular}{where} {by}", tie), fixed | position, size)
                repeated = self._repeated(connection, plan, rows)
            yield self._sifted(plan, rows, repeated, column.settled(rows, order.guard), last)
            if rows:
                place = self._place(plan, rows, last=last)
                position = {"cursor": place[cursor_name], "key": place[plan.key]} if place else position
            where = f"{cursor} >= {bind('cursor')} and ({cursor} > {bind('cursor')} or {key} > {bind('key')})"

    def _page(
        self,
        connection: Connection,
        plan: _Plan,
        statements: tuple[str, str],
        position: dict[str, Any],
        size: int,
    ) -> tuple[Rows, bool]:
        """Rows after a position, and whether they are the last ones.

        Where more follow, the page is made to end behind all rows that the database holds to be equal to
        its last one (the second statement finds them).
        """
        page, tie = statements
        rows = self._select(connection, plan, f"{page}{self._first(size + 1, ordered=True)}", position)
        if len(rows) <= size:
            return rows, True
        if _certainly_apart(rows.pop()[plan.key], rows[-1][plan.key]):
            return rows, False
        end = dict(position, key=rows[-1][plan.key])
        if "cursor" in position and plan.cursor:
            end["cursor"] = rows[-1][plan.cursor]
        equal = self._select(connection, plan, f"{tie}{self._first(_MOST_EQUAL)}", end)
        if len(equal) == _MOST_EQUAL:
            text = f"{plan.source.name}: one key comes with {_MOST_EQUAL} rows and more"
            raise CrmRefused(text, hint=_MULTIPLIED)
        keys = {row[plan.key] for row in equal}
        return [row for row in rows if row[plan.key] not in keys] + (equal or rows[-1:]), False

    @staticmethod
    def _place(plan: _Plan, rows: Rows, *, last: bool) -> dict[str, Any]:
        """The last row after which reading can go on; broken text cannot be looked up again."""
        columns = [plan.key, *([plan.cursor] if plan.cursor else [])]
        for row in reversed(rows):
            if not any(isinstance(row[name], Unreadable) and row[name].is_text for name in columns):
                return row
        if rows and not last:
            text = f"{plan.source.name}: {len(rows)} rows have broken text in {' or '.join(columns)}"
            raise CrmRefused(text, hint="correct them in the CRM, or leave them out of the query")
        return {}

    def _select(self, connection: Connection, plan: _Plan, rest: str, parameters: dict[str, Any]) -> Rows:
        return self._database.select(connection, f"select * from {plan.origin} where {rest}", parameters)

    # --- what cannot be passed on -------------------------------------------------------------------

    def _before_all(self, plan: _Plan) -> tuple[Cursor | None, tuple[RowProblem, ...]]:
        """The cursor that a full reading reaches, and the rows that have no key."""
        key, cursor = self._quote(plan.key), self._quote(plan.cursor) if plan.cursor else None
        count = f"sum(case when {key} is null then 1 else 0 end)"
        highest = f"max({cursor})" if cursor else "null"
        statement = f"select {count} as keyless, {highest} as highest from {plan.origin}"
        with self._database.transaction() as connection:
            # `where` again carries a bound value, for the sake of '%'.
            row = self._database.select(connection, f"{statement} where 1 = {self._bind('one')}", {"one": 1})[0]
            reached = row["highest"]
            cursor_reached = None
            if plan.cursor and reached is not None:
                cursor_reached = self._cursor_of(plan, plan.cursor).reached(connection, reached)
        problems: tuple[RowProblem, ...] = ()
        if row["keyless"]:
            keyless = int(row["keyless"])
            text = f"{keyless} row{' has' if keyless == 1 else 's have'} no {plan.key}"
            problems = (RowProblem(None, text, "leave them out of the query, or give them a key"),)
        return cursor_reached, problems

    def _cursor_of(self, plan: _Plan, name: str) -> CursorColumn:
        return CursorColumn(self._database, plan.origin, name, plan.source)

    def _repeated(self, connection: Connection, plan: _Plan, rows: Rows) -> set[Any]:
        """Those of the rows' keys that come more than once in the whole source."""
        key = self._quote(plan.key)
        keys = list(dict.fromkeys(row[plan.key] for row in rows))
        repeated: set[Any] = set()
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            groups = self._keys_in(connection, plan, chunk, f"group by {key} having count(*) > 1")
            if groups:
                # A collation may have put 'a' and 'A' into one group.
                again = Counter(self._keys_in(connection, plan, groups, ""))
                repeated |= {value for value, times in again.items() if times > 1}
        return repeated

    def _keys_in(self, connection: Connection, plan: _Plan, keys: list[Any], rest: str) -> list[Any]:
        key = self._quote(plan.key)
        parameters = {f"key{n}": value for n, value in enumerate(keys)}
        listed = ", ".join(map(self._bind, parameters))
        statement = f"select {key} as k from {plan.origin} where {key} in ({listed}) {rest}"
        return [row["k"] for row in self._database.select(connection, statement, parameters)]

    def _sifted(self, plan: _Plan, rows: Rows, repeated: set[Any], cursor: Cursor | None, last: bool) -> Page:
        """A page without the rows whose key is not theirs alone; those are named."""
        rows, keys, unusable = with_ids(rows, plan.key, plan.source.name)
        counts = Counter(keys)
        shared = {key for key, times in counts.items() if times > 1} | set(map(external_id, repeated))
        padded = [row[plan.key] for key, row in zip(keys, rows, strict=True) if key_text(row[plan.key]) != key]
        if padded:
            self._padded[plan.source] = True
        clashes = plan.clashes_with(padded, lambda: self._clashes(plan))
        shared |= clashes.keys()
        problems = tuple(
            clash(key, clashes[key]) if key in clashes else _of_several(key, ())
            for key in sorted(shared & counts.keys())
        )
        kept = tuple(row for key, row in zip(keys, rows, strict=True) if key not in shared)
        return Page(kept, cursor, last, (*unusable, *problems))


# --- cursors --------------------------------------------------------------------------------------------


def _of_several(key: str, raw: Sequence[object]) -> RowProblem:
    """Several rows with one id: by a join that multiplies them, or by keys that differ in their blanks."""
    different = list(dict.fromkeys(map(key_text, raw)))
    if len(different) > 1:
        return clash(key, different)
    return RowProblem(key, f"the key {key} comes with several rows", _MULTIPLIED)


def _certainly_apart(left: object, right: object) -> bool:
    """Whether no database holds two keys to be equal. Of texts only their collation could tell."""
    return type(left) is type(right) and not isinstance(left, str) and left != right
