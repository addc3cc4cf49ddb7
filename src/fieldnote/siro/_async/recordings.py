"""Recorded conversations."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing, repeated
from fieldnote.siro._async.uploads import AsyncUploads
from fieldnote.siro.lists import inside, listed, number_of, numbered, page, sized, stretch
from fieldnote.siro.models import (
    AudioUrl,
    LinkedRecord,
    ListenedTo,
    Listening,
    Recording,
    RecordingCreate,
    RecordingHit,
    RecordingLink,
    RecordingsByIds,
    RecordingSearch,
    RecordingUpdate,
    Summary,
    SummaryPart,
    Transcript,
    TranscriptionLanguageSet,
    UserRecording,
    UserRecordingResult,
    Utterance,
    View,
)
from fieldnote.siro.operations import direction, done, nothing, one, plain, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        ListeningFields,
        RecordingCreateFields,
        RecordingLinkFields,
        RecordingsByIdsFields,
        RecordingSearchFields,
        RecordingUpdateFields,
        TranscriptionLanguageSetFields,
        ViewFields,
    )


class AsyncRecordings(AsyncUploads):
    """Recorded conversations. Methods that need a user token say so."""

    def list(
        self,
        *,
        updated_since: datetime | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        updated_until: datetime | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        is_processing_done: bool | None = None,
        is_summary_done: bool | None = None,
        is_entity_extraction_done: bool | None = None,
        show_crm_links: bool = False,
        show_summary: bool = False,
        show_entity_extractions: bool = False,
        show_evaluation_score: bool = False,
        show_followups: bool = False,
        page_size: int = 25,
        cursor: str | None = None,
    ) -> AsyncListing[Recording]:
        """All recordings that fit, page by page, deleted ones too.

        `updated_since` and `updated_until` include their instant, `…_after` and `…_before` do not. Late
        summaries and extractions may not move `updated_at`: read unfinished recordings again. Pages of more
        than about 40 lose evaluation scores. `cursor` goes on from a page of an earlier listing.
        """
        query = query_of(
            **{
                "updatedAt:gte": updated_since,
                "updatedAt:gt": updated_after,
                "updatedAt:lt": updated_before,
                "updatedAt:lte": updated_until,
                "createdAt:gt": created_after,
                "createdAt:lt": created_before,
            },
            isProcessingDone=is_processing_done,
            isSummaryDone=is_summary_done,
            isEntityExtractionDone=is_entity_extraction_done,
            showCrmLinks=show_crm_links or None,
            showSummary=show_summary or None,
            showEntityExtractions=show_entity_extractions or None,
            showEvaluationScore=show_evaluation_score or None,
            showFollowups=show_followups or None,
            pageSize=sized(page_size),
        )
        return self._paged(endpoints.LIST_RECORDINGS, page(Recording), query=query, cursor=cursor)

    async def get(
        self,
        recording_id: str,
        *,
        show_crm_links: bool = False,
        show_summary: bool = False,
        show_entity_extractions: bool = False,
        show_evaluation_score: bool = False,
        show_followups: bool = False,
    ) -> Recording:
        """Read one recording, with the parts that you ask for."""
        query = query_of(
            showCrmLinks=show_crm_links or None,
            showSummary=show_summary or None,
            showEntityExtractions=show_entity_extractions or None,
            showEvaluationScore=show_evaluation_score or None,
            showFollowups=show_followups or None,
        )
        return await self._sender.send(endpoints.GET_RECORDING.call(one(Recording), recording_id, query=query))

    async def summaries(self, recording_id: str) -> tuple[Summary, ...]:
        """Read the parts of a recording's summary."""
        return await self._all(endpoints.LIST_SUMMARIES, listed(Summary), recording_id)

    # --- as a user ----------------------------------------------------------------------------------------

    def list_as_user(
        self,
        *,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        organization_id: str | None = None,
        team_id: str | None = None,
        conversation_type: str | None = None,
        result: UserRecordingResult | str | None = None,
        unlinked: bool = False,
        order_by: str | None = None,
        descending: bool | None = None,
        show_crm_customer: bool = False,
        show_evaluation_score: bool = False,
        show_followups: bool = False,
        page_size: int = 25,
        cursor: str | None = None,
    ) -> AsyncListing[UserRecording]:
        """The recordings that the user may see and that fit, page by page. Needs a user token.

        `created_…` is about the conversation's beginning. `unlinked`: only those that belong to no CRM record.
        Pages of more than about 40 lose evaluation scores.
        """
        query = query_of(
            **{"dateCreated:gt": created_after, "dateCreated:lt": created_before},
            organizationId=organization_id,
            teamId=team_id,
            conversationType=conversation_type,
            result=result,
            crmLinkStatus="unlinked" if unlinked else None,
            orderBy=order_by,
            orderDirection=direction(descending),
            showCrmCustomer=show_crm_customer or None,
            showEvaluationScore=show_evaluation_score or None,
            showFollowups=show_followups or None,
            limit=sized(page_size),
        )
        endpoint = endpoints.LIST_RECORDINGS_AS_USER
        return self._paged(endpoint, page(UserRecording), query=query, cursor=cursor)

    async def get_as_user(
        self,
        recording_id: str,
        *,
        show_crm_customers: bool = False,
        show_crm_opportunities: bool = False,
        show_summary: bool = False,
        show_entity_extractions: bool = False,
        show_evaluation_score: bool = False,
        show_followups: bool = False,
    ) -> UserRecording:
        """Read one recording, with the parts that you ask for. Needs a user token."""
        query = query_of(
            showCrmCustomers=show_crm_customers or None,
            showCrmOpportunities=show_crm_opportunities or None,
            showSummary=show_summary or None,
            showEntityExtractions=show_entity_extractions or None,
            showEvaluationScore=show_evaluation_score or None,
            showFollowups=show_followups or None,
        )
        endpoint = endpoints.GET_RECORDING_AS_USER
        return await self._sender.send(endpoint.call(one(UserRecording), recording_id, query=query))

    def get_many(
        self, record: RecordingsByIds | RecordingsByIdsFields | None = None, /, **fields: Unpack[RecordingsByIdsFields]
    ) -> AsyncListing[UserRecording]:
        """Read recordings by Siro's `ids`, page by page, 25 a page unless said otherwise. Needs a user token.

        Take a record, or its fields by name.
        """
        first = _sized(request(RecordingsByIds, record, fields))
        return AsyncListing(
            self._sender,
            lambda at: endpoints.GET_RECORDINGS.call(
                page(UserRecording), body=first if at is None else first.model_copy(update={"cursor": at})
            ),
        )

    def search(
        self, record: RecordingSearch | RecordingSearchFields | None = None, /, **fields: Unpack[RecordingSearchFields]
    ) -> AsyncListing[RecordingHit]:
        """Search recordings, page by page: `search(query={"search_text": "metal roof"})`. Needs a user token.

        Take a record, or its fields by name. `page` is the number of the page to begin with; 25 a page unless said
        otherwise.
        """
        first = _sized(request(RecordingSearch, record, fields))
        number = sized(first.page, name="page") or 1
        return AsyncListing(
            self._sender,
            lambda at: endpoints.SEARCH_RECORDINGS.call(
                inside("hits", numbered(RecordingHit, at, number)),
                body=first if at is None else first.model_copy(update={"page": number_of(at)}),
            ),
        )

    async def create(
        self, record: RecordingCreate | RecordingCreateFields | None = None, /, **fields: Unpack[RecordingCreateFields]
    ) -> None:
        """Announce a recording, under an id of your choice.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(RecordingCreate, record, fields)
        await self._sender.send(endpoints.CREATE_RECORDING.call(nothing, body=body))

    async def update(
        self, record: RecordingUpdate | RecordingUpdateFields | None = None, /, **fields: Unpack[RecordingUpdateFields]
    ) -> UserRecording:
        """Change the given fields of a recording.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(RecordingUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_RECORDING.call(one(UserRecording), body=body))

    async def delete(self, recording_id: str) -> None:
        """Delete a recording. It stays listed, as deleted. Needs a user token."""
        await self._sender.send(endpoints.DELETE_RECORDING.call(nothing, recording_id))

    async def link(
        self,
        recording_id: str,
        record: RecordingLink | RecordingLinkFields | None = None,
        /,
        **fields: Unpack[RecordingLinkFields],
    ) -> LinkedRecord:
        """Link a recording to a CRM record: `link(id, data_type="ENGAGEMENT", id=…)`. Needs a user token.

        Take a record, or its fields by name. Raises Refused where Siro answers that it could not.
        """
        body = request(RecordingLink, record, fields)
        call = endpoints.LINK_RECORDING.call(done(one(LinkedRecord)), recording_id, body=body)
        return await self._sender.send(call)

    async def unlink(
        self,
        recording_id: str,
        record: RecordingLink | RecordingLinkFields | None = None,
        /,
        **fields: Unpack[RecordingLinkFields],
    ) -> None:
        """Take the link to a CRM record away. Needs a user token.

        Take a record, or its fields by name. Raises Refused where Siro answers that it could not.
        """
        body = request(RecordingLink, record, fields)
        await self._sender.send(endpoints.UNLINK_RECORDING.call(done(nothing), recording_id, body=body))

    # --- transcripts --------------------------------------------------------------------------------------

    async def utterances(self, recording_id: str, *, page_size: int | None = None) -> Transcript:
        """Read the transcript, to its end. Needs a user token."""
        utterances: tuple[Utterance, ...] = ()
        speakers: dict[str, str] = {}
        cursor: str | None = None
        seen = {cursor}
        while True:
            query = query_of(cursor=cursor, pageSize=sized(page_size))
            operation = endpoints.LIST_UTTERANCES.call(stretch(Transcript), recording_id, query=query)
            part, cursor = await self._sender.send(operation)
            utterances += part.utterances
            speakers |= part.speaker_map
            if cursor is None:
                return part.model_copy(update={"utterances": utterances, "speaker_map": speakers})
            if cursor in seen:
                raise repeated(self._sender.call_of(operation))
            seen.add(cursor)

    async def summary_as_user(self, recording_id: str) -> tuple[SummaryPart, ...]:
        """Read a recording's summary, with the words that each part rests on. Needs a user token."""
        return await self._all(endpoints.GET_SUMMARY, listed(SummaryPart), recording_id)

    async def audio_url(self, recording_id: str) -> AudioUrl:
        """Where to listen, for a while. Needs a user token."""
        return await self._sender.send(endpoints.CREATE_AUDIO_URL.call(one(AudioUrl), recording_id))

    async def deep_link(
        self,
        recording_id: str,
        tenant: str,
        *,
        timestamp: str | None = None,
        selection_start: str | None = None,
        selection_end: str | None = None,
    ) -> str:
        """The address at which a person finds a moment of a recording. Needs a user token.

        The contract gives no unit for the times; they travel as they are given.
        """
        query = query_of(timestamp=timestamp, selectionStart=selection_start, selectionEnd=selection_end)
        return await self._sender.send(endpoints.GET_DEEP_LINK.call(plain(str), recording_id, tenant, query=query))

    async def set_transcription_language(
        self,
        recording_id: str,
        record: TranscriptionLanguageSet | TranscriptionLanguageSetFields | None = None,
        /,
        **fields: Unpack[TranscriptionLanguageSetFields],
    ) -> None:
        """Say which language to listen for.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(TranscriptionLanguageSet, record, fields)
        await self._sender.send(endpoints.SET_TRANSCRIPTION_LANGUAGE.call(nothing, recording_id, body=body))

    # --- views --------------------------------------------------------------------------------------------

    async def log_listen(
        self, recording_id: str, record: Listening | ListeningFields | None = None, /, **fields: Unpack[ListeningFields]
    ) -> ListenedTo:
        """Say how long the user listened.

        Take a record, or its fields by name. Needs a user token.
        """
        body = request(Listening, record, fields)
        read = inside("recordingEngagement", one(ListenedTo))
        return await self._sender.send(endpoints.LOG_LISTEN.call(read, recording_id, body=body))

    async def mark_viewed(self, recording_id: str) -> None:
        """Say that the user has seen a recording. Needs a user token."""
        await self._sender.send(endpoints.MARK_VIEWED.call(nothing, recording_id))

    async def log_view(
        self, recording_id: str, record: View | ViewFields | None = None, /, **fields: Unpack[ViewFields]
    ) -> None:
        """Say how long the user looked at a recording.

        Take a record, or its fields by name. Needs a user token.
        """
        await self._sender.send(endpoints.LOG_VIEW.call(nothing, recording_id, body=request(View, record, fields)))


_P = TypeVar("_P", RecordingsByIds, RecordingSearch)


def _sized(first: _P) -> _P:
    """The request with a page size: longer pages lose evaluation scores. Raises ValueError."""
    return first if sized(first.page_size) is not None else first.model_copy(update={"page_size": 25})
