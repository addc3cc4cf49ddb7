"""How the values, the summary and the follow-up of a recording are stored, inside the transaction of their step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import extraction_values, summaries
from fieldnote.siro.models import ExtractionStatus
from fieldnote.workspace.domain.insight.definitions import Stored, mappings_of
from fieldnote.workspace.domain.insight.requests import Prompt
from fieldnote.workspace.rows import Id, read_rows

SUMMARY: Final = "AI Summary"
_FIRST_WORDS: Final = 80
"""Characters of a prompt without a header that make the heading of its part."""
_LONGEST_HEADING: Final = 200
"""Characters: the index of headings takes no more than 2,704 bytes, and a header has no limit."""
_SCORED_FROM: Final = 180_000
"""Milliseconds of conversation below which none is scored."""

_EXTRACTIONS: Final = text("""
select x.id::text from extractions x join entity_definitions d on d.id = x.definition_id
 where x.recording_id = :id and x.status = 'IN_PROGRESS' order by d.created_at, d.id
""")
_STATUS: Final = text("update extractions set status = :status, updated_at = clock_timestamp() where id = :id")
_EXTRACTED: Final = text("""
update recordings
   set extracted_at = clock_timestamp(),
       evaluation_score = case when duration_ms >= :scored_from then cast(:score as float8) end
 where id = :id
""")


async def keep_values(
    conn: AsyncConnection,
    organization_id: str,
    recording_id: str,
    stored: Sequence[Stored],
    values: Mapping[str, str] | None,
) -> None:
    """Store the values, and the share of the wanted fields that have one; None: the extraction failed."""
    by_name = {one.definition.name: one.definition for one in stored}
    items = [
        {"name": name, "value": value} | ({"mappings": mappings} if (mappings := mappings_of(by_name[name])) else {})
        for name, value in (values or {}).items()
        if name in by_name
    ]
    status = ExtractionStatus.FAIL if values is None else ExtractionStatus.SUCCESS
    for row in await read_rows(conn, Id, _EXTRACTIONS, {"id": recording_id}):
        await conn.execute(_STATUS, {"id": row.id, "status": status.value})
        new = {"organization_id": organization_id, "extraction_id": row.id, "items": items}
        statement = insert(extraction_values).values(new)
        await conn.execute(statement.on_conflict_do_update(index_elements=["extraction_id"], set_={"items": items}))
    score = None if values is None or not by_name else round(100 * len(items) / len(by_name), 1)
    await conn.execute(_EXTRACTED, {"id": recording_id, "score": score, "scored_from": _SCORED_FROM})


async def keep_summary(
    conn: AsyncConnection, organization_id: str, recording_id: str, summary: str | None, answers: Mapping[str, str]
) -> None:
    """The summary, and behind it the answers, in the order of the prompts."""
    parts = {**({SUMMARY: summary} if summary else {}), **answers}
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


def headings(prompts: Sequence[Prompt]) -> list[str]:
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
