"""Parts that only a user token shows: extractions with a status each, transcripts, and the words behind a value."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Final, Protocol

from sqlalchemy import Table, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.recording import RecordingSnapshot
from fieldnote.bridge.remote import Remote
from fieldnote.db.bridge_tables import proposal_values, proposals, recording_transcripts, write_values, writes
from fieldnote.insight.evidence import Spoken, Utterance
from fieldnote.siro.errors import Forbidden, NotFound, SiroError

log = logging.getLogger(__name__)

RECORDINGS: int = 50
"""The most recordings whose transcripts one pass reads."""
_MOST_PARTS: Final = 50
"""Parts of a list whose words are looked for."""


class ExtractionRows:
    """Adds them to recordings; once they are refused, they are not asked for again."""

    def __init__(self, remote: Remote, warnings: list[str]) -> None:
        """`warnings`: gets one line if they are refused."""
        self._remote = remote
        self._warnings = warnings
        self._refused = False

    async def add(self, held: RecordingSnapshot) -> RecordingSnapshot:
        """By user token each extraction has a status of its own; without one the recording's flag decides."""
        concerned = held.processed and held.links and not held.deleted and held.purged_at is None
        if not (self._remote.has_user_token and concerned) or self._refused:
            return held
        try:
            rows = await self._remote.extractions(held.id)
        except NotFound:
            return held
        except Forbidden as error:
            if not self._refused:
                self._refused = True
                self._warnings.append(f"extractions cannot be read by user token: {error.message}")
            return held
        return replace(held, extractions=rows) if rows else held


class Transcripts(Protocol):
    """A user token that can read the words of recordings."""

    async def utterances(self, recording_id: str) -> list[Utterance]:
        """In their order. Raises SiroError."""


async def read_words(engine: AsyncEngine, connection: str, remote: Remote) -> None:
    """Read what only a user may read: whether recordings are private, the words behind values, and whether there is
    sound."""
    await find_privacy(engine, connection, remote)
    await find_quotes(engine, connection, remote)
    await find_sound(engine, connection, remote)


async def find_quotes(engine: AsyncEngine, connection: str, remote: Transcripts) -> int:
    """Keep transcripts, and look in them for the words behind the latest writes and proposals.

    Returns the number of transcripts that were read. The next pass reads what cannot be read now. Nothing but a
    quote and the transcript waits for it.
    """
    async with engine.connect() as conn:
        waiting = list((await conn.scalars(_WAITING, {"connection": connection, "limit": RECORDINGS})).all())
    for recording_id in waiting:
        try:
            said = await remote.utterances(recording_id)
        except (Forbidden, NotFound):
            said = []
        except SiroError as error:
            log.info("quotes_left", extra={"recording_id": recording_id, "error": type(error).__name__})
            break
        spoken = await asyncio.to_thread(Spoken, said)
        async with engine.begin() as conn:
            await keep_transcript(conn, connection, recording_id, said)
            await _keep(conn, connection, recording_id, spoken)
    return len(waiting)


async def find_privacy(engine: AsyncEngine, connection: str, remote: Remote) -> None:
    """Ask which of the latest recordings are private. Until it is known, only administrators read their words."""
    async with engine.connect() as conn:
        values = {"connection": connection, "limit": _PRIVACY_AT_ONCE}
        asked = list((await conn.scalars(_PRIVACY_UNKNOWN, values)).all())
    if not asked:
        return
    try:
        found = await remote.privacy(asked)
    except SiroError as error:
        log.info("privacy_unknown", extra={"connection": connection, "error": type(error).__name__})
        return
    async with engine.begin() as conn:
        flags = {"connection": connection, "ids": list(found), "flags": list(found.values())}
        await conn.execute(_KEEP_PRIVACY, flags)


class HasSound(Protocol):
    """The user tokens that can show whether a recording can be heard."""

    async def has_sound(self, recording_id: str) -> bool:
        """Raises SiroError."""


async def find_sound(engine: AsyncEngine, connection: str, remote: HasSound) -> int:
    """Ask which of the latest recordings have sound, so that no page needs to. Returns how many were asked about.

    Sound may come late: while a recording moves, it is asked about once an hour until there is sound.
    """
    async with engine.connect() as conn:
        values = {"connection": connection, "limit": RECORDINGS}
        asked = list((await conn.scalars(_SOUND_UNKNOWN, values)).all())
    for number, recording_id in enumerate(asked):
        found: bool | None = None
        try:
            found = await remote.has_sound(recording_id)
        except NotFound:
            found = False
        except Forbidden:
            pass  # this user may not hear it, and the next hour asks again
        except SiroError as error:
            log.info("sound_unknown", extra={"recording_id": recording_id, "error": type(error).__name__})
            return number
        await keep_sound(engine, connection, recording_id, has_sound=found)
    return len(asked)


async def keep_sound(engine: AsyncEngine, connection: str, recording_id: str, *, has_sound: bool | None) -> None:
    """Keep whether Siro has the sound of a recording, as it said now. None: it did not say."""
    values = {"connection": connection, "recording": recording_id, "has_sound": has_sound}
    async with engine.begin() as conn:
        await conn.execute(_KEEP_SOUND, values)


async def _keep(conn: AsyncConnection, connection: str, recording_id: str, spoken: Spoken) -> None:
    for table, values, number in ((writes, write_values, "write_id"), (proposals, proposal_values, "proposal_id")):
        where = _of(table, values, number, connection, [recording_id])
        statement = select(values.c[number], values.c.said).where(*where, values.c.quote.is_(None))
        for row in (await conn.execute(statement)).all():
            found = await asyncio.to_thread(quote, spoken, row.said["value"] if row.said else None)
            await conn.execute(update(values).where(values.c[number] == row[0]).values(quote=found))


def quote(spoken: Spoken, words: object) -> str:
    """The utterances that say a value, or each part of a list; empty where nobody said it. Pure."""
    return " … ".join(dict.fromkeys(found.text for found in spoken.find_parts(words, _MOST_PARTS)))


async def keep_transcript(conn: AsyncConnection, connection: str, recording_id: str, said: Sequence[Utterance]) -> None:
    """Keep what was said. Nothing is kept of a recording that was deleted, purged or forgotten meanwhile."""
    await conn.execute(
        _KEEP_TRANSCRIPT,
        {"connection": connection, "recording": recording_id, "utterances": json.dumps([_line(one) for one in said])},
    )


def _line(said: Utterance) -> dict[str, Any]:
    return {"speaker": said.speaker, "text": said.text, "start_ms": _ms(said.start), "end_ms": _ms(said.end)}


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None or not isfinite(seconds) or seconds < 0 else round(seconds * 1000)


async def drop_quotes(conn: AsyncConnection, connection: str, recording_ids: Iterable[str]) -> None:
    """The conversations are not kept any more, and so their words are not either."""
    ids = list(recording_ids)
    await drop_transcripts(conn, connection, ids)
    for table, values, number in ((writes, write_values, "write_id"), (proposals, proposal_values, "proposal_id")):
        where = _of(table, values, number, connection, ids)
        await conn.execute(update(values).where(*where).values(quote="", said=None))


async def drop_transcripts(conn: AsyncConnection, connection: str, recording_ids: Sequence[str]) -> None:
    """Delete the transcripts of these recordings."""
    kept = recording_transcripts
    await conn.execute(
        delete(kept).where(kept.c.connection == connection, kept.c.recording_id == func.any(list(recording_ids)))
    )


def _of(table: Table, values: Table, number: str, connection: str, recording_ids: list[str]) -> list[Any]:
    return [
        values.c[number] == table.c.id,
        table.c.connection == connection,
        table.c.recording_id == func.any(recording_ids),
    ]


# Locks the recording, so that a purge or an erasure at the same time is not overtaken.
_KEEP_TRANSCRIPT = text("""
    insert into recording_transcripts (connection, recording_id, utterances, updated_at)
    select connection, recording_id, cast(:utterances as json), updated_at
      from recordings
     where connection = :connection and recording_id = :recording
       and not deleted and purged_at is null and forgotten_at is null
       for share
    on conflict (connection, recording_id) do update
    set utterances = excluded.utterances, updated_at = excluded.updated_at, kept_at = now()
""")

_PRIVACY_AT_ONCE: Final = 50

# Those that are new, and those that moved since: one may have become private.
_PRIVACY_UNKNOWN = text("""
    select recording_id from recordings
    where connection = :connection and processed and not deleted and purged_at is null
      and (is_private is null and first_seen_at > now() - interval '1 day' or updated_at > now() - interval '1 hour')
    order by started_at desc limit :limit
""")

_KEEP_PRIVACY = text("""
    update recordings r set is_private = given.flag
    from unnest(cast(:ids as text[]), cast(:flags as boolean[])) as given (id, flag)
    where r.connection = :connection and r.recording_id = given.id and r.is_private is distinct from given.flag
""")

_SOUND_UNKNOWN = text("""
    select recording_id from recordings
    where connection = :connection and processed and not deleted and purged_at is null and forgotten_at is null
      and started_at > now() - interval '30 days'
      and (sound_asked_at is null
           or has_sound is not true and updated_at > now() - interval '1 day'
              and sound_asked_at < now() - interval '1 hour')
    order by started_at desc limit :limit
""")

_KEEP_SOUND = text("""
    update recordings set has_sound = coalesce(cast(:has_sound as boolean), has_sound), sound_asked_at = now()
    where connection = :connection and recording_id = :recording
""")

_WAITING = text("""
    select recording_id from (
        select w.recording_id, w.written_at as at
          from writes w join write_values v on v.write_id = w.id
         where w.connection = :connection and w.kind = 'field' and w.recording_id is not null
           and v.said is not null and v.quote is null and w.written_at > now() - interval '7 days'
        union all
        select r.recording_id, r.started_at
          from recordings r left join recording_transcripts t using (connection, recording_id)
         where r.connection = :connection and r.state in ('waiting', 'incomplete', 'complete', 'unlinked')
           and r.started_at > now() - interval '30 days'
           and r.processed and not r.deleted and r.purged_at is null and r.forgotten_at is null
           and (t.kept_at is null or (t.updated_at < r.updated_at and t.kept_at < now() - interval '1 hour'))
        union all
        select p.recording_id, p.created_at
          from proposals p join proposal_values v on v.proposal_id = p.id
         where p.connection = :connection and p.state in ('open', 'shadow') and v.said is not null and v.quote is null
    ) as without_quote
    group by recording_id order by max(at) desc limit :limit
""")
