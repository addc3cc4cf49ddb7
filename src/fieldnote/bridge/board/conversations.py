"""Recordings as the board has them: a list that is filtered and searched, and one recording with all that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.field_states import own_fields
from fieldnote.bridge.board.sight import Sight, of_recordings
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.transcript_lines import times_of

PAGE: Final = 50
MOST_WORDS: Final = 200
"""Characters of a search."""
_LATEST: Final = 1000
"""The recordings that a search reads one by one before it asks the index of words."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The filters of a list; None: no filter."""

    state: str | None = None
    rep: str | None = None
    """The CRM's id of a rep."""
    day: date | None = None
    words: str | None = None
    """Customer, deal, appointment, phone, address, title or id: each word, or its beginning."""
    before: tuple[datetime, str] | None = None
    """The last row of the page before."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A recording in a list."""

    recording_id: str
    started_at: datetime
    duration_ms: int | None
    state: str
    is_private: bool | None
    rep: str | None
    """The name of whom recorded it."""
    title: str | None
    """None where its words are not seen."""
    customer: str | None
    subject: str | None
    appointment: str | None
    """The CRM's key."""
    deal: str | None
    has_words: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some recordings of a list."""

    rows: tuple[Listed, ...]
    following: tuple[datetime, str] | None
    """Where the next page begins; None: this is the last one."""


@dataclass(frozen=True, slots=True)
class Access:
    """The facts that decide whether a recording can be heard."""

    is_private: bool | None
    kept: bool
    """Not deleted, purged or forgotten."""
    has_sound: bool | None
    """None: not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """The words of one speaker."""

    speaker: str
    text: str
    start_ms: int | None
    end_ms: int | None


@dataclass(frozen=True, slots=True)
class Linked:
    """A CRM record of a recording."""

    model: str
    key: str
    subject: str | None
    customer: str | None
    starts_at: datetime | None
    rep: str | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class FoundLink:
    """The search for a recording's appointment, and what became of it."""

    appointment: str | None
    state: str
    score: float
    reasons: tuple[str, ...]
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class InField:
    """A field of the CRM that a recording's value belongs to."""

    extraction: str
    table: str
    column: str
    state: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One recording. Without its words for a person who may not read them."""

    listed: Listed
    readable: bool
    deleted_at_siro: bool
    purged_at: datetime | None
    forgotten_at: datetime | None
    web_url: str | None
    has_sound: bool | None
    """Whether Siro has the sound, as last asked; None: not known."""
    summary: tuple[tuple[str, str], ...]
    """Name and text of each part."""
    extractions: tuple[tuple[str, object], ...]
    """Name and value."""
    lines: tuple[Line, ...] | None
    """None: no transcript is kept."""
    links: tuple[Linked, ...]
    found_link: FoundLink | None
    fields: tuple[InField, ...]

    @property
    def kept(self) -> bool:
        """Whether there may be words and sound."""
        return not self.deleted_at_siro and self.purged_at is None and self.forgotten_at is None


async def list_recordings(bridge: Bridge, sight: Sight, wanted: Filter, *, limit: int = PAGE) -> Page:
    """The recordings that fit, latest first."""
    conditions, values = _conditions(sight, wanted)
    values |= sight.values | {"connection": bridge.name, "limit": limit + 1, "latest": _LATEST}
    words = (wanted.words or "").strip()[:MOST_WORDS].replace("\0", " ")
    async with bridge.engine.connect() as conn:
        if words:
            found = await _search(conn, conditions, values | {"words": words, "private": sight.private_words})
        else:
            found = list(await conn.execute(_list(conditions), values))
    rows = [_listed(row, sight) for row in found]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(tuple(rows[:limit]), None if last is None else (last.started_at, last.recording_id))


async def _search(conn: AsyncConnection, conditions: Sequence[str], values: dict[str, Any]) -> list[Any]:
    """Words that many recordings have are found among the latest; only others are looked for in all."""
    found = list(await conn.execute(_list(conditions, fits=_FITS), values))
    if len(found) == values["limit"] or not await conn.scalar(
        text(_OLDER.format(conditions=_joined(conditions))), values
    ):
        return found
    return list(await conn.execute(_list([*conditions, _FITTING]), values))


def _list(conditions: Sequence[str], *, fits: str | None = None) -> TextClause:
    chosen = _CHOSEN if fits is None else _CHOSEN_OF_LATEST.replace("{fits}", fits)
    return text(_LIST.replace("{chosen}", chosen.replace("{conditions}", _joined(conditions))))


def _joined(conditions: Sequence[str]) -> str:
    return "".join(f"\n   and {one}" for one in conditions)


def _conditions(sight: Sight, wanted: Filter) -> tuple[list[str], dict[str, Any]]:
    found: list[str] = [] if sight.reps is None else [of_recordings("b")]
    values: dict[str, Any] = {}
    if wanted.state is not None:
        found.append("b.state = :state")
        values["state"] = wanted.state
    if wanted.day is not None:
        found.append("b.local_day = :day")
        values["day"] = wanted.day
    if wanted.rep is not None:
        found.append(_OF_REP)
        values["rep"] = wanted.rep
    if wanted.before is not None:
        found.append("(b.started_at, b.recording_id) < (:before_at, :before_id)")
        values |= {"before_at": wanted.before[0], "before_id": wanted.before[1]}
    return found, values


async def recordings_of(bridge: Bridge, sight: Sight, appointments: Sequence[str]) -> dict[str, list[str]]:
    """The ids of the recordings of these appointments that are seen, by appointment, first made first."""
    found: dict[str, list[str]] = {}
    if appointments:
        values = sight.values | {"connection": bridge.name, "keys": list(appointments)}
        async with bridge.engine.connect() as conn:
            for row in await conn.execute(_OF_APPOINTMENTS, values):
                found.setdefault(row.record, []).append(row.recording_id)
    return found


async def unread_by(
    bridge: Bridge, sight: Sight, recording_ids: Iterable[str | None], *, known: Mapping[str, bool | None]
) -> frozenset[str]:
    """Those of these recordings whose words are not seen. `known`: what was already read of them."""
    ids = {one for one in recording_ids if one is not None}
    if not ids or sight.private_words:
        return frozenset()
    private = dict(known)
    if asked := sorted(ids - set(known)):
        async with bridge.engine.connect() as conn:
            rows = await conn.execute(_PRIVACY, {"connection": bridge.name, "ids": asked})
            private |= {row.recording_id: row.is_private for row in rows}
    return frozenset(one for one in ids if not sight.reads(is_private=private.get(one)))


async def load_access(bridge: Bridge, sight: Sight, recording_id: str) -> Access | None:
    """The facts that decide whether this recording can be heard; None if it does not exist, or is not visible."""
    values = sight.values | {"connection": bridge.name, "recording": recording_id.replace("\0", "")}
    async with bridge.engine.connect() as conn:
        row = (await conn.execute(_ACCESS, values)).one_or_none()
    return None if row is None else Access(row.is_private, row.kept, row.has_sound)


async def load_conversation(bridge: Bridge, sight: Sight, recording_id: str) -> Conversation | None:
    """One recording; None if it does not exist, or is not seen."""
    values = sight.values | {"connection": bridge.name, "recording": recording_id.replace("\0", "")}
    async with bridge.engine.connect() as conn:
        row = (await conn.execute(_ONE, values)).one_or_none()
        if row is None:
            return None
        links = tuple(Linked(*link) for link in await conn.execute(_LINKS, values))
        own = await own_fields(conn, bridge.name, recording_id.replace("\0", ""))
        fields = tuple(InField(one.extraction, one.table, one.column, one.state) for one in own)
    found = Conversation(
        listed=_listed(row, sight),
        readable=sight.reads(is_private=row.is_private),
        deleted_at_siro=row.deleted,
        purged_at=row.purged_at,
        forgotten_at=row.forgotten_at,
        web_url=row.web_url,
        has_sound=row.has_sound,
        summary=tuple((part.get("name") or "", part.get("content") or "") for part in _dicts(row.summary)),
        extractions=tuple((item.get("name") or "", item.get("value")) for item in _dicts(row.extractions)),
        lines=None if row.utterances is None else tuple(_line(item) for item in _dicts(row.utterances)),
        links=links,
        found_link=_found_link(row),
        fields=fields,
    )
    return found if found.readable else without_words(found)


def without_words(found: Conversation) -> Conversation:
    """The recording as a person sees it who may not read its words."""
    return replace(
        found, listed=replace(found.listed, title=None), web_url=None, summary=(), extractions=(), lines=None, fields=()
    )


def _listed(row: Any, sight: Sight) -> Listed:
    return Listed(
        recording_id=row.recording_id,
        started_at=row.started_at,
        duration_ms=row.duration_ms,
        state=row.state,
        is_private=row.is_private,
        rep=row.rep,
        title=row.title if sight.reads(is_private=row.is_private) else None,
        customer=row.customer,
        subject=row.subject,
        appointment=row.appointment,
        deal=row.deal,
        has_words=row.has_words,
    )


def _found_link(row: Any) -> FoundLink | None:
    if row.match_state is None:
        return None
    reasons = tuple(str(one) for one in row.reasons or () if one)
    return FoundLink(row.engagement, row.match_state, row.score, reasons, row.decided_by)


def _dicts(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _line(item: Mapping[str, Any]) -> Line:
    return Line(str(item.get("speaker") or ""), str(item.get("text") or ""), *times_of(item))


_OF_REP: Final = """b.user_id = any(array(
       select own.user_id from board_reps own where own.connection = :connection and own.rep_id = :rep))"""

_ASKED: Final = """(
       select string_agg(quote_literal(word) || ':*', ' & ')::tsquery from unnest(board_words(:words)) as word)"""
_STREAM_OF: Final = """case l.model when 'engagement' then 'engagements' when 'opportunity' then 'opportunities'
                                    else 'accounts' end"""

_FITS: Final = f"""(
       b.words @@ {_ASKED}
           and (:private or exists (select from recordings y where y.connection = b.connection
                                     and y.recording_id = b.recording_id and y.is_private is false))
       or (select true from recording_links l
             join board_records x on x.connection = l.connection and x.key = l.record and x.stream = {_STREAM_OF}
            where l.connection = b.connection and l.recording_id = b.recording_id and x.words @@ {_ASKED} limit 1))"""  # noqa: S608
"""Whether one recording fits a search."""

_FITTING: Final = f"""b.recording_id = any(array(
       select x.recording_id from board_recordings x join recordings y using (connection, recording_id)
        where x.connection = :connection and x.words @@ {_ASKED} and (:private or y.is_private is false)
       union
       select l.recording_id from board_records x
        cross join lateral (
              select l.recording_id from recording_links l
               where l.connection = x.connection and l.record = x.key
                 and l.model = case x.stream when 'engagements' then 'engagement'
                                             when 'opportunities' then 'opportunity' else 'account' end
              offset 0) as l
        where x.connection = :connection and x.words @@ {_ASKED}))"""  # noqa: S608
"""The same, by the index of words: quick for words that few recordings have."""

# The record that says most about a recording: its appointment, else its deal, else its customer.
_RECORD: Final = """
  left join lateral (
       select max(x.customer) as customer,
              (array_agg(x.subject order by x.place) filter (where x.subject is not null))[1] as subject,
              max(x.key) filter (where x.model = 'engagement') as appointment,
              coalesce(max(x.key) filter (where x.model = 'opportunity'), max(x.deal_id)) as deal,
              (array_agg(x.rep_name order by x.place) filter (where x.rep_name is not null))[1] as rep_name
         from (select l.model, l.record as key, k.customer, k.subject, k.deal_id, k.rep_name,
                      case l.model when 'engagement' then 1 when 'opportunity' then 2 else 3 end as place
                 from recording_links l
                 left join board_records k on k.connection = l.connection and k.key = l.record
                      and k.stream = case l.model when 'engagement' then 'engagements'
                                                  when 'opportunity' then 'opportunities' else 'accounts' end
                where l.connection = b.connection and l.recording_id = b.recording_id) as x
       ) as about on true
  left join lateral (
       select own.name from board_reps own
        where own.connection = b.connection and own.user_id = b.user_id order by own.rep_id limit 1
       ) as recorder on true
  left join siro_users u on u.connection = b.connection and u.user_id = b.user_id
"""
_LISTED: Final = """
       b.recording_id, b.started_at, b.duration_ms, b.state, r.is_private,
       coalesce(recorder.name, u.name, u.email, about.rep_name) as rep, c.title,
       about.customer, about.subject, about.appointment, about.deal"""

_BY_AGE: Final = "order by b.started_at desc, b.recording_id desc"
_CANDIDATES: Final = """
select b.connection, b.recording_id, b.started_at, b.duration_ms, b.state, b.user_id, b.words
  from board_recordings b
 where b.connection = :connection{conditions}
"""
_CHOSEN: Final = f"{_CANDIDATES} {_BY_AGE} limit :limit"
_CHOSEN_OF_LATEST: Final = f"""
select b.* from ({_CANDIDATES} {_BY_AGE} limit :latest) as b where {{fits}} {_BY_AGE} limit :limit
"""  # noqa: S608
_OLDER: Final = f"select exists ({_CANDIDATES} {_BY_AGE} limit 1 offset :latest)"
"""Whether there are more candidates than the latest."""

_LIST: Final = f"""
with chosen as ({{chosen}})
select {_LISTED},
       coalesce((select pg_column_size(t.utterances) > 100 or t.utterances::text <> '[]' from recording_transcripts t
                  where t.connection = b.connection and t.recording_id = b.recording_id limit 1), false) as has_words
  from chosen b
  join recordings r using (connection, recording_id)
  left join recording_contents c using (connection, recording_id)
{_RECORD}
 {_BY_AGE}
"""  # noqa: S608

_ACCESS: Final = text(f"""
select r.is_private, not r.deleted and r.purged_at is null and r.forgotten_at is null as kept, r.has_sound
  from recordings r
 where r.connection = :connection and r.recording_id = :recording and {of_recordings("r")}
""")  # noqa: S608

_ONE: Final = text(f"""
select {_LISTED}, t.utterances is not null as has_words, t.utterances,
       r.deleted, r.purged_at, r.forgotten_at, r.has_sound, c.web_url, c.summary, c.extractions,
       m.engagement, m.state as match_state, m.score, m.reasons, m.decided_by
  from board_recordings b
  join recordings r using (connection, recording_id)
  left join recording_contents c using (connection, recording_id)
  left join recording_transcripts t using (connection, recording_id)
  left join matches m using (connection, recording_id)
{_RECORD}
 where b.connection = :connection and b.recording_id = :recording and {of_recordings("b")}
""")  # noqa: S608

_OF_APPOINTMENTS: Final = text(f"""
select l.record, l.recording_id
  from recording_links l join recordings r using (connection, recording_id)
 where r.connection = :connection and l.model = 'engagement' and l.record = any(cast(:keys as text[]))
   and {of_recordings("r")}
 order by r.started_at
""")  # noqa: S608

_PRIVACY: Final = text("""
select recording_id, is_private from recordings
 where connection = :connection and recording_id = any(cast(:ids as text[]))
""")

_LINKS: Final = text("""
select l.model, l.record, k.subject, k.customer, k.starts_at, k.rep_name, k.amount
  from recording_links l
  left join board_records k on k.connection = l.connection and k.key = l.record
       and k.stream = case l.model when 'engagement' then 'engagements' when 'opportunity' then 'opportunities'
                                   else 'accounts' end
 where l.connection = :connection and l.recording_id = :recording
 order by case l.model when 'engagement' then 1 when 'opportunity' then 2 else 3 end, l.record
""")
