"""A source's cursor column in its database: what it holds, where a reading starts, and how far it may go.

Only values of one kind sort as what they mean. The kind is that of the last reading's cursor, or, in a full reading,
the commonest. `Order.regular` is the condition for it: rows outside of it are read each time, as rows without a cursor.
"""

# ruff: noqa: S608 - every name in a statement is quoted by `Dialect`, and every value is bound

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from fieldnote.crm.sql.cursor_shapes import FLOOR, Shape, is_counter, kinds_in, shape_of, shapes_in
from fieldnote.crm.sql.cursors import (
    AHEAD,
    HIGHEST,
    Guard,
    Scale,
    as_time,
    earlier,
    guard_of,
    like,
    number_of,
    scale_of,
    value_at,
)
from fieldnote.crm.sql.engine import Database
from fieldnote.crm.types import Cursor, CursorMix, Row, Source, Unreadable
from fieldnote.errors import CrmRefused


@dataclass(frozen=True, slots=True)
class Order:
    """How far a reading may rely on the order of a cursor column."""

    scale: Scale | None = None
    """The unit of its numbers; None: it has no numbers."""
    shape: Shape | None = None
    """The form of its texts; None: it holds none, or a type of its own keeps them apart."""
    guard: Guard = field(default_factory=Guard)
    sorts: bool = True
    """Whether a later change has a greater value. If not, every reading reads all rows."""
    regular: str = ""
    """SQL: the row's cursor is of this kind. Empty: that is certain of all values but null."""
    bound: tuple[tuple[str, Any], ...] = ()
    """Values of `regular`."""


class CursorColumn:
    """One cursor column of one source."""

    def __init__(self, database: Database, origin: str, name: str, source: Source) -> None:
        """`origin`: what is behind `from`."""
        self._database = database
        self._origin = origin
        self._name = name
        self._source = source
        self._column = database.dialect.quote(name)
        self._one = database.dialect.bind("one")

    def reached(self, connection: Connection, highest: object) -> Cursor | None:
        """The cursor that a full reading reaches, given the greatest value of all. None: there is none to rely on."""
        known = self._commonest(connection, highest)
        if known is None:
            return None if isinstance(highest, str) else self.cursor(highest)
        order = self.order(connection, known)
        if not order.sorts:
            return None
        if known is not highest or order.shape is not None or order.guard.is_ahead(highest):
            highest = self._highest(connection, order, known)
        return None if highest is None else self.cursor(highest)

    def start(self, connection: Connection, since: Cursor, overlap: timedelta) -> tuple[Cursor, Order]:
        """Where a reading of changes starts, as the column holds it, and its order."""
        known: Any = since.value
        if isinstance(known, datetime):
            statement = f"select max({self._column}) as c from {self._origin} where 1 = {self._one}"
            highest = self._database.select(connection, statement, {"one": 1})[0]["c"]
            if isinstance(highest, str) or number_of(highest) is not None:
                known = self._commonest(connection, highest)
        order = self.order(connection, known)
        if order.sorts and isinstance(since.value, datetime) and not isinstance(known, date):
            since = Cursor(self._moment_as(since.value, known, order.scale))
        start = earlier(since, overlap, order.scale or Scale.COUNTER) if order.sorts else since
        return start, self._floored(order, start.value)

    def order(self, connection: Connection, known: object) -> Order:
        """The order of the values that are of the same kind as this one."""
        if isinstance(known, Unreadable | date) or (not isinstance(known, str) and number_of(known) is None):
            return Order()
        shape = shape_of(known) if isinstance(known, str) else None
        sample = [value for value in self._sample(connection) if _is_same_kind(value, shape)] or [known]
        scale = scale_of(sample) if number_of(known) is not None else None
        order = self._with_condition(Order(scale, shape, sorts=(shape is None or shape.sorts) and not self._hides()))
        if scale is None:
            return replace(order, guard=Guard(time=known if isinstance(known, str) and as_time(known) else None))
        return replace(order, guard=guard_of(scale, self._greatest(connection, order, scale)))

    def settled(self, rows: Sequence[Row], guard: Guard) -> Cursor | None:
        """The greatest cursor of a page that is not ahead."""
        value = next((row[self._name] for row in reversed(rows) if not guard.is_ahead(row[self._name])), None)
        return None if value is None else self.cursor(value)

    def cursor(self, value: object) -> Cursor:
        """A value of the column as a cursor. Raises `CrmRefused` for a type that does not grow."""
        match value:
            case bool():
                pass
            case datetime() | date() | str() | Decimal():
                return Cursor(value)
            case int() | float():
                return Cursor(Decimal(str(value)))
            case _:
                pass
        text = f"{self._source.name}: the cursor {self._name} is neither a time nor a number"
        raise CrmRefused(text, hint="choose a column that grows with every change, or leave cursor out")

    def mix(self, connection: Connection) -> CursorMix | None:
        """Whether the column has values of several kinds. None: it has none at all, or one kind."""
        count = f"select count({self._column}) as n, max({self._column}) as c from {self._origin} where 1 = {self._one}"
        row = self._database.select(connection, count, {"one": 1})[0]
        known = None if row["c"] is None else self._commonest(connection, row["c"])
        if known is None:
            return None
        order = self.order(connection, known)
        floored = self._floored(order, known)
        irregular = f"{self._column} is not null and not ({floored.regular or '1 = 1'})"
        statement = f"select {self._column} as c from {self._origin} where {irregular} and 1 = {self._one}"
        bound = {**dict(floored.bound), "one": 1}
        others = self._database.select(connection, f"{statement}{self._database.dialect.first(1)}", bound)
        if not others and order.sorts:
            return None
        counted = f"select count(*) as n from {self._origin} where {irregular} and 1 = {self._one}"
        other = int(self._database.select(connection, counted, bound)[0]["n"])
        example = others[0]["c"] if others else None
        return CursorMix(row["n"], other, known, example, order.sorts, hides=order.shape is None or order.shape.sorts)

    # --- kinds --------------------------------------------------------------------------------------

    def _hides(self) -> bool:
        """Whether the column is the greatest of values of which one may hide changes of the others.

        These are values of different kinds, and counters: each counts by itself, so the greatest of 7 and 90000 stays
        when the 7 becomes an 8.
        """
        from fieldnote.crm.query_tables import PART, greatest_of  # noqa: PLC0415 - a fifth of a command's start

        dialect = self._database.dialect
        kinds: set[object] = set()
        counters = 0
        for query in greatest_of(self._source, dialect.backend):
            origin = f"(\n{dialect.literal(query)}\n) {dialect.quote('fieldnote')}"
            with suppress(SQLAlchemyError), self._database.transaction() as apart:
                sample = self._sample(apart, origin, dialect.quote(PART))
                kinds |= kinds_in(sample)
                counters += is_counter(sample)
        return len(kinds) > 1 or counters > 1

    def _sample(self, connection: Connection, origin: str = "", column: str = "") -> list[object]:
        column = column or self._column
        statement = f"select {column} as c from {origin or self._origin} where {column} is not null and 1 = {self._one}"
        rows = self._database.select(connection, f"{statement}{self._database.dialect.first(HIGHEST)}", {"one": 1})
        return [row["c"] for row in rows]

    def _commonest(self, connection: Connection, highest: object) -> Any:
        """A value of the kind that most rows have; None where no kind can be a cursor."""
        if isinstance(highest, date) or (number_of(highest) is not None and not isinstance(highest, str)):
            return highest
        if isinstance(highest, Unreadable) and not highest.is_text:
            return like(highest, FLOOR)
        sample = self._sample(connection)
        kinds: list[Any] = [shape.example for shape in shapes_in(sample, highest)]
        kinds += [value for value in sample if not isinstance(value, str) and number_of(value) is not None][:1]
        if len(kinds) < 2:
            return kinds[0] if kinds else None
        counts = self.counts(connection, kinds)
        return max(zip(counts, kinds, strict=True), key=lambda item: item[0])[1]

    def counts(self, connection: Connection, examples: Sequence[object]) -> list[int]:
        """How many rows have a cursor of the same kind as each of these."""
        sums, bound = [], {"one": 1}
        for number, example in enumerate(examples):
            order = self._with_condition(Order(shape=shape_of(example) if isinstance(example, str) else None), number)
            sums.append(f"sum(case when {order.regular or '1 = 1'} then 1 else 0 end) as n{number}")
            bound |= dict(order.bound)
        statement = f"select {', '.join(sums)} from {self._origin} where 1 = {self._one}"
        row = self._database.select(connection, statement, bound)[0]
        return [int(row[f"n{number}"] or 0) for number in range(len(examples))]

    def _with_condition(self, order: Order, number: int = 0) -> Order:
        """The order with its condition. Only SQLite has numbers and texts in one column."""
        dialect = self._database.dialect
        if order.shape is None:
            regular = f"typeof({self._column}) in ('integer', 'real')" if dialect.backend == "sqlite" else ""
            return replace(order, regular=regular)
        condition, bound = dialect.shaped(self._column, order.shape.patterns, f"shape{number}_")
        return replace(order, regular=condition, bound=tuple(bound.items()))

    def _floored(self, order: Order, start: Any) -> Order:
        """A value below the floor is a default. It says nothing, so its row is read each time."""
        floor = _floor(order, start)
        if floor is None:
            return order
        above = f"{self._column} >= {self._database.dialect.bind('floor')}"
        regular = f"{order.regular} and {above}" if order.regular else above
        return replace(order, regular=regular, bound=(*order.bound, ("floor", floor)))

    # --- limits -------------------------------------------------------------------------------------

    def _greatest(self, connection: Connection, order: Order, scale: Scale) -> list[object]:
        """The greatest values of a counter."""
        if scale is not Scale.COUNTER:
            return []
        only = f" and {order.regular}" if order.regular else ""
        statement = (
            f"select {self._column} as c from {self._origin} "
            f"where {self._column} is not null and 1 = {self._one}{only} "
            f"order by {self._column} desc{self._database.dialect.first(HIGHEST, ordered=True)}"
        )
        return [row["c"] for row in self._database.select(connection, statement, {"one": 1, **dict(order.bound)})]

    def _highest(self, connection: Connection, order: Order, sample: object) -> Any:
        """The greatest value of the order that is not ahead."""
        bound = dict(order.bound)
        conditions = [order.regular] if order.regular else []
        limit = self._limit(order, sample)
        if limit is not None:
            conditions.append(f"{self._column} <= {self._database.dialect.bind('limit')}")
            bound["limit"] = limit
        conditions.append(f"1 = {self._one}")
        statement = f"select max({self._column}) as highest from {self._origin} where {' and '.join(conditions)}"
        return self._database.select(connection, statement, {**bound, "one": 1})[0]["highest"]

    @staticmethod
    def _limit(order: Order, sample: object) -> Any:
        if order.guard.limit is not None:
            whole = str(int(order.guard.limit))
            return whole.rjust(len(sample), "0") if isinstance(sample, str) else order.guard.limit
        if isinstance(sample, date) or order.guard.time is not None:
            return like(order.guard.time or sample, datetime.now(UTC) + AHEAD)
        return None

    def _moment_as(self, moment: datetime, sample: Any, scale: Scale | None) -> Any:
        if scale is Scale.COUNTER or (scale is None and (not isinstance(sample, str) or as_time(sample) is None)):
            raise CrmRefused(
                f"{self._source.name}: the cursor {self._name} holds no times, so rows since a time cannot be found",
                hint="Use --full instead of --since.",
            )
        return like(sample, moment) if scale is None else value_at(moment, scale, sample)


def _is_same_kind(value: object, shape: Shape | None) -> bool:
    return shape.matches(value) if shape is not None else not isinstance(value, str) and number_of(value) is not None


def _floor(order: Order, start: Any) -> Any:
    """The least value that is not a default, and at most the start; None: any value may be meant."""
    if isinstance(start, date):
        floor: Any = like(start, FLOOR)
    elif order.scale is Scale.COUNTER:
        floor = Decimal(1) if order.shape is None else None
    elif order.scale is not None:
        floor = value_at(FLOOR, order.scale, start)
    else:
        floor = like(start, FLOOR) if order.guard.time is not None else None
    return None if floor is None else min(floor, start)
