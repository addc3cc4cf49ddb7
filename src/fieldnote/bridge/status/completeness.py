"""Completeness: each appointment and recording is in exactly one named state, with its age.

The states follow from the ledger, and the database computes them, so a million of them are counted where they are.
`unknown` is a bug.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.people import map_reps, save_reps, save_users
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.ignored import ignored_reps
from fieldnote.bridge.recording import Model
from fieldnote.bridge.reps import Mapped, MappingMethod
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.completeness_sql import ALL, ONE_APPOINTMENT
from fieldnote.bridge.status.states import LATE_AFTER, State
from fieldnote.bridge.zones import local_zones
from fieldnote.matching.people import email_key
from fieldnote.siro.models import User

LATE_SHOWN = 50
NOBODY = "(no rep)"
NOT_SENT = "(rep not known before it is sent)"
"""An appointment that never became a Siro record: its row may well name a rep."""


@dataclass(frozen=True)
class Directory:
    """Siro's users, and the reps that a person mapped to them (CRM id -> user id)."""

    users: Sequence[User]
    overrides: Mapping[str, str]
    is_kept: bool = False
    """Read from the database, as last listed."""

    @cached_property
    def _names(self) -> dict[str, str]:
        return {user.id: user.email or user.full_name or user.id for user in self.users}

    def name_of(self, user_id: str | None) -> str:
        """A user's email, else name, else id."""
        return self._names.get(user_id or "", user_id or NOBODY)


@dataclass(frozen=True, slots=True)
class Late:
    """An appointment or recording that is older than its state allows."""

    kind: str
    """appointment or recording"""
    id: str
    """The CRM's key, or Siro's id."""
    rep: str | None
    customer: str | None
    """The customer's name, else the subject; of a recording, its title."""
    state: str
    since: datetime
    """The start of its age; see `LATE_AFTER`."""
    zone: str | None = None
    """The zone in which its time is shown."""


Counts = dict[str, int]
"""The number in each state."""


@dataclass(slots=True)
class Counted:
    """The appointments and recordings of everybody, or of one rep."""

    appointments: Counts = field(default_factory=dict)
    recordings: Counts = field(default_factory=dict)


@dataclass(slots=True)
class Completeness(Counted):
    """All appointments and recordings, counted."""

    reps: dict[str, Counted] = field(default_factory=dict)
    """By rep: the email, else the name, else the CRM's id; for recordings alone, Siro's."""
    late: list[Late] = field(default_factory=list)
    """The latest first, at most `LATE_SHOWN`."""
    late_total: int = 0

    @property
    def unknown(self) -> int:
        """The number without a known state."""
        return self.appointments.get(State.UNKNOWN, 0) + self.recordings.get(State.UNKNOWN, 0)


async def completeness(bridge: Bridge, directory: Directory | None, *, rep: str | None = None) -> Completeness:
    """Count all appointments and recordings, or those of one rep (an email, a name, or the CRM's id).

    Without a `directory`, because Siro did not answer, no rep counts as unmapped, and recordings are counted by Siro's
    user ids.
    """
    result = Completeness()
    await refresh(bridge)
    async with bridge.engine.connect() as conn:
        mapped = await _map_reps(conn, bridge.name, directory)
        ignored = await ignored_reps(bridge)
        if directory is not None and not directory.is_kept:
            await save_users(conn, bridge.name, directory.users)
            await save_reps(conn, bridge.name, mapped, ignored)
            await conn.commit()
        values = _values(bridge, mapped, ignored) | {"rep": rep, "rep_users": _users_of(rep, mapped, directory)}
        limits = {
            "states": [str(state) for state in LATE_AFTER],
            "seconds": [limit.total_seconds() for limit in LATE_AFTER.values()],
            "shown": LATE_SHOWN,
        }
        for row in await conn.execute(text(ALL), values | limits):
            if row.id is None:
                _count(result, row, directory)
            else:
                rep_name = _rep_of(row, directory)
                result.late.append(Late(row.kind, row.id, rep_name, row.customer, row.state, row.since))
                result.late_total = row.number
    result.late = await asyncio.to_thread(_with_zones, bridge, result.late)
    return result


def _with_zones(bridge: Bridge, late: Sequence[Late]) -> list[Late]:
    """Each appointment on the clock of its own place, each recording on the CRM's."""
    visits = [(Model.ENGAGEMENT, item.id) for item in late if item.kind == "appointment"]
    zones = local_zones(bridge, visits)
    return [replace(item, zone=zones.get((Model.ENGAGEMENT, item.id), bridge.zone)) for item in late]


async def state_of_appointment(
    conn: AsyncConnection, bridge: Bridge, key: str, mapped: Sequence[Mapped], ignored: Iterable[str]
) -> State:
    """The state of one appointment, as of the board's last refresh."""
    values = _values(bridge, mapped, ignored) | {"key": key}
    return State(await conn.scalar(text(ONE_APPOINTMENT), values) or State.UNKNOWN)


def _values(bridge: Bridge, mapped: Sequence[Mapped], ignored: Iterable[str] = ()) -> dict[str, Any]:
    """The values that every query binds: the mapped reps, and those who do not use Siro."""
    known = [item for item in mapped if item.user is not None]
    return {
        "connection": bridge.name,
        "ignored": sorted(ignored),
        "unknown": [item.rep.external_id for item in mapped if item.method is MappingMethod.NONE],
        "known_reps": [item.rep.external_id for item in known],
        "known_users": [item.user.id for item in known if item.user is not None],
    }


async def _map_reps(conn: AsyncConnection, connection: str, directory: Directory | None) -> list[Mapped]:
    """The reps of all appointments, each with its Siro user."""
    if directory is None:
        return []
    return await map_reps(conn, connection, directory.users, directory.overrides)


def _users_of(rep: str | None, mapped: Sequence[Mapped], directory: Directory | None) -> list[str] | None:
    """Siro's ids of the users that `rep` may be; None: all users."""
    if rep is None:
        return None
    wanted = rep.casefold()
    names = {item.user.id: (item.rep.external_id, item.rep.email, item.rep.name) for item in mapped if item.user}
    users = directory.users if directory is not None else ()
    found = [key for key, called in names.items() if wanted in {(name or "").casefold() for name in called}]
    found += [user.id for user in users if email_key(user.email) == email_key(rep) or user.id == rep]
    return [*dict.fromkeys(found), rep]


def _count(result: Completeness, row: Any, directory: Directory | None) -> None:
    of_rep = result.reps.setdefault(_rep_of(row, directory), Counted())
    for counted in (result, of_rep):
        counts = counted.appointments if row.kind == "appointment" else counted.recordings
        counts[row.state] = counts.get(row.state, 0) + row.number


def _rep_of(row: Any, directory: Directory | None) -> str:
    if row.kind == "appointment":
        sent = row.state not in {State.NOT_SENT, State.QUARANTINED, State.DROPPED}
        return str(row.rep or (NOBODY if sent else NOT_SENT))
    return directory.name_of(row.rep) if directory is not None else str(row.rep or NOBODY)
