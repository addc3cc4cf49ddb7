"""Which column says that a deal is won or lost: by its words, by a table of statuses, or by flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.evidence.stage_words import is_cancelled, is_open, results_of
from fieldnote.bridge.setup.scaffold.evidence.vocabulary import word_set
from fieldnote.bridge.setup.scaffold.evidence.words import words
from fieldnote.bridge.setup.scaffold.graph import Ref
from fieldnote.bridge.setup.scaffold.query import Entity, Place, join
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.sensitive import is_showable_word
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable


@dataclass(frozen=True, slots=True)
class Stages:
    """How far a deal is, as the CRM says it."""

    name: str
    """The column in the query."""
    words: tuple[str, ...]
    results: dict[str, str]
    whole: bool = False
    """Whether the column already says OPEN, WON or LOST."""
    why: str = ""
    unreadable: bool = False
    """Whether there are words that are not shown."""


def stages_of(entity: Entity) -> Stages | None:
    """The column that says how far a deal is. One with words for won and lost is before one that is called so."""
    found: list[tuple[float, Place, tuple[str, ...] | None, Ref | None]] = []
    for place in _categories(entity):
        points = meanings.score(place.table, place.column, "stage")
        ref = _lookup(entity, place)
        tells = _tells(entity, ref) if ref is not None else set()
        listed = None if ref is not None else entity.graph.prober.words(place.table, place.column)
        if ref is None and listed is None and points < 5:
            continue
        said = tells | set(results_of(listed or ()).values())
        bonus = 10 * len(said) + (2 if ref is not None and points >= 4 else 0)
        if points >= 5 or bonus >= 20:
            found.append((points + bonus, place, listed, ref))
    for _, place, listed, ref in sorted(found, key=lambda item: (-item[0], item[1].column.name)):
        stages = _by_table(entity, place, ref) if ref is not None else _by_words(entity, place, listed)
        if stages is not None:
            return stages
    return _by_flags(entity)


def _categories(entity: Entity) -> Iterator[Place]:
    for table in entity.tables:
        for column in table.columns:
            named = meanings.name_score(table, column, "stage") >= 5
            may_be = shapes.is_category(column) or column.refers_to is not None
            if column.name not in table.keys and (named or (may_be and not shapes.is_flag(column))):
                yield Place(table, column)


def _by_words(entity: Entity, place: Place, listed: tuple[str, ...] | None) -> Stages:
    name = entity.query.add(entity.expr(place), "stage")
    return Stages(name, listed or (), results_of(listed or ()), unreadable=listed is None)


# --- a table of statuses ------------------------------------------------------------------------------------


def _lookup(entity: Entity, place: Place) -> Ref | None:
    """The small table that a column refers to, if it says what the values mean."""
    taken = {entity.table}
    for table in entity.graph.tables:
        if table in taken or table.rows > 100 or (not table.rows and place.column.refers_to != table.name):
            continue
        telling = bool(set(words(table.name)) & set(_LOOKUPS)) or place.column.refers_to == table.name
        if telling:
            ref = next((ref for ref in entity.graph.refs(place.table, table) if ref.column is place.column), None)
            if ref is not None and ref.sure >= 0.5 and _has_label(table):
                return ref
        if telling and not shapes.is_flag(place.column) and (ref := _covers(entity, place, table)) is not None:
            return ref
        if len(table.columns) <= 8 and not shapes.is_flag(place.column):
            ref = _covers(entity, place, table)
            if ref is not None:
                return ref
    return _by_code(entity, place)


_LOOKUPS: Final = word_set(
    "stage stages status statuses state states phase phases stufe stufen disposition dispositions outcome "
    "outcomes result results statut statuts estado estados etapa etapas fase fasen lookup picklist code "
    "codes"
)


def _has_label(table: SurveyTable) -> bool:
    return any(
        c.family in {Family.TEXT, Family.CHOICE, Family.JSON} and c.name not in table.keys for c in table.columns
    )


def _by_code(entity: Entity, place: Place) -> Ref | None:
    """A table of statuses that has a code column besides its key: `stage` says `N10`, which is its `code`."""
    if meanings.name_score(place.table, place.column, "stage") < 5 or not place.column.values:
        return None
    for table in entity.graph.tables:
        if not set(words(table.name)) & set(_LOOKUPS) or table is entity.table or not 0 < table.rows <= 100:
            continue
        for column in table.columns:
            if (
                column.name not in table.keys
                and len(column.distinct) == table.rows
                and column.distinct >= place.column.distinct
            ):
                return Ref(place.column, table, column.name, "its values are the codes there", 0.8)
    return None


def _covers(entity: Entity, place: Place, table: SurveyTable) -> Ref | None:
    key = entity.graph.key(table)
    if key is None or not place.column.values or not _has_label(table):
        return None
    codes = table.by_name[key].distinct
    label_says = any(len(results_of(map(str, c.distinct))) >= 2 for c in table.columns if c.family is Family.TEXT)
    if place.column.distinct <= codes and label_says:
        return Ref(place.column, table, key, "its values are all keys there", 0.7)
    return None


def _tells(entity: Entity, ref: Ref) -> set[str]:
    """Which results a table of statuses tells apart."""
    flagged = _flag_case(Entity(entity.query, ref.target, "s"))
    if flagged is not None:
        return {result for result in ("WON", "LOST") if f"'{result}'" in flagged[0]}
    columns = [c for c in ref.target.columns if c.family in {Family.TEXT, Family.CHOICE} and not c.hidden]
    return max((set(results_of(map(str, column.distinct)).values()) for column in columns), key=len, default=set())


def _by_table(entity: Entity, place: Place, ref: Ref) -> Stages | None:
    own = entity.expr(place)
    status = join(entity.query, ref.target, "s", own)
    if ref.to != status.key:
        entity.query.joins[-1] = entity.query.joins[-1].replace(status.at(status.key), status.at(ref.to), 1)
    why = f"{ref.target.name} gives the meaning of {place.column.name}"
    flagged = _flag_case(status)
    if flagged is not None:
        return Stages(entity.query.add(flagged[0], "disposition"), (), {}, whole=True, why=f"{why}, by {flagged[1]}")
    best: tuple[float, SurveyColumn, tuple[str, ...], dict[str, str]] | None = None
    for column in ref.target.columns:
        if column.family not in {Family.TEXT, Family.CHOICE} or column.hidden or column.name == ref.to:
            continue
        listed = entity.graph.prober.words(ref.target, column, labels=True)
        if listed is None:
            continue
        results = results_of(listed)
        said = set(results.values())
        points = 10.0 * len(said) + (2 if any(map(is_open, listed)) and len(said) == 2 else 0) - 0.1 * len(listed)
        points += 0.5 if meanings.score(ref.target, column, "name") else 0
        if best is None or points > best[0]:
            best = points, column, listed, results
    if best is None:
        entity.query.joins.pop()
        return None
    name = entity.query.add(status.at(best[1].name), "stage")
    return Stages(name, best[2], best[3], why=f"{why}, by {best[1].name}")


def _flag_case(status: Entity) -> tuple[str, str] | None:
    """OPEN, WON or LOST by flags of a table of statuses, such as `is_won` and `is_closed`."""
    won = _flag(status.table, {"won", "sold", "win", "gewonnen", "ganado", "gagne", "success", "erfolg"})
    lost = _flag(status.table, {"lost", "dead", "verloren", "perdido", "perdu", "failed"})
    closed = _flag(
        status.table, {"closed", "final", "end", "geschlossen", "abgeschlossen", "cerrado", "ended", "terminal", "done"}
    )
    if won is None:
        return None
    lines = [f"when {status.spelling.yes(status.at(won.name), won)} then 'WON'"]
    other = lost or closed
    if other is not None:
        lines.append(f"when {status.spelling.yes(status.at(other.name), other)} then 'LOST'")
    return f"case {' '.join(lines)} else 'OPEN' end", " and ".join(item.name for item in (won, other) if item)


def _flag(table: SurveyTable, wanted: set[str]) -> SurveyColumn | None:
    return next((c for c in table.columns if shapes.is_flag(c) and set(words(c.name)) & wanted), None)


def _by_flags(entity: Entity) -> Stages | None:
    """A deal that says by flags or times of its own that it is won or lost."""
    found: dict[str, tuple[str, str]] = {}
    for table in entity.tables:
        for column in table.columns:
            said = results_of([" ".join(words(column.name))])
            if not said or not (shapes.is_flag(column) or shapes.is_time(column) or shapes.is_day(column)):
                continue
            place = Place(table, column)
            expression = entity.expr(place)
            is_flag = shapes.is_flag(column)
            condition = entity.spelling.yes(expression, column) if is_flag else f"{expression} is not null"
            found.setdefault(next(iter(said.values())), (condition, column.name))
    if not found:
        return None
    lines = " ".join(
        f"when {condition} then '{result}'" for result, (condition, _) in sorted(found.items(), reverse=True)
    )
    name = entity.query.add(f"case {lines} else 'OPEN' end", "disposition")
    return Stages(name, (), {}, whole=True, why=f"by {' and '.join(column for _, column in found.values())}")


# --- cancelled appointments ----------------------------------------------------------------------------------


_SURELY_A_STATUS: Final = 6.5


def cancellation(entity: Entity, also: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """A condition and its reason: the appointment's status says that it does not take place."""
    found = []
    for table in entity.tables:
        for points, column in meanings.ranked(table, "stage"):
            place = Place(table, column)
            known = also if points >= _SURELY_A_STATUS else ()
            ref = _lookup(entity, place)
            if ref is not None:
                one = _cancelled_by_table(entity, place, ref)
            else:
                said = (*(entity.graph.prober.words(table, column) or ()), *known)
                listed = list(dict.fromkeys(word for word in said if word in known or is_cancelled(word)))
                one = _one_of(entity, entity.expr(place), column.name, listed)
            found += [one] if one is not None else []
    if not found:
        return None
    return " or ".join(condition for condition, _ in found), ", ".join(reason for _, reason in found)


def _cancelled_by_table(entity: Entity, place: Place, ref: Ref) -> tuple[str, str] | None:
    flag = _flag(ref.target, {"cancelled", "canceled", "cancel", "storniert", "abgesagt", "void"})
    labels = [
        (
            column,
            [word for word in entity.graph.prober.words(ref.target, column, labels=True) or () if is_cancelled(word)],
        )
        for column in ref.target.columns
        if column.family in {Family.TEXT, Family.CHOICE} and not column.hidden
    ]
    label, listed = next(((column, said) for column, said in labels if said), (None, []))
    if flag is None and label is None:
        return None
    status = join(entity.query, ref.target, "v", entity.expr(place))
    if ref.to != status.key:
        entity.query.joins[-1] = entity.query.joins[-1].replace(status.at(status.key), status.at(ref.to), 1)
    if flag is not None:
        return entity.spelling.yes(status.at(flag.name), flag), f"{ref.target.name}.{flag.name}"
    return _one_of(entity, status.at(label.name), f"{ref.target.name}.{label.name}", listed) if label else None


def _one_of(entity: Entity, expression: str, name: str, listed: list[str]) -> tuple[str, str] | None:
    shown = [word for word in listed if is_showable_word(word)]
    if not shown:
        return None
    return f"{expression} in ({', '.join(map(entity.spelling.text, shown))})", f"{name} {' or '.join(shown)}"
