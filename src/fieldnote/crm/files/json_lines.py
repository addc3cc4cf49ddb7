"""JSON Lines: objects, the types of their fields, and rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TextIO

from fieldnote.crm.broken_values import BEYOND_RANGE, Beyond, is_broken, repair
from fieldnote.crm.files.csv_rows import HalfWritten, refuse, refuse_twin_names
from fieldnote.crm.files.folder import Export
from fieldnote.crm.files.lines import Findings, Lines, Skip, is_no_date, shown

_DIGITS: Final = 1000
"""A number with more digits, or a greater exponent, is beyond range."""
_OBJECT: Final = "each line must hold one whole JSON object"


class _SameName(ValueError):
    """An object has one name twice."""


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if len(text) > _DIGITS or abs(number.adjusted()) > _DIGITS:
        raise ValueError("beyond range")
    return number


def _decimal_or_beyond(text: str) -> Decimal | Beyond:
    try:
        return _decimal(text)
    except (ValueError, InvalidOperation):
        return BEYOND_RANGE


def _integer_or_beyond(text: str) -> int | Beyond:
    return BEYOND_RANGE if len(text) > _DIGITS else int(text)


def _constant(name: str) -> float:
    raise ValueError(name)


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise _SameName(next(name for name in names if names.count(name) > 1))
    return fields


_STRICT: Final = json.JSONDecoder(parse_float=_decimal, parse_constant=_constant, object_pairs_hook=_fields)
_LENIENT: Final = json.JSONDecoder(
    parse_float=_decimal_or_beyond,
    parse_int=_integer_or_beyond,
    parse_constant=lambda _: BEYOND_RANGE,
    object_pairs_hook=_fields,
)


def json_objects(
    export: Export, file: TextIO, skip: Skip, findings: Findings | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects with their lines. `findings` gets the values that no database can keep."""
    broken: tuple[int, str] | None = None
    lines = Lines(file, skip)
    for text in lines:
        number, _ = lines.take()
        if not text.strip():
            continue
        if skip.matches(text):
            if findings:
                findings.skip("row that crm.skip names", number)
            continue
        if broken is not None:
            refuse(export, broken[0], f"is not JSON: {shown(broken[1])}", _OBJECT)
        try:
            record = _decode(text, number, findings)
        except _SameName as error:
            refuse(export, number, f"has two fields called '{error}'", "give each field its own name")
        except RecursionError:
            refuse(
                export, number, f"is nested too deep: {shown(text)}", "write the lists in it as records of their own"
            )
        except ValueError:
            broken = number, text
            continue
        if not isinstance(record, dict):
            refuse(export, number, f"is not a JSON object: {shown(text)}", _OBJECT)
        yield number, record
    if broken is not None:
        raise HalfWritten("its last line is not whole JSON")


def _decode(text: str, number: int, findings: Findings | None) -> object:
    def report(path: str, kind: str) -> None:
        if findings:
            findings.broken.add(f"line {number}", path, kind)

    try:
        record = _STRICT.decode(text)
    except _SameName:
        raise
    except (ValueError, InvalidOperation):
        return repair(_LENIENT.decode(text), report)
    return repair(record, report) if "\\u" in text or is_broken(text) else record


def json_rows(
    export: Export, file: TextIO, columns: dict[str, str], skip: Skip, findings: Findings
) -> Iterator[list[object]]:
    """Every row, in the order of the columns."""
    typed = list(columns.items())
    for _, record in json_objects(export, file, skip, findings):
        yield [_dated(findings, name, _as(record.get(name), kind)) for name, kind in typed]


def _dated(findings: Findings, name: str, value: object) -> object:
    if type(value) is not str or value[:1] not in {"0", "1", "3"} or not is_no_date(value):
        return value
    findings.no_date(name, value)
    return None


def _as(value: Any, kind: str) -> object:
    """A JSON value as a column of this type takes it."""
    if value is None:
        return None
    if kind == "jsonb":
        return json.dumps(value, ensure_ascii=False, default=_exact)
    if kind == "text" and not isinstance(value, str):
        return str(value) if isinstance(value, Decimal) else json.dumps(value)
    return value


def _exact(number: Decimal) -> float | int:
    whole = int(number)
    return whole if whole == number else float(number)


@dataclass(slots=True)
class FieldTypes:
    """The kinds of JSON values that were seen in each field."""

    seen: dict[str, set[str]] = field(default_factory=dict)

    def add(self, export: Export, line: int, record: dict[str, Any]) -> None:
        """Look at one object. Refuses a name that no column can have."""
        for name, value in record.items():
            if name not in self.seen:
                if not name.strip():
                    refuse(export, line, "has a field without a name", "give every field a name")
                if len(name.encode()) > 63:
                    refuse(export, line, f"has a field called '{name[:20]}…'", "a column's name may have 63 letters")
                self.seen[name] = set()
            self.seen[name].add(_kind(value))

    def columns(self, export: Export, known: dict[str, str]) -> dict[str, str]:
        """PostgreSQL's types; where no record has a value today, the one that the column had before."""
        refuse_twin_names(export, list(self.seen))
        return {name: _column(kinds - {""}) or known.get(name, "text") for name, kinds in self.seen.items()}


def _kind(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "boolean"
        case int():
            return "bigint" if -(2**63) <= value < 2**63 else "numeric"
        case Decimal():
            return "numeric"
        case str():
            return "text"
        case _:
            return "jsonb"


def _column(kinds: set[str]) -> str:
    """The type that holds all of these kinds of values; nothing for none."""
    if len(kinds) < 2:
        return "".join(kinds)
    if "jsonb" in kinds:
        return "jsonb"
    return "numeric" if kinds == {"bigint", "numeric"} else "text"
