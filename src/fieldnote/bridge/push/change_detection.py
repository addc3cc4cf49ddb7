"""Which rows of a page differ from what Siro is known to have, and the records that they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.push.entries import Entry, Failed, Mark, Settled
from fieldnote.bridge.push.ledger import StreamLedger
from fieldnote.bridge.push.payload_diff import (
    Delivery,
    Delta,
    InFlight,
    Names,
    Payload,
    deletion,
    diff,
    encode,
    merge_attempt,
    possible_values,
)
from fieldnote.bridge.push.prefetch import in_pieces
from fieldnote.bridge.push.states import SentState
from fieldnote.crm.types import Page, Row
from fieldnote.errors import FieldnoteError, MappingError
from fieldnote.mapping.records import Mapped, RowMapper

_OF_A_VALUE: Final = (ValueError, ArithmeticError, TypeError, LookupError, RecursionError)
"""Errors that Python raises because of a value. They are a problem of one row."""


class Upsert(InFlight, gc=False, eq=False):
    """One record that has to go to Siro."""

    key: str
    row_hash: bytes | None
    delta: Delta
    before: Payload | None
    """The payload that Siro may have now."""
    gone: bool = False
    """Whether the CRM has no such row any more."""
    earlier: Payload | None = None
    """The payloads that calls without an answer may have left in Siro."""
    siro_id: str | None = None
    body: bytes | None = None
    """The mapped record as JSON."""

    @property
    def deletes(self) -> bool:
        """Whether this deletes a record in Siro, or sends it there as deleted for the first time."""
        return self.delta.deleted and (self.before is None or self.before.get("deletedAt") is None)


def pack(records: Iterable[Upsert]) -> list[Delivery]:
    """The records as JSON, made once; their payloads need no more memory then."""
    return [_pack(record) for record in records]


def _pack(record: Upsert) -> Delivery:
    delta, earlier = record.delta, record.earlier
    body = record.body if record.body is not None and record.before is None else encode(delta.send)
    after = body if delta.after is delta.send else encode(delta.after)
    return Delivery(
        record.key,
        delta.after.get("externalId") or record.key,
        record.row_hash,
        body,
        after,
        None if earlier is None else encode(earlier),
        after if earlier is None else encode(merge_attempt(earlier, delta.after) or delta.after),
        delta.deleted,
        record.gone,
        delta.uncleared,
        record.siro_id,
    )


@dataclass(slots=True)
class Work:
    """A page of rows, compared with the ledger and mapped."""

    keys: AbstractSet[str] = frozenset()
    """Of all rows."""
    send: list[Upsert] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    """Keys of records to send that this push would delete, or send as deleted for the first time."""
    settled: list[Settled] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    unchanged: int = 0
    keyless: int = 0
    """Rows without a usable key."""
    seen: list[int] = field(default_factory=list)
    """The ledger's numbers of the rows that it knows."""
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Rows:
    """The rows of a page by their keys, each with its hash."""

    found: dict[str, tuple[bytes, Row]] = field(default_factory=dict)
    old_keys: dict[str, str] = field(default_factory=dict)
    """The keys under which an earlier version may have sent them, where these differ, by their ids."""
    keyless: list[str] = field(default_factory=list)


class Comparison:
    """Compares rows of one stream with its ledger. Writes nothing."""

    def __init__(self, ledger: StreamLedger, mapper: RowMapper, names: Names, *, copies: bool = False) -> None:
        """`names`: the stream's map, as the file has it. `copies`: an earlier version read 17.0 where the key is 17."""
        self._ledger = ledger
        self._mapper = mapper
        self._names = names
        self._copies = copies

    async def compare(self, conn: AsyncConnection, page: Page, *, force: bool = False) -> Work:
        """Compare a page. Reads payloads only of rows that changed; `force`: of all, and sends all."""
        rows = await self._hash(page.rows)
        problems = {problem.key: problem for problem in page.problems if problem.key is not None}
        marks = await self._ledger.marks(conn, [*rows.found, *problems, *rows.old_keys.values()])
        if self._copies:
            await self._find_decimals(conn, rows, marks)
        _keep_old_keys(rows, marks)
        work = Work(rows.found.keys(), keyless=len(rows.keyless), warnings=rows.keyless)
        work.seen = [mark.number for mark in marks.values()]
        changed = rows.found if force else self._changed(rows.found, marks, work)
        old = [key for key in changed if key in marks]
        known = await self._ledger.known(conn, old) if old else {}
        async for piece in in_pieces(changed.items()):
            self._map(piece, known, work, set(rows.old_keys.values()), force)
        for key, problem in problems.items():
            if key not in marks or marks[key].state is not SentState.DROPPED:
                work.failed.append(Failed(key, SentState.UNMAPPED, None, problem.reason, problem.hint))
        keyless = [problem for problem in page.problems if problem.key is None]
        work.keyless += len(keyless)
        work.warnings += [f"push.{self._mapper.stream}: {item.reason}; {item.hint}" for item in keyless]
        return work

    async def delete(self, conn: AsyncConnection, keys: Sequence[str]) -> list[Upsert]:
        """The records to send so that these are deleted in Siro; none for one that is deleted or never reached it."""
        found = []
        for key, entry in (await self._ledger.known(conn, keys)).items():
            before = merge_attempt(entry.payload, entry.attempted)
            if before is None or (before.get("deletedAt") is not None and entry.attempted is None):
                continue
            live = {**before, "deletedAt": None}  # an earlier deletion may not have arrived
            delta = deletion(key, live, _now(), possible_values(entry.payload, entry.attempted))
            found.append(Upsert(key, None, delta, before, True, entry.attempted, entry.siro_id))
        return found

    async def _hash(self, rows: Iterable[Row]) -> _Rows:
        result, mapper = _Rows(), self._mapper
        async for piece in in_pieces(rows):
            for row in piece:
                try:
                    result.found[mapper.key(row)] = mapper.hash(row), row
                except MappingError as error:
                    result.keyless.append(sentence(error))
                except _OF_A_VALUE as error:
                    result.keyless.append(sentence(self._unusable(f"a row cannot be read: {_describe(error)}")))
        if not _is_storable("".join(result.found)):  # one look at a whole page; such keys are rare
            for key in [key for key in result.found if not _is_storable(key)]:
                del result.found[key]
                problem = self._unusable(f"the key {key!a} has a character that cannot be stored")
                result.keyless.append(sentence(problem))
        result.old_keys = mapper.find_padded_keys((key, row) for key, (_, row) in result.found.items())
        return result

    async def _find_decimals(self, conn: AsyncConnection, rows: _Rows, marks: dict[str, Mark]) -> None:
        decimals = {f"{key}.0": key for key in rows.found if key not in marks and key.isdecimal()}
        if decimals:
            found = await self._ledger.marks(conn, list(decimals))
            marks |= found
            rows.old_keys |= {decimals[old]: old for old in found}

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
        self,
        rows: Iterable[tuple[str, tuple[bytes, Row]]],
        known: Mapping[str, Entry],
        work: Work,
        old_keys: AbstractSet[str],
        force: bool,
    ) -> None:
        now = _now()
        for key, (row_hash, row) in rows:
            try:
                mapped, body = record_of(self._mapper, key, row)
            except MappingError as error:
                work.failed.append(Failed(key, SentState.UNMAPPED, row_hash, error.message, error.hint))
                continue
            work.warnings.extend(mapped.warnings)
            entry = known.get(key)
            if entry is None:
                work.send.append(Upsert(key, row_hash, Delta(mapped.wire, mapped.wire), None, body=body))
                if mapped.wire.get("deletedAt") is not None:
                    work.deletes.append(key)
                continue
            before = merge_attempt(entry.payload, entry.attempted)
            if before is not None and key in old_keys:
                mapped.wire["externalId"] = before.get("externalId") or key
            possible = possible_values(entry.payload, entry.attempted)
            delta = diff(before, mapped.wire, self._names, now, possible)
            if entry.attempted is None and delta.after == before and not force:
                work.settled.append(Settled(key, row_hash, delta.uncleared))
                continue
            self._add(work, Upsert(key, row_hash, delta, before, False, entry.attempted, entry.siro_id))

    def _unusable(self, text: str) -> MappingError:
        return _unusable(self._mapper.stream, text)

    @staticmethod
    def _add(work: Work, record: Upsert) -> None:
        work.send.append(record)
        if record.deletes:
            work.deletes.append(record.key)


def record_of(mapper: RowMapper, key: str, row: Row) -> tuple[Mapped, bytes]:
    """The record of a row, and its JSON. Raises MappingError for a value of the row that cannot be sent."""
    try:
        mapped = mapper.map(row)
        body = encode(mapped.wire)
    except _OF_A_VALUE as error:
        columns = [name for name, value in row.items() if isinstance(value, str) and not _is_storable(value)]
        where = f"column {columns[0]}: " if columns else ""
        raise _unusable(mapper.stream, f"{where}a value cannot be sent: {_describe(error)}", key) from error
    if b"\\u0000" in body:
        columns = [name for name, value in row.items() if isinstance(value, str) and "\0" in value]
        if columns:
            raise _unusable(mapper.stream, f"column {columns[0]}: the text has a NUL character", key)
    return mapped, body


def key_of(mapper: RowMapper, row: Row) -> str:
    """The key of a row. Raises MappingError for one that cannot be an id, or cannot be stored."""
    key = mapper.key(row)
    if not _is_storable(key):
        raise _unusable(mapper.stream, f"the key {key!a} has a character that cannot be stored")
    return key


def _unusable(stream: str, text: str, key: str | None = None) -> MappingError:
    where = f"push.{stream}" + (f", record {key}" if key is not None else "")
    return MappingError(f"{where}: {text}", hint="Correct the value in the CRM, or leave the row out of the query.")


def _keep_old_keys(rows: _Rows, marks: dict[str, Mark]) -> None:
    """A record that an earlier version sent under its raw key keeps it: Siro cannot rename a record."""
    for key, old in rows.old_keys.items():
        mark = marks.pop(old, None)
        if mark is not None and key not in marks:
            marks[old] = mark
            rows.found[old] = rows.found.pop(key)


def sentence(error: FieldnoteError) -> str:
    """The problem and the hint."""
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _is_storable(text: str) -> bool:
    """Whether UTF-8 and PostgreSQL can hold a text: no NUL, no half of a surrogate pair."""
    if text.isascii():
        return "\0" not in text
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _describe(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "the text has half of a surrogate pair"
    return type(error).__name__


def _now() -> datetime:
    return datetime.now(UTC)
