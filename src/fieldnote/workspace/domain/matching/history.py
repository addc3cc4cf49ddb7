"""Learn each organization's rates from its history at night, and measure the matcher on the links that people made."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import procrastinate
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.matching import (
    ENOUGH,
    USUAL,
    Appointment,
    Conversation,
    Evaluation,
    Rates,
    evaluate,
    learn,
)
from fieldnote.workspace.domain.matching.evidence import (
    appointment_of,
    conversation_of,
    decided_by_people,
    history_rows,
)
from fieldnote.workspace.domain.matching.linking import UNLINKED, defer_days
from fieldnote.workspace.domain.matching.rates import keep_rates, read_rates
from fieldnote.workspace.rows import Id, read_rows
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

log = logging.getLogger(__name__)
blueprint: Final = procrastinate.Blueprint()

MOST: Final = 8_000
"""Recordings that a history has at most, the latest ones."""
_DECIDED_AGAIN: Final = timedelta(days=3)
"""How far back links are decided again with new rates, so that the order of arrival does not matter."""

_ORGANIZATIONS: Final = text("""
select o.id::text from organizations o
 where not o.disabled
   and (select count(*) from (select from recordings r where r.organization_id = o.id limit :enough) as counted)
       >= :enough
 order by o.id
""")
_LATELY: Final = text("""
select distinct user_id::text, cast(created_at at time zone 'UTC' as date) as day
  from recordings where created_at >= :since and deleted_at is null order by 1, 2
""")


class _Day(NamedTuple):
    user_id: str
    day: date


@dataclass(frozen=True, slots=True)
class History:
    """An organization's latest recordings and the appointments around them."""

    conversations: list[Conversation]
    appointments: list[Appointment]
    fixed: dict[str, str | None]
    """The links of people and deep links."""
    known: dict[str, str | None]
    """Those that name an appointment, or that a person took away without another record."""


async def read_history(conn: AsyncConnection, most: int = MOST) -> History:
    """Without transcripts, which are long and do not change the rates."""
    made, planned = await history_rows(conn, most)
    return History(
        [conversation_of(row) for row in made],
        [appointment_of(row) for row in planned],
        fixed := decided_by_people(made),
        {row.id: fixed[row.id] for row in made if row.id in fixed and (fixed[row.id] or row.chosen == UNLINKED)},
    )


async def evaluate_links(workspace: Workspace, organization_id: str) -> Evaluation:
    """Measure the matcher on the recordings whose links people or deep links made."""
    async with inside(workspace.engine, organization_id) as conn:
        history = await read_history(conn)
    return await asyncio.to_thread(evaluate, history.conversations, history.appointments, history.known)


async def learn_rates(workspace: Workspace, organization_id: str) -> Rates:
    """Learn an organization's rates. If they are new, keep them and decide the latest days again."""
    async with inside(workspace.engine, organization_id) as conn:
        before, history = await read_rates(conn), await read_history(conn)
    rates = await asyncio.to_thread(learn, history.conversations, history.appointments, fixed=history.fixed)
    if rates in (before, USUAL):
        return before
    async with inside(workspace.engine, organization_id) as conn:
        await keep_rates(conn, organization_id, rates)
        lately = await read_rows(conn, _Day, _LATELY, {"since": datetime.now(UTC) - _DECIDED_AGAIN})
        await defer_days(conn, organization_id, {(row.user_id, row.day) for row in lately})
    log.info("rates_learned", extra={"organization_id": organization_id, "recordings": rates.learned_from})
    return rates


@blueprint.periodic(cron="41 8 * * *", periodic_id="")
@blueprint.task(name="workspace.learn_rates", pass_context=True, queueing_lock="workspace.learn_rates")
async def learn_all(context: procrastinate.JobContext, timestamp: int) -> None:
    """Each night of America."""
    del timestamp
    workspace: Workspace = context.additional_context["workspace"]
    async with workspace.engine.connect() as conn:
        organizations = await read_rows(conn, Id, _ORGANIZATIONS, {"enough": ENOUGH})
    for organization in organizations:
        await learn_rates(workspace, organization.id)
