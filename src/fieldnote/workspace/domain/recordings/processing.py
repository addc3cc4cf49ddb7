"""Extracts and summarizes a recording. Each step is stored when it is done, and a retry goes on behind it.

Killed at any line, a job leaves nothing half-stored, and runs again. A step that failed `ATTEMPTS` times is kept in
`recordings.failed_step` and its reason in `recordings.failure`; `again` lets it begin again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import procrastinate
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.jobs import defer
from fieldnote.siro.models import ProcessingStatus, WebhookEventType
from fieldnote.workspace.domain.insight.model import ask_model
from fieldnote.workspace.domain.insight.redaction import redact_known
from fieldnote.workspace.domain.insight.requests import UNTITLED, Conversation, Said, conversation_of
from fieldnote.workspace.domain.insight.results import headings, keep_summary, keep_values
from fieldnote.workspace.domain.job_retries import RetryForever
from fieldnote.workspace.domain.recordings.followups import keep_followup
from fieldnote.workspace.domain.recordings.muting import defer_muting
from fieldnote.workspace.domain.webhooks.deliveries import announce
from fieldnote.workspace.insight_pool import InsightFailed
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

__all__ = ["ATTEMPTS", "QUEUE", "UNTITLED", "Step", "again", "blueprint", "defer_processing", "process"]

log = logging.getLogger(__name__)
blueprint: Final = procrastinate.Blueprint()

ATTEMPTS: Final = 3
"""How often a conversation is worked on that misses the deadline, or ends its process."""
QUEUE: Final = "insight"
"""A queue with a worker of its own: conversations that wait for a process keep no other job waiting."""
_LOWEST: Final = -(2**31)


class Step(StrEnum):
    """A step of a recording, in this order."""

    TRANSCRIBE = "transcribe"
    """Audio becomes words, and secrets among them are removed."""
    EXTRACT = "extract"
    """The values of the definitions are found."""
    SUMMARIZE = "summarize"
    """The summary and the answers to prompts are written."""


# A fair queue: a job starts behind the organization's own that wait, and not before the head of the queue.
_PRIORITY: Final = text("""
select coalesce(least(max(priority), min(priority) filter (where args ->> 'organization_id' = :organization_id) - 1), 0)
  from procrastinate_jobs
 where status = 'todo' and queue_name = :queue and (scheduled_at is null or scheduled_at <= now())
""")
# A result counts if its words are still the recording's words: another transcript may have come meanwhile.
_LOCK: Final = text("""
select r.processed_at is null and r.root_data_purged_at is null and md5(s.utterances::text) = :words
  from recordings r left join recording_utterances s on s.recording_id = r.id
 where r.id = :id
   for update of r
""")
_LOCK_SUMMARY: Final = text("""
select r.summarized_at is null and r.root_data_purged_at is null and md5(s.utterances::text) = :words
  from recordings r left join recording_utterances s on s.recording_id = r.id
 where r.id = :id
   for update of r
""")
_SUMMARIZED: Final = text("update recordings set summarized_at = clock_timestamp() where id = :id")
_DONE: Final = text("""
update recordings
   set processed_at = clock_timestamp(), updated_at = clock_timestamp(), stage = 'done', status = :status,
       summarized_at = case when :summarized then clock_timestamp() end, failure = :failure, failed_step = :failed_step
 where id = :id
""")
# Recordings with words begin again at the extraction; purged ones stay purged.
_AGAIN: Final = text("""
update recordings r
   set stage = 'processing', status = 'in-progress', processed_at = null, summarized_at = null,
       failure = null, failed_step = null, updated_at = clock_timestamp(),
       extracted_at = case when :all then null else extracted_at end
 where id = any(cast(:ids as uuid[])) and root_data_purged_at is null and deleted_at is null
   and exists (select from recording_utterances s where s.recording_id = r.id)
returning id::text
""")
_EXPECT: Final = text("""
update extractions set status = 'IN_PROGRESS', updated_at = clock_timestamp()
 where recording_id = any(cast(:ids as uuid[]))
""")
_OLD_SUMMARIES: Final = text("delete from summaries where recording_id = any(cast(:ids as uuid[]))")


async def defer_processing(conn: AsyncConnection, organization_id: str, recording_ids: Sequence[str]) -> None:
    """Have recordings worked on once the transaction is committed. Organizations take turns."""
    first = await next_priority(conn, organization_id)
    for place, recording_id in enumerate(recording_ids):
        ids: dict[str, Any] = {"organization_id": organization_id, "recording_id": recording_id}
        await defer(conn, process, priority=max(first - place, _LOWEST), **ids)


async def next_priority(conn: AsyncConnection, organization_id: str) -> int:
    """The priority of the organization's next job: behind its own that wait."""
    values = {"organization_id": organization_id, "queue": QUEUE}
    return max(int((await conn.execute(_PRIORITY, values)).scalar_one()), _LOWEST)


async def again(
    conn: AsyncConnection, organization_id: str, recording_ids: Sequence[str], *, after: Step = Step.TRANSCRIBE
) -> list[str]:
    """Do the steps behind `after` again; the ids of the recordings that have words."""
    every = after is Step.TRANSCRIBE
    ids = [str(one) for one in (await conn.execute(_AGAIN, {"ids": list(recording_ids), "all": every})).scalars()]
    if ids:
        if every:
            await conn.execute(_EXPECT, {"ids": ids})
        await conn.execute(_OLD_SUMMARIES, {"ids": ids})
        await defer_processing(conn, organization_id, ids)
    return ids


@blueprint.task(name="workspace.process", pass_context=True, retry=RetryForever(), queue=QUEUE)
async def process(context: procrastinate.JobContext, organization_id: str, recording_id: str) -> None:
    """Extract and summarize, once."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        if await redact_known(conn, organization_id, [recording_id]):  # its appointment came after its words
            await defer_muting(conn, organization_id, recording_id)
        talk = await conversation_of(conn, recording_id)
    if talk is None or talk.said.processed_at is not None:
        return
    attempt = 1 + context.job.attempts
    todo = [Step.SUMMARIZE] if talk.said.extracted_at is not None else [Step.EXTRACT, Step.SUMMARIZE]
    # A first attempt does both in one request. A retry does one at a time, so that the one that succeeds is stored.
    for parts in [todo] if attempt == 1 else [[one] for one in todo]:
        try:
            reply = await _look_into(workspace, organization_id, talk, parts)
            is_stored = await _keep(workspace, organization_id, talk, parts, reply)
            if (error_name := reply.get("failed", {}).get(Step.SUMMARIZE)) is not None:
                raise _SummaryFailed(f"it raised {error_name}")
        except InsightFailed as error:
            failed = Step.SUMMARIZE if isinstance(error, _SummaryFailed) else parts[0]
            log.warning(
                "insight_failed",
                extra={"recording_id": recording_id, "step": failed.value, "reason": str(error), "attempt": attempt},
            )
            if attempt < ATTEMPTS:
                raise
            await _give_up(workspace, organization_id, talk, failed, f"{error}, in {attempt} attempts")
            return
        if not is_stored:
            return


async def _look_into(
    workspace: Workspace, organization_id: str, talk: Conversation, parts: Sequence[Step]
) -> dict[str, Any]:
    """By the local method; values and summary by the language model, where the organization wants it."""
    request = talk.request(parts)
    reply = await workspace.insight.look_into(organization_id, request)
    if workspace.llm is not None and talk.said.language_model:
        by_model = await ask_model(workspace, organization_id, talk.recording_id, request)
        reply |= {name: value for name, value in by_model.items() if name in reply}
    return reply


class _SummaryFailed(InsightFailed):
    """The values are stored, and the summary is not."""


async def _keep(
    workspace: Workspace, organization_id: str, talk: Conversation, parts: Sequence[Step], reply: Mapping[str, Any]
) -> bool:
    """Store what was found, in one transaction; False where the recording has changed since."""
    late = await _lateness(workspace, organization_id, talk.said)
    recording_id = talk.recording_id
    async with inside(workspace.engine, organization_id, working=True) as conn:
        if not await _is_open(conn, talk):
            return False
        if Step.EXTRACT in parts:
            await keep_values(conn, organization_id, recording_id, talk.stored, reply["values"])
            await keep_followup(conn, organization_id, recording_id, reply["steps"], reply["values"])
        if Step.SUMMARIZE not in parts or Step.SUMMARIZE in reply.get("failed", {}):
            return True
        if late is None:
            await _keep_summary(conn, organization_id, talk, reply)
        else:
            at = datetime.now(UTC) + timedelta(seconds=late)
            ids: dict[str, Any] = {"organization_id": organization_id, "recording_id": recording_id}
            await defer(conn, summarize_late, schedule_at=at, **ids)
        await _finish(conn, organization_id, recording_id, summarized=late is None)
    return True


async def _give_up(workspace: Workspace, organization_id: str, talk: Conversation, step: Step, reason: str) -> None:
    """Store that a step failed, and why. Values that an earlier step found stay."""
    async with inside(workspace.engine, organization_id, working=True) as conn:
        if not await _is_open(conn, talk):
            return
        if step is Step.EXTRACT:
            await keep_values(conn, organization_id, talk.recording_id, talk.stored, None)
            await keep_followup(conn, organization_id, talk.recording_id, (), {})
        await _finish(conn, organization_id, talk.recording_id, failed=step, failure=reason)


async def _is_open(conn: AsyncConnection, talk: Conversation) -> bool:
    values = {"id": talk.recording_id, "words": talk.said.words}
    return bool((await conn.execute(_LOCK, values)).scalar_one_or_none())


async def _finish(
    conn: AsyncConnection,
    organization_id: str,
    recording_id: str,
    *,
    summarized: bool = False,
    failed: Step | None = None,
    failure: str | None = None,
) -> None:
    """Mark the recording as done. Without values it is an error; without a summary it is not."""
    status = ProcessingStatus.ERROR if failed is Step.EXTRACT else ProcessingStatus.COMPLETE
    values = {"id": recording_id, "status": status.value, "summarized": summarized}
    await conn.execute(_DONE, values | {"failure": failure, "failed_step": failed})
    await announce(conn, organization_id, recording_id, WebhookEventType.RECORDING_PROCESSED)


@blueprint.task(name="workspace.summarize_late", pass_context=True, retry=RetryForever(), queue=QUEUE)
async def summarize_late(context: procrastinate.JobContext, organization_id: str, recording_id: str) -> None:
    """Add the summary that the faults file held back. Nothing else of the recording moves, and no webhook goes out."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        talk = await conversation_of(conn, recording_id)
    if talk is None or talk.said.summarized_at is not None:
        return
    reply = await _look_into(workspace, organization_id, talk, [Step.SUMMARIZE])
    if (error_name := reply.get("failed", {}).get(Step.SUMMARIZE)) is not None:
        raise InsightFailed(f"it raised {error_name}")
    async with inside(workspace.engine, organization_id, working=True) as conn:
        if (await conn.execute(_LOCK_SUMMARY, {"id": recording_id, "words": talk.said.words})).scalar_one_or_none():
            await _keep_summary(conn, organization_id, talk, reply)
            await conn.execute(_SUMMARIZED, {"id": recording_id})


async def _keep_summary(
    conn: AsyncConnection, organization_id: str, talk: Conversation, reply: Mapping[str, Any]
) -> None:
    answers = dict(zip(headings(talk.prompts), reply["answers"], strict=True))
    await keep_summary(conn, organization_id, talk.recording_id, reply["summary"], answers)


async def _lateness(workspace: Workspace, organization_id: str, said: Said) -> float | None:
    if workspace.faults is None:
        return None
    own = await workspace.faults.of_organization(organization_id)
    return own.lateness(said.created_at.isoformat(), said.key)
