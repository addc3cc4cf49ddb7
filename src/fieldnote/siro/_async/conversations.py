"""Conversation types, summary prompts, outcomes and follow-ups."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import inside, listed, page, sized
from fieldnote.siro.models import (
    ConversationConfiguration,
    ConversationConfigurationCreate,
    ConversationConfigurationUpdate,
    FollowUpStatus,
    FollowUpTask,
    FollowUpUpdate,
    MultipleOutcomesSave,
    OutcomeDefinition,
    OutcomeDefinitions,
    OutcomeDefinitionSave,
    RecordingOutcomes,
    RecordingOutcomesUpdate,
    SummaryPrompt,
    SummaryPromptsSave,
)
from fieldnote.siro.operations import many, one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        ConversationConfigurationCreateFields,
        ConversationConfigurationUpdateFields,
        FollowUpUpdateFields,
        MultipleOutcomesSaveFields,
        OutcomeDefinitionSaveFields,
        RecordingOutcomesUpdateFields,
        SummaryPromptsSaveFields,
    )


class AsyncConversationConfigurations(AsyncResource):
    """Conversation types and their configuration. All calls need a user token."""

    async def list(self, *, organization_id: str) -> tuple[ConversationConfiguration, ...]:
        """All conversation types of an organization. Needs a user token."""
        query = query_of(organizationId=organization_id)
        endpoint = endpoints.LIST_CONVERSATION_CONFIGURATIONS
        return await self._all(endpoint, listed(ConversationConfiguration), query=query)

    async def create(
        self,
        record: ConversationConfigurationCreate | ConversationConfigurationCreateFields | None = None,
        /,
        **fields: Unpack[ConversationConfigurationCreateFields],
    ) -> ConversationConfiguration:
        """Add a conversation type. Take a record, or its fields by name. Needs a user token that may write."""
        body = request(ConversationConfigurationCreate, record, fields)
        call = endpoints.CREATE_CONVERSATION_CONFIGURATION.call(one(ConversationConfiguration), body=body)
        return await self._sender.send(call)

    async def update(
        self,
        configuration_id: str,
        record: ConversationConfigurationUpdate | ConversationConfigurationUpdateFields | None = None,
        /,
        **fields: Unpack[ConversationConfigurationUpdateFields],
    ) -> ConversationConfiguration:
        """Change the given fields of a conversation type. Take a record, or its fields by name.

        Needs a user token that may write. The organization's id must be given too.
        """
        body = request(ConversationConfigurationUpdate, record, fields)
        endpoint = endpoints.UPDATE_CONVERSATION_CONFIGURATION
        return await self._sender.send(endpoint.call(one(ConversationConfiguration), configuration_id, body=body))


class AsyncSummaryPrompts(AsyncResource):
    """The prompts for the parts of summaries. All calls need a user token."""

    async def list(self, conversation_type_id: str) -> tuple[SummaryPrompt, ...]:
        """The parts of a conversation type's summary. Needs a user token."""
        return await self._all(endpoints.LIST_SUMMARY_PROMPTS, listed(SummaryPrompt), conversation_type_id)

    async def create(
        self,
        conversation_type_id: str,
        record: SummaryPromptsSave | SummaryPromptsSaveFields | None = None,
        /,
        **fields: Unpack[SummaryPromptsSaveFields],
    ) -> tuple[SummaryPrompt, ...]:
        """Add parts to a conversation type's summary, at most 100 at once. Needs a user token that may write."""
        body = request(SummaryPromptsSave, record, fields)
        call = endpoints.CREATE_SUMMARY_PROMPTS.call(many(SummaryPrompt), conversation_type_id, body=body)
        return await self._sender.send(call)

    async def replace(
        self,
        conversation_type_id: str,
        record: SummaryPromptsSave | SummaryPromptsSaveFields | None = None,
        /,
        **fields: Unpack[SummaryPromptsSaveFields],
    ) -> tuple[SummaryPrompt, ...]:
        """Put these parts, at most 100, in place of all that the summary had. Needs a user token that may write."""
        body = request(SummaryPromptsSave, record, fields)
        call = endpoints.REPLACE_SUMMARY_PROMPTS.call(many(SummaryPrompt), conversation_type_id, body=body)
        return await self._sender.send(call)

    async def industry(self) -> tuple[SummaryPrompt, ...]:
        """Siro's own suggestions for the caller's industry. Needs a user token."""
        return await self._all(endpoints.INDUSTRY_SUMMARY_PROMPTS, listed(SummaryPrompt))


class AsyncOutcomes(AsyncResource):
    """The possible outcomes of conversations, and the outcome of one. All calls need a user token."""

    async def get(self, recording_id: str) -> RecordingOutcomes:
        """Read the outcome of a recorded conversation, and the possible ones. Needs a user token."""
        return await self._sender.send(endpoints.GET_OUTCOMES.call(one(RecordingOutcomes), recording_id))

    async def update(
        self,
        recording_id: str,
        record: RecordingOutcomesUpdate | RecordingOutcomesUpdateFields | None = None,
        /,
        **fields: Unpack[RecordingOutcomesUpdateFields],
    ) -> RecordingOutcomes:
        """Set the outcome of a recorded conversation. Needs a user token that may write."""
        body = request(RecordingOutcomesUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_OUTCOMES.call(one(RecordingOutcomes), recording_id, body=body))

    async def list_definitions(self, *, organization_id: str) -> tuple[OutcomeDefinition, ...]:
        """The outcomes that an organization distinguishes. Needs a user token."""
        query = query_of(organizationId=organization_id)
        return await self._all(endpoints.LIST_OUTCOME_DEFINITIONS, listed(OutcomeDefinition), query=query)

    async def get_definitions(self, configuration_id: str) -> OutcomeDefinitions:
        """The outcomes of one conversation type, and how many a conversation may have. Needs a user token."""
        return await self._sender.send(
            endpoints.GET_OUTCOME_DEFINITIONS.call(one(OutcomeDefinitions), configuration_id)
        )

    async def save_definition(
        self,
        configuration_id: str,
        record: OutcomeDefinitionSave | OutcomeDefinitionSaveFields | None = None,
        /,
        **fields: Unpack[OutcomeDefinitionSaveFields],
    ) -> OutcomeDefinition:
        """Add an outcome to a conversation type, or change the one with the `outcome_definition_id`.

        Needs a user token that may write. `prompt` must be given, if only as None.
        """
        body = request(OutcomeDefinitionSave, record, fields)
        call = endpoints.SAVE_OUTCOME_DEFINITION.call(one(OutcomeDefinition), configuration_id, body=body)
        return await self._sender.send(call)

    async def set_multiple(
        self,
        configuration_id: str,
        record: MultipleOutcomesSave | MultipleOutcomesSaveFields | None = None,
        /,
        **fields: Unpack[MultipleOutcomesSaveFields],
    ) -> None:
        """Set how many outcomes (`multiple`, at least 1) a conversation of a type may have.

        Needs a user token that may write.
        """
        body = request(MultipleOutcomesSave, record, fields)
        await self._sender.send(endpoints.SET_MULTIPLE_OUTCOMES.call(lambda _: None, configuration_id, body=body))


class AsyncFollowups(AsyncResource):
    """Customers worth another contact. All calls need a user token."""

    def list(
        self,
        *,
        organization_id: str | None = None,
        minimum_score: int | None = None,
        scores: Iterable[int] | None = None,
        statuses: Iterable[FollowUpStatus | str] | None = None,
        starred: bool | None = None,
        user_ids: Iterable[str] | None = None,
        team_ids: Iterable[str] | None = None,
        conversation_types: Iterable[str] | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        include_history: bool | None = None,
        exclude_crm_customer: bool | None = None,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> AsyncListing[FollowUpTask]:
        """All follow-ups that fit, page by page. Needs a user token.

        Where `minimum_score` is left out, Siro gives those of score 3 and more only. At most 10
        `conversation_types`, and 1 to 100 follow-ups a page. `include_history` fills `history`;
        `exclude_crm_customer` leaves out the customers, which are the greater part of the answer.
        """
        query = query_of(
            organizationId=organization_id,
            minimumScore=minimum_score,
            scores=None if scores is None else map(str, scores),
            statuses=statuses,
            starred=starred,
            userIds=user_ids,
            teamIds=team_ids,
            conversationTypes=conversation_types,
            createdAfter=created_after,
            createdBefore=created_before,
            includeHistory=include_history,
            excludeCrmCustomer=exclude_crm_customer,
            limit=sized(page_size, 100),
        )
        read = inside("followups", page(FollowUpTask))
        return self._paged(endpoints.LIST_FOLLOWUPS, read, query=query, cursor=cursor)

    async def update(
        self,
        followup_id: str,
        record: FollowUpUpdate | FollowUpUpdateFields | None = None,
        /,
        **fields: Unpack[FollowUpUpdateFields],
    ) -> FollowUpTask:
        """Change the given fields of a follow-up. Take a record, or its fields by name.

        Needs a user token that may write. The recording's `updated_at` does not change.
        """
        body = request(FollowUpUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_FOLLOWUP.call(one(FollowUpTask), followup_id, body=body))
