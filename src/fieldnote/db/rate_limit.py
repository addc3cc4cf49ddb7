"""The budget of calls, shared by all processes that use one database: `fieldnote.siro.limits` says what it is.

Each call of a token's budget is a row, a place, that is free from a moment on, by the database's clock. A process
takes places under a lock of the token's row; when a call has ended, its place gets free one window later. The
places of a killed process stay taken for the longest that a call can take, and a window more.

A thread of each process speaks to the database: it asks once for all calls that wait just then, so that neither
an event loop nor a caller waits for SQL. If the database is away, calls wait for it and then fail with
`BudgetUnavailable`: none is made without a permit.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

import psycopg

from fieldnote.db.engine import Application, conninfo
from fieldnote.db.migrate import failure, upgrade
from fieldnote.errors import DatabaseError, FieldnoteError, Transient
from fieldnote.siro.limits import Budget, Permit, Priority, Turn

log = logging.getLogger(__name__)

LONGEST_CALL: Final = 300.0
"""Seconds that no attempt of the client outlasts."""


class BudgetUnavailable(DatabaseError, Transient):
    """The database that keeps the budget cannot be reached; nothing was sent."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A place that was taken."""

    place: int
    due: datetime
    """From when on its call may be made: a place is taken a moment before it gets free."""
    lease: datetime
    """Until when the place is held, which also proves that it is still ours."""
    wait: float
    """Seconds from the taking to `due`."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A turn and, once it is granted, its permit."""

    limiter: SharedLimiter = field(repr=False)
    key: str
    priority: Priority
    asked_at: float
    """By the monotonic clock."""
    expected: float = 0.0
    future: Future[Permit] = field(default_factory=Future, repr=False)
    held: _Held | None = None
    ended: bool = False

    def done(self) -> None:
        self.limiter._end(self, used=True)  # noqa: SLF001 - the other half of one thing

    def leave(self) -> None:
        self.limiter._end(self, used=False)  # noqa: SLF001


@dataclass(slots=True)
class _Ended:
    """Places to give back: after a window if a call was made, else at once."""

    used: list[_Turn] = field(default_factory=list)
    unused: list[_Turn] = field(default_factory=list)


class SharedLimiter:
    """A budget for each token, shared by all processes on one database. Close it (`with`, or `close`)."""

    def __init__(self, url: str, budget: Budget, *, patience: float = 30.0, longest_call: float = LONGEST_CALL) -> None:
        """`url` is the bridge's PostgreSQL, migrated if need be. `patience`: seconds that calls wait for it."""
        self.budget = budget
        self._url = url
        self._patience = patience
        self._lease = longest_call + budget.seconds
        self._poll = min(0.5, budget.seconds / 100)
        # Places are taken so long ahead, many at a visit: one by one, each visit would delay the next window.
        self._ahead = min(0.25, budget.seconds / 30)
        self._lock = threading.Condition()
        self._waiting: dict[str, dict[Priority, deque[_Turn]]] = {}
        self._ended: dict[str, _Ended] = {}
        self._due: list[tuple[float, int, _Turn]] = []
        """A heap: turns that have a place, by when they may go."""
        self._refused: set[str] = set()
        self._free_at: dict[str, float] = {}
        """By key, when a place is thought to get free; only for keys whose places are all taken."""
        self._known: set[str] = set()
        self._count = count()
        self._connection: psycopg.Connection | None = None
        self._closing = False
        self._pump: threading.Thread | None = None

    # --- the limiter ------------------------------------------------------------------------------------

    def request(self, key: str, priority: Priority) -> Turn:
        """Ask for a call of a token. The permit comes as soon as the database has answered, or has a place."""
        now = time.monotonic()
        with self._lock:
            if self._closing:
                raise BudgetUnavailable("the budget of calls is closed")
            expected = max(0.0, self._free_at.get(key, 0.0) - now)
            turn = _Turn(self, key, priority, now, expected)
            lanes = self._waiting.setdefault(key, {each: deque() for each in Priority})
            lanes[priority].append(turn)
            self._wake()
        return turn

    def refused(self, key: str) -> None:
        """Siro answered 429 all the same: nobody calls for a moment, in no process."""
        with self._lock:
            self._refused.add(key)
            self._wake()

    def close(self) -> None:
        """Give back what is held, and let nobody wait any longer."""
        with self._lock:
            self._closing = True
            self._lock.notify_all()
        if self._pump is not None:
            self._pump.join(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self, turn: _Turn, *, used: bool) -> None:
        """A call is over, or somebody leaves. Both may be said more than once."""
        with self._lock:
            if turn.ended:
                return
            turn.ended = True
            if turn.held is None:
                # Else the thread has just taken it out to grant it, and finds it ended.
                if turn in (lane := self._waiting[turn.key][turn.priority]):
                    lane.remove(turn)
                return
            ended = self._ended.setdefault(turn.key, _Ended())
            (ended.used if used else ended.unused).append(turn)
            self._wake()

    # --- the thread -------------------------------------------------------------------------------------

    def _wake(self) -> None:
        if self._pump is None:
            self._pump = threading.Thread(target=self._run, name="fieldnote-shared-budget", daemon=True)
            self._pump.start()
        self._lock.notify_all()

    def _run(self) -> None:
        pause: float | None = 0.0
        while True:
            with self._lock:
                self._rest(pause)
                closing = self._closing
            self._let_go()
            try:
                pause = self._pass()
            except (psycopg.Error, DatabaseError) as error:
                self._disconnect()
                self._give_up_on_old(error)
                pause = 0.2
            if closing:
                self._fail_all(BudgetUnavailable("the budget of calls is closed"))
                self._disconnect()
                return

    def _rest(self, pause: float | None) -> None:
        """Until the next visit is worth while, a turn may go, or there is news. The lock is held."""
        if self._closing:
            return
        if not (self._due or self._has_work()):
            self._lock.wait()
            return
        until_due = self._due[0][0] - time.monotonic() if self._due else None
        waits = [wait for wait in (pause, until_due) if wait is not None]
        if waits and min(waits) > 0:
            self._lock.wait(min(waits))

    def _let_go(self) -> None:
        """Grant the places whose time has come."""
        now = time.monotonic()
        with self._lock:
            turns = []
            while self._due and self._due[0][0] <= now:
                turns.append(heapq.heappop(self._due)[2])
        for turn in turns:
            if not turn.ended and turn.future.set_running_or_notify_cancel():
                turn.future.set_result(turn)
            else:
                self._give_back(turn)  # who left meanwhile has done so already: the lease keeps it to once

    def _has_work(self) -> bool:
        return bool(self._ended or self._refused) or any(
            lane for lanes in self._waiting.values() for lane in lanes.values()
        )

    def _pass(self) -> float | None:
        """One visit to the database for each token with news. Seconds until the next is worth while."""
        with self._lock:
            keys = {key for key, lanes in self._waiting.items() if any(lanes.values())}
            keys |= self._ended.keys() | self._refused
        pauses = [self._visit(key) for key in sorted(keys)]
        return min((pause for pause in pauses if pause is not None), default=None)

    def _visit(self, key: str) -> float | None:
        with self._lock:
            ended = self._ended.pop(key, _Ended())
            refused = key in self._refused
            self._refused.discard(key)
            lanes = self._waiting.get(key, {})
            wanted = {priority: len(lanes.get(priority, ())) for priority in Priority}
        try:
            taken, pause = self._exchange(key, ended, wanted, refused=refused)
        except (psycopg.Error, DatabaseError):
            with self._lock:
                kept = self._ended.setdefault(key, _Ended())
                kept.used += ended.used
                kept.unused += ended.unused
                if refused:
                    self._refused.add(key)
            raise
        self._give(key, taken)
        return pause

    def _give(self, key: str, taken: list[_Held]) -> None:
        """Hand the places out, live calls first; places that no call wants go back."""
        now = time.monotonic()
        with self._lock:
            for held in taken:
                turn = self._next(key)
                turn.held = held
                heapq.heappush(self._due, (now + held.wait, next(self._count), turn))
        self._let_go()

    def _next(self, key: str) -> _Turn:
        for lane in self._waiting[key].values():
            if lane:
                return lane.popleft()
        spare = _Turn(self, key, Priority.BULK, time.monotonic())
        spare.ended = True
        return spare

    def _give_back(self, turn: _Turn) -> None:
        with self._lock:
            turn.ended = True
            self._ended.setdefault(turn.key, _Ended()).unused.append(turn)

    def _give_up_on_old(self, error: Exception) -> None:
        """Calls that have waited for the database longer than the patience lasts."""
        oldest = time.monotonic() - self._patience
        with self._lock:
            lanes = [lane for lanes in self._waiting.values() for lane in lanes.values()]
            old = [turn for lane in lanes for turn in lane if turn.asked_at < oldest]
            for lane in lanes:
                for turn in old:
                    if turn in lane:
                        lane.remove(turn)
        reason = error if isinstance(error, DatabaseError) else failure(error, self._url)  # type: ignore[arg-type]
        log.warning("shared_budget_unavailable", extra={"waiting": len(old)})
        _fail(old, BudgetUnavailable(f"the budget of calls cannot be kept: {reason.message}", hint=reason.hint))

    def _fail_all(self, error: FieldnoteError) -> None:
        with self._lock:
            turns = [turn for lanes in self._waiting.values() for lane in lanes.values() for turn in lane]
            self._waiting.clear()
        _fail(turns, error)

    # --- SQL --------------------------------------------------------------------------------------------

    def _exchange(
        self, key: str, ended: _Ended, wanted: dict[Priority, int], *, refused: bool
    ) -> tuple[list[_Held], float | None]:
        """Give places back and take others, in one transaction. Returns the places taken, and when to ask again."""
        connection = self._connected()
        with connection.transaction(), connection.cursor() as cursor:
            self._prepare(cursor, key)
            values: dict[str, Any] = {
                "key": key,
                "pause": self.budget.pause if refused else 0.0,
                "hold": 2 * self._poll,
                "live": wanted[Priority.LIVE] > 0,
            }
            cursor.execute(_LOCK, values)
            closed_for, live_elsewhere = _only(cursor)
            self._put_back(cursor, key, ended)
            cursor.execute(_FREE, {"key": key, "calls": self.budget.calls, "ahead": self._ahead})
            free, next_free = _only(cursor)
            number = self._share(free, wanted, live_elsewhere=live_elsewhere) if closed_for <= 0 else 0
            taken: list[_Held] = []
            if number:
                values |= {"calls": self.budget.calls, "ahead": self._ahead, "count": number, "lease": self._lease}
                taken = [_Held(*row) for row in cursor.execute(_TAKE, values)]
            if len(taken) >= wanted[Priority.LIVE] > 0:
                cursor.execute(_SERVED, {"key": key})
        return taken, self._pause(key, wanted, len(taken), max(closed_for, next_free or 0.0))

    def _share(self, free: int, wanted: dict[Priority, int], *, live_elsewhere: bool) -> int:
        """How many places to take of those that are free."""
        live = min(wanted[Priority.LIVE], free)
        if live < wanted[Priority.LIVE] or (live_elsewhere and not wanted[Priority.LIVE]):
            return live
        return live + max(0, min(wanted[Priority.BULK], free - live - self.budget.kept))

    def _pause(self, key: str, wanted: dict[Priority, int], granted: int, next_free: float) -> float | None:
        """When to look again; places of other processes may get free earlier than they say now."""
        if granted >= sum(wanted.values()):
            self._free_at.pop(key, None)
            return None
        self._free_at[key] = time.monotonic() + min(next_free, self.budget.seconds)
        return min(max(next_free, 0.001), self._poll)

    def _put_back(self, cursor: psycopg.Cursor, key: str, ended: _Ended) -> None:
        for turns, wait in ((ended.used, self.budget.seconds), (ended.unused, 0.0)):
            if held := [turn.held for turn in turns if turn.held is not None]:
                values = {
                    "key": key,
                    "wait": wait,
                    "places": [each.place for each in held],
                    "leases": [each.lease for each in held],
                    "dues": [each.due for each in held],
                }
                cursor.execute(_PUT_BACK, values)

    def _prepare(self, cursor: psycopg.Cursor, key: str) -> None:
        """The token's rows, at its first use; those of tokens that nobody uses any more go."""
        if key not in self._known:
            cursor.execute(_TRIM)
            cursor.execute(_ADD, {"key": key})
            cursor.execute(_ADD_PLACES, {"key": key, "calls": self.budget.calls})
            self._known.add(key)

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(conninfo(Application.BRIDGE, self._url), autocommit=True)
            if _only(self._connection.execute("select to_regclass('call_places') is null"))[0]:
                upgrade(Application.BRIDGE, self._url)
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._known.clear()
        if connection is not None:
            connection.close()


def _fail(turns: list[_Turn], error: FieldnoteError) -> None:
    for turn in turns:
        turn.ended = True
        if turn.future.set_running_or_notify_cancel():
            turn.future.set_exception(error)


def _only(cursor: psycopg.Cursor) -> tuple[Any, ...]:
    row = cursor.fetchone()
    if row is None:  # its rows were trimmed under us
        raise psycopg.OperationalError("the budget's rows are gone")
    return row


_TRIM: Final = "delete from call_budgets where used_at < now() - interval '1 day'"
_ADD: Final = "insert into call_budgets (key) values (%(key)s) on conflict do nothing"
_ADD_PLACES: Final = """
insert into call_places (key, place) select %(key)s, generate_series(0, %(calls)s - 1) on conflict do nothing
"""
# The lock under which all else happens. A process with live calls waiting says so for a moment.
_LOCK: Final = """
update call_budgets set
  used_at = clock_timestamp(),
  closed_until = greatest(closed_until, clock_timestamp() + make_interval(secs => %(pause)s)),
  live_until = case when %(live)s then clock_timestamp() + make_interval(secs => %(hold)s) else live_until end
where key = %(key)s
returning extract(epoch from closed_until - clock_timestamp())::float8, live_until > clock_timestamp()
"""
# Its live calls were served; other processes' that still wait say so again within a moment.
_SERVED: Final = "update call_budgets set live_until = clock_timestamp() where key = %(key)s"
_PUT_BACK: Final = """
update call_places p set free_at = greatest(clock_timestamp() + make_interval(secs => %(wait)s), ours.due)
  from unnest(%(places)s::int[], %(leases)s::timestamptz[], %(dues)s::timestamptz[]) as ours (place, lease, due)
 where p.key = %(key)s and p.place = ours.place and p.free_at = ours.lease
"""
_FREE: Final = """
with soon as materialized (select clock_timestamp() + make_interval(secs => %(ahead)s) as moment)
select count(*) filter (where free_at <= moment),
       extract(epoch from min(free_at - moment) filter (where free_at > moment))::float8
  from soon left join call_places on key = %(key)s and place < %(calls)s
"""
_TAKE: Final = """
with chosen as (
  select place, greatest(free_at, clock_timestamp()) as due from call_places
   where key = %(key)s and place < %(calls)s and free_at <= clock_timestamp() + make_interval(secs => %(ahead)s)
   order by free_at limit %(count)s)
update call_places p set free_at = chosen.due + make_interval(secs => %(lease)s)
  from chosen where p.key = %(key)s and p.place = chosen.place
returning p.place, chosen.due, p.free_at, greatest(0, extract(epoch from chosen.due - clock_timestamp()))::float8
"""
