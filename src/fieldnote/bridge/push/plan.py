"""Plan: the records that a push would create, change and delete. Sends nothing, and keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fieldnote.bridge.push.change_detection import Upsert, Work
from fieldnote.bridge.push.deletions import SeenKeys
from fieldnote.bridge.push.payload_diff import FieldChange, changes
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import PushRequest
from fieldnote.bridge.push.states import SentState
from fieldnote.bridge.push.stream import Stream
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Page
from fieldnote.json_form import to_json


class Action(StrEnum):
    """The step that a push would take for a record."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    QUARANTINE = "quarantine"
    """It cannot become a Siro record; a push would not send it."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One record that a push would touch."""

    stream: str
    key: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str | None = None


@dataclass(slots=True)
class Plan:
    """How much a push would do."""

    connection: str
    read: int = 0
    counts: dict[Action, int] = field(default_factory=lambda: dict.fromkeys(Action, 0), metadata={"json": False})
    warnings: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing would be sent."""
        return not any(self.counts[action] for action in (Action.CREATE, Action.CHANGE, Action.DELETE))

    def as_json(self) -> dict[str, Any]:
        """For `--json`, without the changes."""
        return {**to_json(self), "empty": self.empty, **to_json(self.counts)}


Report = Callable[[PlannedChange], None]


async def plan_once(bridge: Bridge, report: Report, *, request: PushRequest | None = None) -> Plan:
    """Compare as a push would, and report each record that it would touch, as it is found."""
    request = request or PushRequest()
    plan = Plan(bridge.name)
    for name, mapper in mappers_of(bridge, request.streams).items():
        await _StreamPlan(Stream(bridge, name, mapper, request), plan, report).run()
    return plan


class _StreamPlan:
    def __init__(self, stream: Stream, plan: Plan, report: Report) -> None:
        self.stream = stream
        self.plan = plan
        self.report = report
        self._created = 0
        self._created_deleted = 0
        self._reported: set[str] = set()
        """Keys that were looked up before the reading, which may give them again."""

    async def run(self) -> None:
        await self.stream.reader.begin()
        if self.stream.request.keys:
            await self._look_up(self.stream.request.keys)
        else:
            await self._read()
        if 2 * self._created_deleted > self._created:
            self.stream.result.warn(
                f"push.{self.stream.name}: {self._created_deleted} of {self._created} new records would go to Siro as "
                "deleted: see `deletedAt` in the map"
            )
        self.plan.warnings += [item for item in self.stream.result.warnings if item not in self.plan.warnings]

    async def _read(self) -> None:
        for state in (SentState.PENDING, SentState.PENDING_DELETION):
            async for keys in self.stream.keys_in(state):
                await self._look_up(keys)
        async with self.stream.bridge.engine.connect() as conn:
            seen = SeenKeys(await self.stream.ledger.last_number(conn))
        async with aclosing(self.stream.reader.pages()) as pages:
            async for page in pages:
                self.plan.read += len(page.rows)
                seen.add((await self._report_page(page)).seen, len(page.rows))
        if self.stream.reader.complete:
            async for keys in self.stream.unseen(seen):
                await self._report_gone(keys)

    async def _look_up(self, keys: Sequence[str]) -> None:
        found = await self.stream.reader.look_up(list(keys))
        if self.stream.request.keys:
            self.plan.read += len(found.rows)
        await self._report_page(found.page)
        await self._report_gone(found.missing(keys))
        self._reported |= set(keys)

    async def _report_page(self, page: Page) -> Work:
        work = await self.stream.compare(page)
        self.stream.result.warn(*work.warnings)
        for record in work.send:
            self._created += record.before is None
            self._created_deleted += record.before is None and record.deletes
            self._add(_planned(self.stream.name, record))
        for item in work.failed:
            self._add(PlannedChange(self.stream.name, item.key, Action.QUARANTINE, reason=item.reason))
        return work

    async def _report_gone(self, keys: Sequence[str]) -> None:
        if not self.stream.deletions.wanted:
            return
        gone = await self.stream.deletions.without_remaining(keys)
        async with self.stream.bridge.engine.connect() as conn:
            for record in await self.stream.comparison.delete(conn, gone):
                self._add(_planned(self.stream.name, record))

    def _add(self, change: PlannedChange) -> None:
        if change.key not in self._reported:
            self.plan.counts[change.action] += 1
            self.report(change)


def _planned(stream: str, record: Upsert) -> PlannedChange:
    action = Action.CREATE if record.before is None else Action.DELETE if record.deletes else Action.CHANGE
    return PlannedChange(stream, record.key, action, changes(record.before, record.delta.after))
