"""The way from a record to its deal or customer: by a column, by a type and an id, or through other tables. Pure."""

# ruff: noqa: S608 - every name is quoted by `Spelling`

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fieldnote.bridge.setup.scaffold.evidence.vocabulary import word_set
from fieldnote.bridge.setup.scaffold.evidence.words import table_score, words
from fieldnote.bridge.setup.scaffold.person_columns import conditions
from fieldnote.bridge.setup.scaffold.query import Entity, Move, Place, Query, join
from fieldnote.crm.sql.survey import SurveyTable


@dataclass(frozen=True, slots=True)
class Way:
    """An expression that gives a target's key, and a reason."""

    expression: str
    why: str
    moves: tuple[Move, ...] = ()
    direct: bool = False


_NOT_THE_CUSTOMER = word_set(
    "parent referred referrer referral billing invoice master dup duplicate merged source partner"
)


def ways(entity: Entity, target: SurveyTable | None, *, middle: bool = True) -> list[Way]:
    """All the ways from a record to a table, the most direct first."""
    if target is None:
        return []
    found = [*_direct(entity, target), *_typed(entity, target)]
    if not found:
        found += _between(entity, target)
    if middle and not any(way.direct for way in found):
        found += _through(entity, target)
    return found


def _direct(entity: Entity, target: SurveyTable) -> Iterator[Way]:
    good = [
        (sum(word in _NOT_THE_CUSTOMER for word in words(ref.column.name)), -ref.sure, Place(table, ref.column), ref)
        for table in entity.tables
        for ref in entity.graph.refs(table, target)
        if ref.sure >= 0.5
    ]
    for against, _, place, ref in sorted(good, key=lambda item: item[:2])[:1]:
        if against and len(good) > 1:
            continue
        if ref.to == entity.graph.key(target):
            yield Way(entity.expr(place), ref.why, direct=True)
        else:
            key = entity.spelling.name(entity.graph.key(target) or "id")
            name = entity.spelling.name
            rest = f"from {name(target.name)} y where y.{name(ref.to)} = {entity.expr(place)}"
            yield Way(entity.spelling.first(f"y.{key}", rest), ref.why)


def _typed(entity: Entity, target: SurveyTable) -> Iterator[Way]:
    """`parent_type` and `parent_id`."""
    for table in entity.tables:
        for poly in entity.graph.polys(table, [target]):
            word = poly.words.get(target.name)
            if word is None:
                continue
            kind = entity.expr(Place(table, poly.type))
            own = entity.expr(Place(table, poly.id))
            key = target.by_name[entity.graph.key(target) or "id"]
            if poly.id.family is not key.family and entity.spelling.backend == "postgresql":
                key_type = "bigint" if key.family.name == "INTEGER" else "uuid" if key.family.name == "UUID" else "text"
                own = f"cast({own} as {key_type})"
            yield Way(
                f"case when {kind} = {entity.spelling.text(word)} then {own} end",
                f"{poly.type.name} and {poly.id.name}",
            )


def _between(entity: Entity, target: SurveyTable) -> Iterator[Way]:
    """A table between the two, or the target that refers back."""
    name = entity.spelling.name
    for link in entity.graph.links(entity.table, target)[:1]:
        between = Entity(Query(entity.spelling, entity.graph, link.table, "x"), link.table, "x")
        where = [f"{between.at(link.own.name)} = {entity.at(entity.key)}", *conditions(between)]
        chosen = between.at(link.other.column.name)
        only = ""
        if link.other.mixed:
            only = f" join {name(target.name)} y on y.{name(link.other.to)} = {chosen}"
        rest = f"from {name(link.table.name)} x{only} where {' and '.join(where)}"
        moved, _ = between.moved()
        same = f"{between.at(link.own.name)} = {entity.at(entity.key)}"
        latest = f"(select max({moved.expression}) from {name(link.table.name)} x where {same})" if moved else ""
        moves = (Move(latest, moved.kinds),) if moved else ()
        yield Way(entity.spelling.first(chosen, rest), f"{link.table.name} joins the two", moves)
        return
    for ref in entity.graph.refs(target, entity.table)[:1]:
        if ref.sure >= 0.5:
            key = name(entity.graph.key(target) or "id")
            rest = f"from {name(target.name)} y where y.{name(ref.column.name)} = {entity.at(ref.to)}"
            yield Way(entity.spelling.first(f"y.{key}", rest), f"{target.name}.{ref.column.name} refers back")


def _through(entity: Entity, target: SurveyTable) -> Iterator[Way]:
    """A contact or a place of the customer."""
    for table in entity.graph.tables:
        if table in {*entity.tables, target} or entity.graph.is_link(table) or not _is_of_customers(table):
            continue
        first = [*_direct(entity, table), *_typed(entity, table)][:1]
        if not first:
            continue
        for way in first:
            count = len(entity.query.joins)
            middle = join(entity.query, table, "k", way.expression, alive=True)
            onward = [*_direct(middle, target), *_between(middle, target)][:1]
            if not onward:
                del entity.query.joins[count:]
                continue
            moved, _ = middle.moved()
            moves = (*onward[0].moves, *([moved] if moved is not None else []))
            yield Way(onward[0].expression, f"through {table.name}", moves)


def _is_of_customers(table: SurveyTable) -> bool:
    found = set(words(table.name))
    return table_score(table.name, "customers") >= 4 or bool(
        {
            "contact",
            "contacts",
            "location",
            "locations",
            "site",
            "sites",
            "property",
            "properties",
            "objekt",
            "premises",
        }
        & found
        and len(table.columns) > 3
    )


def joined(entity: Entity, target: SurveyTable, alias: str, found: list[Way]) -> Entity:
    """Join the target by the first of the ways that leads anywhere."""
    expressions = list(dict.fromkeys(way.expression for way in found))
    condition = expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"
    for way in found:
        entity.query.moves.extend(way.moves)
    return join(entity.query, target, alias, condition, alive=True)
