"""Events on the reps' phones, recordings of other systems, and briefs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import page, sized
from fieldnote.siro.models import Brief, BriefSync, EventCode, MobileEvent, MultimediaEventSync
from fieldnote.siro.operations import batch, nothing, one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import BriefSyncFields, MultimediaEventSyncFields


class AsyncMobileEvents(AsyncResource):
    """Events in the app on the reps' phones."""

    def list(
        self,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        event_code: EventCode | str | None = None,
        event_codes: Iterable[EventCode | str] | None = None,
        user_id: str | None = None,
        recording_id: str | None = None,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> AsyncListing[MobileEvent]:
        """All events that fit, page by page. At most 10 `event_codes` and 1000 events a page."""
        query = query_of(
            createdAtGt=created_after,
            createdAtLt=created_before,
            eventCode=event_code,
            eventCodeIn=None if event_codes is None else tuple(event_codes),
            userId=user_id,
            recordingId=recording_id,
            pageSize=sized(page_size, 1000),
        )
        return self._paged(endpoints.LIST_MOBILE_EVENTS, page(MobileEvent), query=query, cursor=cursor)

    async def get(self, event_id: str) -> MobileEvent:
        """Read one event."""
        return await self._sender.send(endpoints.GET_MOBILE_EVENT.call(one(MobileEvent), event_id))


class AsyncMultimediaEvents(AsyncResource):
    """Recordings that other systems made, for Siro to fetch."""

    async def sync(
        self,
        record: MultimediaEventSync | MultimediaEventSyncFields | None = None,
        /,
        **fields: Unpack[MultimediaEventSyncFields],
    ) -> None:
        """Tell Siro of a recording to fetch. Take a record, or its fields by name."""
        body = request(MultimediaEventSync, record, fields)
        await self._sender.send(endpoints.SYNC_MULTIMEDIA_EVENT.call(nothing, body=body))

    async def sync_batch(self, records: Iterable[MultimediaEventSync | MultimediaEventSyncFields]) -> None:
        """Tell Siro of several recordings to fetch, in one call."""
        await self._sender.send(
            endpoints.SYNC_MULTIMEDIA_EVENTS.call(nothing, body=batch(MultimediaEventSync, records))
        )


class AsyncBriefs(AsyncResource):
    """Spoken briefs ahead of a visit."""

    async def sync(
        self, record: BriefSync | BriefSyncFields | None = None, /, **fields: Unpack[BriefSyncFields]
    ) -> Brief:
        """Create a brief, or change it. Take a record, or its fields by name."""
        body = request(BriefSync, record, fields)
        return await self._sender.send(endpoints.SYNC_BRIEF.call(one(Brief), body=body))
