"""The part of SOQL that integrations use: fields, one object, conditions, order, limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from fieldnote.sandbox.clock import parse_time

MOST_CHARACTERS: Final = 100_000
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(?P<day>\d{4}-\d\d-\d\d)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),*]))",
)


class Malformed(ValueError):
    """A query that the API refuses. `code` is its error code."""

    def __init__(self, message: str, code: str = "MALFORMED_QUERY") -> None:
        super().__init__(message)
        self.code = code


Row = Mapping[str, Any]
Test = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A query, taken apart."""

    fields: tuple[str, ...]
    source: str
    where: Test | None
    used: tuple[str, ...]
    """The fields that conditions and order name."""
    order: tuple[tuple[str, bool], ...]
    """Fields, and whether the greatest comes first."""
    limit: int | None
    counts: bool
    """Whether it is `select count()`."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(text: str) -> Query:
    """Take a query apart; `Malformed` for a text that is not a query."""
    if len(text) > MOST_CHARACTERS:
        raise Malformed("SOQL statements cannot be longer than 100000 characters", "QUERY_TOO_LONG")
    return _Parser(list(_tokens(text))).query()


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None or match.end() == place:
            raise Malformed(f"unexpected token: {text[place:].strip()[:20]}")
        kind = match.lastgroup or ""
        yield _Token(kind, match[kind])
        place = match.end()


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._used: list[str] = []

    def query(self) -> Query:
        self._need("select")
        fields, counts = self._fields()
        self._need("from")
        source = self._word()
        where = self._or() if self._takes("where") else None
        order = self._order() if self._takes("order") else ()
        limit = int(self._next("number").text) if self._takes("limit") else None
        if self._at < len(self._tokens):
            raise Malformed(f"unexpected token: {self._tokens[self._at].text}")
        return Query(fields, source, where, tuple(self._used), order, limit, counts)

    def _fields(self) -> tuple[tuple[str, ...], bool]:
        fields = [self._word()]
        if fields[0].lower() == "count" and self._takes("("):
            self._need(")")
            return (), True
        while self._takes(","):
            fields.append(self._word())
        if twice := [name for name in fields if fields.count(name) > 1]:
            raise Malformed(f"duplicate field selected: {twice[0]}", "INVALID_FIELD")
        return tuple(fields), False

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._need("by")
        order: list[tuple[str, bool]] = []
        while not order or self._takes(","):
            name = self._field()
            descending = self._takes("desc")
            if not descending:
                self._takes("asc")
            if self._takes("nulls") and not self._takes("first"):
                self._need("last")
            order.append((name, descending))
        return tuple(order)

    # --- conditions

    def _or(self) -> Test:
        tests = [self._and()]
        while self._takes("or"):
            tests.append(self._and())
        return lambda row: any(test(row) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._takes("and"):
            tests.append(self._not())
        return lambda row: all(test(row) for test in tests)

    def _not(self) -> Test:
        if self._takes("not"):
            test = self._not()
            return lambda row: not test(row)
        if self._takes("("):
            inner = self._or()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        name = self._field()
        # Ids tell capitals apart, and come in the order of their characters; other text does not.
        exact = name.endswith("Id")
        negated = self._takes("not")
        if self._takes("in"):
            wanted = [_comparable(value, exact=exact) for value in self._list()]
            return lambda row: (_comparable(row.get(name), exact=exact) in wanted) is not negated
        if negated:
            raise Malformed("unexpected token: not")
        if self._takes("like"):
            pattern = _like(str(self._value()))
            return lambda row: bool(pattern.fullmatch(str(row.get(name) or "")))
        sign = self._next("sign").text
        if sign not in _SIGNS:
            raise Malformed(f"unexpected token: {sign}")
        compare, right = _SIGNS[sign], _comparable(self._value(), exact=exact)
        return lambda row: compare(_comparable(row.get(name), exact=exact), right)

    def _list(self) -> list[Any]:
        self._need("(")
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        self._need(")")
        return values

    def _value(self) -> Any:
        token = self._next()
        match token.kind:
            case "text":
                return re.sub(r"\\(.)", r"\1", token.text[1:-1])
            case "number":
                return float(token.text)
            case "time":
                return _time(token.text)
            case "day":
                return token.text
            case "word" if token.text.lower() in {"true", "false", "null"}:
                return {"true": True, "false": False, "null": None}[token.text.lower()]
            case _:
                raise Malformed(f"unexpected token: {token.text}")

    # --- tokens

    def _field(self) -> str:
        name = self._word()
        self._used.append(name)
        return name

    def _word(self) -> str:
        return self._next("word").text

    def _next(self, kind: str | None = None) -> _Token:
        if self._at >= len(self._tokens):
            raise Malformed("unexpected end of the query")
        token = self._tokens[self._at]
        if kind is not None and token.kind != kind:
            raise Malformed(f"unexpected token: {token.text}")
        self._at += 1
        return token

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].text.lower() == word:
            self._at += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._takes(word):
            there = self._tokens[self._at].text if self._at < len(self._tokens) else "<end>"
            raise Malformed(f"unexpected token: {there}, expected {word}")


def _time(text: str) -> Any:
    try:
        return parse_time(text)
    except ValueError:
        raise Malformed(f"{text} is not a valid time", "INVALID_QUERY_FILTER_OPERATOR") from None


@lru_cache(maxsize=2**17)
def _moment(text: str) -> datetime:
    """A time of a record. Each page of a walk compares those of all records."""
    return parse_time(text)


def _like(pattern: str) -> re.Pattern[str]:
    escaped = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in pattern)
    return re.compile(escaped, re.IGNORECASE | re.DOTALL)


def _comparable(value: Any, *, exact: bool = False) -> Any:
    """A value as conditions see it: text without regard to capitals, times as moments."""
    match value:
        case bool() | None:
            return value
        case int():
            return float(value)
        case str() if len(value) > 10 and value[10] == "T" and value[:4].isdecimal():
            return _moment(value)
        case str():
            return value if exact else value.lower()
        case _:
            return value


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return False
        try:
            return compare(left, right)
        except TypeError:
            raise Malformed("value of filter criterion must be of another type", "INVALID_FIELD") from None

    return test


_SIGNS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<>": lambda left, right: left != right,
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
}
