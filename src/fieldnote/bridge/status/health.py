"""The health of a connection: no unknown state, schedules on time, credentials accepted.

Siro is asked three or four questions. If it does not answer, the last runs decide.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.people import kept_people
from fieldnote.bridge.errors import Busy
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull.due import Cause, shared_causes
from fieldnote.bridge.remote import NO_RECORDING
from fieldnote.bridge.reps import overrides_of
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.completeness import Completeness, Directory, completeness
from fieldnote.bridge.status.states import LATE_AFTER
from fieldnote.config.values import in_words
from fieldnote.db.bridge_tables import connections, runs
from fieldnote.errors import Transient
from fieldnote.json_form import to_json
from fieldnote.siro import bulk
from fieldnote.siro.errors import Forbidden, NotFound, SiroError, Unauthorized

PERIODS = 3
"""The periods after which a schedule without a successful run is late."""
ENDS_SOON = timedelta(days=7)
ORGANIZATION = "organization"
USER = "user"


_MOVES_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A push or pull that runs regularly, by the daemon or another scheduler."""

    task: str
    every: timedelta
    last: datetime | None
    """The end of the last run without an error."""
    kept: bool
    """Whether it is on time."""
    error: str | None
    """The type of error of the latest run."""
    progress: str | None = None
    """How far the run in progress is."""
    notices: int = 0
    """Parts of the CRM, such as a broken file, that the latest run could not bring up to date or read in part."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token that Siro accepts or refuses."""

    name: str
    """organization or user"""
    good: bool | None
    """None: Siro did not answer, and no earlier run was refused."""
    why: str
    ends_at: datetime | None = None
    """Its end, if known."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that a person must fix. It has no customer data."""

    name: str
    """Constant while the problem lasts: `schedule pull`."""
    words: str
    hint: str


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a connection."""

    connection: str
    completeness: Completeness
    schedules: tuple[Schedule, ...]
    credentials: tuple[Credential, ...]
    asked_siro: bool
    """Whether Siro listed its users; otherwise no rep counts as unmapped."""
    zone: str | None = None
    """The zone in which times are shown."""
    causes: tuple[Cause, ...] = ()
    """Why several CRM records cannot be written."""

    @property
    def problems(self) -> list[Problem]:
        """The problems that a person must fix."""
        found = [_late(item) for item in self.schedules if not item.kept]
        found += [_refused(item) for item in self.credentials if item.good is False]
        found += [_blocked(item) for item in self.causes]
        if self.completeness.unknown:
            words = f"{self.completeness.unknown} appointments or recordings are in an unknown state"
            found.append(Problem("unknown", words, "`fieldnote status` lists them. Please report this bug."))
        return found

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "connection": self.connection,
            "well": not self.problems,
            "problems": to_json(self.problems),
            **to_json(self.completeness),
            "limits": to_json(LATE_AFTER),
            "schedules": to_json(self.schedules),
            "credentials": to_json(self.credentials),
            "askedSiro": self.asked_siro,
        }


async def status(bridge: Bridge, *, rep: str | None = None) -> Status:
    """Return the status; with `rep`, count only this rep's appointments and recordings."""
    with bulk():
        credentials = await _credentials(bridge)
        answers = all(item.good is not None for item in credentials)
        known = await _kept_directory(bridge) or (await directory(bridge) if answers else None)
    counted = await completeness(bridge, known, rep=rep)
    async with bridge.engine.connect() as conn:
        causes = tuple(await shared_causes(conn, bridge.name))
    return Status(bridge.name, counted, await _schedules(bridge), credentials, known is not None, bridge.zone, causes)


async def _kept_directory(bridge: Bridge) -> Directory | None:
    """Return Siro's users as `fieldnote run` listed them within the hour."""
    async with bridge.engine.connect() as conn:
        kept = await kept_people(conn, bridge.name)
    return None if kept is None else Directory(*kept, is_kept=True)


async def directory(bridge: Bridge) -> Directory | None:
    """Return Siro's users; None if it does not answer, or refuses this credential."""
    try:
        users = [user for user in await bridge.remote.client.users.list() if not user.disabled]
        return Directory(users, await overrides_of(bridge) or {})
    except SiroError:
        return None


# --- schedules ------------------------------------------------------------------------------------------


async def _schedules(bridge: Bridge) -> tuple[Schedule, ...]:
    return tuple([await _schedule(bridge, task, every) for task, every in _wanted(bridge).items()])


def _wanted(bridge: Bridge) -> dict[str, timedelta]:
    """The schedules of the file."""
    config = bridge.config
    wanted = {}
    if config.push is not None and config.push.streams():
        wanted["push"] = config.push.every
    if config.pull is not None and config.pull.targets():
        wanted["pull"] = config.pull.every
    return wanted


async def _schedule(bridge: Bridge, task: str, every: timedelta) -> Schedule:
    """A new connection has time until its first run. A run in progress may take as long as it moves."""
    async with bridge.engine.connect() as conn:
        made = await conn.scalar(select(connections.c.created_at).where(connections.c.name == bridge.name))
        latest = await _ended(conn, bridge.name, task)
        good = await _ended(conn, bridge.name, task, runs.c.outcome["error"].astext.is_(None))
    last = good.finished_at if good is not None else None
    since = last or made
    kept = since is not None and _now() - since <= PERIODS * every
    outcome = (latest.outcome or {}) if latest is not None else {}
    on_time = kept or await _moves(bridge, task, every)
    progress, notices = await _progress(bridge, task, every), outcome.get("notices", 0)
    return Schedule(task, every, last, on_time, outcome.get("error"), progress, notices)


async def _progress(bridge: Bridge, task: str, every: timedelta) -> str | None:
    """The latest words of a run that moves; a killed one has none."""
    mine = runs.c.connection == bridge.name, runs.c.kind == task, runs.c.finished_at.is_(None)
    statement = select(runs.c.outcome["progress"].astext).where(*mine, runs.c.moved_at.is_not(None))
    async with bridge.engine.connect() as conn:
        words = await conn.scalar(statement.order_by(runs.c.started_at.desc()).limit(1))
    return words if words is not None and await _moves(bridge, task, max(every, _MOVES_WITHIN)) else None


async def _ended(conn: AsyncConnection, connection: str, task: str, *more: ColumnElement[bool]) -> Any:
    """The latest finished run, with its result."""
    mine = runs.c.connection == connection, runs.c.kind == task, runs.c.finished_at.is_not(None)
    statement = select(runs.c.finished_at, runs.c.outcome).where(*mine, *more)
    return (await conn.execute(statement.order_by(runs.c.started_at.desc()).limit(1))).one_or_none()


async def _moves(bridge: Bridge, task: str, every: timedelta) -> bool:
    """Whether a run is in progress that moved within three periods. A silent run is late."""
    mine = runs.c.connection == bridge.name, runs.c.kind == task, runs.c.finished_at.is_(None)
    moved = func.greatest(runs.c.started_at, func.coalesce(runs.c.moved_at, runs.c.started_at))
    async with bridge.engine.connect() as conn:
        latest = await conn.scalar(select(func.max(moved)).where(*mine))
    return latest is not None and _now() - latest <= PERIODS * every and await _is_locked(bridge, task)


async def _is_locked(bridge: Bridge, task: str) -> bool:
    """Whether a process has the lock of such a run: a killed one has left it."""
    push = bridge.config.push
    streams = list(push.streams()) if task == "push" and push is not None else []
    try:
        for stream in streams or [""]:
            what = (task, bridge.name, stream) if stream else (task, bridge.name)
            async with exclusive(bridge.engine, *what, max_wait=0):
                pass
    except Busy:
        return True
    return False


def _blocked(item: Cause) -> Problem:
    return Problem(
        f"records {item.cause}",
        f"{item.records} CRM records wait for one cause: {item.cause}",
        "Fix the cause in the CRM. Each pull tries one of these records, and all of them once it succeeds.",
    )


def ending(error: str) -> str:
    """How a run ended, in words: `ended with Unauthorized`."""
    return "began while another one was still at work" if error == Busy.__name__ else f"ended with {error}"


def _late(item: Schedule) -> Problem:
    if item.last is None:
        words = f"no {item.task} has succeeded yet"
    else:
        words = f"no {item.task} has succeeded since {item.last:%Y-%m-%d %H:%M} UTC"
    words += f"; it should run every {in_words(item.every)}"
    words += f"; the latest {ending(item.error)}" if item.error else ""
    return Problem(
        f"schedule {item.task}",
        words,
        f"Check that `fieldnote run` is running. `fieldnote {item.task}` prints the error.",
    )


# --- credentials ----------------------------------------------------------------------------------------


async def _credentials(bridge: Bridge) -> tuple[Credential, ...]:
    client = bridge.remote.client
    seen = await _refused_last(bridge)
    found = [await _judge(ORGANIZATION, client.auth.caller_identity, seen, _end_of_token(bridge))]
    if bridge.remote.has_user_token and found[0].good is not None:
        found.append(await _judge(USER, lambda: client.extractions.list(NO_RECORDING), None, None))
    return tuple(found)


async def known_credential(bridge: Bridge) -> Credential:
    """The organization's credential as it is known here; Siro is not asked."""
    ends, refused = _end_of_token(bridge), await _refused_last(bridge)
    if refused is not None:
        return Credential(ORGANIZATION, False, f"Siro refused it at {refused:%Y-%m-%d %H:%M} UTC", ends)
    if ends is not None and ends - _now() < ENDS_SOON:
        return Credential(ORGANIZATION, False, f"it expires {_in_days(ends)}", ends)
    return Credential(ORGANIZATION, None, "the latest run was not refused", ends)


def _end_of_token(bridge: Bridge) -> datetime | None:
    """As the token says, else as the file says of organization tokens."""
    settings = bridge.config.siro
    if (known := ends_at(bridge.remote.credential)) is not None or settings.token_ends is None:
        return known
    if bridge.remote.client.settings.uses_client_credentials:
        return None
    return datetime.combine(settings.token_ends, time(), UTC)


async def _judge(
    name: str, call: Callable[[], Awaitable[object]], seen: datetime | None, ends: datetime | None
) -> Credential:
    """Try the credential. One that expires soon is a problem too."""
    try:
        await call()
    except (Unauthorized, Forbidden):
        return Credential(name, False, "Siro refuses it", ends)
    except NotFound:
        pass
    except SiroError as error:
        if isinstance(error, Transient) and seen is not None:
            why = f"Siro does not answer now, and refused it at {seen:%Y-%m-%d %H:%M} UTC"
            return Credential(name, False, why, ends)
        return Credential(name, None, f"Siro did not answer: {type(error).__name__}", ends)
    if ends is not None and ends - _now() < ENDS_SOON:
        return Credential(name, False, f"it expires at {ends:%Y-%m-%d %H:%M} UTC, {_in_days(ends)}", ends)
    return Credential(name, True, "Siro accepts it" + (f"; it ends {_in_days(ends)}" if ends else ""), ends)


def _in_days(at: datetime) -> str:
    days = (at - _now()) // timedelta(days=1)
    if days < 0:
        return "in the past"
    return "within a day" if days == 0 else f"in {days} day{'s' * (days != 1)}"


async def _refused_last(bridge: Bridge) -> datetime | None:
    """The end of the latest run, if Siro refused its credential; else None."""
    ended = select(runs.c.finished_at, runs.c.outcome).where(
        runs.c.connection == bridge.name, runs.c.kind.in_(["push", "pull"]), runs.c.finished_at.is_not(None)
    )
    async with bridge.engine.connect() as conn:
        latest = (await conn.execute(ended.order_by(runs.c.id.desc()).limit(1))).one_or_none()
    refused = latest is not None and (latest.outcome or {}).get("error") == Unauthorized.__name__
    return latest.finished_at if latest is not None and refused else None


def ends_at(token: str) -> datetime | None:
    """The expiry of a JSON Web Token; None for other tokens. Pure."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (binascii.Error, ValueError, TypeError, KeyError, OverflowError, OSError):
        return None


def _refused(item: Credential) -> Problem:
    hint = (
        "Make a new token in Siro, set it as `SIRO_TOKEN` or `siro.token`, and restart `fieldnote run`; or move to a "
        "client application: `fieldnote oauth migrate`."
        if item.name == ORGANIZATION
        else "`fieldnote oauth setup` makes a new app and user token."
    )
    return Problem(f"credential {item.name}", f"the {item.name} token fails or will fail soon: {item.why}", hint)


def _now() -> datetime:
    return datetime.now(UTC)
