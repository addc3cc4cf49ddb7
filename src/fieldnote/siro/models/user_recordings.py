"""Answers about recordings, as the user API has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, JsonValue

from fieldnote.siro.models.base import (
    Lenient,
    Number,
    OptionalTime,
    ResponseModel,
    null_as_nothing,
)
from fieldnote.siro.models.customers import CrmCustomer
from fieldnote.siro.models.enums import (
    ClientPlatform,
    ConversationQuality,
    LinkTarget,
    ProcessingStage,
    ProcessingStatus,
    TranscriptionLanguage,
    TranscriptionStatus,
    UserRecordingResult,
)
from fieldnote.siro.models.recordings import ExtractionRow, FollowUp


def _texts(value: object) -> object:
    """The entries that can be headers."""
    if not isinstance(value, dict):
        return value
    return {name: text for name, text in value.items() if isinstance(text, str) and _is_header(name + text)}


def _is_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


class UploadUrls(ResponseModel):
    """Where to upload a file of audio. The addresses are secrets: they work without a token."""

    upload_url: str = Field(repr=False)
    """Takes a PUT of the file."""
    upload_headers: Annotated[dict[str, str], BeforeValidator(_texts)] = Field(default_factory=dict)
    """The headers that the PUT must have."""
    download_url: str = Field(repr=False)
    """Names the file when it is registered."""
    expires_at: OptionalTime = None


class UploadedRecording(ResponseModel):
    """The recording that an upload became."""

    recording_id: str


class LinkedRecord(ResponseModel):
    """The CRM record that a recording is linked to now."""

    id: str | None = None
    """Siro's id."""
    external_id: str | None = None
    """The CRM's id."""
    data_type: Lenient[LinkTarget] | None = None
    name: str | None = None
    last_activity_at: OptionalTime = None


class ListenedTo(ResponseModel):
    """How long a person has listened."""

    id: str
    recording_id: str | None = None
    user_id: str | None = None
    organization_id: str | None = None
    client_platform: Lenient[ClientPlatform] | None = None
    duration_milliseconds: float | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class AudioUrl(ResponseModel):
    """Where to listen. The address is a secret: it works without a token."""

    url: str | None = Field(default=None, repr=False)
    """None without audio; see `error_message`."""
    expiration: Number | None = None
    """When it ends; a number, for which the contract gives no unit."""
    error: bool = False
    error_message: str | None = None


class SummaryQuote(ResponseModel):
    """Words of the conversation that a part of the summary rests on."""

    quote: str = Field(repr=False)
    start_time_in_millis: float | None = None
    """Milliseconds since the recording began."""
    end_time_in_millis: float | None = None
    """Milliseconds since the recording began."""


class SummaryPart(ResponseModel):
    """One part of a summary, with the words that it rests on."""

    id: str | None = None
    prompt_header: str | None = None
    """Its heading."""
    prompt_response: str = Field(default="", repr=False)
    """Its text."""
    quotes: Annotated[tuple[SummaryQuote, ...], BeforeValidator(null_as_nothing)] = ()
    summary_result_index: Number | None = None
    """Its place."""


class ExtractedOutcome(ResponseModel):
    """An outcome that the conversation led to."""

    custom_label: str | None = None
    """The organization's word for it."""
    universal_label: str | None = None
    """Its meaning: POSITIVE, NEGATIVE, NEUTRAL."""
    description: str | None = Field(default=None, repr=False)


class ExtractedOutcomes(ResponseModel):
    """The outcomes that the conversation led to."""

    outcome_extraction_id: str | None = None
    outcomes: Annotated[tuple[ExtractedOutcome, ...], BeforeValidator(null_as_nothing)] = ()


class CrmOpportunity(ResponseModel):
    """A deal that the recording is linked to."""

    opportunity_external_id: str | None = None
    """The CRM's id."""
    name: str | None = None
    amount: Number | None = None
    """In the organization's currency."""
    disposition: str | None = None
    closed_at: OptionalTime = None
    account_id: str | None = None
    """Siro's id of its customer."""
    account_external_id: str | None = None
    """The CRM's id of its customer."""
    account_name: str | None = None
    addresses: Annotated[tuple[JsonValue, ...], BeforeValidator(null_as_nothing)] = ()
    integration_name: str | None = None
    integration_platform: str | None = None


class UserRecording(ResponseModel):
    """A recorded conversation. Parts that you do not ask for are None. `model_extra` has many more fields."""

    id: str
    date_created: OptionalTime = None
    """When the conversation began."""
    deleted: bool = False
    title: str | None = None
    user_id: str | None = None
    """Siro's id of the rep."""
    rep_first_name: str | None = None
    rep_last_name: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    conversation_type: str | None = None
    """Siro's id of the conversation type."""
    result: Lenient[UserRecordingResult] | None = None
    universal_outcome_label: str | None = None
    extracted_custom_outcomes: ExtractedOutcomes | None = None
    duration_in_milliseconds: float | None = None
    is_private: bool | None = None
    is_video: bool | None = None
    processing_stage: Lenient[ProcessingStage] | None = None
    processing_status: Lenient[ProcessingStatus] | None = None
    transcription_status: Lenient[TranscriptionStatus] | None = None
    transcription_language: Lenient[TranscriptionLanguage] | None = None
    conversation_quality_tag: Lenient[ConversationQuality] | None = None
    latitude: float | None = None
    """Degrees north, where it was recorded."""
    longitude: float | None = None
    """Degrees east."""
    notes: str | None = Field(default=None, repr=False)
    trigger: str | None = None
    """The start of it: a button, a deep link, another program."""
    root_data_purged_at: OptionalTime = None
    """Since when audio, transcript and summary are gone under the retention rule."""
    crm_customer: CrmCustomer | None = None
    """With `show_crm_customer`."""
    crm_opportunities: tuple[CrmOpportunity, ...] | None = None
    """With `show_crm_opportunities`."""
    evaluation_score: float | None = None
    """With `show_evaluation_score`. Null in a long list although there is one: page by 25."""
    followups: tuple[FollowUp, ...] | None = None
    """With `show_followups`; more of each is in its `model_extra` where one recording is read."""
    summary: str | None = Field(default=None, repr=False)
    """With `show_summary`."""
    entity_extractions: tuple[ExtractionRow, ...] | None = None
    """With `show_entity_extractions`."""

    @property
    def duration(self) -> timedelta | None:
        """How long the conversation took."""
        millis = self.duration_in_milliseconds
        return None if millis is None else timedelta(milliseconds=millis)


class RecordingHit(ResponseModel):
    """A recording that a search found. Of more fields see `model_extra`."""

    recording_id: str
    date_created: Number | None = None
    """When the conversation began; a number, for which the contract gives no unit."""
    title: str | None = None
    user_id: str | None = None
    """Siro's id of the rep."""
    rep_first_name: str | None = None
    rep_last_name: str | None = None
    team_id: str | None = None
    team_name: str | None = None
    result: Lenient[UserRecordingResult] | None = None
    conversation_type: str | None = None
    duration_in_milliseconds: float | None = None
    is_private: bool | None = None
    viewed: bool | None = None
    opportunities_amount: Number | None = None
    crm_customer: CrmCustomer | None = None
    transcript: str | None = Field(default=None, repr=False)
