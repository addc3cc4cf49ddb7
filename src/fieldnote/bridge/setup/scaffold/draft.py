"""The input of the file, and the lines that both streams have. Pure except for the look at the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fieldnote.bridge.setup.scaffold.evidence import shapes
from fieldnote.bridge.setup.scaffold.graph import Graph
from fieldnote.bridge.setup.scaffold.known import Known
from fieldnote.bridge.setup.scaffold.lines import word
from fieldnote.bridge.setup.scaffold.query import Entity, Move, Query, Spelling
from fieldnote.bridge.setup.scaffold.roles import Roles
from fieldnote.bridge.setup.scaffold.stages import cancellation
from fieldnote.crm.query_tables import unseen_tables
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable
from fieldnote.crm.types import Source


@dataclass(slots=True)
class Scaffold:
    """The input of the file, and the facts that it could not know."""

    graph: Graph
    roles: Roles
    backend: str
    zone: str
    zone_given: bool = False
    """Whether a person named the zone."""
    known: Known | None = None
    questions: list[str] = field(default_factory=list)

    @property
    def spelling(self) -> Spelling:
        """The SQL of this database."""
        return Spelling(self.backend)

    def entity(self, table: SurveyTable) -> Entity:
        """A table as the base of a query."""
        return Entity(Query(self.spelling, self.graph, table), table, "a")


def yaml_table(name: str) -> str:
    """The name of a table in the file, in SQL's quotes where a dot or blank would be read as something else."""
    return name if name.replace("_", "").isalnum() else word(f'"{name}"')


def yaml_column(name: str) -> str:
    """The name of a column in the file, as it is."""
    return name if name.replace("_", "").isalnum() else word(name)


def stream_lines(
    scaffold: Scaffold, stream: str, thing: str, record: Entity, fields: Iterable[str], of_deletes: str = ""
) -> Iterator[str]:
    """A stream of `push`: query, key, cursor, deletions, and the lines of its map. `of_deletes`: a comment."""
    query = record.query
    key = query.add(record.at(record.key), "id")
    lines = list(fields)  # they add their columns to the query
    moved, why = record.moved()
    if moved is not None:
        comparable = [move.expression for move in query.moves if len(move.kinds | moved.kinds) == 1]
        query.add(scaffold.spelling.greatest(moved.expression, comparable), "changed_at")
    yield f"  {stream + ':':<34}# {thing}s"
    yield "    query: |"
    yield f"      {query.text()}"
    yield f"    key: {key}"
    yield from _cursor_lines(scaffold, thing, moved, why, query)
    yield f"    deletes: {{table: {yaml_table(record.table.name)}}}" + (f"   # {of_deletes}" if of_deletes else "")
    yield "    map:"
    yield from lines


def _cursor_lines(scaffold: Scaffold, thing: str, moved: Move | None, why: str, query: Query) -> Iterator[str]:
    """The stream's cursor, or a question."""
    if moved is None:
        question = f"Which column moves when the {thing} changes? Without one, every push reads all rows."
        scaffold.questions.append(question)
        yield (
            "    # cursor: …                     # no column was found that moves with every change: all "
            "rows are compared"
        )
        return
    reason = f"chosen because it is {why}; check this" if why else "moves with every change"
    others = {move.expression: move.kinds for move in query.moves if move.expression != moved.expression}
    if any(len(kinds | moved.kinds) == 1 for kinds in others.values()):
        reason += ", also of joined tables"
    apart = [expression for expression, kinds in others.items() if len(kinds | moved.kinds) != 1]
    if apart:
        scaffold.questions.append(
            f"How can {moved.expression} be compared with {' and '.join(apart)}? They write times in different forms, "
            f"so the cursor leaves {'it' if len(apart) == 1 else 'them'} out. The daily reading of all rows finds such "
            "changes."
        )
    yield f"    cursor: changed_at              # {reason}"
    source = Source(thing, key="id", query=query.text(), cursor="changed_at")
    unseen = unseen_tables(source, scaffold.spelling.backend)
    if unseen:
        names = sorted({table.partition(" as ")[0] for table in unseen})
        yield f"    # The daily reading of all rows finds what changes in {', '.join(map(word, names))} alone."
    if why:
        scaffold.questions.append(
            f"Does {moved.expression.rpartition('.')[2]} move with every change of the {thing}? Its values look "
            f"so; its name does not say it."
        )


def deleted_line(scaffold: Scaffold, record: Entity) -> Iterator[str]:
    """How a record says that it is deleted or cancelled."""
    places = record.gone_places()
    also = scaffold.known.cancelled if scaffold.known is not None else ()
    status = cancellation(record, also) if record.table is scaffold.roles.visits else None
    active = record.find("active") if not places and record.table is scaffold.roles.visits else None
    if len(places) == 1 and status is None and _is_plain(places[0].column):
        name = record.query.add(record.expr(places[0]), "gone" if shapes.is_flag(places[0].column) else "gone_at")
        yield f"      deletedAt: {name}        # {places[0].column.name}"
        return
    conditions = [record.gone(place) for place in places]
    reasons = [place.column.name for place in places]
    if active is not None:
        conditions.append(scaffold.spelling.no(record.expr(active), active.column))
        reasons.append(f"not {active.column.name}")
    if status is not None:
        conditions.append(status[0])
        reasons.append(status[1])
    if not conditions:
        return
    name = record.query.add(f"case when {' or '.join(conditions)} then 1 else 0 end", "gone")
    yield f"      deletedAt: {name}        # {', '.join(reasons)}"


def _is_plain(column: SurveyColumn) -> bool:
    """Whether the mapping itself reads the column's flag or time."""
    words_of_yes_and_no = {"0", "1", "-1", "true", "false", "yes", "no", "y", "n", "t", "f", "on", "off"}
    if not shapes.is_flag(column) or column.family is Family.BOOLEAN:
        return True
    return {str(value).strip().casefold() for value in column.distinct} <= words_of_yes_and_no
