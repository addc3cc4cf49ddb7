"""The columns of a person: the reference to them, and their name and email address in whatever table they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.evidence.vocabulary import word_set
from fieldnote.bridge.setup.scaffold.evidence.words import meaning_of, singular, table_score, words
from fieldnote.bridge.setup.scaffold.graph import Ref, is_one_each
from fieldnote.bridge.setup.scaffold.query import Entity, Move, Place, Query, join
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.sensitive import is_showable_word
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable

_WANTED: Final = {
    "rep": 10,
    "salesrep": 10,
    "owner": 8,
    "assigned": 10,
    "assignee": 10,
    "closer": 10,
    "advisor": 9,
    "consultant": 9,
    "technician": 8,
    "tech": 8,
    "agent": 8,
    "seller": 9,
    "responsible": 9,
    "salesperson": 10,
    "estimator": 9,
    "vertreter": 10,
    "verkaeufer": 10,
    "berater": 10,
    "zustaendig": 9,
    "betreuer": 8,
    "bearbeiter": 5,
    "employee": 6,
    "staff": 6,
    "mitarbeiter": 6,
    "vendedor": 10,
    "vendeur": 10,
    "commercial": 8,
    "verkoper": 10,
    "aussendienst": 9,
    "sales": 6,
    "user": 3,
    "organizer": 4,
    "host": 5,
    "primary": 3,
    "main": 3,
    "lead": 2,
    "emp": 5,
    "person": 2,
    "worker": 5,
    "visitor": 4,
}
AGAINST: Final = word_set(
    "create created creator entered enter author added insert inserted update updated modify modified modifier "
    "edit edited editor change changed changer delete deleted deleter cancel cancelled canceled canceller approve "
    "approved approver confirmed confirmer supervisor manager previous old secondary second setter dispatcher "
    "scheduler scheduled booked booker requested closed locked reviewed reviewer verified last erstellt ersteller "
    "angelegt anleger geaendert aenderer erfasst erfasser storniert freigegeben vorgesetzter reports parent "
    "assistant backup creado modificado cree modifie"
)


def owner_score(name: str) -> float:
    """Whether a column's name says that its person goes there, rather than created or changed the record."""
    found = words(name)
    wanted = max((_WANTED.get(word, meaning_of(word, "reps") * 0.5) for word in found), default=0)
    if any(word.endswith("owner") for word in found):
        wanted = max(wanted, 8)
    against = sum(word in AGAINST for word in found)
    return wanted - 9 * against


def use_column(rep: Entity, ref: Ref) -> None:
    """Join by the column that the reference means, if that is not the key."""
    if ref.to != rep.key:
        rep.query.joins[-1] = rep.query.joins[-1].replace(rep.at(rep.key), rep.at(ref.to), 1)


def conditions(entity: Entity, *, primary: bool = False) -> list[str]:
    """Which rows of a table between two others count: not those that are deleted, or that ended."""
    found = []
    for place in entity.gone_places():
        if place.table is entity.table:
            expression = entity.at(place.column.name)
            found.append(
                entity.alive().removeprefix(" and ") if shapes.is_flag(place.column) else f"{expression} is null"
            )
    ended = {"unassigned", "ended", "removed", "revoked", "left", "until", "end", "bis", "ende", "detached"}
    for column in entity.table.columns:
        time = shapes.is_time(column) or shapes.is_day(column)
        if time and set(words(column.name)) & ended and shapes.filled(column) < 0.5:
            found.append(f"{entity.at(column.name)} is null")
        elif (
            primary
            and shapes.is_flag(column)
            and {"primary", "main", "default", "haupt", "is_primary"} & set(words(column.name))
        ):
            found.append(entity.spelling.yes(entity.at(column.name), column))
    return list(dict.fromkeys(filter(None, found)))


class Person:
    """A joined rep: their name and email address, wherever they are."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._other: Entity | None = None
        self._emails: str | None = None

    def name(self) -> str | None:
        """The full name."""
        return self.entity.full_name() or (other.full_name() if (other := self._beside()) is not None else None)

    def moves(self) -> list[Move]:
        """The times of the last change."""
        moved, _ = self.entity.moved()
        return [moved] if moved is not None else []

    def email(self) -> str | None:
        """The address: of the rep, of the person that the rep is, or from a table of addresses."""
        if (place := self.entity.find("email")) is not None:
            return self.entity.expr(place)
        if (other := self._beside()) is not None and (place := other.find("email")) is not None:
            return other.expr(place)
        return self.elsewhere() or (Person(other).elsewhere() if other is not None else None)

    def _beside(self) -> Entity | None:
        """The person or contact that the rep refers to, if that table has the name or the address."""
        if self._other is not None:
            return self._other
        for table in self.entity.tables:
            for target in self.entity.graph.tables:
                found = [
                    ref
                    for ref in self.entity.graph.refs(table, target)
                    if ref.sure >= 0.6 and not _is_about_another(ref)
                ]
                telling = any(meanings.best(target, meaning) for meaning in ("email", "name", "last"))
                if found and telling and target is not self.entity.table and is_one_each(found[0]):
                    own = self.entity.expr(Place(table, found[0].column))
                    self._other = join(self.entity.query, target, "p", own)
                    use_column(self._other, found[0])
                    return self._other
        return None

    def elsewhere(self) -> str | None:
        """The likeliest of the tables of addresses."""
        found = [*self._listed(), *self._linked()]
        return max(found, key=lambda item: item[0])[1] if found else None

    def _listed(self) -> Iterator[tuple[float, str]]:
        """Tables of addresses in which each row names its rep."""
        spelling = self.entity.spelling
        for table in self.entity.graph.tables:
            column = _best_email(table)
            if column is None or not _is_about_people(table) or table is self.entity.table:
                continue
            for ref in self.entity.graph.refs(table, self.entity.table):
                if ref.sure >= 0.5 and owner_score(ref.column.name) > -4:
                    inner = Entity(Query(spelling, self.entity.graph, table, "e"), table, "e")
                    own = f"{inner.at(ref.column.name)} = {self.entity.at(ref.to)}"
                    where = " and ".join([own, *_kind_of_address(inner), *conditions(inner, primary=True)])
                    yield (
                        _address_score(table, column),
                        spelling.first(inner.at(column.name), f"from {spelling.name(table.name)} e where {where}"),
                    )
                    break

    def _linked(self) -> Iterator[tuple[float, str]]:
        """Tables of addresses, each with one that joins it with people, or with records of every kind."""
        graph, spelling = self.entity.graph, self.entity.spelling
        for target in graph.tables:
            column = _best_email(target)
            if column is None or not _is_about_people(target) or len(target.columns) > 20:
                continue
            for table in graph.tables:
                if table in {target, self.entity.table} or len(table.columns) > 20:
                    continue
                to_address = next((ref for ref in graph.refs(table, target) if ref.sure >= 0.5), None)
                condition = self._belongs(table) if to_address is not None else None
                if to_address is None or condition is None:
                    continue
                between = Entity(Query(spelling, graph, table, "x"), table, "x")
                address = Entity(Query(spelling, graph, target, "e"), target, "e")
                on = f"{address.at(to_address.to)} = {between.at(to_address.column.name)}"
                where = " and ".join([condition, *conditions(between, primary=True), *conditions(address)])
                joined = f"{spelling.name(table.name)} x join {spelling.name(target.name)} e on {on}"
                rest = f"from {joined}\n               where {where}"
                yield (
                    _address_score(target, column) + 1 - 0.1 * len(table.columns),
                    spelling.first(address.at(column.name), rest),
                )

    def _belongs(self, table: SurveyTable) -> str | None:
        """A condition: a row of this table is about the rep."""
        graph, spelling, own = self.entity.graph, self.entity.spelling, self.entity.at(self.entity.key)
        for poly in graph.polys(table, [self.entity.table]):
            word = poly.words.get(self.entity.table.name)
            if word is not None:
                name = spelling.name
                return f"x.{name(poly.id.name)} = {own} and x.{name(poly.type.name)} = {spelling.text(word)}"
        for ref in graph.refs(table, self.entity.table):
            if ref.sure >= 0.5 and owner_score(ref.column.name) > -4:
                return f"x.{spelling.name(ref.column.name)} = {self.entity.at(ref.to)}"
        return None


def _best_email(table: SurveyTable) -> SurveyColumn | None:
    found = meanings.best(table, "email")
    if found is not None:
        return found
    named = {"value", "wert", "address", "name", "data", "lower", "detail", "number"}
    several = [c for c in table.columns if c.family is Family.TEXT and set(words(c.name)) & named and not c.hidden]
    if {"email", "mail"} & set(words(table.name)) and several:
        return next((c for c in several if "lower" in words(c.name)), several[0])
    mixed = [c for c in several if any(isinstance(value, str) and "@" in value for value in c.values)]
    return mixed[0] if mixed else None


def _address_score(table: SurveyTable, column: SurveyColumn) -> float:
    """How much a table looks like one of people's addresses."""
    found = words(table.name)
    points = 5.0 if column.values and shapes.is_email(column) else 0.0
    points += (
        3
        if found
        and singular(found[-1]) in {"email", "mail", "address", "adresse", "contact", "kontakt", "communication"}
        else 0
    )
    secrets = any(item.hidden for item in table.columns)
    return (
        points
        - 0.1 * len(table.columns)
        - (3 if secrets else 0)
        - (4 if {"folder", "filter", "queue", "import"} & set(found) else 0)
    )


def _is_about_people(table: SurveyTable) -> bool:
    """A table of addresses, and not one of customers, messages or tokens that also has an address."""
    found = set(words(table.name))
    if {
        "template",
        "templates",
        "campaign",
        "queue",
        "log",
        "inbound",
        "outbound",
        "message",
        "messages",
        "token",
        "tokens",
        "session",
    } & found:
        return False
    if {
        "email",
        "emails",
        "mail",
        "mails",
        "contact",
        "communication",
        "kontakt",
        "address",
        "addresses",
        "login",
        "profile",
        "channel",
        "kommunikation",
    } & found:
        return table_score(table.name, "customers") < 8
    return (
        len(table.columns) <= 8
        and table_score(table.name, "customers") < 5
        and table_score(table.name, "deals") < 5
        and table_score(table.name, "visits") < 5
    )


def _kind_of_address(entity: Entity) -> list[str]:
    """In a table of addresses of every kind, only those that are email addresses."""
    for column in entity.table.columns:
        if column.hidden or not shapes.is_category(column):
            continue
        said = [word for word in map(str, column.distinct) if "mail" in word.casefold() and is_showable_word(word)]
        if said and len(column.distinct) > 1:
            return [f"{entity.at(column.name)} in ({', '.join(map(entity.spelling.text, sorted(said)))})"]
    return []


def _is_about_another(ref: Ref) -> bool:
    """A supervisor, a team, or who created the rep is another person."""
    found = set(words(ref.column.name))
    return bool(found & AGAINST) or bool(
        found & {"team", "default", "company", "manager", "role", "profile", "account"}
    )
