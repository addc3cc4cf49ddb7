"""CRM events: single records that a hook of the CRM names, sent within a second, beside any push that runs.

A hook is a hint. The row is looked up by its key, as a posted row may be older than the CRM's; the posted row counts
only where the CRM has none yet (it commits a moment later), or where the driver reads copies, which are older still. A
record that cannot be sent at once is pending, and the next push looks it up again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.native import refuse_doubling
from fieldnote.bridge.push.attempts import Origin
from fieldnote.bridge.push.change_detection import pack
from fieldnote.bridge.push.deletions import FEW
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import Found
from fieldnote.bridge.push.stream import Stream
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Page, Row, RowProblem, external_id
from fieldnote.errors import MappingError
from fieldnote.mapping.records import StreamName

log = logging.getLogger(__name__)

_TAKEN: Final = 100
"""Hints that are processed together."""
_COMMITS_SOON: Final = (0.1, 0.3, 0.6)
"""Seconds between look-ups of a row that is not there yet: many CRMs call their hooks before they commit."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One record that changed."""

    key: str
    row: dict[str, Any] | None = None
    """The row, where the hook posted it whole."""


@dataclass(frozen=True, slots=True)
class UsedProof:
    """A dated signature that brought a hook."""

    digest: bytes
    good_until: datetime
    """After it the signature is refused as too old, by any clock within the tolerance."""


async def is_first(conn: AsyncConnection, connection: str, proof: UsedProof) -> bool:
    """Keep a signature. False where it was kept before, by any process; one that stores it now is waited for."""
    values = {"connection": connection, "digest": proof.digest, "good_until": proof.good_until}
    return (await conn.execute(_KEEP_PROOF, values)).rowcount == 1


async def note(conn: AsyncConnection, connection: str, stream: str, hints: Sequence[Hint]) -> None:
    """Keep the hints, in the transaction that defers the job."""
    for hint in hints:
        row = None if hint.row is None else json.dumps(hint.row)
        await conn.execute(_NOTE, {"connection": connection, "stream": stream, "key": hint.key, "row": row})


async def push_hooked(bridge: Bridge, name: StreamName) -> StreamResult:
    """Send all records of a stream that hooks have named."""
    await refuse_doubling(bridge, ask=False)
    stream = Stream(bridge, name, mappers_of(bridge, (name,))[name])
    while hints := await _take(stream):
        await _send(stream, {hint.key: hint for hint in hints})
    return stream.result


async def _take(stream: Stream) -> list[Hint]:
    """The next hints. Two of one record are one hint, with the later row."""
    values = {"connection": stream.bridge.name, "stream": stream.name, "limit": _TAKEN}
    async with stream.bridge.engine.begin() as conn:
        rows = (await conn.execute(_TAKE, values)).all()
        hints = {row.key: Hint(row.key, row.row) for row in sorted(rows, key=lambda row: int(row.id))}
        if hints:  # if this process is killed now, the next push looks them up
            await stream.ledger.owe(conn, list(hints))
    return list(hints.values())


async def _send(stream: Stream, hints: dict[str, Hint]) -> None:
    found = await _look_up(stream, hints)
    rows = found.rows
    if not stream.bridge.crm.is_live:
        rows = {key: row for key, row in rows.items() if hints[key].row is None}
    several = {problem.key for problem in found.problems}
    posted = {
        key: row
        for key, hint in hints.items()
        if key not in rows and key not in several and (row := hint.row) is not None
    }
    async with stream.sending(Origin.HOOK) as sender:
        work = await stream.compare(Page((*rows.values(), *posted.values()), None, last=False, problems=found.problems))
        await stream.keep(work)
        # Many deletions at once are left to the push and its guards.
        few = len(work.deletes) <= FEW
        await sender.add(pack(record for record in work.send if few or not record.deletes))
    if posted:  # the next push looks whether the CRM has committed the posted rows
        await stream.owe(sorted(posted))
    log.info("hooks_done", extra={"stream": stream.name, "sent": stream.result.sent, "hints": len(hints)})


async def _look_up(stream: Stream, hints: dict[str, Hint]) -> Found:
    rows: dict[str, Row] = {}
    problems: dict[str, RowProblem] = {}
    for pause in (0.0, *_COMMITS_SOON):
        wanted = [key for key in hints if key not in rows and key not in problems]
        missing = [key for key in wanted if hints[key].row is None or not pause]
        if not missing:
            break
        await asyncio.sleep(pause)
        found = await stream.reader.look_up(missing)
        rows |= found.rows
        problems |= {problem.key: problem for problem in found.problems if problem.key is not None}
    return Found(rows, tuple(problems.values()))


def hints_of(body: Any, key_column: str) -> list[Hint]:
    """The hints in a hook's JSON: `{"id": …}`, `{"ids": […]}`, a whole row, or a list of such.

    Raises MappingError where there are none.
    """
    items = body if isinstance(body, list) else [body]
    hints = [hint for item in items for hint in _hints(item, key_column)]
    if not hints:
        raise MappingError(
            "the hook names no record", hint=f'Send {{"id": …}}, or the row with its column {key_column}.'
        )
    return hints


def _hints(item: Any, key_column: str) -> list[Hint]:
    match item:
        case str() | int():
            return [Hint(external_id(item))] if str(item).strip() and not isinstance(item, bool) else []
        case {"ids": list(ids)}:
            return [hint for one in ids for hint in _hints(one, key_column) if not isinstance(one, dict)]
        case dict():
            named = item.get(key_column, item.get("id"))
            if isinstance(named, bool) or not isinstance(named, str | int) or not str(named).strip():
                return []
            whole = key_column in item and len(item) > 1
            return [Hint(external_id(named), dict(item) if whole else None)]
        case _:
            return []


_NOTE = text("""
    insert into hooks (connection, stream, key, row) values (:connection, :stream, :key, cast(:row as json))
""")

_KEEP_PROOF = text("""
    with expired as (delete from hook_proofs where connection = :connection and good_until < now())
    insert into hook_proofs (connection, digest, good_until) values (:connection, :digest, :good_until)
    on conflict do nothing
""")

_TAKE = text("""
    delete from hooks
    where id in (select id from hooks where connection = :connection and stream = :stream
                 order by id limit :limit for update skip locked)
    returning id, key, row
""")
