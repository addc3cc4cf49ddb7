"""Which tables hold appointments, reps, customers and deals: a score for each table, and for tables that fit together.

A table's own score comes from its name and its columns. A combination of four tables adds the references between them,
so that a table of any name is found if it is in the right place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from fieldnote.bridge.setup.scaffold.evidence import meanings
from fieldnote.bridge.setup.scaffold.evidence.words import meaning_of, table_score, words
from fieldnote.bridge.setup.scaffold.graph import Graph, is_one_each
from fieldnote.crm.sql.survey import SurveyTable

ROLES: Final = ("visits", "reps", "customers", "deals")
TITLES: Final = {"visits": "appointments", "reps": "reps", "customers": "customers", "deals": "deals"}
_SHORTLIST: Final = 6
_CLOSE: Final = 2.5
"""Two tables fit if their scores differ by less than this."""
_LEAST: Final = {"visits": 6.5, "reps": 6, "customers": 6, "deals": 6.5}


@dataclass(frozen=True, slots=True)
class Rival:
    """A table that fits a role nearly as well as the one that was taken."""

    role: str
    taken: SurveyTable
    other: SurveyTable
    behind: float


@dataclass(frozen=True, slots=True)
class Roles:
    """The tables that were recognized, and how sure that is."""

    visits: SurveyTable | None = None
    reps: SurveyTable | None = None
    customers: SurveyTable | None = None
    deals: SurveyTable | None = None
    rivals: tuple[Rival, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)

    def of(self, role: str) -> SurveyTable | None:
        """The table of a role."""
        found: SurveyTable | None = getattr(self, role)
        return found


def find_roles(graph: Graph) -> Roles:
    """The four tables that fit together best."""
    alone = {role: _shortlist(graph, role) for role in ROLES}
    combined: list[tuple[float, tuple[SurveyTable | None, ...]]] = []
    for choice in product(*([*alone[role], None] for role in ROLES)):
        taken = [table for table in choice if table is not None]
        if len(set(taken)) == len(taken):
            combined.append((_together(graph, choice, alone), choice))
    total, best = max(combined, key=lambda item: item[0], default=(0, (None,) * 4))
    rivals = []
    for place, role in enumerate(ROLES):
        table = best[place]
        others = [
            (total - points, choice[place])
            for points, choice in combined
            if choice[place] is not None and choice[place] is not table and _differs_only(choice, best, place)
        ]
        behind, other = min(others, key=lambda item: item[0], default=(99.0, None))
        if table is not None and other is not None and behind < _CLOSE and _also_means(other, role, table):
            rivals.append(Rival(role, table, other, behind))
    reasons = {
        role: _reason(graph, role, table, best) for role, table in zip(ROLES, best, strict=True) if table is not None
    }
    visits, reps, customers, deals = best
    return Roles(visits, reps, customers, deals, tuple(rivals), reasons)


def _also_means(other: SurveyTable, role: str, taken: SurveyTable) -> bool:
    """A rival has a telling name, or none of the two has one."""
    return table_score(other.name, role) >= 3 or table_score(taken.name, role) < 3


def _differs_only(choice: Sequence[SurveyTable | None], best: Sequence[SurveyTable | None], place: int) -> bool:
    return all(a is b or n == place or a is best[place] for n, (a, b) in enumerate(zip(choice, best, strict=True)))


def _shortlist(graph: Graph, role: str) -> dict[SurveyTable, float]:
    scored = {table: points for table in graph.tables if (points := _alone(graph, table, role)) > 0}
    best = sorted(scored, key=lambda table: (-scored[table], table.name))[:_SHORTLIST]
    return {table: scored[table] for table in best}


def _alone(graph: Graph, table: SurveyTable, role: str) -> float:
    if graph.key(table) is None or graph.is_link(table):
        return 0
    named = table_score(table.name, role)
    found = {"visits": _visits, "reps": _reps, "customers": _customers, "deals": _deals}[role](graph, table)
    if found is None:
        return 0
    size = 0.5 if table.rows > 20 else 0
    return (
        named
        + found
        + size
        - (2.5 if table.is_view else 0)
        - (3 if len(table.keys) > 1 else 0)
        - (4 if not table.rows and named < 4 else 0)
    )


def _with_parts(graph: Graph, table: SurveyTable) -> list[SurveyTable]:
    return [table, *(part for part, _, _ in graph.parts(table))]


def _visits(graph: Graph, table: SurveyTable) -> float | None:
    span = meanings.span_of(table)
    if span is None:
        return None
    return (
        min(span.score, 14) * 0.4 + (1.5 if span.end is not None else 0) + (0.5 if meanings.best(table, "title") else 0)
    )


def _deals(graph: Graph, table: SurveyTable) -> float | None:
    tables = _with_parts(graph, table)
    amount = next((found for part in tables if (found := meanings.best(part, "amount"))), None)
    stage = next((found for part in tables if (found := meanings.best(part, "stage"))), None)
    if amount is None and stage is None:
        return None
    closed = meanings.best(table, "closed") is not None
    worth = 3 if amount is not None else -2
    has_span = meanings.span_of(table)
    return worth + (2.5 if stage is not None else -1) + (1 if closed else 0) - (3 if has_span and has_span.end else 0)


def _customers(graph: Graph, table: SurveyTable) -> float | None:
    parts = _with_parts(graph, table)
    named = any(meanings.best(part, "name") or _has_two_names(part) for part in parts)
    if not named:
        return None
    places = sum(
        any(meanings.best(part, meaning) for part in parts) for meaning in ("street", "city", "zip", "latitude")
    )
    reach = sum(any(meanings.best(part, meaning) for part in parts) for meaning in ("phone", "email"))
    return 1.5 + min(places, 3) * 0.8 + reach * 0.7 - (3 if _logs_in(table) else 0)


def _reps(graph: Graph, table: SurveyTable) -> float | None:
    parts = _with_parts(graph, table)
    email = any(meanings.best(part, "email") for part in parts)
    named = any(meanings.best(part, "name") or _has_two_names(part) for part in parts)
    elsewhere = not email and not named and _is_a_person_elsewhere(graph, table)
    if not email and not named and not _logs_in(table) and not elsewhere:
        return None
    address = meanings.best(table, "street") is not None and meanings.best(table, "city") is not None
    return (
        (1.5 if named or elsewhere else 0)
        + (1.5 if email else 0)
        + (2.5 if _logs_in(table) else 0)
        - (1 if address else 0)
    )


def _is_a_person_elsewhere(graph: Graph, table: SurveyTable) -> bool:
    """Whether each row has a person of its own in another table, which has the name."""
    for target in graph.tables:
        refs = [ref for ref in graph.refs(table, target) if ref.sure >= 0.6 and is_one_each(ref)]
        if refs and (meanings.best(target, "name") or _has_two_names(target)):
            return True
    return False


def _logs_in(table: SurveyTable) -> bool:
    """Whether people of this table sign in: it keeps a password or its hash, or a login."""
    found = [set(words(column.name)) for column in table.columns]
    secret = any({"password", "passwd", "hash", "pass", "kennwort", "passwort", "pwd"} & item for item in found)
    return secret or any({"login", "username"} & item or {"user", "name"} <= item for item in found)


def _has_two_names(table: SurveyTable) -> bool:
    return meanings.best(table, "first") is not None and meanings.best(table, "last") is not None


# --- together ---------------------------------------------------------------------------------------------


def _together(graph: Graph, choice: Sequence[SurveyTable | None], alone: dict[str, dict[SurveyTable, float]]) -> float:
    visits, reps, customers, deals = choice
    total = 0.0
    for role, table in zip(ROLES, choice, strict=True):
        if table is not None:
            total += alone[role][table] - _LEAST[role]
    if visits is not None and reps is not None:
        total += 4 * _tie(graph, visits, reps) + 0.5 * min(len(_all_refs(graph, visits, reps)), 3)
    if visits is not None and customers is not None:
        total += 3 * _tie(graph, visits, customers)
    if visits is not None and deals is not None:
        total += 3 * max(_tie(graph, visits, deals), _tie(graph, deals, visits))
    if deals is not None and customers is not None:
        total += 3 * _tie(graph, deals, customers)
    if deals is not None and reps is not None:
        total += 1.5 * _tie(graph, deals, reps)
    return total


def _all_refs(graph: Graph, table: SurveyTable, target: SurveyTable) -> list[object]:
    return [ref for part in _with_parts(graph, table) for ref in graph.refs(part, target) if ref.sure >= 0.5]


def _tie(graph: Graph, table: SurveyTable, target: SurveyTable) -> float:
    """How surely a table leads to another: by a column, by a type and an id, or by a table between them."""
    direct = max((ref.sure for part in _with_parts(graph, table) for ref in graph.refs(part, target)), default=0)
    if direct >= 0.5:
        return direct
    if any(target.name in poly.words for poly in graph.polys(table, [target])):
        return 0.9
    return max(direct, 0.8 if graph.links(table, target) else 0)


def _reason(graph: Graph, role: str, table: SurveyTable, best: Sequence[SurveyTable | None]) -> str:
    parts = []
    if any(meaning_of(word, role) for word in words(table.name)):
        parts.append("its name")
    if role == "visits" and (span := meanings.span_of(table)):
        end = f" and {span.end.name}" if span.end else ""
        parts.append(f"planned times in {span.start.name}{end}")
    if role == "deals" and (amount := meanings.best(table, "amount")):
        parts.append(f"amounts in {amount.name}")
    if role == "reps" and _logs_in(table):
        parts.append("people who sign in")
    others = [other.name for other in best if other is not None and other is not table and _leads(graph, other, table)]
    if others:
        parts.append(f"{' and '.join(others)} refer to it" if len(others) > 1 else f"{others[0]} refers to it")
    return ", ".join(parts) or "its columns"


def _leads(graph: Graph, table: SurveyTable, target: SurveyTable) -> bool:
    return any(ref.sure >= 0.5 for part in _with_parts(graph, table) for ref in graph.refs(part, target))
