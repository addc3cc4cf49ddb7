"""The operations that take records from the CRM: one, or a batch of which all are stored or none."""

from __future__ import annotations

from typing import Any

from fieldnote.siro.models import EngagementSync, OpportunitySync
from fieldnote.workspace.api import views
from fieldnote.workspace.api.calls import Call
from fieldnote.workspace.api.errors import Path, invalid, issue
from fieldnote.workspace.crm_records import UnknownAccount, sync_engagements, sync_opportunities
from fieldnote.workspace.crm_writes import Owner
from fieldnote.workspace.linking import defer_links


async def put_engagement(call: Call) -> dict[str, Any]:
    """Upsert an appointment, with the account, opportunity and reps inside it."""
    [shown] = await _engagements(call, [call.read(EngagementSync)])
    return {"data": shown}


async def put_engagements(call: Call) -> dict[str, Any]:
    """Upsert a batch of appointments. The answer has them in the same order."""
    return {"data": await _engagements(call, call.read_all(EngagementSync))}


async def put_opportunity(call: Call) -> dict[str, Any]:
    """Upsert a deal, with the account, contacts and reps inside it."""
    try:
        [shown] = await _opportunities(call, [call.read(OpportunitySync)])
    except UnknownAccount:
        raise _no_account("accountId") from None
    return {"data": shown}


async def put_opportunities(call: Call) -> dict[str, Any]:
    """Upsert a batch of deals. The answer has them in the same order."""
    try:
        return {"data": await _opportunities(call, call.read_all(OpportunitySync))}
    except UnknownAccount as error:
        raise _no_account(error.position, "accountId") from None


async def _engagements(call: Call, records: list[EngagementSync]) -> list[dict[str, Any]]:
    ids, touched = await sync_engagements(call.transaction, _owner(call), records)
    await defer_links(call.conn, call.organization_id, touched)
    return await views.engagements(call.transaction, ids)


async def _opportunities(call: Call, records: list[OpportunitySync]) -> list[dict[str, Any]]:
    ids, touched = await sync_opportunities(call.transaction, _owner(call), records)
    await defer_links(call.conn, call.organization_id, touched)
    return await views.opportunities(call.transaction, ids)


def _owner(call: Call) -> Owner:
    return Owner(call.organization_id, call.caller.connection_id)


def _no_account(*path: str | int) -> Exception:
    where: Path = path
    return invalid([issue("custom", where, "Account not found")])
