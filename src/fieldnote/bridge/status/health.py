"""Whether all goes well: everything accounted for, the schedules kept, the credentials good.

What Siro itself is asked costs three or four calls. If it does not answer, what the last passes saw has to do.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.errors import Busy
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.remote import NO_RECORDING
from fieldnote.bridge.reps import overrides_of
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.completeness import Completeness, Directory, completeness
from fieldnote.bridge.status.states import PATIENCE
from fieldnote.db.bridge_tables import connections, runs
from fieldnote.errors import Transient
from fieldnote.siro import bulk
from fieldnote.siro.errors import Forbidden, NotFound, SiroError, Unauthorized

PERIODS = 3
"""So many periods a schedule may go without a pass that came to its end."""
ENDS_SOON = timedelta(days=7)
ORGANIZATION = "organization"
USER = "user"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A push or pull that should come again and again, by the daemon or by another clock."""

    task: str
    every: timedelta
    last: datetime | None
    """When it last came to its end without an error."""
    kept: bool
    error: str | None
    """The kind of error that the latest one ended with."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        last = self.last.isoformat() if self.last else None
        return {
            "task": self.task,
            "every": self.every.total_seconds(),
            "last": last,
            "kept": self.kept,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class Credential:
    """What Siro knows us by."""

    name: str
    """organization or user"""
    good: bool | None
    """None: Siro could not be asked, and nothing speaks against it."""
    why: str
    ends_at: datetime | None = None
    """When it is known to end."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        ends = self.ends_at.isoformat() if self.ends_at else None
        return {"name": self.name, "good": self.good, "why": self.why, "endsAt": ends}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why not all is well. Nothing of a customer's is in it."""

    name: str
    """Stays the same as long as the problem does: `schedule pull`."""
    words: str
    hint: str


@dataclass(frozen=True, slots=True)
class Status:
    """How a connection stands."""

    connection: str
    completeness: Completeness
    schedules: tuple[Schedule, ...]
    credentials: tuple[Credential, ...]
    asked_siro: bool
    """Whether Siro told who its users are; without, no rep counts as unknown."""

    @property
    def problems(self) -> list[Problem]:
        """What a person must mend."""
        found = [_late(item) for item in self.schedules if not item.kept]
        found += [_refused(item) for item in self.credentials if item.good is False]
        if self.completeness.unaccounted:
            words = f"{self.completeness.unaccounted} appointments or recordings are unaccounted for"
            found.append(Problem("unaccounted", words, "`fieldnote status` lists them; please report it."))
        return found

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "connection": self.connection,
            "well": not self.problems,
            "problems": [{"name": item.name, "words": item.words, "hint": item.hint} for item in self.problems],
            **self.completeness.as_json(),
            "limits": {str(state): limit.total_seconds() for state, limit in PATIENCE.items()},
            "schedules": [item.as_json() for item in self.schedules],
            "credentials": [item.as_json() for item in self.credentials],
            "askedSiro": self.asked_siro,
        }


async def status(bridge: Bridge, *, rep: str | None = None) -> Status:
    """Look at everything; `rep` counts one rep's appointments and recordings alone."""
    with bulk():
        credentials = await _credentials(bridge)
        answers = all(item.good is not None for item in credentials)
        known = await directory(bridge) if answers else None
    counted = await completeness(bridge, known, rep=rep)
    return Status(bridge.name, counted, await _schedules(bridge), credentials, known is not None)


async def directory(bridge: Bridge) -> Directory | None:
    """Siro's users; None where it does not tell now, or not with this credential."""
    try:
        users = [user for user in await bridge.remote.client.users.list() if not user.disabled]
        return Directory(users, await overrides_of(bridge) or {})
    except SiroError:
        return None


# --- schedules ------------------------------------------------------------------------------------------


async def _schedules(bridge: Bridge) -> tuple[Schedule, ...]:
    return tuple([await _schedule(bridge, task, every) for task, every in _wanted(bridge).items()])


def _wanted(bridge: Bridge) -> dict[str, timedelta]:
    """What the file asks for, and how often."""
    config = bridge.config
    wanted = {}
    if config.push is not None and config.push.streams():
        wanted["push"] = config.push.every
    if config.pull is not None and config.pull.targets():
        wanted["pull"] = config.pull.every
    return wanted


async def _schedule(bridge: Bridge, task: str, every: timedelta) -> Schedule:
    """A new connection has time until its first pass, and one that is at work now takes what time it needs."""
    async with bridge.engine.connect() as conn:
        made = await conn.scalar(select(connections.c.created_at).where(connections.c.name == bridge.name))
        latest = await _ended(conn, bridge.name, task)
        good = await _ended(conn, bridge.name, task, runs.c.outcome["error"].astext.is_(None))
    last = good.finished_at if good is not None else None
    since = last or made
    kept = since is not None and _now() - since <= PERIODS * every
    error = latest.outcome.get("error") if latest is not None and latest.outcome else None
    return Schedule(task, every, last, kept or await _at_work(bridge, task), error)


async def _ended(conn: AsyncConnection, connection: str, task: str, *more: ColumnElement[bool]) -> Any:
    """The latest pass that has ended, with its outcome."""
    mine = runs.c.connection == connection, runs.c.kind == task, runs.c.finished_at.is_not(None)
    statement = select(runs.c.finished_at, runs.c.outcome).where(*mine, *more)
    return (await conn.execute(statement.order_by(runs.c.started_at.desc()).limit(1))).one_or_none()


async def _at_work(bridge: Bridge, task: str) -> bool:
    """Whether some process holds the lock of such a pass now."""
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


def _late(item: Schedule) -> Problem:
    if item.last is None:
        words = f"no {item.task} has come to a good end yet"
    else:
        words = f"no {item.task} has come to a good end since {item.last:%Y-%m-%d %H:%M} UTC"
    words += f", and one should every {item.every}"
    words += f"; the latest ended with {item.error}" if item.error else ""
    return Problem(
        f"schedule {item.task}", words, f"Does `fieldnote run` run? `fieldnote {item.task}` says what fails."
    )


# --- credentials ----------------------------------------------------------------------------------------


async def _credentials(bridge: Bridge) -> tuple[Credential, ...]:
    client = bridge.remote.client
    seen = await _refused_last(bridge)
    found = [await _judge(ORGANIZATION, client.auth.caller_identity, seen, ends_at(bridge.remote.credential))]
    if bridge.remote.has_user_token and found[0].good is not None:
        found.append(await _judge(USER, lambda: client.extractions.list(NO_RECORDING), None, None))
    return tuple(found)


async def _judge(
    name: str, call: Callable[[], Awaitable[object]], seen: datetime | None, ends: datetime | None
) -> Credential:
    """Ask with it. A credential that Siro accepts now, and that ends soon, is about to stop working all the same."""
    try:
        await call()
    except (Unauthorized, Forbidden):
        return Credential(name, False, "Siro does not accept it", ends)
    except NotFound:
        pass
    except SiroError as error:
        if isinstance(error, Transient) and seen is not None:
            why = f"Siro does not answer now, and did not accept it at {seen:%Y-%m-%d %H:%M} UTC"
            return Credential(name, False, why, ends)
        return Credential(name, None, f"Siro cannot be asked: {type(error).__name__}", ends)
    if ends is not None and ends - _now() < ENDS_SOON:
        return Credential(name, False, f"it ends at {ends:%Y-%m-%d %H:%M} UTC", ends)
    return Credential(name, True, "Siro accepts it", ends)


async def _refused_last(bridge: Bridge) -> datetime | None:
    """When the latest pass ended because Siro did not accept the credential; None if it did not."""
    ended = select(runs.c.finished_at, runs.c.outcome).where(
        runs.c.connection == bridge.name, runs.c.kind.in_(["push", "pull"]), runs.c.finished_at.is_not(None)
    )
    async with bridge.engine.connect() as conn:
        latest = (await conn.execute(ended.order_by(runs.c.id.desc()).limit(1))).one_or_none()
    refused = latest is not None and (latest.outcome or {}).get("error") == Unauthorized.__name__
    return latest.finished_at if latest is not None and refused else None


def ends_at(token: str) -> datetime | None:
    """When a token ends, if it is a JSON Web Token that says so. Pure."""
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
        "Make another token in Siro, and put it where `siro.token` is read from."
        if item.name == ORGANIZATION
        else "`fieldnote oauth setup` makes another app and user token."
    )
    return Problem(
        f"credential {item.name}", f"the {item.name}'s credential is about to fail, or fails: {item.why}", hint
    )


def _now() -> datetime:
    return datetime.now(UTC)
