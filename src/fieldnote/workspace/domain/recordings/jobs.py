"""The steps of each recording and their states, the retry of those that failed, and the correction of roles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.errors import WorkspaceError
from fieldnote.insight.talk.roles import Role, assign
from fieldnote.insight.utterances import Utterance
from fieldnote.workspace.domain.recordings.muting import QUEUE as SPEECH
from fieldnote.workspace.domain.recordings.processing import QUEUE as INSIGHT
from fieldnote.workspace.domain.recordings.processing import Step, again
from fieldnote.workspace.domain.recordings.transcription import transcribe_again
from fieldnote.workspace.rows import read_row, read_rows

_ROWS: Final = text("""
select r.id::text, r.key, r.created_at, r.duration_ms, r.failed_step, r.failure, r.extracted_at, r.summarized_at,
       r.processed_at, r.transcribed_ms, r.stage,
       exists (select from recording_utterances s where s.recording_id = r.id) as has_words,
       exists (select from audio_files f where f.recording_id = r.id and f.stored_at is not null) as has_audio,
       j.status as job_status, coalesce(j.attempts, 0) as attempts, j.scheduled_at
  from recordings r
  left join lateral (
       select status::text, attempts, scheduled_at from procrastinate_jobs j
        where j.queue_name = any(:queues) and j.args ->> 'recording_id' = r.id::text
          and j.status in ('todo', 'doing')
        order by j.id desc limit 1) j on true
 where r.deleted_at is null and r.root_data_purged_at is null
   and (cast(:named as text) is null or r.id::text = :named or r.key = :named)
   and (:every or r.failed_step is not null or r.processed_at is null)
   and (not :failed or r.failed_step is not null)
 order by r.created_at, r.id
""")
_CHOSEN: Final = text("""
select id::text, coalesce(failed_step, 'transcribe') as failed_step from recordings r
 where deleted_at is null and root_data_purged_at is null
   and (failed_step is not null or (
        not exists (select from recording_utterances s where s.recording_id = r.id)
        and exists (select from audio_files f where f.recording_id = r.id and f.stored_at is not null)
        and not exists (select from procrastinate_jobs j
                         where j.args ->> 'recording_id' = r.id::text and j.status in ('todo', 'doing'))))
   and (cast(:named as text[]) is null or id::text = any(:named) or key = any(:named))
 order by created_at, id
""")
_SAID: Final = text("""
select r.id::text, coalesce(s.utterances, '[]') as utterances, r.speaker_roles, u.name as rep_name
  from recordings r join users u on u.id = r.user_id left join recording_utterances s on s.recording_id = r.id
 where (r.id::text = :named or r.key = :named) and r.deleted_at is null
 order by r.id::text = :named desc limit 1
""")
_SET_ROLES: Final = text("update recordings set speaker_roles = cast(:roles as jsonb) where id = :id")


_COUNTS: Final = text("""
select case when failed_step is not null then failed_step || ' failed'
            when processed_at is not null then 'done'
            when exists (select from recording_utterances s where s.recording_id = r.id) then 'extract'
            else 'without words' end as state, count(*) as recordings
  from recordings r where deleted_at is null and root_data_purged_at is null
 group by 1 order by 2 desc, 1
""")


class _Row(NamedTuple):
    id: str
    key: str | None
    created_at: datetime
    duration_ms: int
    failed_step: str | None
    failure: str | None
    extracted_at: datetime | None
    summarized_at: datetime | None
    processed_at: datetime | None
    transcribed_ms: int | None
    stage: str
    has_words: bool
    has_audio: bool
    job_status: str | None
    attempts: int
    scheduled_at: datetime | None


class _Chosen(NamedTuple):
    id: str
    failed_step: str


class _Said(NamedTuple):
    id: str
    utterances: list[dict[str, Any]]
    speaker_roles: dict[str, str]
    rep_name: str


class _Count(NamedTuple):
    state: str
    recordings: int


class StepState(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    """It comes after another step, or for a process."""
    RUNNING = "running"
    """A process works on it."""
    RETRYING = "retrying"
    """It failed, and is tried again."""
    DONE = "done"
    """Its result is stored."""
    FAILED = "failed"
    """It failed for good. `fieldnote workspace retry` begins it again."""
    MISSING = "missing"
    """It has nothing to work on: the recording has neither words nor audio that this workspace transcribes."""


@dataclass(frozen=True, slots=True)
class RecordingJob:
    """One recording with its steps."""

    recording_id: str
    key: str | None = field(metadata={"json": "id"})
    started_at: datetime
    steps: Mapping[Step, StepState]
    failure: str | None
    attempts: int
    progress: float | None
    """The share of the audio that is transcribed, while it is."""


@dataclass(frozen=True, slots=True)
class SpeakerRole:
    """One speaker's label and role."""

    label: str
    role: Role
    certainty: float = field(metadata={"digits": 2})
    corrected: bool
    """Whether a person set it."""


async def list_jobs(
    conn: AsyncConnection, named: str | None = None, *, only_failed: bool = False
) -> list[RecordingJob]:
    """The recordings that are not done or failed; with `named`, that one whatever its state."""
    values = {"named": named, "every": named is not None, "failed": only_failed, "queues": [INSIGHT, SPEECH]}
    return [_job(row) for row in await read_rows(conn, _Row, _ROWS, values)]


async def count_steps(conn: AsyncConnection) -> dict[str, int]:
    """How many recordings are done, at which step, or failed at which step."""
    return {row.state: row.recordings for row in await read_rows(conn, _Count, _COUNTS, {})}


async def retry(conn: AsyncConnection, organization_id: str, named: Sequence[str] = ()) -> list[str]:
    """Begin failed steps again: of these recordings, or of all; the ids. Earlier steps stay as they are stored."""
    rows = await read_rows(conn, _Chosen, _CHOSEN, {"named": list(named) or None})
    if named and len(rows) < len(set(named)):
        raise WorkspaceError(
            f"{len(set(named)) - len(rows)} of these recordings have no failed step",
            hint="Look at fieldnote workspace jobs.",
        )
    by_step = {step: [row.id for row in rows if row.failed_step == step] for step in Step}
    await transcribe_again(conn, organization_id, by_step[Step.TRANSCRIBE])
    await again(conn, organization_id, by_step[Step.SUMMARIZE], after=Step.EXTRACT)
    await again(conn, organization_id, by_step[Step.EXTRACT])
    return [row.id for row in rows]


async def speaker_roles(conn: AsyncConnection, named: str) -> list[SpeakerRole]:
    """The role of each speaker, with its certainty. Raises WorkspaceError."""
    return _roles(await _said(conn, named))


async def correct_roles(
    conn: AsyncConnection, organization_id: str, named: str, roles: Mapping[str, str]
) -> list[SpeakerRole]:
    """Set the roles of speakers by label (`auto` forgets a correction), and extract and summarize again.

    Raises WorkspaceError.
    """
    row = await _said(conn, named)
    labels = {entry["speaker"] for entry in row.utterances}
    corrected = dict(row.speaker_roles)
    for label, role in roles.items():
        if label not in labels:
            known = ", ".join(sorted(repr(one) for one in labels))
            raise WorkspaceError(f"the recording has no speaker {label!r}", hint=f"Its speakers are {known}.")
        if role == "auto":
            corrected.pop(label, None)
        elif role in {one.value for one in Role}:
            corrected[label] = role
        else:
            raise WorkspaceError(f"unknown role: {role!r}", hint="Use rep, customer, unknown or auto.")
    await conn.execute(_SET_ROLES, {"id": row.id, "roles": json.dumps(corrected)})
    await again(conn, organization_id, [row.id])
    return _roles(await _said(conn, row.id))


async def _said(conn: AsyncConnection, named: str) -> _Said:
    row = await read_row(conn, _Said, _SAID, {"named": named})
    if row is None or not row.utterances:
        raise WorkspaceError(f"there is no recording with words {named!r}", hint="Check its id.")
    return row


def _roles(row: _Said) -> list[SpeakerRole]:
    said = [Utterance(**entry) for entry in row.utterances]
    corrections = {label: Role(role) for label, role in row.speaker_roles.items()}
    found = assign(said, row.rep_name, corrections)
    labels = dict.fromkeys(one.speaker for one in said)
    return [SpeakerRole(one, found[one].role, found[one].certainty, one in corrections) for one in labels]


def _job(row: _Row) -> RecordingJob:
    done = {
        Step.TRANSCRIBE: row.has_words,
        Step.EXTRACT: row.extracted_at is not None and row.failed_step != Step.EXTRACT,
        Step.SUMMARIZE: row.summarized_at is not None,
    }
    steps = {step: StepState.DONE if is_done else StepState.WAITING for step, is_done in done.items()}
    current = next((step for step, is_done in done.items() if not is_done), None)
    if row.failed_step is not None:
        steps[Step(row.failed_step)] = StepState.FAILED
    elif current is not None:
        steps[current] = _state(row)
    progress = None
    if not row.has_words and row.transcribed_ms is not None and row.duration_ms:
        progress = round(min(1.0, row.transcribed_ms / row.duration_ms), 2)
    return RecordingJob(row.id, row.key, row.created_at, steps, row.failure, row.attempts, progress)


def _state(row: _Row) -> StepState:
    if row.job_status == "doing":
        return StepState.RUNNING
    if row.job_status == "todo":
        return StepState.RETRYING if row.attempts else StepState.WAITING
    return StepState.WAITING if row.has_words else StepState.MISSING
