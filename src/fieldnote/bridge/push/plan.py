"""Plan: what a push would create, change and delete, without sending or keeping anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fieldnote.bridge.push.change_detection import Comparison, Send, Work
from fieldnote.bridge.push.deletions import Seen, Vanished
from fieldnote.bridge.push.ledger import SentState, StreamLedger
from fieldnote.bridge.push.payload_diff import FieldChange, changes
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import Reading, Wish
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Page
from fieldnote.mapping.records import RowMapper, StreamName

_LOOKED_UP = 200


class Action(StrEnum):
    """What a push would do with a record."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    QUARANTINE = "quarantine"
    """It cannot become a Siro record; nothing is sent."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One record that a push would touch."""

    stream: str
    key: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        fields = [{"field": item.field, "old": item.old, "new": item.new} for item in self.fields]
        return {
            "stream": self.stream,
            "key": self.key,
            "action": self.action.value,
            "fields": fields,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Plan:
    """How much a push would do."""

    connection: str
    read: int = 0
    counts: dict[Action, int] = field(default_factory=lambda: dict.fromkeys(Action, 0))
    warnings: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing would be sent."""
        return not any(self.counts[action] for action in (Action.CREATE, Action.CHANGE, Action.DELETE))

    def as_json(self) -> dict[str, Any]:
        """For `--json`, without the changes."""
        counts = {action.value: count for action, count in self.counts.items()}
        return {
            "connection": self.connection,
            "empty": self.empty,
            "read": self.read,
            **counts,
            "warnings": self.warnings,
        }


Told = Callable[[PlannedChange], None]


async def plan_once(bridge: Bridge, tell: Told, *, wish: Wish | None = None) -> Plan:
    """Compare as a push would, and tell of each record that it would touch, as it is found."""
    wish = wish or Wish()
    plan = Plan(bridge.name)
    for name, mapper in mappers_of(bridge, wish.streams).items():
        await _StreamPlan(bridge, name, mapper, wish, plan, tell).run()
    return plan


class _StreamPlan:
    def __init__(self, bridge: Bridge, name: StreamName, mapper: RowMapper, wish: Wish, plan: Plan, tell: Told) -> None:
        self.bridge = bridge
        self.name = name
        self.wish = wish
        self.plan = plan
        self.tell = tell
        self.ledger = StreamLedger(bridge.name, name)
        self.reading = Reading(bridge, self.ledger, mapper, wish)
        settings = self.reading.settings
        self.comparison = Comparison(self.ledger, mapper, settings.map)
        self.result = StreamResult(name)
        self.vanished = Vanished(bridge, self.ledger, self.reading.source, settings.deletions, self.result)
        self._told: set[str] = set()
        """Keys that were looked up before the reading, which may come to them again."""

    async def run(self) -> None:
        await self.reading.begin()
        if self.wish.keys:
            await self._look_up(self.wish.keys)
        else:
            await self._read()
        self.plan.warnings += [item for item in self.result.warnings if item not in self.plan.warnings]

    async def _read(self) -> None:
        for state in (SentState.PENDING, SentState.DOUBTFUL):
            await self._look_up_all(state)
        async with self.bridge.engine.connect() as conn:
            seen = Seen(await self.ledger.last_number(conn))
        async with aclosing(self.reading.pages()) as pages:
            async for page in pages:
                self.plan.read += len(page.rows)
                seen.add((await self._show(page)).seen, len(page.rows))
        if self.reading.complete:
            await self._show_unseen(seen)

    async def _look_up_all(self, state: SentState) -> None:
        after = ""
        while True:
            async with self.bridge.engine.connect() as conn:
                keys = await self.ledger.keys_in(conn, state, after=after, limit=_LOOKED_UP)
            if not keys:
                return
            await self._look_up(keys)
            after = keys[-1]

    async def _look_up(self, keys: Sequence[str]) -> None:
        rows = await self.reading.rows(list(keys))
        await self._show(Page(tuple(rows.values()), None, last=False))
        await self._show_gone([key for key in keys if key not in rows])
        self._told |= set(keys)

    async def _show(self, page: Page) -> Work:
        async with self.bridge.engine.connect() as conn:
            work = await self.comparison.page(conn, page, anew=False)
        self.result.warn(*work.warnings)
        for record in work.send:
            self._tell(_planned(self.name, record))
        for item in work.failed:
            self._tell(PlannedChange(self.name, item.key, Action.QUARANTINE, reason=item.reason))
        return work

    async def _show_unseen(self, seen: Seen) -> None:
        after = ""
        while True:
            keys = await self.vanished.unseen(seen, after=after, limit=_LOOKED_UP)
            if not keys:
                return
            await self._show_gone(keys)
            after = keys[-1]

    async def _show_gone(self, keys: Sequence[str]) -> None:
        if not keys or not self.vanished.wanted:
            return
        really = await self.vanished.standing_apart(keys)
        async with self.bridge.engine.connect() as conn:
            for record in await self.comparison.gone(conn, really):
                self._tell(_planned(self.name, record))

    def _tell(self, change: PlannedChange) -> None:
        if change.key in self._told:
            return
        self.plan.counts[change.action] += 1
        self.tell(change)


def _planned(stream: str, record: Send) -> PlannedChange:
    action = Action.CREATE if record.held is None else Action.DELETE if record.deletes else Action.CHANGE
    return PlannedChange(stream, record.key, action, changes(record.held, record.step.holds))
