"""Finds appointments, deals, customers and recordings by any of their words, in the board."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.phones import whole_phone_key

MOST: Final = 30
LONGEST: Final = 200
"""Characters of a search; the rest is not read."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found."""

    kind: str
    """appointment, deal, customer or recording"""
    key: str
    """The CRM's key; of a recording, Siro's id."""
    title: str
    more: str | None
    at: datetime | None
    rep: str | None
    state: str


async def search(
    conn: AsyncConnection,
    connection: str,
    words: str,
    *,
    visible: Collection[str] | None = None,
    private_words: bool = True,
    limit: int = MOST,
) -> list[Hit]:
    """The latest that have all of these words, or words that begin so. A whole phone number is compared by its digits.

    `visible`: the CRM ids of the reps whose things may be found; None: all. Without `private_words`, titles of
    recordings that are private, or may be, are neither searched nor shown.
    """
    asked = whole_phone_key(words) or words[:LONGEST].replace("\0", " ")
    values = {
        "connection": connection,
        "words": asked,
        "reps": None if visible is None else sorted(visible),
        "private": private_words,
        "limit": limit,
    }
    latest = (await conn.execute(_SEARCH_LATEST, values | {"latest": _LATEST})).all()
    rows = latest if len(latest) == limit else await conn.execute(_SEARCH, values)
    return [Hit(*row) for row in rows]


_LATEST: Final = 2000
"""The visits and recordings in which words are looked for first: those that are in many are found there."""

_ASKED: Final = """
    with asked as materialized (
        select string_agg(quote_literal(word) || ':*', ' & ')::tsquery as query from unnest(board_words(:words)) as word
    )"""
_FOUND: Final = """
    records as (
        select case b.stream when 'engagements' then 'appointment' when 'opportunities' then 'deal' else 'customer' end
                   as kind,
               b.key, coalesce(b.customer, b.subject, b.key) as title,
               case when b.customer is null then null else b.subject end as more, b.starts_at as at,
               coalesce(b.rep_name, b.rep_email, b.rep_id) as rep, b.state
        from {records} b, asked
        where b.connection = :connection and b.words @@ asked.query
          and (cast(:reps as text[]) is null or b.rep_id = any(cast(:reps as text[])))
        order by b.starts_at desc nulls last, b.key limit :limit
    ),
    fitting as materialized (
        select b.* from {recordings} b, asked where b.connection = :connection and b.words @@ asked.query
    ),
    found as (
        select 'recording' as kind, b.recording_id as key,
               case when :private or r.is_private is false then c.title end as title, cast(null as text) as more,
               b.started_at as at, coalesce(own.name, own.email, own.rep_id) as rep, b.state
        from fitting b
        join recordings r on r.connection = b.connection and r.recording_id = b.recording_id
        left join recording_contents c on c.connection = b.connection and c.recording_id = b.recording_id
        left join lateral (
            select * from board_reps own where own.connection = b.connection and own.user_id = b.user_id
            order by own.rep_id limit 1
        ) as own on true
        where (:private or r.is_private is false or b.recording_id = :words)
          and (cast(:reps as text[]) is null or own.rep_id = any(cast(:reps as text[])))
        order by b.started_at desc limit :limit
    )
"""
_BOTH: Final = """
    select kind, key, coalesce(title, key) as title, more, at, rep, state from records
    union all
    select kind, key, coalesce(title, 'Recording'), more, at, rep, state from found
"""
_IN_ORDER: Final = "order by at desc nulls last, kind, key limit :limit"
_SEARCH: Final = text(
    f"{_ASKED}, {_FOUND.format(records='board_records', recordings='board_recordings')} {_BOTH} {_IN_ORDER}"
)
_SEARCH_LATEST: Final = text(f"""
    {_ASKED},
    latest_records as (
        select b.* from board_records b
        where b.connection = :connection and b.stream = 'engagements' and b.local_day is not null
          and (cast(:reps as text[]) is null or b.rep_id = any(cast(:reps as text[])))
        order by b.local_day desc limit :latest
    ),
    latest_recordings as (
        select b.* from board_recordings b where b.connection = :connection order by b.started_at desc limit :latest
    ),
    ends as (
        select min(local_day)::timestamp at time zone 'UTC' + interval '2 days' as at from latest_records
        having count(*) = :latest
        union all
        select min(started_at) from latest_recordings having count(*) = :latest
    ),
    {_FOUND.format(records="latest_records", recordings="latest_recordings")}
    select * from ({_BOTH}) as both_kinds
    where at >= all (select at from ends) {_IN_ORDER}
""")  # noqa: S608
"""Only what is later than all that was not looked at. A local day ends at most two days after it begins in UTC."""
