"""The proposed fieldnote.yaml as text: what was recognized and why, what nobody could know, and the streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from fieldnote.bridge.setup.scaffold.appointments import engagements
from fieldnote.bridge.setup.scaffold.deals import opportunities
from fieldnote.bridge.setup.scaffold.draft import Scaffold
from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.graph import Graph, Prober, Ref
from fieldnote.bridge.setup.scaffold.known import Known, recognize
from fieldnote.bridge.setup.scaffold.roles import ROLES, TITLES, Roles, find_roles
from fieldnote.bridge.setup.scaffold.writing_back import pull
from fieldnote.crm.sql.survey import SurveyTable


def propose(
    tables: Sequence[SurveyTable], prober: Prober, backend: str, zone: str, *, zone_given: bool = False
) -> tuple[str, Scaffold]:
    """The whole file, and what it was made from."""
    known = recognize(table.name for table in tables)
    graph = KnownGraph(tables, prober, known=known)
    roles = _known_roles(graph, known) if known is not None else find_roles(graph)
    scaffold = Scaffold(graph, roles, backend, zone, zone_given, known)
    streams = list(_streams(scaffold))
    return "\n".join([*_head(scaffold), *streams]) + "\n", scaffold


class KnownGraph(Graph):
    """A graph that also knows how a known CRM names its tables in columns such as `parent_type`."""

    def __init__(self, tables: Sequence[SurveyTable], prober: Prober, *, known: Known | None) -> None:
        super().__init__(tables, prober)
        self.known = known

    def refs(self, table: SurveyTable, target: SurveyTable) -> list[Ref]:
        """See `Graph.refs`; without columns that the known CRM does not use for this."""
        ignored = self.known.ignored if self.known is not None else frozenset()
        return [ref for ref in super().refs(table, target) if ref.column.name not in ignored]

    def _poly_words(self, *asked: object) -> dict[str, str]:
        found = super()._poly_words(*asked)  # type: ignore[arg-type]
        for target in asked[3] if self.known is not None else ():  # type: ignore[attr-defined]
            if self.known is not None and target.name in self.known.types:
                found.setdefault(target.name, self.known.types[target.name])
        return found


def _known_roles(graph: Graph, known: Known) -> Roles:
    by_name = {table.name.casefold(): table for table in graph.tables}
    reasons = dict.fromkeys(ROLES, f"as in every {known.name}")
    visits, reps, customers, deals = (by_name[known.roles[role]] for role in ROLES)
    return Roles(visits, reps, customers, deals, reasons=reasons)


def _head(scaffold: Scaffold) -> Iterator[str]:
    yield "# Written by `fieldnote init`. Check it, then: fieldnote check, fieldnote plan, fieldnote push."
    yield "#"
    if scaffold.known is not None:
        yield f"# These are the tables of {scaffold.known.name}. {scaffold.known.about}"
    yield "# Recognized:"
    for role in ROLES:
        table = scaffold.roles.of(role)
        reason = f" ({scaffold.roles.reasons.get(role, '')})" if table is not None else ""
        yield f"#   {TITLES[role]}: {table.name if table is not None else 'no table'}{reason}"
    for rival in scaffold.roles.rivals:
        yield (
            f"# Two tables fit for {TITLES[rival.role]}: {rival.taken.name} and {rival.other.name}. The "
            f"file takes {rival.taken.name}; check this."
        )
    if scaffold.questions:
        yield "# Only you can answer:"
        yield from (f"#   {number}. {question}" for number, question in enumerate(scaffold.questions, 1))
    yield "version: 1"
    yield ""
    yield "siro:"
    yield "  token: ${SIRO_TOKEN}              # in Siro: the person icon, API Tokens"
    yield ""
    yield "crm:"
    yield "  driver: sql"
    yield "  url: ${CRM_URL}"
    yield from _zone(scaffold)
    yield ""


def _zone(scaffold: Scaffold) -> Iterator[str]:
    in_utc = scaffold.known is not None and scaffold.known.utc
    if not in_utc and scaffold.zone != "UTC":
        in_utc = _look_like_utc(scaffold)
    if in_utc:
        yield "  timezone: UTC                     # the CRM stores its times in UTC"
        yield f"  local_timezone: {scaffold.zone}   # where its people live, for days and shown times"
    else:
        yield f"  timezone: {scaffold.zone}              # for times without a zone"


def _look_like_utc(scaffold: Scaffold) -> bool:
    """Whether the appointments begin at night on the clock of this zone, and by day if they are stored in UTC."""
    visits = scaffold.roles.visits
    span = meanings.span_of(visits) if visits is not None else None
    if span is None or not shapes.is_time(span.start):
        return False
    local = ZoneInfo(scaffold.zone)
    starts = [at for value in span.start.values if (at := shapes.moment(value)) is not None]
    if len(starts) < 8:
        return False
    as_stored = sum(7 <= at.hour < 21 for at in starts) / len(starts)
    moved = [at.replace(tzinfo=ZoneInfo("UTC")).astimezone(local) for at in starts]
    as_utc = sum(7 <= at.hour < 21 for at in moved) / len(moved)
    if as_utc >= 0.95 and as_stored < 0.8:
        scaffold.questions.append(
            f"Are times stored in UTC? {_share(1 - as_stored)} of the appointments would begin at night otherwise."
        )
        return True
    return False


def _share(part: float) -> str:
    return f"{round(100 * part)} %"


def _streams(scaffold: Scaffold) -> Iterator[str]:
    visits, deals = scaffold.roles.visits, scaffold.roles.deals
    if scaffold.zone == "UTC" and not scaffold.zone_given:
        scaffold.questions.append(
            "In which zone do the CRM's people live? UTC is written here because no --timezone was given."
        )
    if visits is None and deals is None:
        scaffold.questions.append(
            "Which tables hold the appointments and deals? None was recognized: name them as docs/push.md shows."
        )
        return
    yield "push:"
    yield "  every: 10 minutes"
    if visits is not None:
        yield from engagements(scaffold, visits)
    else:
        scaffold.questions.append(
            "Which table holds the appointments? None was recognized: without them no recording is matched."
        )
        yield "  # engagements: …"
    if deals is not None:
        yield from opportunities(scaffold, deals)
    yield from pull(scaffold)
