"""Why a recording is linked as it is, for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, TypedDict

from sqlalchemy import text

from fieldnote.workspace.audit import Operator, commanded
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.rows import read_rows
from fieldnote.workspace.tenancy import inside

_LINKS: Final = text("""
select r.id::text, r.key, r.processed_at is not null as processed, r.failure, e.external_id as appointment,
       o.external_id as opportunity, l.trigger, l.source, l.score, l.reasons, l.runners_up, l.history,
       not exists (select from webhook_deliveries d join webhook_messages m on m.id = d.message_id
                    where m.recording_id = r.id and d.state = 'pending') as notified
  from recordings r
  left join recording_links l on l.recording_id = r.id
  left join engagements e on e.id = l.engagement_id
  left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
 where cast(:named as text) is null or r.id::text = :named or r.key = :named
 order by r.created_at, r.id
""")

# A record that only another record has named so far is a placeholder, and does not count.
_COUNTS: Final = text("""
select (select count(*) from engagements where fields <> '{}') as engagements,
       (select count(*) from opportunities where fields <> '{}') as opportunities
""")


class Step(TypedDict):
    """One step of a link."""

    at: str
    appointment: str | None
    opportunity: str | None
    source: str
    trigger: str
    reasons: list[str]


class _Link(NamedTuple):
    id: str
    key: str | None
    processed: bool
    failure: str | None
    appointment: str | None
    opportunity: str | None
    trigger: str | None
    source: str | None
    score: float | None
    reasons: list[str] | None
    runners_up: list[dict[str, object]] | None
    history: list[Step] | None
    notified: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """One recording: what it was linked to, how, and in what words."""

    recording_id: str
    key: str | None
    processed: bool
    failure: str | None
    """Why processing failed."""
    notified: bool
    """Every webhook about it was taken, or given up."""
    appointment: str | None
    """The CRM's id of the appointment."""
    opportunity: str | None
    """The CRM's id of the deal."""
    trigger: str | None
    source: str | None
    score: float | None
    reasons: tuple[str, ...]
    runners_up: tuple[dict[str, object], ...] = ()
    """The losers: the CRM's id of each appointment, its score, and why."""
    history: tuple[Step, ...] = ()
    """The steps of the link, the earliest first."""


async def explain_links(
    workspace: Workspace, organization_id: str, named: str | None = None, *, by: Operator | None = None
) -> list[Explained]:
    """Every recording of the organization, in order of start; or the one of this id or key."""
    async with inside(workspace.engine, organization_id) as conn:
        rows = await read_rows(conn, _Link, _LINKS, {"named": named})
        if by is not None:
            await commanded(conn, organization_id, by, "explain", [row.id for row in rows])
    return [
        Explained(
            recording_id=row.id,
            key=row.key,
            processed=row.processed,
            failure=row.failure,
            notified=row.notified,
            appointment=row.appointment,
            opportunity=row.opportunity,
            trigger=row.trigger,
            source=row.source,
            score=row.score,
            reasons=tuple(row.reasons or ()),
            runners_up=tuple(row.runners_up or ()),
            history=tuple(row.history or ()),
        )
        for row in rows
    ]


async def count_records(workspace: Workspace, organization_id: str) -> dict[str, int]:
    """How many engagements and opportunities the CRM has sent."""
    async with inside(workspace.engine, organization_id) as conn:
        return dict((await conn.execute(_COUNTS)).mappings().one())
