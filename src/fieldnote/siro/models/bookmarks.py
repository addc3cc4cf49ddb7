"""Bookmarks in recordings: their configurations, groups and models, and the labels that people set by hand.

An industry is a list of bookmark groups.
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
    null_as_nothing,
)
from fieldnote.siro.models.enums import (
    BookmarkKind,
    BookmarkModelType,
    BookmarkScope,
    BookmarkSpeaker,
    TranscriptionLanguage,
)

Texts = Annotated[tuple[str, ...], BeforeValidator(null_as_nothing)]


# --- configurations -------------------------------------------------------------------------------------


class BookmarkConfigUpdate(RequestModel):
    """The fields of a bookmark configuration to change."""

    title: Given[str] = None
    description: Given[str] = None
    bookmark_type: Given[BookmarkKind] = None
    bookmark_types: Given[tuple[BookmarkKind, ...]] = None
    bookmark_group_ids: Given[tuple[str, ...]] = None
    llm_description: Given[str] = None
    """The description for the language model."""
    llm_positive_context: Given[str] = None
    """Examples that count."""
    llm_negative_context: Given[str] = None
    """Examples that do not count."""
    manual_label_count: Given[Number] = None
    manual_label_count_positive: Given[Number] = None
    manual_label_count_negative: Given[Number] = None
    model_id: Given[str] = None
    organization_id: Given[str] = None
    scope: Given[BookmarkScope] = None


class BookmarkConfig(ResponseModel):
    """A kind of place that Siro marks in recordings."""

    id: str
    title: str | None = None
    description: str | None = None
    bookmark_type: Lenient[BookmarkKind] | None = None
    bookmark_types: Annotated[tuple[Lenient[BookmarkKind], ...], BeforeValidator(null_as_nothing)] = ()
    bookmark_group_ids: Texts = ()
    belongs_to_config_groups: Texts = ()
    llm_description: str | None = None
    llm_positive_context: str | None = None
    llm_negative_context: str | None = None
    manual_label_count: Number | None = None
    manual_label_count_positive: Number | None = None
    manual_label_count_negative: Number | None = None
    model_id: str | None = None
    organization_id: str | None = None
    scope: Lenient[BookmarkScope] | None = None
    version: Number | None = None
    date_created: OptionalTime = None
    date_last_updated: OptionalTime = None
    last_backfilled_date: OptionalTime = None


class LabeledRecording(ResponseModel):
    """A recording in which people set labels of a configuration."""

    id: str
    title: str | None = None
    deleted: bool = False
    date_created: OptionalTime = None
    """When the conversation began."""


# --- groups and industries ------------------------------------------------------------------------------


class BookmarkGroupCreate(RequestModel):
    """A group of bookmark configurations to create."""

    display_name: str
    description: Given[str] = None
    organization_ids: Given[tuple[str, ...]] = None


class BookmarkGroupUpdate(RequestModel):
    """The fields of a group to change."""

    display_name: Given[str] = None
    description: Given[str] = None
    organization_ids: Given[tuple[str, ...]] = None


class BookmarkGroup(ResponseModel):
    """A group of bookmark configurations."""

    id: str
    display_name: str | None = None
    description: str | None = None
    organization_ids: Texts = ()


class IndustryCreate(RequestModel):
    """An industry to create."""

    display_name: str
    description: str
    bookmark_group_ids: tuple[str, ...]


class IndustryUpdate(RequestModel):
    """The fields of an industry to change."""

    display_name: Given[str] = None
    description: Given[str] = None
    bookmark_group_ids: Given[tuple[str, ...]] = None


class IndustryDetails(ResponseModel):
    """An industry and its bookmark groups."""

    id: str
    display_name: str | None = None
    description: str | None = None
    bookmark_group_ids: Texts = ()


# --- models ---------------------------------------------------------------------------------------------


class BookmarkModelCreate(RequestModel):
    """A model to create for a bookmark configuration."""

    bookmark_config_id: str


class BookmarkModelUpdate(RequestModel):
    """The fields of a model to change."""

    description: Given[str] = None
    model_type: Given[BookmarkModelType] = None
    llm_description: Given[str] = None
    """The description for the language model."""
    llm_positive_context: Given[str] = None
    """Examples that count."""
    llm_negative_context: Given[str] = None
    """Examples that do not count."""
    positive_semantic_identifiers: Given[tuple[str, ...]] = None
    """Sentences that are close in meaning."""
    negative_semantic_identifiers: Given[tuple[str, ...]] = None
    """Sentences that are not."""
    stringified_regex_identifiers: Given[tuple[str, ...]] = None
    """Regular expressions."""
    similarity_threshold: Given[Number] = None
    speaker_type: BookmarkSpeaker | None = None
    """The speaker to look at; None: everybody."""
    transcription_language: Given[TranscriptionLanguage] = None
    is_calculation_stale: Given[bool] = None
    date_last_updated: str | None = None
    """As text: the contract gives it no format."""


class BookmarkModel(ResponseModel):
    """How Siro finds the places of a bookmark configuration. Of its performance see `performance`."""

    id: str
    bookmark_config_id: str | None = None
    description: str | None = None
    model_type: Lenient[BookmarkModelType] | None = None
    llm_description: str | None = None
    llm_positive_context: str | None = None
    llm_negative_context: str | None = None
    positive_semantic_identifiers: Texts = ()
    negative_semantic_identifiers: Texts = ()
    stringified_regex_identifiers: Texts = ()
    similarity_threshold: Number | None = None
    speaker_type: Lenient[BookmarkSpeaker] | None = None
    transcription_language: Lenient[TranscriptionLanguage] | None = None
    precision: Number | None = None
    """The share of its places that are right."""
    recall: Number | None = None
    """The share of the right places that it finds."""
    recordings_trained_on: Number | None = None
    is_calculation_stale: bool | None = None
    performance: dict[str, JsonValue] | None = Field(default=None, repr=False)
    """Places that it found rightly, wrongly or not at all, each with its words."""
    date_created: OptionalTime = None
    date_last_updated: OptionalTime = None


# --- labels ---------------------------------------------------------------------------------------------


class LabelCreate(RequestModel):
    """A label to set by hand."""

    recording_id: str
    bookmark_config_id: str
    range: Annotated[tuple[Number, ...], Field(min_length=1)]
    """The place: start and end in milliseconds since the recording began."""
    exists: bool
    """True: the bookmark belongs here. False: it does not."""


class LabelToggle(RequestModel):
    """The label to turn into its opposite."""

    recording_id: str
    bookmark_config_id: str


class ManualLabel(ResponseModel):
    """A label that a person set in a recording."""

    id: str
    recording_id: str | None = None
    bookmark_config_id: str | None = None
    title: str | None = None
    exists: bool | None = None
    """True: the bookmark belongs here. False: it does not."""
    start_timestamp_in_millis: Number | None = None
    """Milliseconds since the recording began."""
    end_timestamp_in_millis: Number | None = None
    """Milliseconds since the recording began."""
    unadjusted_start_timestamp_in_millis: Number | None = None
    unadjusted_end_timestamp_in_millis: Number | None = None
    last_labeled_by_uid: str | None = None
    """Siro's id of the user."""
    last_labeled_date: OptionalTime = None


class SavedLabel(ResponseModel):
    """A label after a change, and its configuration. Of the recording see `model_extra`."""

    new_label: ManualLabel
    updated_bookmark_config: BookmarkConfig | None = None
