"""The way from an appointment to its reps, and from a rep to their name and email address. Pure but for the look."""

# ruff: noqa: S608 - every name is quoted by `Spelling`

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fieldnote.bridge.setup.scaffold.evidence import shapes
from fieldnote.bridge.setup.scaffold.evidence.words import meaning_of, words
from fieldnote.bridge.setup.scaffold.graph import Link, Ref
from fieldnote.bridge.setup.scaffold.person_columns import Person, conditions, owner_score, use_column
from fieldnote.bridge.setup.scaffold.query import Entity, Move, Place, Query, join
from fieldnote.crm.sql.survey import SurveyTable


@dataclass(frozen=True, slots=True)
class Reps:
    """The lines of the map that name an appointment's reps, and what to know about them."""

    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    found: bool = True
    has_email: bool = True


def reps_of(visit: Entity, reps: SurveyTable | None, deal: Entity | None, customer: Entity | None) -> Reps:
    """By a column of the appointment, a table between, the deal or the customer, or a text."""
    if reps is not None:
        if direct := _direct(visit, reps):
            return _by_column(visit, reps, direct)
        linked = _linked(visit, reps)
        if linked is not None:
            return _by_link(visit, reps, linked, ())
        for entity, called in ((deal, "deal"), (customer, "customer")):
            if entity is not None and (direct := _direct(entity, reps)):
                found = _by_column(entity, reps, direct)
                return Reps(
                    found.lines,
                    (f"the appointment has no rep, so the file uses the rep of its {called}", *found.notes),
                    True,
                    found.has_email,
                )
    return _by_text(visit)


# --- a column of the appointment ---------------------------------------------------------------------------


def _direct(entity: Entity, reps: SurveyTable) -> list[tuple[float, Place, Ref]]:
    """The columns that refer to reps, the likeliest owner first."""
    found = [
        (Place(table, ref.column), ref)
        for table in entity.tables
        for ref in entity.graph.refs(table, reps)
        if ref.sure >= 0.4 and shapes.filled(ref.column) > (0 if ref.column.row_values else -1)
    ]
    most = max((len(ref.column.distinct) for _, ref in found), default=0) or 1
    scored = [
        (owner_score(ref.column.name) + 2 * shapes.filled(ref.column) + 3 * len(ref.column.distinct) / most, place, ref)
        for place, ref in found
    ]
    # A column that only says who created or changed the record names no rep, unless there is nothing better.
    good = [item for item in scored if owner_score(item[2].column.name) > -4]
    return sorted(good, key=lambda item: -item[0])


def _by_column(entity: Entity, reps: SurveyTable, direct: list[tuple[float, Place, Ref]]) -> Reps:
    _, place, ref = direct[0]
    own = entity.expr(place)
    rep = join(entity.query, reps, "r", own)
    use_column(rep, ref)
    person = Person(rep)
    query = entity.query
    parts = [f"externalId: {query.add(rep.at(ref.to), 'rep_id')}"]
    email, name = person.email(), person.name()
    if email is not None:
        parts.append(f"email: {query.add(email, 'rep_email')}")
    if name is not None:
        parts.append(f"name: {query.add(name, 'rep_name')}")
    query.moves.extend(person.moves())
    notes = []
    others = [item.column.name for _, _, item in _everyone(entity, reps) if item.column is not ref.column]
    if others:
        refer = "refers" if len(others) == 1 else "refer"
        notes.append(f"{place.column.name} is used as the rep; {' and '.join(others)} also {refer} to {reps.name}")
    if len(direct) > 1 and direct[0][0] - direct[1][0] < 1:
        notes.append(f"check this: {direct[1][2].column.name} fits as well as {place.column.name}")
    links = [link.table.name for link in entity.graph.links(entity.table, reps)[:1]]
    if links and links[0] not in {table.name for table in entity.tables}:
        notes.append(f"{links[0]} may name more people of an appointment, such as guests")
    return Reps((f"- {{{', '.join(parts)}}}",), tuple(notes), has_email=email is not None)


def _everyone(entity: Entity, reps: SurveyTable) -> Iterator[tuple[None, None, Ref]]:
    for table in entity.tables:
        for ref in entity.graph.refs(table, reps):
            if ref.sure >= 0.4:
                yield None, None, ref


# --- a table between ---------------------------------------------------------------------------------------


def _linked(entity: Entity, reps: SurveyTable) -> Link | None:
    found = []
    for link in entity.graph.links(entity.table, reps):
        name = link.other.column.name
        audit = owner_score(name) < -4
        points = owner_score(name) * 0.1 + link.other.sure - 0.1 * len(link.table.columns)
        points += 0.5 if any(meaning_of(word, "reps") for word in words(link.table.name)) else 0
        if not audit and (link.table.rows or not entity.table.rows):
            found.append((points, link))
    return max(found, key=lambda item: item[0])[1] if found else None


def _by_link(visit: Entity, reps: SurveyTable, link: Link, notes: tuple[str, ...]) -> Reps:
    inner = Query(visit.spelling, visit.graph, link.table, "x")
    between = Entity(inner, link.table, "x")
    rep = join(inner, reps, "r", between.at(link.other.column.name))
    use_column(rep, link.other)
    person = Person(rep)
    pairs = [("externalId", rep.at(link.other.to))]
    email, name = person.email(), person.name()
    pairs += [("email", email)] if email is not None else []
    pairs += [("name", name)] if name is not None else []
    name_of = visit.spelling.name
    where = [
        f"{between.at(link.own.name)} = {visit.at(visit.key)}",
        f"{rep.at(link.other.to)} is not null",
        *conditions(between),
    ]
    joins = " ".join(inner.joins)
    rest = f"from {name_of(link.table.name)} x {joins}\n               where {' and '.join(where)}"
    column = visit.query.add(visit.spelling.objects(pairs, rest), "reps")
    moved, _ = between.moved()
    if moved is not None:
        same = f"{between.at(link.own.name)} = {visit.at(visit.key)}"
        latest = f"(select max({moved.expression}) from {name_of(link.table.name)} x where {same})"
        visit.query.moves.append(Move(latest, moved.kinds))
    fields = ", ".join(f"{key}: {key}" for key, _ in pairs)
    said = (f"{link.table.name} joins appointments and reps", *notes)
    return Reps((f'"json({column})[].{{{fields}}}"',), said, has_email=email is not None)


# --- a text ------------------------------------------------------------------------------------------------


def _by_text(visit: Entity) -> Reps:
    emails = [
        (owner_score(column.name), Place(table, column))
        for table in visit.tables
        for column in table.columns
        if shapes.is_email(column) and owner_score(column.name) > 0
    ]
    if emails:
        place = max(emails, key=lambda item: item[0])[1]
        name = visit.query.add(visit.expr(place), "rep_email")
        return Reps(
            (f"- {{externalId: {name}, email: {name}}}",),
            ("no table of reps was found: the email address is the rep's id",),
        )
    return Reps(
        (),
        ("which column names the rep? Without one, no recording finds the appointment",),
        found=False,
        has_email=False,
    )
