"""Siro's agents, sessions with them, reports during a visit, companion calls, jobs, and the API itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing, repeated
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import inside, listed, page, sized, stretch
from fieldnote.siro.models import (
    Agent,
    AgentAnswer,
    AgentRun,
    AnswerFeedback,
    CompanionCallSettings,
    CompanionCallSettingsSave,
    DeletedJob,
    HalftimeReport,
    HalftimeReportAsk,
    HalftimeTranscript,
    HalftimeUtterance,
    IntercomHash,
    Job,
    JobCreate,
    JobResult,
    JobUpdate,
    LanguageModels,
    SavedFeedback,
    Session,
    SessionChanged,
    SessionSummary,
    SessionUpdate,
    SuggestedQuestionsAsk,
)
from fieldnote.siro.operations import field_of, inner, one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        AgentRunFields,
        AnswerFeedbackFields,
        CompanionCallSettingsSaveFields,
        HalftimeReportAskFields,
        JobCreateFields,
        JobUpdateFields,
        SessionUpdateFields,
        SuggestedQuestionsAskFields,
    )


class AsyncAgents(AsyncResource):
    """Siro's agents. All calls need a user token."""

    async def list(
        self,
        *,
        top_level_only: bool | None = None,
        include_tools: bool | None = None,
        include_prompts: bool | None = None,
    ) -> tuple[Agent, ...]:
        """List the agents."""
        query = query_of(topLevelOnly=top_level_only, includeTools=include_tools, includePrompts=include_prompts)
        return await self._all(endpoints.LIST_AGENTS, inner(inside("agents", listed(Agent))), query=query)

    async def models(self) -> LanguageModels:
        """List the language models that agents can use."""
        return await self._sender.send(endpoints.LIST_LANGUAGE_MODELS.call(inner(one(LanguageModels))))

    async def run(
        self, record: AgentRun | AgentRunFields | None = None, /, **fields: Unpack[AgentRunFields]
    ) -> AgentAnswer:
        """Ask an agent: `run(user_query="…", query_type="CHAT", query_entrypoint="GENERIC")`.

        The answer is read whole: `streaming` is false unless given. Agents may take minutes: give the call time with
        `siro.with_options(timeout=300)`.
        """
        body = request(AgentRun, record, fields)
        if "streaming" not in body.model_fields_set:
            body = body.model_copy(update={"streaming": False})
        return await self._sender.send(endpoints.RUN_AGENT.call(one(AgentAnswer), body=body))

    async def suggest_questions(
        self,
        record: SuggestedQuestionsAsk | SuggestedQuestionsAskFields | None = None,
        /,
        **fields: Unpack[SuggestedQuestionsAskFields],
    ) -> tuple[str, ...]:
        """Get questions that a person could ask: 4 unless `num_suggested_questions` is given."""
        body = request(SuggestedQuestionsAsk, record, fields)
        read = field_of("questions", tuple[str, ...])
        return await self._sender.send(endpoints.SUGGEST_QUESTIONS.call(read, body=body))


class AsyncSessions(AsyncResource):
    """Conversations with agents. All calls need a user token."""

    def list(
        self, *, organization_id: str | None = None, page_size: int = 20, cursor: str | None = None
    ) -> AsyncListing[SessionSummary]:
        """List the user's sessions, page by page, 1 to 100 a page."""
        query = query_of(organizationId=organization_id, limit=sized(page_size, 100))
        read = inside("sessions", page(SessionSummary))
        return self._paged(endpoints.LIST_SESSIONS, read, query=query, cursor=cursor)

    async def get(self, session_id: str) -> Session:
        """Read a session with its messages."""
        return await self._sender.send(endpoints.GET_SESSION.call(one(Session), session_id))

    async def rename(
        self,
        session_id: str,
        record: SessionUpdate | SessionUpdateFields | None = None,
        /,
        **fields: Unpack[SessionUpdateFields],
    ) -> SessionChanged:
        """Give a session another title."""
        body = request(SessionUpdate, record, fields)
        return await self._sender.send(endpoints.RENAME_SESSION.call(one(SessionChanged), session_id, body=body))

    async def delete(self, session_id: str) -> SessionChanged:
        """Delete a session."""
        return await self._sender.send(endpoints.DELETE_SESSION.call(one(SessionChanged), session_id))

    async def rate_invocation(
        self,
        session_id: str,
        invocation_id: str,
        record: AnswerFeedback | AnswerFeedbackFields | None = None,
        /,
        **fields: Unpack[AnswerFeedbackFields],
    ) -> SavedFeedback:
        """Say whether an answer helped, by the id of its invocation."""
        body = request(AnswerFeedback, record, fields)
        call = endpoints.RATE_INVOCATION.call(one(SavedFeedback), session_id, invocation_id, body=body)
        return await self._sender.send(call)

    async def rate_message(
        self,
        session_id: str,
        message_id: str,
        record: AnswerFeedback | AnswerFeedbackFields | None = None,
        /,
        **fields: Unpack[AnswerFeedbackFields],
    ) -> SavedFeedback:
        """Say whether an answer helped, by the id of its message."""
        body = request(AnswerFeedback, record, fields)
        call = endpoints.RATE_MESSAGE.call(one(SavedFeedback), session_id, message_id, body=body)
        return await self._sender.send(call)


class AsyncHalftime(AsyncResource):
    """Advice while a conversation is being recorded. All calls need a user token."""

    async def transcript(self, recording_id: str, *, cursor: int | None = None) -> HalftimeTranscript:
        """Read the words of a conversation in progress, to their end so far; `cursor` says where to begin."""
        at = sized(cursor, name="cursor") if cursor else None
        utterances: tuple[HalftimeUtterance, ...] = ()
        place = None if at is None else str(at)
        seen = {place}
        while True:
            operation = endpoints.GET_HALFTIME_TRANSCRIPT.call(
                stretch(HalftimeTranscript, by_number=True), recording_id, query=query_of(cursor=place)
            )
            part, place = await self._sender.send(operation)
            utterances += part.utterances
            if place is None or not part.utterances:
                return part.model_copy(update={"utterances": utterances})
            if place in seen:
                raise repeated(self._sender.call_of(operation))
            seen.add(place)

    async def report(
        self,
        record: HalftimeReportAsk | HalftimeReportAskFields | None = None,
        /,
        **fields: Unpack[HalftimeReportAskFields],
    ) -> HalftimeReport:
        """Ask for advice on a conversation in progress."""
        body = request(HalftimeReportAsk, record, fields)
        return await self._sender.send(endpoints.CREATE_HALFTIME_REPORT.call(one(HalftimeReport), body=body))


class AsyncCompanionCalls(AsyncResource):
    """Siro's calls to reps after visits. All calls of this group need a user token."""

    async def settings(self) -> CompanionCallSettings:
        """Read how often Siro calls the user."""
        return await self._sender.send(endpoints.GET_COMPANION_CALL_SETTINGS.call(one(CompanionCallSettings)))

    async def save_settings(
        self,
        record: CompanionCallSettingsSave | CompanionCallSettingsSaveFields | None = None,
        /,
        **fields: Unpack[CompanionCallSettingsSaveFields],
    ) -> CompanionCallSettings:
        """Set how often Siro calls the user."""
        body = request(CompanionCallSettingsSave, record, fields)
        call = endpoints.SAVE_COMPANION_CALL_SETTINGS.call(one(CompanionCallSettings), body=body)
        return await self._sender.send(call)


class AsyncJobs(AsyncResource):
    """Questions that Siro asks again and again. All calls need a user token."""

    async def list(self, *, full_org: bool | None = None) -> tuple[Job, ...]:
        """List the user's jobs, with `full_org` those of the whole organization."""
        return await self._all(endpoints.LIST_JOBS, listed(Job), query=query_of(fullOrg=full_org))

    async def create(
        self, record: JobCreate | JobCreateFields | None = None, /, **fields: Unpack[JobCreateFields]
    ) -> Job:
        """Create a job: `create(cron="0 8 * * 1", prompt="…")`."""
        body = request(JobCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_JOB.call(one(Job), body=body))

    async def results(self, *, organization_id: str | None = None) -> tuple[JobResult, ...]:
        """List the answers of jobs."""
        query = query_of(organizationId=organization_id)
        return await self._all(endpoints.LIST_JOB_RESULTS, listed(JobResult), query=query)

    async def update(
        self, job_id: str, record: JobUpdate | JobUpdateFields | None = None, /, **fields: Unpack[JobUpdateFields]
    ) -> Job:
        """Change the given fields of a job."""
        body = request(JobUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_JOB.call(one(Job), job_id, body=body))

    async def delete(self, job_id: str) -> DeletedJob:
        """Delete a job."""
        return await self._sender.send(endpoints.DELETE_JOB.call(one(DeletedJob), job_id))


class AsyncApi(AsyncResource):
    """Siro's API itself. All calls need a user token."""

    async def openapi(self) -> dict[str, JsonValue]:
        """Read the contract of the user API, as an OpenAPI document."""
        return await self._sender.send(endpoints.GET_OPENAPI.call(one(dict[str, JsonValue])))

    async def intercom_hash(self) -> IntercomHash:
        """Get the proof of the user's identity for Siro's support chat."""
        return await self._sender.send(endpoints.CREATE_INTERCOM_HASH.call(one(IntercomHash)))
