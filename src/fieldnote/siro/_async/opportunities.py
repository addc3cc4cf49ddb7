"""Deals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import page
from fieldnote.siro.models import Opportunity, OpportunitySync
from fieldnote.siro.operations import batch, many, one, plain, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import OpportunitySyncFields


class AsyncOpportunities(AsyncResource):
    """Deals."""

    async def sync(
        self, record: OpportunitySync | OpportunitySyncFields | None = None, /, **fields: Unpack[OpportunitySyncFields]
    ) -> Opportunity:
        """Create a deal, or change the given fields. Take a record, or its fields by name."""
        body = request(OpportunitySync, record, fields)
        return await self._sender.send(endpoints.SYNC_OPPORTUNITY.call(one(Opportunity), body=body))

    async def sync_batch(self, records: Iterable[OpportunitySync | OpportunitySyncFields]) -> tuple[Opportunity, ...]:
        """Create or change several deals in one call; the answers are in the order of the records.

        Siro states no limit; batches of 100 are known to pass. If one record is refused, all are.
        """
        return await self._sender.send(
            endpoints.SYNC_OPPORTUNITIES.call(many(Opportunity), body=batch(OpportunitySync, records))
        )

    def list(
        self, *, recording_id: str | None = None, external_id: str | None = None, cursor: str | None = None
    ) -> AsyncListing[Opportunity]:
        """All deals that fit, page by page. `external_id` is the CRM's, `recording_id` Siro's."""
        query = query_of(recordingId=recording_id, externalId=external_id)
        return self._paged(endpoints.LIST_OPPORTUNITIES, page(Opportunity), query=query, cursor=cursor)

    async def get(self, opportunity_id: str) -> Opportunity:
        """Read a deal by Siro's id."""
        return await self._sender.send(endpoints.GET_OPPORTUNITY.call(one(Opportunity), opportunity_id))

    async def delete(self, opportunity_id: str) -> bool:
        """Delete a deal by Siro's id. Return whether there was one."""
        return await self._sender.send(endpoints.DELETE_OPPORTUNITY.call(plain(bool), opportunity_id))
