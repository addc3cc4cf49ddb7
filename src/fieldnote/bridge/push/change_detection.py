"""Which rows of a page differ from what Siro is known to hold, and what they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.push.ledger import Entry, Failed, Mark, SentState, Settled, StreamLedger
from fieldnote.bridge.push.payload_diff import Names, OnItsWay, Payload, Step, in_doubt, may_hold, removal, step
from fieldnote.bridge.push.prefetch import in_pieces
from fieldnote.crm.types import Page, Row
from fieldnote.errors import FieldnoteError, MappingError
from fieldnote.mapping.records import RowMapper


class Send(OnItsWay, gc=False, eq=False):
    """One record that has to go to Siro."""

    key: str
    row_hash: bytes | None
    step: Step
    held: Payload | None
    """What Siro is taken to hold now."""
    gone: bool = False
    """Whether the CRM has no such row any more."""
    earlier: Payload | None = None
    """What calls whose answers never came may have left in Siro."""
    siro_id: str | None = None

    @property
    def deletes(self) -> bool:
        """Whether a record that lives in Siro would be deleted there."""
        return self.step.removed and self.held is not None and self.held.get("deletedAt") is None

    @property
    def risked(self) -> Payload:
        """What Siro may hold if nobody hears its answer."""
        return may_hold(self.earlier, self.step.holds) or self.step.holds


@dataclass(slots=True)
class Work:
    """A page of rows, compared with the ledger and mapped."""

    keys: AbstractSet[str] = frozenset()
    """Of all rows."""
    send: list[Send] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    """Keys of records to send that live in Siro and would be deleted there."""
    settled: list[Settled] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    unchanged: int = 0
    keyless: int = 0
    """Rows that cannot be told from others."""
    seen: list[int] = field(default_factory=list)
    """The ledger's numbers of the rows that it knows."""
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Rows:
    """The rows of a page by their keys, each with its hash."""

    found: dict[str, tuple[bytes, Row]] = field(default_factory=dict)
    nameless: list[str] = field(default_factory=list)


class Comparison:
    """Compares rows of one stream with its ledger. Writes nothing."""

    def __init__(self, ledger: StreamLedger, mapper: RowMapper, names: Names) -> None:
        """`names`: the stream's map, as the file has it."""
        self._ledger = ledger
        self._mapper = mapper
        self._names = names

    async def page(self, conn: AsyncConnection, page: Page, *, anew: bool = False) -> Work:
        """Compare a page. Payloads are read for the rows that changed alone; `anew`: for all, and all are sent."""
        rows = await self._hash(page.rows)
        problems = {problem.key: problem for problem in page.problems if problem.key is not None}
        marks = await self._ledger.marks(conn, [*rows.found, *problems])
        work = Work(rows.found.keys(), keyless=len(rows.nameless), warnings=rows.nameless)
        work.seen = [mark.number for mark in marks.values()]
        changed = rows.found if anew else self._changed(rows.found, marks, work)
        old = [key for key in changed if key in marks]
        known = await self._ledger.known(conn, old) if old else {}
        async for piece in in_pieces(changed.items()):
            self._map(piece, known, work, anew)
        for key, problem in problems.items():
            if key not in marks or marks[key].state is not SentState.DROPPED:
                work.failed.append(Failed(key, SentState.UNMAPPED, None, problem.reason, problem.hint))
        nameless = [problem for problem in page.problems if problem.key is None]
        work.keyless += len(nameless)
        work.warnings += [f"push.{self._mapper.stream}: {item.reason}; {item.hint}" for item in nameless]
        return work

    async def gone(self, conn: AsyncConnection, keys: Sequence[str]) -> list[Send]:
        """What must be sent so that Siro holds these as deleted; nothing for one that it never got, or deleted."""
        found = []
        for key, entry in (await self._ledger.known(conn, keys)).items():
            held = may_hold(entry.payload, entry.attempted)
            if held is None or (held.get("deletedAt") is not None and entry.attempted is None):
                continue
            live = {**held, "deletedAt": None}  # an earlier deletion may not have arrived
            taken = removal(key, live, _now(), in_doubt(entry.payload, entry.attempted))
            found.append(Send(key, None, taken, held, True, entry.attempted, entry.siro_id))
        return found

    async def _hash(self, rows: Iterable[Row]) -> _Rows:
        result = _Rows()
        async for piece in in_pieces(rows):
            for row in piece:
                try:
                    result.found[self._mapper.key(row)] = self._mapper.hash(row), row
                except MappingError as error:
                    result.nameless.append(sentence(error))
        return result

    @staticmethod
    def _changed(
        rows: dict[str, tuple[bytes, Row]], marks: Mapping[str, Mark], work: Work
    ) -> dict[str, tuple[bytes, Row]]:
        changed = {}
        for key, row in rows.items():
            mark = marks.get(key)
            if mark is None or mark.row_hash != row[0]:
                changed[key] = row
            elif mark.state is SentState.SENT:
                work.unchanged += 1
        return changed

    def _map(
        self, rows: Iterable[tuple[str, tuple[bytes, Row]]], known: Mapping[str, Entry], work: Work, anew: bool
    ) -> None:
        now = _now()
        for key, (row_hash, row) in rows:
            try:
                mapped = self._mapper.map(row)
            except MappingError as error:
                work.failed.append(Failed(key, SentState.UNMAPPED, row_hash, error.message, error.hint))
                continue
            work.warnings.extend(mapped.warnings)
            entry = known.get(key)
            if entry is None:
                held, taken = None, step(None, mapped.wire, self._names, now)
            else:
                held = may_hold(entry.payload, entry.attempted)
                doubtful = in_doubt(entry.payload, entry.attempted)
                taken = step(held, mapped.wire, self._names, now, doubtful)
            if entry is not None and entry.attempted is None and taken.holds == held and not anew:
                work.settled.append(Settled(key, row_hash, taken.standing))
            else:
                earlier, siro_id = (entry.attempted, entry.siro_id) if entry else (None, None)
                record = Send(key, row_hash, taken, held, False, earlier, siro_id)
                work.send.append(record)
                if held is not None and record.deletes:
                    work.deletes.append(key)


def sentence(error: FieldnoteError) -> str:
    """What is wrong, and how to mend it."""
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _now() -> datetime:
    return datetime.now(UTC)
