"""A column's own type: what fits into it, and when two values are one value to it.

Nothing is cut, rounded or wrapped to make it fit. `CrmRefused` names table and column, never the value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from typing import Any, Never
from uuid import UUID

from fieldnote.crm.sql.text import spelled
from fieldnote.crm.types import FrozenValue, freeze
from fieldnote.errors import CrmRefused


class Family(Enum):
    """The types of all databases, as few as writing needs."""

    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    """Numbers with decimals, exact or not."""
    BOOLEAN = auto()
    DATE = auto()
    MOMENT = auto()
    """A day and a time, with or without a zone."""
    CHOICE = auto()
    """One of the words that the column's type lists."""
    UUID = auto()
    JSON = auto()
    LIST = auto()
    """PostgreSQL's arrays of text."""
    UNTYPED = auto()
    """An unknown type: values pass as they are."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The values that a column takes; None: any value, as far as this knows."""

    words: tuple[str, ...] | None = None
    """Numbers among them as they are written."""
    least: Decimal | None = None
    most: Decimal | None = None
    length: int | None = None
    """Characters."""


NO_RULE = Rule()


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One column as its database declares it."""

    table: str
    name: str
    family: Family
    backend: str
    zone: tzinfo
    """The zone that a day without a time, or a moment from another zone, is moved to."""
    length: int | None = None
    octets: int | None = None
    precision: int | None = None
    scale: int | None = None
    bits: int | None = None
    unsigned: bool = False
    aware: bool = False
    words: tuple[str, ...] = ()
    generated: bool = False
    nullable: bool = True
    has_default: bool = False
    """Whether the database fills it where an insert does not name it: a default, an identity, an auto increment."""
    exact: bool = True
    rule: Rule = NO_RULE
    """The further demands of the table's constraints."""

    def fit(self, value: object) -> Any:
        """The value as the database takes it, or CrmRefused."""
        self.check_writable()
        if value is None:
            if not self.nullable:
                self._refuse("must not be empty")
            return None
        typed = self._typed(value)
        self._obey(typed)
        return self._bound(typed)

    def check_writable(self) -> None:
        """Raise CrmRefused where the database computes the column."""
        if self.generated:
            self._refuse("is computed by the database and cannot be written")

    def fit_key(self, key: str) -> Any:
        """An `externalId` as this column's type, or CrmRefused where it cannot be one of its values."""
        return self._bound(self._typed(key, checked=self.family is not Family.TEXT))

    def same(self, left: object, right: object) -> bool:
        """Whether both are one value to this column. Text is compared to the letter."""
        if left is None or right is None:
            return left is right
        try:
            return bool(self._typed(left, checked=False) == self._typed(right, checked=False))
        except CrmRefused:
            # Something that is not of the column's type is in it; SQLite allows that.
            return freeze(left) == freeze(right)

    def _typed(self, value: object, *, checked: bool = True) -> Any:
        """The value in the one Python type of this column's family."""
        match self.family:
            case Family.TEXT:
                text = _as_text(value)
                return self._fitting_text(text) if checked else text
            case Family.INTEGER:
                return self._integer(value, checked=checked)
            case Family.NUMBER:
                return self._number(value, checked=checked)
            case Family.BOOLEAN:
                return self._boolean(value)
            case Family.DATE:
                return self._date(value)
            case Family.MOMENT:
                return self._moment(value)
            case Family.CHOICE:
                return self._word(value)
            case Family.UUID:
                return self._uuid(value)
            case Family.LIST:
                return [_as_text(item) for item in (value if isinstance(value, list | tuple) else [value])]
            case Family.JSON:
                return freeze(value) if not isinstance(value, dict) else value
            case Family.UNTYPED:
                return self._untyped(value)

    def _bound(self, value: Any) -> Any:
        """The value that the driver of this database binds."""
        if self.family is Family.JSON:
            return json.dumps(value, ensure_ascii=False)
        if self.backend == "sqlite":
            return _for_sqlite(value)
        return value

    def _refuse(self, what: str, hint: str | None = None) -> Never:
        raise CrmRefused(f"{self.table}.{self.name} {what}", hint=hint or "choose another column, or another 'as'")

    def _obey(self, value: Any) -> None:
        rule = self.rule
        if rule.words is not None and _as_text(value).casefold() not in {word.casefold() for word in rule.words}:
            self._refuse(
                f"takes one of {', '.join(rule.words)}, and the value is none of them", "change the constraint"
            )
        if rule.length is not None and len(_as_text(value)) > rule.length:
            self._refuse(f"takes {rule.length} characters, and the text has more", "change the constraint")
        if isinstance(value, int | float | Decimal):
            if rule.least is not None and value < rule.least:
                self._refuse(f"takes nothing below {rule.least}, and the value is", "change the constraint")
            if rule.most is not None and value > rule.most:
                self._refuse(f"takes nothing above {rule.most}, and the value is", "change the constraint")

    # the families

    def _fitting_text(self, text: str) -> str:
        if self.length is not None and len(text) > self.length:
            self._refuse(f"holds {self.length} characters, and the text has {len(text)}", "make the column longer")
        if self.octets is not None and len(text.encode()) > self.octets:
            self._refuse(f"holds {self.octets} bytes, and the text has more", "make the column longer")
        if "\x00" in text:
            self._refuse("cannot hold a NUL character")
        return text

    def _integer(self, value: object, *, checked: bool) -> int:
        number = self._decimal(value)
        if number != number.to_integral_value():
            self._refuse("holds whole numbers, and the value has decimals")
        if checked and self.bits:
            low, high = (0, 2**self.bits) if self.unsigned else (-(2 ** (self.bits - 1)), 2 ** (self.bits - 1))
            if not low <= number < high:
                self._refuse(f"holds numbers of {self.bits} bits, and the value is beyond them")
        return int(number)

    def _number(self, value: object, *, checked: bool) -> Decimal | float:
        number = self._decimal(value)
        if not self.exact:
            return float(number)
        if checked and self.scale is not None and number != round(number, self.scale):
            step = 10**-self.scale if self.scale < 0 else 0
            holds = (
                f"multiples of {step}, and the value is not one"
                if step
                else f"{self.scale} decimals, and the value has more"
            )
            self._refuse(f"holds {holds}")
        whole = self.precision - (self.scale or 0) if self.precision is not None else None
        if checked and whole is not None and abs(number) >= Decimal(10) ** whole:
            self._refuse(f"holds {whole} digits before the point, and the value has more")
        return number

    def _decimal(self, value: object) -> Decimal:
        # PostgreSQL's money comes back as text: $1,234.50.
        text = re.sub(r"^(-?)\$|,", r"\1", value.strip()) if isinstance(value, str) else str(value)
        try:
            number = Decimal(int(value)) if isinstance(value, bool) else Decimal(text)
        except InvalidOperation:
            self._refuse("holds numbers, and the value is not a number")
        if not number.is_finite():
            self._refuse("holds numbers, and the value is not a finite number")
        return number

    def _boolean(self, value: object) -> bool:
        word = value.strip().casefold() if isinstance(value, str) else value
        is_true = word in (True, 1, "true", "yes", "t", "y", "1", b"\x01")
        if not is_true and word not in (False, 0, "false", "no", "f", "n", "0", b"\x00"):
            self._refuse("holds true or false, and the value is neither")
        return is_true

    def _date(self, value: object) -> date:
        moment = self._parsed(value)
        if isinstance(moment, datetime):
            if moment.time() != time():
                self._refuse("holds a day, and the value is a time of day")
            return moment.date()
        return moment

    def _moment(self, value: object) -> datetime:
        parsed = self._parsed(value)
        moment = parsed if isinstance(parsed, datetime) else datetime.combine(parsed, time())
        if self.aware:
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        return moment.astimezone(self.zone).replace(tzinfo=None) if moment.tzinfo else moment

    def _parsed(self, value: object) -> date:
        if isinstance(value, date):
            return value
        try:
            text = str(value).strip()
            return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            self._refuse("holds days or times, and the value is neither")

    def _word(self, value: object) -> str:
        word = _as_text(value)
        if word not in self.words:
            self._refuse(f"takes one of {', '.join(self.words)}, and the value is none of them")
        return word

    def _uuid(self, value: object) -> UUID:
        try:
            return value if isinstance(value, UUID) else UUID(str(value))
        except ValueError:
            self._refuse("holds UUIDs, and the value is not a UUID")

    def _untyped(self, value: object) -> object:
        if isinstance(value, list | tuple):
            return _as_text(value)
        if isinstance(value, Decimal) and self.backend == "sqlite":
            return _for_sqlite(value)
        return value


def _as_text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return "; ".join(_as_text(item) for item in value)
        case _:
            frozen: FrozenValue = freeze(value)
            return str(frozen)


def _for_sqlite(value: object) -> object:
    match value:
        case bool():
            return int(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime():
            return value.isoformat(sep=" ")
        case date() | UUID():
            return str(value)
        case list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns of a table that must name a row of another one."""

    columns: tuple[str, ...]
    table: str
    """The other table, with its schema where that is not the connection's own."""
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view, spelled and typed as the database has it: its columns, and what a new row must satisfy.

    The labels of an enum are its column's `words`; a CHECK of one column alone is that column's `rule`.
    """

    name: str
    """As the file has it, for messages."""
    path: tuple[str, ...]
    columns: dict[str, ColumnType]
    checks: tuple[str, ...] = ()
    """The conditions of all CHECK constraints, as the database writes them."""
    foreign_keys: tuple[ForeignKey, ...] = ()

    @property
    def required(self) -> tuple[ColumnType, ...]:
        """The columns that an insert must name."""
        return tuple(
            column
            for column in self.columns.values()
            if not (column.nullable or column.has_default or column.generated)
        )

    def column(self, name: str) -> ColumnType:
        """The column, whatever the case of its letters. Raises CrmRefused where there is none."""
        return self.columns[spelled(name, tuple(self.columns), self.name)]
