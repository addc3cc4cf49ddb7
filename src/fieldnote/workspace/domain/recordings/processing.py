"""Extracts and summarizes a recording by the local method, and stores both in one transaction.

Killed at any line, it leaves nothing behind, and the job runs again. A recording that failed `ATTEMPTS` times has the
status `error`, and its reason in `recordings.failure`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import procrastinate
from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import extraction_values, summaries
from fieldnote.jobs import defer
from fieldnote.siro.models import ExtractionStatus, ProcessingStatus, WebhookEventType
from fieldnote.workspace.domain.recordings.conditions import TYPE_ID
from fieldnote.workspace.domain.recordings.followups import keep_followup
from fieldnote.workspace.domain.retry import Patiently
from fieldnote.workspace.domain.webhooks.deliveries import announce
from fieldnote.workspace.insight_pool import InsightFailed
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

log = logging.getLogger(__name__)
blueprint: Final = procrastinate.Blueprint()

SUMMARY: Final = "AI Summary"
ATTEMPTS: Final = 3
"""How often a conversation is worked on that misses the deadline, or ends its process."""
QUEUE: Final = "insight"
"""A queue with a worker of its own: conversations that wait for a process keep no other job waiting."""
UNTITLED: Final = "New recording"
"""What a recording is called that nobody named; it says nothing about the conversation."""

_LOWEST: Final = -(2**31)
_FIRST_WORDS: Final = 80
"""Characters of a prompt without a header that make the heading of its part."""
_LONGEST_HEADING: Final = 200
"""Characters: the index of headings takes no more than 2,704 bytes, and a header has no limit."""

_SCORED_FROM: Final = 180_000
"""Milliseconds of conversation below which none is scored."""

# A fair queue: a job starts behind the organization's own that wait, and not before the head of the queue.
_PRIORITY: Final = text("""
select coalesce(least(max(priority), min(priority) filter (where args ->> 'organization_id' = :organization_id) - 1), 0)
  from procrastinate_jobs
 where status = 'todo' and queue_name = :queue and (scheduled_at is null or scheduled_at <= now())
""")
_SAID: Final = text("""
select s.utterances, md5(s.utterances::text) as words, r.title, r.created_at, r.key, r.processed_at,
       r.summarized_at, u.name as rep_name,
       coalesce(a.fields ->> 'name', (select fields ->> 'name' from accounts where id = o.account_id)) as customer
  from recordings r
  join recording_utterances s on s.recording_id = r.id
  join users u on u.id = r.user_id
  left join recording_links l on l.recording_id = r.id
  left join engagements e on e.id = l.engagement_id
  left join accounts a on a.id = e.account_id
  left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
 where r.id = :id
""")
# Of the kind of conversation that the recording says it is, by its id or name, else of the organization's first.
_PROMPTS: Final = text(f"""
select p.header, p.prompt
  from summary_prompts p
 where p.conversation_type_id = (
       select {TYPE_ID} from recordings r where r.id = :id)
 order by p.position, p.created_at, p.id
""")  # noqa: S608 - our own words
# What was worked on counts if it is still what was said: another transcript may have come meanwhile.
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
_EXTRACTIONS: Final = text("""
select x.id::text, d.fields from extractions x join entity_definitions d on d.id = x.definition_id
 where x.recording_id = :id and x.status = 'IN_PROGRESS' order by d.created_at, d.id
""")
_STATUS: Final = text("update extractions set status = :status, updated_at = clock_timestamp() where id = :id")
_DONE: Final = text("""
update recordings
   set processed_at = clock_timestamp(), extracted_at = clock_timestamp(), updated_at = clock_timestamp(),
       stage = 'done', status = :status,
       evaluation_score = case when duration_ms >= :scored_from then cast(:score as float8) end,
       summarized_at = case when not :late then clock_timestamp() end, failure = :failure
 where id = :id
""")
_SUMMARIZED: Final = text("update recordings set summarized_at = clock_timestamp() where id = :id")


@dataclass(frozen=True, slots=True)
class _Insight:
    """What the local method found. `values` is missing after a failure."""

    values: dict[str, str] | None
    summary: str | None
    answers: Mapping[str, str] = field(default_factory=dict)
    """To what the summaries of this kind of conversation are asked besides, by heading."""
    steps: Sequence[str] = ()
    """What was promised or agreed for later."""
    failure: str | None = None
    """Why there is nothing, for an operator."""


async def defer_processing(conn: AsyncConnection, organization_id: str, recording_ids: Sequence[str]) -> None:
    """Have recordings worked on once the transaction is committed. Organizations take turns."""
    values = {"organization_id": organization_id, "queue": QUEUE}
    first = int((await conn.execute(_PRIORITY, values)).scalar_one())
    for place, recording_id in enumerate(recording_ids):
        ids: dict[str, Any] = {"organization_id": organization_id, "recording_id": recording_id}
        await defer(conn, process, priority=max(first - place, _LOWEST), **ids)


@blueprint.task(name="workspace.process", pass_context=True, retry=Patiently(), queue=QUEUE)
async def process(context: procrastinate.JobContext, organization_id: str, recording_id: str) -> None:
    """Extract and summarize, once."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        said: Any = (await conn.execute(_SAID, {"id": recording_id})).one_or_none()
        prompts: Any = (await conn.execute(_PROMPTS, {"id": recording_id})).all()
    if said is None or said.processed_at is not None:
        return
    found = await _look_into(context, organization_id, recording_id, said, prompts)
    late = await _lateness(workspace, organization_id, said)
    async with inside(workspace.engine, organization_id, working=True) as conn:
        if (await conn.execute(_LOCK, {"id": recording_id, "words": said.words})).scalar_one_or_none():
            score = await _keep_values(conn, organization_id, recording_id, found)
            await keep_followup(conn, organization_id, recording_id, found.steps, found.values or {})
            if late is None:
                await _keep_summary(conn, organization_id, recording_id, found)
            else:
                at = datetime.now(UTC) + timedelta(seconds=late)
                ids: dict[str, Any] = {"organization_id": organization_id, "recording_id": recording_id}
                await defer(conn, summarize_late, schedule_at=at, **ids)
            status = ProcessingStatus.ERROR if found.values is None else ProcessingStatus.COMPLETE
            done = {"id": recording_id, "late": late is not None, "status": status.value, "score": score}
            await conn.execute(_DONE, done | {"scored_from": _SCORED_FROM, "failure": found.failure})
            await announce(conn, organization_id, recording_id, WebhookEventType.RECORDING_PROCESSED)


@blueprint.task(name="workspace.summarize_late", pass_context=True, retry=Patiently(), queue=QUEUE)
async def summarize_late(context: procrastinate.JobContext, organization_id: str, recording_id: str) -> None:
    """Add the summary that the faults file held back. Nothing else of the recording moves, and no webhook goes out."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        said: Any = (await conn.execute(_SAID, {"id": recording_id})).one_or_none()
        prompts: Any = (await conn.execute(_PROMPTS, {"id": recording_id})).all()
    if said is None or said.summarized_at is not None:
        return
    found = await _look_into(context, organization_id, recording_id, said, prompts)
    async with inside(workspace.engine, organization_id, working=True) as conn:
        if (await conn.execute(_LOCK_SUMMARY, {"id": recording_id, "words": said.words})).scalar_one_or_none():
            await _keep_summary(conn, organization_id, recording_id, found)
            await conn.execute(_SUMMARIZED, {"id": recording_id})


async def _lateness(workspace: Workspace, organization_id: str, said: Any) -> float | None:
    if workspace.faults is None:
        return None
    own = await workspace.faults.of_organization(organization_id)
    return own.lateness(said.created_at.isoformat(), said.key)


async def _look_into(
    context: procrastinate.JobContext, organization_id: str, recording_id: str, said: Any, prompts: Sequence[Any]
) -> _Insight:
    """The facts, from a process that is killed at its deadline. Raises InsightFailed while another attempt may help."""
    workspace: Workspace = context.additional_context["workspace"]
    request = {
        "utterances": said.utterances,
        "rep_name": said.rep_name,
        "started_at": said.created_at.isoformat(),
        "title": None if said.title == UNTITLED else said.title,
        "customer": said.customer,
        "prompts": [one.prompt for one in prompts],
    }
    try:
        reply = await workspace.insight.look_into(organization_id, request)
    except InsightFailed as error:
        attempt = 1 + context.job.attempts
        log.warning("insight_failed", extra={"recording_id": recording_id, "reason": str(error), "attempt": attempt})
        if attempt < ATTEMPTS:
            raise
        return _Insight(None, None, failure=f"{error}, in {attempt} attempts")
    return _Insight(
        reply["values"], reply["summary"], dict(zip(_headings(prompts), reply["answers"], strict=True)), reply["steps"]
    )


def _headings(prompts: Sequence[Any]) -> list[str]:
    """Of each prompt's part: its header, else its first words. No two are the same, and none is the summary's."""
    taken = {SUMMARY}
    found: list[str] = []
    for prompt in prompts:
        wanted = (prompt.header or "").strip()[:_LONGEST_HEADING] or prompt.prompt.strip()[:_FIRST_WORDS] or "Question"
        heading, number = wanted, 2
        while heading in taken:
            heading, number = f"{wanted} ({number})", number + 1
        taken.add(heading)
        found.append(heading)
    return found


async def _keep_values(conn: AsyncConnection, organization_id: str, recording_id: str, found: _Insight) -> float | None:
    """Store the values; the score that they make: how much of what is wanted was spoken of, in percent."""
    wanted_by_all: set[str] = set()
    for row in (await conn.execute(_EXTRACTIONS, {"id": recording_id})).all():
        wanted = {one["name"] for one in row.fields}
        wanted_by_all |= wanted
        status = ExtractionStatus.FAIL if found.values is None else ExtractionStatus.SUCCESS
        await conn.execute(_STATUS, {"id": row.id, "status": status.value})
        items = [{"name": n, "value": v} for n, v in (found.values or {}).items() if n in wanted]
        values = {"organization_id": organization_id, "extraction_id": row.id, "items": items}
        statement = insert(extraction_values).values(values)
        await conn.execute(statement.on_conflict_do_update(index_elements=["extraction_id"], set_={"items": items}))
    if found.values is None or not wanted_by_all:
        return None
    return round(100 * len(wanted_by_all & found.values.keys()) / len(wanted_by_all), 1)


async def _keep_summary(conn: AsyncConnection, organization_id: str, recording_id: str, found: _Insight) -> None:
    """The summary, and behind it the answers, in the order of the prompts."""
    parts = {**({SUMMARY: found.summary} if found.summary else {}), **found.answers}
    for name, content in parts.items():
        values = {
            "organization_id": organization_id,
            "recording_id": recording_id,
            "name": name,
            "content": content,
            "created_at": func.clock_timestamp(),
        }
        statement = insert(summaries).values(values)
        changed = {"content": content}
        await conn.execute(statement.on_conflict_do_update(index_elements=["recording_id", "name"], set_=changed))
