"""Conversation types: their configuration, summary prompts, outcomes.

An organization has several conversation types, such as a first visit and a service call. A *configuration*
names the things that Siro looks for in conversations of one type, and the questions to the rep afterwards.
"""

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
    Uuid,
    null_as_nothing,
)
from fieldnote.siro.models.enums import BookmarkType, DebriefResponseType, OutcomeLabel

# --- requests -------------------------------------------------------------------------------------------


class ConversationConfigurationCreate(RequestModel):
    """A conversation type to add."""

    organization_id: str
    display_name: str
    bookmark_group_ids: tuple[str, ...]
    """The groups of bookmarks to look for; may be empty."""


class ConversationConfigurationUpdate(RequestModel):
    """The fields of a conversation type to change."""

    organization_id: str
    display_name: Given[str] = None
    bookmark_group_ids: Given[tuple[str, ...]] = None
    """All groups that it shall have."""
    enable_multi_speaker: Given[bool] = None
    """Whether to reckon with more than two speakers."""
    halftime_mode_enabled: Given[bool] = None
    """Whether the app's halftime mode is on."""


class SummaryPromptSave(RequestModel):
    """One part of the summary, as Siro is asked to write it."""

    prompt: str = Field(repr=False)
    """The prompt for Siro's language model."""
    prompt_header: Given[str] = None
    """The part's heading."""
    prompt_index: Given[Number] = None
    """Its place among the parts."""


class SummaryPromptsSave(RequestModel):
    """The parts of a conversation type's summary."""

    prompts: Annotated[tuple[SummaryPromptSave, ...], Field(max_length=100)]
    """At most 100."""


class OutcomeDefinitionSave(RequestModel):
    """An outcome to add to a conversation type, or to change."""

    custom_outcome_label: Annotated[str, Field(min_length=1, max_length=100)]
    """The organization's name for it, in 1 to 100 characters."""
    universal_outcome_label: OutcomeLabel
    """Its meaning."""
    prompt: str | None = Field(repr=False)
    """How Siro's language model recognizes it. Must be given, if only as None."""
    outcome_definition_id: Given[Uuid] = None
    """Siro's id (a UUID) of the outcome to change; left out, a new one is added."""
    disable: Given[bool] = None
    """True: the outcome can no longer be chosen."""


class MultipleOutcomesSave(RequestModel):
    """How many outcomes a conversation may have."""

    multiple: Annotated[int, Field(ge=1)]


class RecordingOutcomesUpdate(RequestModel):
    """The outcome of a conversation, set by a person."""

    selected_custom_labels: tuple[str, ...]
    """All outcomes that apply, in the organization's own words, out of `RecordingOutcomes.possible_outcomes`."""


# --- answers --------------------------------------------------------------------------------------------


class SummaryPrompt(ResponseModel):
    """One part of a summary, as Siro is asked to write it."""

    id: str
    prompt: str | None = Field(default=None, repr=False)
    prompt_header: str | None = None
    """The part's heading."""
    prompt_index: Number | None = None
    """Its place among the parts."""


class DebriefQuestion(ResponseModel):
    """A question that the rep is asked after a conversation."""

    id: str
    prompt: str | None = None
    """The question."""
    prompt_details: str | None = None
    response_type: Lenient[DebriefResponseType] | None = None
    response_config: JsonValue = None
    """By type: bounds of the date or the text, or the options, and whether an answer is required."""
    include_if: tuple[JsonValue, ...] | None = None
    """Answers to earlier questions that make this one appear: objects with `questionId` and `value`."""
    only_include_if_flagged: bool | None = None
    hide_from_results: bool | None = None
    set_response_to_field: str | None = None
    """The recording's field that takes the answer."""
    sort_value: Number | None = None
    """Its place among the questions."""


class BookmarkExpression(ResponseModel):
    """The cause for a bookmark."""

    title: str | None = None
    type: Lenient[BookmarkType] | None = None
    identifiers: tuple[JsonValue, ...] | None = None
    """The words to listen for; the contract gives them no shape."""
    override_parent: bool | None = None
    advanced_bookmark_model_id: str | None = None
    bookmark_config_id: str | None = None


class TagConfiguration(ResponseModel):
    """A tag that recordings get by a rule."""

    display_name: str | None = None
    apply_if: JsonValue = None
    """The rule, a nested expression; its `tagExpressionType` says of which kind."""


class ConversationConfiguration(ResponseModel):
    """A conversation type and its configuration."""

    id: str | None = None
    conversation_type: str | None = None
    display_name: str | None = None
    org_id: str | None = None
    team_id: str | None = None
    """Set: it belongs to this team alone."""
    user_id: str | None = None
    """Set: it belongs to this user alone."""
    summary_prompts: tuple[SummaryPrompt, ...] | None = None
    debrief_questions: Annotated[tuple[DebriefQuestion, ...], BeforeValidator(null_as_nothing)] = ()
    title_question_id: str | None = None
    """The debrief question whose answer becomes the recording's title."""
    result_question_id: str | None = None
    """The debrief question whose answer becomes the recording's result."""
    expressions: Annotated[tuple[BookmarkExpression, ...], BeforeValidator(null_as_nothing)] = ()
    override_all_parent_expressions: bool | None = None
    tag_configurations: tuple[TagConfiguration, ...] | None = None
    bookmark_group_ids: tuple[str, ...] | None = None
    inherited_bookmark_config_ids: tuple[str, ...] | None = None
    inherited_bookmark_configs: dict[str, JsonValue] | None = Field(
        default=None, alias="inheritedBookmarkConfigs_denormalized", repr=False
    )
    """A copy of the inherited bookmark configurations, by id."""
    belongs_to_config_groups: Annotated[tuple[str, ...], BeforeValidator(null_as_nothing)] = ()
    chat_bot_knowledge_base_ids: tuple[str, ...] | None = None
    checklist_id: str | None = None
    display_bookmarks_in_debrief: bool | None = None
    halftime_mode_enabled: bool | None = None


class OutcomeDefinition(ResponseModel):
    """An outcome that a conversation can have."""

    id: str
    custom_outcome_label: str | None = None
    """The organization's name for it."""
    universal_outcome_label: Lenient[OutcomeLabel] | None = None
    """Its meaning."""
    prompt: str | None = Field(default=None, repr=False)
    """How Siro's language model recognizes it."""
    date_created: OptionalTime = None
    date_updated: OptionalTime = None


class OutcomeDefinitions(ResponseModel):
    """The outcomes of one conversation type."""

    multiple_outcomes: Number | None = None
    """How many of them a conversation may have."""
    outcome_definitions: Annotated[tuple[OutcomeDefinition, ...], BeforeValidator(null_as_nothing)] = ()


class PossibleOutcome(ResponseModel):
    """An outcome that can be chosen for a recording."""

    custom_label: str | None = None
    """The organization's name for it."""
    universal_label: Lenient[OutcomeLabel] | None = None
    """Its meaning."""
    description: str | None = None


class RecordingOutcomes(ResponseModel):
    """The outcome of a recorded conversation."""

    selected_custom_labels: Annotated[tuple[str, ...], BeforeValidator(null_as_nothing)] = ()
    """The outcomes that apply, in the organization's own words."""
    universal_outcome_label: Lenient[OutcomeLabel] | None = None
    """Their common meaning; None without an outcome."""
    possible_outcomes: Annotated[tuple[PossibleOutcome, ...], BeforeValidator(null_as_nothing)] = ()
    """All that can be chosen."""
    edited: bool | None = None
    """Whether a person changed Siro's finding."""
