"""How tables refer to each other: declared foreign keys, names, and values that are another table's keys.

Many CRMs declare no foreign key at all. There a column such as `assigned_user_id` counts if the sampled values are
found among the keys of `users`. A column of any name counts if its values are found there, and hardly by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from fieldnote.bridge.setup.scaffold.evidence import shapes
from fieldnote.bridge.setup.scaffold.evidence.vocabulary import word_set
from fieldnote.bridge.setup.scaffold.evidence.words import ID_WORDS, meaning_of, plain, singular, without_id, words
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable

_NUMBERS: Final = {Family.INTEGER, Family.NUMBER}
_MEASURES: Final = word_set(
    "amount value price total probability percent duration minutes hours count number of rank sort order position "
    "year month day age quantity level priority sequence version size latitude longitude lat lng score reminder "
    "interval"
)
_PEOPLE: Final = word_set(
    "owner assigned assignee creator author editor manager supervisor rep user by responsible closer setter "
    "seller agent advisor technician salesperson salesrep employee staff attendee organizer erstellt angelegt "
    "geaendert betreuer bearbeiter zustaendig verantwortlich creado modificado"
)


class Prober(Protocol):
    """Asks the database about values; see `fieldnote.crm.sql.survey.Survey`."""

    def share_found(self, values: Iterable[object], table: SurveyTable, column: str) -> float | None: ...
    def number_of(self, table: SurveyTable, column: str) -> tuple[int, int]: ...
    def words(self, table: SurveyTable, column: SurveyColumn, *, labels: bool = False) -> tuple[str, ...] | None: ...
    def labels(self, table: SurveyTable, columns: Sequence[str], most: int = 100) -> list[dict[str, object]]: ...


@dataclass(frozen=True, slots=True)
class Ref:
    """A column that refers to another table."""

    column: SurveyColumn
    target: SurveyTable
    to: str
    """The column that it refers to."""
    why: str
    sure: float
    """From 0 to 1."""
    mixed: bool = False
    """Whether it refers to rows of other tables, too."""


@dataclass(frozen=True, slots=True)
class Poly:
    """Two columns that refer to rows of several tables: which table, and which row."""

    type: SurveyColumn
    id: SurveyColumn
    words: dict[str, str]
    """The type's word for a table, by the table's name."""


@dataclass(frozen=True, slots=True)
class Link:
    """A table between two others: one row for each pair."""

    table: SurveyTable
    own: SurveyColumn
    """Refers to the first."""
    other: Ref
    """Refers to the second."""


@dataclass
class Graph:
    """All tables, and the references between them, which are looked for when they are asked for."""

    tables: Sequence[SurveyTable]
    prober: Prober
    _refs: dict[tuple[str, str], list[Ref]] = field(default_factory=dict)
    _shares: dict[tuple[int, str], float | None] = field(default_factory=dict)
    _best: dict[int, float] = field(default_factory=dict)
    _bases: dict[str, bool] = field(default_factory=dict)
    _names: set[tuple[str, ...]] = field(default_factory=set)
    _parts: dict[str, list[tuple[SurveyTable, str, str]]] = field(default_factory=dict)
    _polys: dict[tuple[str, ...], list[Poly]] = field(default_factory=dict)
    _links: dict[tuple[str, str], list[Link]] = field(default_factory=dict)

    def key(self, table: SurveyTable) -> str | None:
        """The column that identifies a row: the primary key, or one that could be it."""
        if table.key is not None:
            return table.key
        if table.keys:
            return None
        own = {"id", f"{plain(table.name)}id", "uuid", "guid"}
        named = [c for c in table.columns if "".join(words(c.name)) in own or plain(c.name) in own]
        unique = [c for c in table.columns if c.values and len(c.distinct) == len(c.values) == table.rows]
        first = table.columns[0] if table.columns and table.columns[0] in unique else None
        return next((c.name for c in named), first.name if first is not None else None)

    def is_link(self, table: SurveyTable) -> bool:
        """Whether a table is named after two others, as `meetings_users` is."""
        if not self._names:
            self._names.update(tuple(map(singular, words(other.name))) for other in self.tables)
        found = tuple(map(singular, words(table.name)))
        return any(found[:cut] in self._names and found[cut:] in self._names for cut in range(1, len(found)))

    def refs(self, table: SurveyTable, target: SurveyTable) -> list[Ref]:
        """The columns of a table that refer to another, the surest first."""
        asked = table.name, target.name
        if asked not in self._refs:
            found = [ref for column in table.columns if (ref := self._ref(table, column, target)) is not None]
            self._refs[asked] = sorted(found, key=lambda ref: -ref.sure)
        return self._refs[asked]

    def _ref(self, table: SurveyTable, column: SurveyColumn, target: SurveyTable) -> Ref | None:
        if (mixed := self._of_any_kind(table, column, target)) is not None:
            return mixed
        if column.refers_to is not None:
            if column.refers_to == target.name:
                return Ref(column, target, column.refers_column or self.key(target) or "id", "a foreign key", 1)
            return None
        to = self.key(target)
        if (
            to is None
            or table is target
            or column in self._typed_ids(table)
            or not _may_refer(column, table)
            or not _same_type(column, target.by_name[to])
        ):
            return None
        named = self._named(column, target, to)
        if 0 < named < 0.9 and named < self._best_named(column) - 0.1:
            return None  # another table is called so
        if not column.values:
            unused = 0.5 if len(column.row_values) >= 5 else 1
            return Ref(column, target, to, "its name", named * unused) if named >= 0.5 else None
        if not target.rows:
            return Ref(column, target, to, "its name", named * 0.8) if named >= 0.6 else None
        if named >= 0.3:
            share = self._share(column, target, to)
            if share is None or share < 0.6:
                return None
            return Ref(column, target, to, "its name and its values", min(1, named + 0.2 * share))
        return self._by_values(column, target, to)

    def _of_any_kind(self, table: SurveyTable, column: SurveyColumn, target: SurveyTable) -> Ref | None:
        """A column that refers to records of all kinds, where all have their keys from one table."""
        key = self.key(target)
        base = target.by_name[key].refers_to if key is not None and target.key is not None else None
        if base is None or key is None or table.name == base or table is target or table.key == column.name:
            return None
        if column.refers_to not in {None, base} or not _may_refer(column, table) or set(words(column.name)) & _MEASURES:
            return None
        named = column.refers_to == base or plain(column.name) == plain(target.by_name[key].refers_column or "")
        share = self._share(column, target, key) if len(column.distinct) >= 3 else None
        if named and (share is None or share > 0):
            return Ref(column, target, key, f"{column.name} refers to records of all kinds", 0.75, mixed=True)
        if share is not None and share >= 0.95:
            return Ref(column, target, key, "its values are all keys there", 0.7)
        return None

    def _typed_ids(self, table: SurveyTable) -> set[SurveyColumn]:
        """Columns that mean nothing without the type beside them, such as `parent_id`."""
        return {poly.id for poly in self.polys(table, [])}

    def _best_named(self, column: SurveyColumn) -> float:
        """How much the column's name says for the table that it says most for."""
        if id(column) not in self._best:
            keys = ((table, self.key(table)) for table in self.tables)
            self._best[id(column)] = max(
                (self._named(column, table, key) for table, key in keys if key is not None), default=0
            )
        return self._best[id(column)]

    def _named(self, column: SurveyColumn, target: SurveyTable, to: str) -> float:
        """How much a column's name says that it refers to a table."""
        stem = without_id(column.name)
        has_id = len(words(column.name)) > len(stem)
        own = [singular(word) for word in words(target.name)]
        if plain(column.name) == plain(target.name) and has_id:
            return 0.9
        if plain(column.name) == plain(to) and "".join(words(to)) not in ID_WORDS:
            return 0.95
        if not stem:
            return 0
        ending = [singular(word) for word in stem[-len(own) :]]
        if own and (ending == own or singular("".join(stem)) == singular("".join(own))):
            return 0.9 if has_id else 0.7 if column.family in _NUMBERS else 0.6 if column.values else 0.4
        if own and singular(stem[-1]) == own[-1] and not self.is_link(target):
            return 0.75 if len(own) == 1 else 0.5 if len(stem) == 1 else 0.35
        for role in ("reps", "customers", "deals", "visits"):
            together = min(meaning_of(stem[-1], role), meaning_of(own[-1] if own else "", role))
            if together >= 5:
                return 0.5
        if set(stem) & _PEOPLE or any(stem[-1].endswith(word) for word in ("owner", "ersteller", "betreuer")):
            return 0.4 if max((meaning_of(word, "reps") for word in own), default=0) >= 4 else 0.3
        return 0

    def _by_values(self, column: SurveyColumn, target: SurveyTable, to: str) -> Ref | None:
        """Values alone: texts that are all keys, or numbers whose neighbors are no keys."""
        values = column.distinct
        if len(values) < 3 or set(words(column.name)) & _MEASURES or shapes.is_flag(column):
            return None
        share = self._share(column, target, to)
        if share is None or share < 0.95:
            return None
        if all(isinstance(value, str) and not value.isdecimal() for value in values):
            return Ref(column, target, to, "its values are all keys there", 0.7)
        whole = [int(value) for value in column.values if isinstance(value, int)]
        if len(whole) < 5 or max(whole) < 50:
            return None
        by_chance = self.prober.share_found([value + 7 for value in whole], target, to)
        if by_chance is None or by_chance > 0.5:
            return None
        return Ref(column, target, to, "its values are all keys there", 0.6)

    def _share(self, column: SurveyColumn, target: SurveyTable, to: str) -> float | None:
        asked = id(column), target.name
        if asked not in self._shares:
            self._shares[asked] = self.prober.share_found(column.values[:40], target, to)
        return self._shares[asked]

    # --- tables beside a table --------------------------------------------------------------------------

    def parts(self, table: SurveyTable) -> list[tuple[SurveyTable, str, str]]:
        """Tables with one row for each of this one's, with the columns that join them: theirs, and this table's."""
        if table.name not in self._parts:
            self._parts[table.name] = self._find_parts(table)
        return self._parts[table.name]

    def _find_parts(self, table: SurveyTable) -> list[tuple[SurveyTable, str, str]]:
        key = self.key(table)
        if key is None:
            return []
        found: list[tuple[SurveyTable, str, str]] = []
        own = table.by_name[key]
        for other in self.tables:
            their = self.key(other)
            if other is table or their is None or other.is_view:
                continue
            column = other.by_name[their]
            if (
                own.refers_to == other.name
                or column.refers_to == table.name
                or (own.refers_to is None and self._is_base(other) and self._is_within(own, other, their))
            ):
                found.append((other, their, key))
            elif column.refers_to is None and own.refers_to is None and _is_extension(table, other, key, their):
                share = self._share(column, table, key) if column.values else 1
                if share is None or share >= 0.6:
                    found.append((other, their, key))
        return found

    def _is_base(self, table: SurveyTable) -> bool:
        """Whether the keys of several tables are keys of this one: it holds what records of all kinds have."""
        if not self._bases:
            keys = (other.by_name[other.key].refers_to for other in self.tables if other.key is not None)
            counts = Counter(name for name in keys if name is not None)
            self._bases.update({table.name: counts[table.name] >= 2 for table in self.tables})
        return self._bases[table.name]

    def _is_within(self, own: SurveyColumn, base: SurveyTable, to: str) -> bool:
        """Whether all of a table's keys are among those of a table for records of all kinds."""
        return len(own.values) >= 2 and _same_type(own, base.by_name[to]) and (self._share(own, base, to) or 0) >= 0.99

    def polys(self, table: SurveyTable, targets: Sequence[SurveyTable]) -> list[Poly]:
        """Pairs of columns such as `parent_type` and `parent_id`, with what the type says for these tables."""
        asked = (table.name, *(target.name for target in targets))
        if asked not in self._polys:
            self._polys[asked] = self._find_polys(table, targets)
        return self._polys[asked]

    def _find_polys(self, table: SurveyTable, targets: Sequence[SurveyTable]) -> list[Poly]:
        found = []
        for kind in table.columns:
            stem = _poly_stem(kind)
            if stem is None:
                continue
            ids = [c for c in table.columns if c is not kind and _is_id_of(c, stem) and c.refers_to is None]
            if len(ids) == 1:
                found.append(Poly(kind, ids[0], self._poly_words(table, kind, ids[0], targets)))
        return found

    def _poly_words(
        self, table: SurveyTable, kind: SurveyColumn, own: SurveyColumn, targets: Sequence[SurveyTable]
    ) -> dict[str, str]:
        said = self.prober.words(table, kind) or ()
        found: dict[str, str] = {}
        for target in targets:
            named = [word for word in said if _names_table(word, target)]
            if named:
                found[target.name] = named[0]
                continue
            key = self.key(target)
            for word in said if key is not None else ():
                pairs = zip(kind.row_values, own.row_values, strict=False)
                values = [value for type_, value in pairs if str(type_) == word and value not in {None, ""}]
                telling = values and not all(isinstance(value, int) or str(value).isdecimal() for value in values)
                if telling and key and (self.prober.share_found(values, target, key) or 0) > 0.9:
                    found[target.name] = word
        return found

    def links(self, first: SurveyTable, second: SurveyTable) -> list[Link]:
        """Tables between two others, those of few columns first."""
        asked = first.name, second.name
        if asked not in self._links:
            self._links[asked] = self._find_links(first, second)
        return self._links[asked]

    def _find_links(self, first: SurveyTable, second: SurveyTable) -> list[Link]:
        found: list[tuple[float, Link]] = []
        for table in self.tables:
            if table in {first, second} or table.is_view:
                continue
            to_second = self.refs(table, second) if _could_refer(table, second) else []
            for other in to_second[:3]:
                for own in self.refs(table, first):
                    if own.column is other.column or min(own.sure, other.sure) < 0.5:
                        continue
                    extra = len(table.columns) - 2
                    both = sum(bool(set(words(item.name)) & set(words(table.name))) for item in (first, second))
                    found.append((own.sure + other.sure + 0.5 * both - 0.12 * extra, Link(table, own.column, other)))
                    break
        return [link for _, link in sorted(found, key=lambda item: -item[0])]


# --- names ------------------------------------------------------------------------------------------------


def _may_refer(column: SurveyColumn, table: SurveyTable) -> bool:
    if column.family in {Family.MOMENT, Family.DATE, Family.BOOLEAN, Family.CHOICE, Family.JSON, Family.LIST}:
        return False
    if column.length is not None and column.length > 300:
        return False
    return table.key != column.name


def _same_type(column: SurveyColumn, key: SurveyColumn) -> bool:
    def kind(item: SurveyColumn) -> str:
        if item.family in _NUMBERS:
            return "number"
        if item.family is Family.UUID:
            return "uuid"
        return "text" if item.family is Family.TEXT else "any"

    return kind(column) == kind(key) or "any" in {kind(column), kind(key)}


def _could_refer(table: SurveyTable, target: SurveyTable) -> bool:
    """A quick no for most tables: a table of links has few columns."""
    return len(table.columns) <= 24 or any(column.refers_to == target.name for column in table.columns)


_EXTENSIONS: Final = word_set("cstm custom cf scf ext extra extension detail details info data more zusatz")


def _is_extension(table: SurveyTable, other: SurveyTable, key: str, their: str) -> bool:
    mine, theirs = words(table.name), words(other.name)
    if theirs[: len(mine)] == mine and set(theirs[len(mine) :]) <= _EXTENSIONS and len(theirs) > len(mine):
        return True
    return their.casefold() == key.casefold() and "".join(words(key)) not in ID_WORDS and len(words(key)) > 1


def _poly_stem(column: SurveyColumn) -> tuple[str, ...] | None:
    found = words(column.name)
    if column.family not in {Family.TEXT, Family.CHOICE} or (len(found) < 2 and found != ("entity",)):
        return None
    return found[:-1] if found[-1] in {"type", "module", "model", "class", "table", "entity", "object", "typ"} else None


def _is_id_of(column: SurveyColumn, stem: tuple[str, ...]) -> bool:
    found = words(column.name)
    return len(found) > len(stem) and found[: len(stem)] == stem and set(found[len(stem) :]) <= ID_WORDS


def _names_table(word: str, table: SurveyTable) -> bool:
    """Whether `Opportunities`, `App\\Models\\Deal` or `crm.lead` names a table."""
    last = word.replace("\\", "/").replace("::", "/").split("/")[-1]
    return plain(last) == plain(table.name) or plain(last.rpartition(".")[2]) == plain(table.name)


def is_one_each(ref: Ref) -> bool:
    """Whether each row refers to another row than the others do."""
    return bool(ref.column.values) and len(ref.column.distinct) == len(ref.column.values)
