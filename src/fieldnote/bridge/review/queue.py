"""The proposals that wait, one after the other, each with the words that it came from.

Nothing here calls Siro: the words are those that pull keeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull.ledger import ProposalKind
from fieldnote.bridge.transcript_lines import times_of
from fieldnote.crm.types import FrozenValue
from fieldnote.insight.evidence import Spoken, Utterance

MOST: Final = 2_000
"""Proposals of one queue. More are found by field or rep."""
_AROUND: Final = 2
"""Lines of context before and after a quote."""
_MOST_PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which proposals: those that fit all of it."""

    field: str | None = None
    """`table.column`"""
    rep: str | None = None
    """The CRM's id of a rep."""
    visible: frozenset[str] | None = None
    """The reps whose recordings may be seen; None: all."""


@dataclass(frozen=True, slots=True)
class Line:
    """The words of one speaker."""

    speaker: str
    text: str
    start_ms: int | None
    is_quote: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A quote with its context."""

    lines: tuple[Line, ...]

    @property
    def start_ms(self) -> int | None:
        """Where the quote begins in the recording."""
        return next((line.start_ms for line in self.lines if line.is_quote), None)


@dataclass(frozen=True, slots=True)
class Evidenced:
    """A proposal, open or decided, with its customer and its words. All but ids and states is a customer's data."""

    id: int
    state: str
    kind: ProposalKind
    model: str
    record: str
    table: str
    column: str
    extraction: str
    reason: str
    live: FrozenValue
    """The CRM's value when the proposal was made."""
    proposed: FrozenValue
    said: FrozenValue
    created_at: datetime
    recording_id: str
    recorded_at: datetime | None
    is_private: bool | None
    """None: not known, so only administrators read the words."""
    has_sound: bool | None
    """Whether Siro has the sound of the recording; None: not known."""
    rep_id: str | None
    rep: str | None
    customer: str | None
    subject: str | None
    amount: Decimal | None
    has_transcript: bool
    passages: tuple[Passage, ...]

    @property
    def field(self) -> str:
        """`table.column`"""
        return f"{self.table}.{self.column}"


async def queue_of(conn: AsyncConnection, connection: str, wanted: QueueFilter) -> list[int]:
    """The numbers of the open proposals that fit, the oldest first; at most `MOST`."""
    return list((await conn.scalars(_QUEUE, _values(connection, wanted) | {"limit": MOST})).all())


async def without_value(conn: AsyncConnection, connection: str, numbers: Sequence[int]) -> int:
    """How many of these proposals name no certain value, so that nobody can approve them as they are."""
    values = {"connection": connection, "numbers": list(numbers), "kind": ProposalKind.UNCLEAR.value}
    return int(await conn.scalar(_WITHOUT_VALUE, values) or 0)


async def fields_of(conn: AsyncConnection, connection: str, wanted: QueueFilter) -> dict[str, int]:
    """The fields that have open proposals, each with their number."""
    rows = await conn.execute(_FIELDS, _values(connection, wanted))
    return {row.field: row.number for row in rows}


async def load_evidenced(conn: AsyncConnection, connection: str, number: int) -> Evidenced | None:
    """One proposal, whatever its state; None if there is none of this number."""
    row = (await conn.execute(_ONE, {"connection": connection, "id": number})).one_or_none()
    if row is None:
        return None
    said = _plain(row.said)
    passages = await asyncio.to_thread(find_passages, row.utterances, said)
    return Evidenced(
        id=row.id,
        state=row.state,
        kind=ProposalKind(row.kind),
        model=row.model,
        record=row.record,
        table=row.table_name,
        column=row.column_name,
        extraction=row.extraction,
        reason=row.reason,
        live=_plain(row.live),
        proposed=_plain(row.proposed),
        said=said,
        created_at=row.created_at,
        recording_id=row.recording_id,
        recorded_at=row.started_at,
        is_private=row.is_private,
        has_sound=row.has_sound,
        rep_id=row.rep_id,
        rep=row.rep,
        customer=row.customer,
        subject=row.subject,
        amount=row.amount,
        has_transcript=bool(row.utterances),
        passages=passages,
    )


def find_passages(utterances: object, said: FrozenValue) -> tuple[Passage, ...]:
    """Where a conversation says a value, or each part of a list, with the lines around it. Pure."""
    lines = [item for item in utterances if isinstance(item, dict)] if isinstance(utterances, list) else []
    if not lines:
        return ()
    spoken = Spoken([Utterance(str(line.get("speaker") or ""), str(line.get("text") or "")) for line in lines])
    places = dict.fromkeys(quote.index for quote in spoken.find_parts(said, _MOST_PARTS))
    return tuple(Passage(tuple(_lines(lines, place))) for place in places)


def _lines(lines: Sequence[Mapping[str, Any]], place: int) -> Iterable[Line]:
    for number in range(max(0, place - _AROUND), min(len(lines), place + _AROUND + 1)):
        line = lines[number]
        start, _ = times_of(line)
        yield Line(str(line.get("speaker") or ""), str(line.get("text") or ""), start, number == place)


def _plain(kept: dict[str, Any] | None) -> FrozenValue:
    return None if kept is None else kept["value"]


def _values(connection: str, wanted: QueueFilter) -> dict[str, Any]:
    chosen = wanted.visible
    if wanted.rep is not None:
        one = frozenset({wanted.rep})
        chosen = one if chosen is None else chosen & one
    return {
        "connection": connection,
        "field": wanted.field,
        "reps": None if chosen is None else sorted(chosen),
    }


_VISIBLE: Final = """
    (cast(:reps as text[]) is null or exists (
        select from recordings r join board_reps own on own.connection = r.connection and own.user_id = r.user_id
        where r.connection = p.connection and r.recording_id = p.recording_id
          and own.rep_id = any(cast(:reps as text[]))))
"""

_WITHOUT_VALUE: Final = text("""
    select count(*) from proposals
    where connection = :connection and id = any(cast(:numbers as bigint[])) and kind = :kind
""")

_QUEUE: Final = text(f"""
    select p.id from proposals p
    where p.connection = :connection and p.state = 'open'
      and (cast(:field as text) is null or p.table_name || '.' || p.column_name = :field) and {_VISIBLE}
    order by p.id limit :limit
""")  # noqa: S608 - our own words; every value is bound

_FIELDS: Final = text(f"""
    select p.table_name || '.' || p.column_name as field, count(*) as number from proposals p
    where p.connection = :connection and p.state = 'open' and {_VISIBLE} group by 1 order by 1
""")  # noqa: S608

_ONE: Final = text("""
    select p.*, v.live, v.proposed, v.said, r.started_at, r.is_private, r.has_sound, t.utterances, own.rep_id,
           coalesce(own.name, own.email, own.rep_id, u.name, u.email) as rep, b.customer, b.subject, b.amount
    from proposals p
    left join proposal_values v on v.proposal_id = p.id
    left join recordings r on r.connection = p.connection and r.recording_id = p.recording_id
    left join recording_transcripts t on t.connection = p.connection and t.recording_id = p.recording_id
    left join siro_users u on u.connection = p.connection and u.user_id = r.user_id
    left join lateral (
        select * from board_reps own where own.connection = p.connection and own.user_id = r.user_id
        order by own.rep_id limit 1
    ) as own on true
    left join board_records b on b.connection = p.connection and b.key = p.record
        and b.stream = case p.model when 'engagement' then 'engagements' when 'opportunity' then 'opportunities'
                                    when 'account' then 'accounts' end
    where p.connection = :connection and p.id = :id
""")
