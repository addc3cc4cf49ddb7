"""Appointments as pages and commands list and count them: by day, rep, team and state, from the board.

Siro is never asked: reps are mapped to its users as they were last compared.
"""
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.explained_gaps import Gap
from fieldnote.bridge.reps import MappingMethod
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.completeness_sql import appointments
from fieldnote.bridge.status.states import State
from fieldnote.config.people import IgnoredRows


@dataclass(frozen=True, slots=True)
class MappedRep:
    """A rep of the CRM, beside the Siro user that was last found."""

    rep_id: str
    email: str | None
    name: str | None
    user_id: str | None
    user_email: str | None
    user_name: str | None
    phone: str | None
    """The Siro user's."""
    team: str | None
    """Siro's id of it."""
    coaches: str | None
    """The names of the team's coaches."""
    method: MappingMethod
    why: str
    ignored: bool

    @property
    def team_name(self) -> str | None:
        """By its coaches: Siro lists no names of teams."""
        return None if self.team is None else f"Team of {self.coaches}" if self.coaches else f"Team {self.team[:8]}"

    @property
    def called(self) -> str:
        """The name, else the email, else the CRM's id."""
        return self.name or self.email or self.rep_id


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """Which appointments: those that fit all of it."""

    first: date
    last: date
    """The last day, included."""
    rep: str | None = None
    """The CRM's id of a rep."""
    team: str | None = None
    states: tuple[State, ...] = ()
    """Empty: all."""
    visible: frozenset[str] | None = None
    """The reps whose appointments may be seen; None: all, also those without a rep."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment, in its state."""

    key: str
    """The CRM's key."""
    day: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    since: datetime
    """The start of its age."""
    rep_id: str | None
    rep: str | None
    """Their name, else email, else id."""
    rep_email: str | None
    subject: str | None
    customer: str | None
    deal_id: str | None
    account_id: str | None
    state: State
    recordings: int
    gap: Gap | None = None
    """Why nothing was recorded, as a person said it."""

    @property
    def gap_reason(self) -> str | None:
        """A `GapReason`."""
        return None if self.gap is None else self.gap.reason


async def mapped_reps(conn: AsyncConnection, connection: str) -> list[MappedRep]:
    """The reps as they were last compared with Siro's users, by name."""
    rows = await conn.execute(_REPS, {"connection": connection})
    return [
        MappedRep(
            r.rep_id,
            r.email,
            r.name,
            r.user_id,
            r.user_email,
            r.user_name,
            r.phone,
            r.team,
            r.coaches,
            MappingMethod(r.method),
            r.why,
            r.ignored,
        )
        for r in rows
    ]


async def visits(
    conn: AsyncConnection,
    bridge: Bridge,
    reps: Sequence[MappedRep],
    wanted: VisitFilter,
    *,
    limit: int,
    offset: int = 0,
) -> list[Visit]:
    """The appointments in order of their start, at most `limit` after the first `offset`."""
    values = filter_values(bridge, reps, wanted) | {"limit": limit, "offset": offset}
    return [_visit(row) for row in await conn.execute(_VISITS, values)]


async def latest_visits(
    conn: AsyncConnection,
    bridge: Bridge,
    reps: Sequence[MappedRep],
    wanted: VisitFilter,
    *,
    limit: int,
    offset: int = 0,
) -> list[Visit]:
    """The same, latest first."""
    values = filter_values(bridge, reps, wanted) | {"limit": limit, "offset": offset}
    return [_visit(row) for row in await conn.execute(_LATEST, values)]


async def visit_of(conn: AsyncConnection, bridge: Bridge, reps: Sequence[MappedRep], key: str) -> Visit | None:
    """One appointment."""
    values = _rep_values(bridge, reps) | {"key": key}
    row = (await conn.execute(_VISIT, values)).one_or_none()
    return None if row is None else _visit(row)


async def states_of(
    conn: AsyncConnection, bridge: Bridge, reps: Sequence[MappedRep], keys: Sequence[str]
) -> dict[str, State]:
    """The states of these appointments, by key."""
    values = _rep_values(bridge, reps) | {"keys": list(keys)}
    return {row.key: state_named(row.state) for row in await conn.execute(_STATES_OF, values)} if keys else {}


def teams_of(reps: Iterable[MappedRep]) -> list[tuple[str, str]]:
    """The teams of these reps, by name: id and name."""
    found = {rep.team: rep.team_name for rep in reps if rep.team is not None}
    return sorted(((team, name or team) for team, name in found.items()), key=lambda one: one[1].casefold())


def _visit(row: Any) -> Visit:
    return Visit(
        key=row.key,
        day=row.local_day,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        since=row.since,
        rep_id=row.rep_id,
        rep=row.rep_name or row.rep_email or row.rep_id,
        rep_email=row.rep_email,
        subject=row.subject,
        customer=row.customer,
        deal_id=row.deal_id,
        account_id=row.account_id,
        state=state_named(row.state),
        recordings=row.recordings,
        gap=Gap(row.gap_reason, row.gap_note, row.gap_actor, row.gap_at) if row.gap_reason else None,
    )


def state_named(name: str) -> State:
    return _STATES.get(name, State.UNKNOWN)


def filter_values(bridge: Bridge, reps: Sequence[MappedRep], wanted: VisitFilter) -> dict[str, Any]:
    """The values that a query with `WITHIN` binds."""
    return _rep_values(bridge, reps) | {
        "first": wanted.first,
        "last": wanted.last,
        "chosen": _chosen(reps, wanted),
        "wanted_states": [state.value for state in wanted.states] or None,
        "sent_states": [state.value for state in wanted.states]
        if wanted.states and _OF_PUSH.issuperset(wanted.states)
        else None,
    }


def _chosen(reps: Sequence[MappedRep], wanted: VisitFilter) -> list[str] | None:
    """The reps that the filter leaves; None: all, and appointments without one."""
    chosen = wanted.visible
    if wanted.team is not None:
        team = frozenset(rep.rep_id for rep in reps if rep.team == wanted.team)
        chosen = team if chosen is None else chosen & team
    if wanted.rep is not None:
        one = frozenset({wanted.rep})
        chosen = one if chosen is None else chosen & one
    return None if chosen is None else sorted(chosen)


def _rep_values(bridge: Bridge, reps: Sequence[MappedRep]) -> dict[str, Any]:
    known = [(rep.rep_id, rep.user_id) for rep in reps if rep.user_id is not None]
    return {
        "connection": bridge.name,
        "ignored": sorted(_listed(bridge) | {rep.rep_id.casefold() for rep in reps if rep.ignored}),
        "unknown": [rep.rep_id for rep in reps if rep.method is MappingMethod.NONE],
        "known_reps": [rep_id for rep_id, _ in known],
        "known_users": [user_id for _, user_id in known],
    }


def _listed(bridge: Bridge) -> set[str]:
    """The reps that the file itself names; those that a column of the CRM names are on the board."""
    ignore = bridge.config.people.ignore
    return set() if isinstance(ignore, IgnoredRows) else {name.casefold() for name in ignore}


_REPS: Final = text("""
    select r.rep_id, r.email, r.name, r.user_id, u.email as user_email, u.name as user_name, u.phone, u.team,
           (select string_agg(coalesce(c.name, c.email, c.user_id), ' and ' order by c.name, c.user_id)
              from siro_users c where c.connection = u.connection and c.user_id = any(u.coaches)) as coaches,
           r.method, r.why, r.ignored
      from board_reps r left join siro_users u on u.connection = r.connection and u.user_id = r.user_id
     where r.connection = :connection
     order by lower(coalesce(r.name, r.email, r.rep_id)), r.rep_id
""")

WITHIN: Final = """
    and b.local_day between :first and :last
    and (cast(:chosen as text[]) is null or b.rep_id = any(cast(:chosen as text[])))
"""
"""The appointments of the filter's days and reps."""
_STATES: Final = {state.value: state for state in State}
_OF_PUSH: Final = frozenset({
    State.NOT_SENT, State.QUARANTINED, State.DROPPED, State.PENDING_DELETION, State.CANCELLED,
})  # fmt: skip
"""States that a push alone decides: an index finds them."""
_LISTED: Final = f"""
    {WITHIN} and (cast(:sent_states as text[]) is null or b.state = any(cast(:sent_states as text[])))
"""
_IN_STATE: Final = "cast(:wanted_states as text[]) is null or a.state = any(cast(:wanted_states as text[]))"

_IN_ORDER: Final = f"with {appointments(_LISTED)} select a.* from appointments a where {_IN_STATE} order by"
_VISITS: Final = text(f"{_IN_ORDER} a.starts_at, a.key limit :limit offset :offset")
_LATEST: Final = text(f"{_IN_ORDER} a.local_day desc, a.starts_at desc, a.key limit :limit offset :offset")
_VISIT: Final = text(f"with {appointments('and b.key = :key')} select a.* from appointments a")
_STATES_OF: Final = text(f"""
    with {appointments("and b.key = any(cast(:keys as text[]))")} select a.key, a.state from appointments a
""")

LONGEST: Final = timedelta(days=400)
"""The most days that are counted at once."""
