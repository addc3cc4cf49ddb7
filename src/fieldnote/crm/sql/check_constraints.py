"""The rules of a table's CHECK constraints for one column: words, bounds, lengths. The database judges all else."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from fieldnote.crm.sql.columns import NO_RULE, Rule

logging.getLogger("sqlglot").setLevel(logging.ERROR)

_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite", "mssql": "tsql"}


def rules_of(checks: Iterable[str], backend: str) -> dict[str, Rule]:
    """The rules by column. A rule that cannot be read, or that says more, is left out."""
    found: dict[str, Rule] = {}
    for check in checks:
        try:
            whole = sqlglot.parse_one(check, read=_DIALECTS.get(backend))
        except SqlglotError:
            continue
        for column, rule in (read for part in _conjuncts(whole) if (read := _read(part)) is not None):
            found[column] = _both(found.get(column, NO_RULE), rule)
    return found


def _conjuncts(whole: exp.Expr) -> Iterator[exp.Expr]:
    match whole.unnest():
        case exp.And() as both:
            yield from _conjuncts(both.left)
            yield from _conjuncts(both.right)
        case part:
            yield part


def _read(part: exp.Expr) -> tuple[str, Rule] | None:
    match part:
        case exp.In() if part.args.get("query") is None:
            return _listed(part.this, part.expressions)
        case exp.EQ() if isinstance(part.expression, exp.Any):
            array = _bare(part.expression.this)
            return _listed(part.this, array.expressions) if isinstance(array, exp.Array) else None
        case exp.Between():
            least, most = _number(part.args["low"]), _number(part.args["high"])
            return _bounds(part.this, least, most)
        case exp.GTE():
            return _bounds(part.left, _number(part.right), None)
        case exp.LTE():
            return _bounds(part.left, None, _number(part.right))
        case _:
            return None


def _listed(subject: exp.Expr, items: Iterable[exp.Expr]) -> tuple[str, Rule] | None:
    column = _bare(subject)
    words = [_bare(item) for item in items]
    if not isinstance(column, exp.Column) or not words or not all(isinstance(word, exp.Literal) for word in words):
        return None
    return column.name, Rule(words=tuple(str(word.this) for word in words))


def _bounds(subject: exp.Expr, least: Decimal | None, most: Decimal | None) -> tuple[str, Rule] | None:
    if least is None and most is None:
        return None
    match _bare(subject):
        case exp.Column() as column:
            return column.name, Rule(least=least, most=most)
        case exp.Length() as length if isinstance(_bare(length.this), exp.Column) and most is not None:
            return _bare(length.this).name, Rule(length=int(most))
        case _:
            return None


def _number(node: exp.Expr) -> Decimal | None:
    bare = _bare(node)
    if isinstance(bare, exp.Neg):
        inner = _number(bare.this)
        return None if inner is None else -inner
    return Decimal(str(bare.this)) if isinstance(bare, exp.Literal) and not bare.is_string else None


def _bare(node: exp.Expr) -> exp.Expr:
    """Without brackets, casts and MySQL's words for a character set."""
    while isinstance(node, exp.Paren | exp.Cast | exp.Introducer):
        node = node.expression if isinstance(node, exp.Introducer) else node.this
    return node


def _both(left: Rule, right: Rule) -> Rule:
    """The narrower of each."""
    words = right.words if left.words is None else left.words
    if left.words is not None and right.words is not None:
        words = tuple(word for word in left.words if word in right.words)
    return replace(
        left,
        words=words,
        least=max((n for n in (left.least, right.least) if n is not None), default=None),
        most=min((n for n in (left.most, right.most) if n is not None), default=None),
        length=min((n for n in (left.length, right.length) if n is not None), default=None),
    )
