"""A transcript that arrives after its recording."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from fieldnote.db.workspace_tables import recording_utterances
from fieldnote.errors import WorkspaceError
from fieldnote.insight import Utterance, duration_of
from fieldnote.workspace.audit import PROGRAM, Operator, commanded
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.insight.redaction import redact_known
from fieldnote.workspace.domain.matching.linking import hold_links, link_around
from fieldnote.workspace.domain.recordings.muting import defer_muting
from fieldnote.workspace.domain.recordings.processing import defer_processing
from fieldnote.workspace.domain.recordings.recordings import stored
from fieldnote.workspace.rows import read_row
from fieldnote.workspace.tenancy import inside

_RECORDING: Final = text("""
select id::text, user_id::text, created_at, root_data_purged_at is not null as purged from recordings
 where (id::text = :named or key = :named) and deleted_at is null
 order by id::text = :named desc limit 1
""")
_BEGIN_AGAIN: Final = text("""
update recordings
   set transcription_status = 'COMPLETE', stage = 'processing', status = 'in-progress', processed_at = null,
       extracted_at = null, summarized_at = null, failure = null, failed_step = null, updated_at = clock_timestamp(),
       duration_ms = case when duration_ms = 0 then :duration else duration_ms end
 where id = :id
""")
_OLD_SUMMARY: Final = text("delete from summaries where recording_id = :id")
_EXPECT_AGAIN: Final = text("""
update extractions set status = 'IN_PROGRESS', updated_at = clock_timestamp() where recording_id = :id
""")


class _Recording(NamedTuple):
    id: str
    user_id: str
    created_at: datetime
    purged: bool


async def set_transcript(
    workspace: Workspace,
    organization_id: str,
    named: str,
    utterances: Sequence[Utterance],
    *,
    by: Operator = PROGRAM,
) -> str:
    """Say what was said in a recording, in the place of what was known; `named` is its id or key. Its id.

    It is matched again at once, and worked on again by the server. Raises WorkspaceError.
    """
    async with inside(workspace.engine, organization_id, alone=True) as conn:
        row = await read_row(conn, _Recording, _RECORDING, {"named": named})
        if row is None:
            raise WorkspaceError(f"there is no recording {named!r}", hint="Give its id, or the --id it came with.")
        if row.purged:
            raise WorkspaceError(f"the words of {named!r} were purged", hint="They cannot be added again.")
        ids: dict[str, object] = {"organization_id": organization_id, "recording_id": row.id}
        await hold_links(conn, row.id)
        said = stored(utterances)
        statement = insert(recording_utterances).values(ids | said)
        await conn.execute(statement.on_conflict_do_update(index_elements=["recording_id"], set_=said))
        duration = round(1000 * (duration_of(list(utterances)) or 0))
        await conn.execute(_BEGIN_AGAIN, {"id": row.id, "duration": duration})
        await conn.execute(_OLD_SUMMARY, {"id": row.id})
        await conn.execute(_EXPECT_AGAIN, {"id": row.id})
        await link_around(conn, organization_id, row.user_id, [row.created_at])
        if await redact_known(conn, organization_id, [row.id]) or said["redacted"]:
            await defer_muting(conn, organization_id, row.id)
        await defer_processing(conn, organization_id, [row.id])
        await commanded(conn, organization_id, by, "transcript", [row.id])
    return row.id
