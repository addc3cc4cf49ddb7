"""Recorded conversations by version 2 of the user API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import after, inside, listed, number_of, numbered, sized
from fieldnote.siro.models import (
    AudioUrl,
    DecorationsAsk,
    RecordingDecorations,
    RecordingHit,
    RecordingSearch,
    SummaryPart,
    UserRecording,
    UserRecordingsAsk,
)
from fieldnote.siro.operations import Endpoint, one, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import DecorationsAskFields, RecordingSearchFields, UserRecordingsAskFields


class AsyncRecordingsV2(AsyncResource):
    """Recorded conversations by version 2 of the user API. All calls need a user token."""

    def search(
        self, record: RecordingSearch | RecordingSearchFields | None = None, /, **fields: Unpack[RecordingSearchFields]
    ) -> AsyncListing[RecordingHit]:
        """Search recordings, page by page: `search(query={"search_text": "metal roof"})`.

        `page` is the number of the first page to read; 25 recordings a page unless `page_size` is given.
        """
        return self._search(endpoints.SEARCH_RECORDINGS_V2, request(RecordingSearch, record, fields))

    def search_slim(
        self, record: RecordingSearch | RecordingSearchFields | None = None, /, **fields: Unpack[RecordingSearchFields]
    ) -> AsyncListing[RecordingHit]:
        """Search recordings as `search` does, with fewer fields in each hit."""
        return self._search(endpoints.SEARCH_RECORDINGS_SLIM, request(RecordingSearch, record, fields))

    def _search(self, endpoint: Endpoint, asked: RecordingSearch) -> AsyncListing[RecordingHit]:
        size, number = sized(asked.page_size) or 25, sized(asked.page, name="page") or 1
        first = asked if asked.page_size is not None else asked.model_copy(update={"page_size": size})
        return AsyncListing(
            self._sender,
            lambda at: endpoint.call(
                inside("hits", numbered(RecordingHit, at, number)),
                body=first if at is None else first.model_copy(update={"page": number_of(at)}),
            ),
        )

    async def decorations(
        self, record: DecorationsAsk | DecorationsAskFields | None = None, /, **fields: Unpack[DecorationsAskFields]
    ) -> RecordingDecorations:
        """Read the facts that Siro's app shows beside recordings in a list, for at most 200 `recording_ids`."""
        body = request(DecorationsAsk, record, fields)
        return await self._sender.send(endpoints.DECORATE_RECORDINGS.call(one(RecordingDecorations), body=body))

    def list_of_user(
        self,
        user_id: str,
        record: UserRecordingsAsk | UserRecordingsAskFields | None = None,
        /,
        **fields: Unpack[UserRecordingsAskFields],
    ) -> AsyncListing[UserRecording]:
        """List a user's recordings, page by page: `list_of_user(id, recording_list_option="ALL")`.

        Siro names no cursor here: each page begins after the last recording of the one before.
        """
        first = request(UserRecordingsAsk, record, fields)
        read = inside("recordings", after("dateCreated", UserRecording))
        return AsyncListing(
            self._sender,
            lambda at: endpoints.LIST_RECORDINGS_OF_USER.call(
                read,
                user_id,
                body=first if at is None else first.model_copy(update={"start_after_date_created": at}),
            ),
        )

    async def audio_url(self, recording_id: str) -> AudioUrl:
        """Create an address for listening. It expires."""
        return await self._sender.send(endpoints.CREATE_AUDIO_URL_V2.call(one(AudioUrl), recording_id))

    async def summary(self, recording_id: str) -> tuple[SummaryPart, ...]:
        """Read a recording's summary, with the words behind each part."""
        return await self._all(endpoints.GET_SUMMARY_V2, listed(SummaryPart), recording_id)
