"""Appointments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import page
from fieldnote.siro.models import Engagement, EngagementSync, ExternalIdType, SoftDeleteRemoved, Success
from fieldnote.siro.operations import batch, many, one, plain, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import EngagementSyncFields, SoftDeleteRemovedFields


class AsyncEngagements(AsyncResource):
    """Appointments."""

    async def sync(
        self, record: EngagementSync | EngagementSyncFields | None = None, /, **fields: Unpack[EngagementSyncFields]
    ) -> Engagement:
        """Create an appointment, or change the given fields. Take a record, or its fields by name."""
        body = request(EngagementSync, record, fields)
        return await self._sender.send(endpoints.SYNC_ENGAGEMENT.call(one(Engagement), body=body))

    async def sync_batch(self, records: Iterable[EngagementSync | EngagementSyncFields]) -> tuple[Engagement, ...]:
        """Create or change several appointments in one call; the answers are in the order of the records.

        Siro states no limit; batches of 100 are known to pass. If one record is refused, all are.
        """
        return await self._sender.send(
            endpoints.SYNC_ENGAGEMENTS.call(many(Engagement), body=batch(EngagementSync, records))
        )

    def list(
        self, *, recording_id: str | None = None, external_id: str | None = None, cursor: str | None = None
    ) -> AsyncListing[Engagement]:
        """All appointments that fit, page by page. `external_id` is the CRM's, `recording_id` Siro's."""
        query = query_of(recordingId=recording_id, externalId=external_id)
        return self._paged(endpoints.LIST_ENGAGEMENTS, page(Engagement), query=query, cursor=cursor)

    async def get(self, engagement_id: str) -> Engagement:
        """Read an appointment by Siro's id or the CRM's, and with it the id of its recording."""
        return await self._sender.send(endpoints.GET_ENGAGEMENT.call(one(Engagement), engagement_id))

    async def delete(
        self,
        engagement_id: str,
        *,
        id_type: ExternalIdType | str | None = None,
        integration_platform: str | None = None,
    ) -> bool:
        """Delete an appointment by Siro's id, or with `id_type="external"` by the CRM's.

        Return whether there was one.
        """
        query = query_of(idType=id_type, integrationPlatform=integration_platform)
        return await self._sender.send(endpoints.DELETE_ENGAGEMENT.call(plain(bool), engagement_id, query=query))

    async def soft_delete_removed(
        self,
        record: SoftDeleteRemoved | SoftDeleteRemovedFields | None = None,
        /,
        **fields: Unpack[SoftDeleteRemovedFields],
    ) -> bool:
        """Delete all appointments in a window of start times but those that are named. Return whether it was done.

        An incomplete list deletes good appointments, also those of another connection.
        """
        body = request(SoftDeleteRemoved, record, fields)
        return (await self._sender.send(endpoints.SOFT_DELETE_REMOVED.call(one(Success), body=body))).success
