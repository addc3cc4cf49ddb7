"""Siro's agents, the sessions that people have with them, reports during a visit, and jobs that repeat."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, JsonValue

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    Number,
    OptionalTime,
    RequestModel,
    ResponseModel,
    null_as_nothing,
)
from fieldnote.siro.models.enums import (
    AgentEntrypoint,
    AgentEvent,
    AgentRole,
    AgentTenant,
    CallFrequency,
    QueryType,
    QuestionSource,
    SessionSource,
    ThinkingEffort,
    Thumb,
    UserPlatform,
)

Texts = Annotated[tuple[str, ...], BeforeValidator(null_as_nothing)]


# --- agents ---------------------------------------------------------------------------------------------


class AgentRun(RequestModel):
    """A question to an agent. The fields that end in `_override` map an agent's name to another setting."""

    user_query: str = Field(repr=False)
    """The question."""
    query_type: QueryType
    query_entrypoint: AgentEntrypoint
    session_id: Given[str] = None
    """The session to go on with; without it a new one."""
    organization_id: Given[str] = None
    initial_context: JsonValue = Field(default=None, repr=False)
    """Facts for the agent, such as a customer. Any JSON value."""
    question_source: Given[QuestionSource] = None
    streaming: bool | None = None
    """Whether the answer comes in parts. This client reads it whole."""
    top_level_agent_to_invoke: Given[str] = None
    user_platform: Given[UserPlatform] = None
    tenant: Given[AgentTenant] = None
    live_kit_session_id: Given[str] = None
    web_search_enabled: bool | None = None
    role_override: Given[AgentRole] = None
    member_team_id_override: Given[str] = None
    coach_team_ids_override: Given[tuple[str, ...]] = None
    entrypoint_override: Given[dict[str, AgentEntrypoint]] = None
    initial_context_override: Given[dict[str, JsonValue]] = Field(default=None, repr=False)
    model_override: Given[dict[str, str]] = None
    prompt_label_override: Given[dict[str, str]] = None
    system_prompt_override: Given[dict[str, str]] = None
    thinking_effort_override: Given[dict[str, ThinkingEffort]] = None
    tool_list_override: Given[dict[str, tuple[str, ...]]] = None


class Agent(ResponseModel):
    """An agent."""

    name: str
    description: str | None = None
    model: str | None = None
    is_top_level: bool | None = None
    prompt: str | None = Field(default=None, repr=False)
    """With `include_prompts`."""
    tools: Texts = ()
    """With `include_tools`."""


class LanguageModel(ResponseModel):
    """A language model that agents can use."""

    model: str
    name: str | None = None


class LanguageModels(ResponseModel):
    """The language models that agents can use."""

    default_model: str | None = None
    models: Annotated[tuple[LanguageModel, ...], BeforeValidator(null_as_nothing)] = ()


class ReportSection(ResponseModel):
    """A section of a report during a visit."""

    id: str | None = None
    title: str | None = None
    guidance: str | None = Field(default=None, repr=False)
    """The advice."""


class MessagePart(ResponseModel):
    """A part of a message: text, a chart, a report. Which fields it has depends on `kind`."""

    kind: str
    text: str | None = Field(default=None, repr=False)
    tool: str | None = None
    data: JsonValue = Field(default=None, repr=False)
    sections: Annotated[tuple[ReportSection, ...], BeforeValidator(null_as_nothing)] = ()
    segment: Number | None = None


Parts = Annotated[tuple[MessagePart, ...], BeforeValidator(null_as_nothing)]


class AgentContent(ResponseModel):
    """The parts of an agent's answer."""

    parts: Parts = ()


class AgentAnswer(ResponseModel):
    """An agent's answer."""

    session_id: str | None = None
    """To go on with the conversation."""
    invocation_id: str | None = None
    """To say later whether the answer helped."""
    event_type: Lenient[AgentEvent] | None = None
    partial: bool | None = None
    status_message: str | None = None
    content: AgentContent | None = None

    @property
    def text(self) -> str:
        """The texts of the answer, one after the other."""
        return "".join(part.text or "" for part in (self.content.parts if self.content else ()))


class SuggestedQuestionsAsk(RequestModel):
    """A request for suggested questions."""

    query_entrypoint: AgentEntrypoint
    num_suggested_questions: Given[Annotated[int, Field(ge=1, le=10, strict=True)]] = None
    initial_context: JsonValue = Field(default=None, repr=False)
    """Facts for the agent, such as a customer. Any JSON value."""


# --- sessions -------------------------------------------------------------------------------------------


class SessionUpdate(RequestModel):
    """A session's new title."""

    title: Annotated[str, Field(min_length=1, max_length=500)]


class AnswerFeedback(RequestModel):
    """A person's opinion of an answer. None takes it back."""

    feedback: Thumb | None
    feedback_text: Given[Annotated[str, Field(max_length=1000)]] = Field(default=None, repr=False)


class SessionSummary(ResponseModel):
    """A session, without its messages."""

    session_id: str
    title: str | None = None
    source_system: Lenient[SessionSource] | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class SessionMessage(ResponseModel):
    """A message of a session."""

    role: str
    """`user` or `model`."""
    parts: Parts = ()
    invocation_id: str | None = None
    feedback: Lenient[Thumb] | None = None
    feedback_text: str | None = Field(default=None, repr=False)


class Session(ResponseModel):
    """A conversation with an agent."""

    session_id: str
    title: str | None = None
    source_system: Lenient[SessionSource] | None = None
    messages: Annotated[tuple[SessionMessage, ...], BeforeValidator(null_as_nothing)] = ()


class SessionChanged(ResponseModel):
    """The session that was changed or deleted."""

    session_id: str
    title: str | None = None


class SavedFeedback(ResponseModel):
    """A person's opinion of an answer."""

    session_id: str
    invocation_id: str | None = None
    message_id: str | None = None
    feedback: Lenient[Thumb] | None = None
    feedback_text: str | None = Field(default=None, repr=False)


# --- during and after a visit ---------------------------------------------------------------------------


class HalftimeReportAsk(RequestModel):
    """Which recording to report on, while it is being made."""

    recording_id: str
    organization_id: Given[str] = None
    session_id: Given[str] = None
    """The session to go on with; without it a new one."""
    timezone: Given[str] = None
    """The IANA name of the user's zone."""
    user_platform: Given[UserPlatform] = None


class HalftimeReport(ResponseModel):
    """Advice during a visit."""

    session_id: str | None = None
    halftime_report: Annotated[tuple[ReportSection, ...], BeforeValidator(null_as_nothing)] = ()


class HalftimeUtterance(ResponseModel):
    """One turn of a conversation in progress."""

    turn_index: int
    utterance: str = Field(repr=False)
    date_created: OptionalTime = None


class HalftimeTranscript(ResponseModel):
    """The words of a conversation in progress."""

    recording_id: str | None = None
    is_session_active: bool | None = None
    """Whether the conversation goes on."""
    utterances: Annotated[tuple[HalftimeUtterance, ...], BeforeValidator(null_as_nothing)] = ()


class CompanionCallSettingsSave(RequestModel):
    """How often Siro calls the rep."""

    call_frequency: Given[CallFrequency] = None


class CompanionCallSettings(ResponseModel):
    """How often Siro calls the rep."""

    call_frequency: Lenient[CallFrequency] | None = None


# --- jobs that repeat -----------------------------------------------------------------------------------


class JobCreate(RequestModel):
    """A question that Siro asks again and again."""

    cron: str
    """When, as a cron expression."""
    prompt: Given[str] = Field(default=None, repr=False)
    """The question."""


class JobUpdate(RequestModel):
    """The fields of a job to change."""

    cron: Given[str] = None
    prompt: Given[str] = Field(default=None, repr=False)


class Job(ResponseModel):
    """A question that Siro asks again and again."""

    id: str
    cron: str | None = None
    cron_description: str | None = None
    """The cron expression in words."""
    prompt: str | None = Field(default=None, repr=False)
    owner: str | None = None
    """Siro's id of the user."""
    organization_id: str | None = None
    next_scheduled_time: OptionalTime = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
    deleted_at: OptionalTime = None


class JobResult(ResponseModel):
    """The answer of a job."""

    organization_id: str | None = None
    user_id: str | None = None
    result: str | None = Field(default=None, repr=False)


class DeletedJob(ResponseModel):
    """The job that was deleted."""

    id: str


# --- the API itself -------------------------------------------------------------------------------------


class IntercomHash(ResponseModel):
    """Proof of the user's identity for Siro's support chat."""

    hash: str = Field(repr=False)


class TeamCodeLink(ResponseModel):
    """The address at which people join a team."""

    link: str = Field(repr=False)
