"""The operations that take records from the CRM: one, or a batch of which all are stored or none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from fieldnote.siro.models import EngagementSync, OpportunitySync, RequestModel
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.crm.records import UnknownAccount, sync_engagements, sync_opportunities
from fieldnote.workspace.domain.crm.writes import Owner
from fieldnote.workspace.domain.matching.linking import defer_links
from fieldnote.workspace.http import views
from fieldnote.workspace.http.calls import Call, read_each
from fieldnote.workspace.http.errors import ApiError, invalid, issue

M = TypeVar("M", bound=RequestModel)


async def put_engagement(calls: Sequence[Call]) -> list[Any]:
    """Upsert an appointment, with the account, opportunity and reps inside it."""
    return await _each(calls, EngagementSync, _engagements)


async def put_engagements(call: Call) -> dict[str, object]:
    """Upsert a batch of appointments. The answer has them in the same order."""
    return {"data": await _engagements(call, call.read_all(EngagementSync))}


async def put_opportunity(calls: Sequence[Call]) -> list[Any]:
    """Upsert a deal, with the account, contacts and reps inside it."""
    return await _each(calls, OpportunitySync, _opportunities)


async def put_opportunities(call: Call) -> dict[str, object]:
    """Upsert a batch of deals. The answer has them in the same order."""
    try:
        return {"data": await _opportunities(call, call.read_all(OpportunitySync))}
    except UnknownAccount as error:
        raise _no_account(error.position, "accountId") from None


async def _each(
    calls: Sequence[Call], model: type[M], sync: Callable[[Call, list[M]], Awaitable[list[dict[str, object]]]]
) -> list[Any]:
    """Answer each call with its record, or with what is wrong with it; that one alone is not stored."""
    records, answers = read_each(calls, lambda call: call.read(model))
    while records:
        try:
            shown = await sync(calls[0], [*records.values()])
        except UnknownAccount as error:  # found before anything was written
            place = [*records][error.position]
            answers[place] = _no_account("accountId")
            del records[place]
        else:
            answers |= {place: {"data": one} for place, one in zip(records, shown, strict=True)}
            break
    return [answers[place] for place in range(len(calls))]


async def _engagements(call: Call, records: list[EngagementSync]) -> list[dict[str, object]]:
    ids, touched = await sync_engagements(call.transaction, _owner(call), records)
    await defer_links(call.conn, call.organization_id, touched)
    _count(call, len(records))
    return await views.engagements(call.transaction, ids)


async def _opportunities(call: Call, records: list[OpportunitySync]) -> list[dict[str, object]]:
    ids, touched = await sync_opportunities(call.transaction, _owner(call), records)
    await defer_links(call.conn, call.organization_id, touched)
    _count(call, len(records))
    return await views.opportunities(call.transaction, ids)


def _count(call: Call, records: int) -> None:
    workspace: Workspace = call.request.app.state.workspace
    call.transaction.when_committed.append(lambda: workspace.statistics.grew(records))


def _owner(call: Call) -> Owner:
    return Owner(call.organization_id, call.caller.connection_id)


def _no_account(*path: str | int) -> ApiError:
    return invalid([issue("custom", path, "Account not found")])
