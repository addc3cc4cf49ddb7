"""Recordings as the user API has them: what it takes, and what it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, model_validator

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    Number,
    OptionalTime,
    RequestModel,
    ResponseModel,
    SentTime,
    WebAddress,
    null_as_nothing,
)
from fieldnote.siro.models.customers import CrmCustomer
from fieldnote.siro.models.enums import (
    ChunkCreation,
    ClientPlatform,
    ConversationQuality,
    CrmObjectType,
    LinkTarget,
    LinkTrigger,
    ProcessingStage,
    ProcessingStatus,
    RecorderKind,
    TranscriptionLanguage,
    TranscriptionStatus,
    UserRecordingResult,
)
from fieldnote.siro.models.recordings import ExtractionRow, FollowUp

# --- what is sent ---------------------------------------------------------------------------------------


class CrmObject(RequestModel):
    """A CRM record that a recording belongs to. It must have been synced before."""

    object_id: Annotated[str, Field(min_length=1)]
    """The CRM's id."""
    object_type: CrmObjectType


class RecorderSource(RequestModel):
    """The program that recorded."""

    app_name: Given[str] = None
    app_version: Given[str] = None
    bundle_id: Given[str] = None
    sdk_type: Given[RecorderKind] = None
    sdk_version: Given[str] = None


class RecorderSettings(RequestModel):
    """How it recorded."""

    mobile_chunk_creation_mode: Given[ChunkCreation] = None


class RecordingCreate(RequestModel):
    """A recording that is about to be made. Its id is the caller's choice, so that a repetition does no harm."""

    id: str
    """A new UUID."""
    date_created: SentTime
    """When the conversation began."""
    title: Given[str] = None
    conversation_type: Given[str] = None
    """Siro's id of the conversation type."""
    result: Given[UserRecordingResult] = None
    is_private: Given[bool] = None
    transcription_language: Given[str] = None
    integration_connection_id: Given[str] = None
    """Siro's id of the connection that the CRM's ids below belong to."""
    engagement_id: Given[str] = None
    opportunity_id: Given[str] = None
    crm_objects: Given[tuple[CrmObject, ...]] = None
    enable_automatic_split: Given[bool] = None
    code_version: Given[str] = None
    device_type: Given[str] = None
    original_device_id: Given[str] = None
    os: Given[str] = None
    os_version: Given[str | Number] = None
    recording_settings: Given[RecorderSettings] = None
    source: Given[RecorderSource] = None


class RecordingUpdate(RequestModel):
    """What to change of a recording."""

    id: str
    """Siro's id of the recording."""
    title: Given[str] = None
    notes: Given[str] = Field(default=None, repr=False)
    """A person's own words about it."""
    result: Given[UserRecordingResult] = None
    date_created: Given[SentTime] = None
    """When the conversation began."""
    conversation_type: Given[str] = None
    """Siro's id of the conversation type."""
    conversation_quality_tag: Given[ConversationQuality] = None
    is_private: Given[bool] = None
    discoverable: Given[bool] = None
    """Whether colleagues find it."""
    do_not_delete: Given[bool] = None
    """Whether it outlives the retention rule."""
    rep_consent_attested: Given[bool] = None
    customer_consent_attested: Given[bool] = None
    consent_signature_base64: Given[str] = Field(default=None, repr=False)
    """An image."""
    transcription_status: Given[TranscriptionStatus] = None
    advanced_bookmarks_checked: Given[bool] = None
    number_of_expected_chunks: Given[Number] = None
    expected_chunks_outstanding: Given[tuple[str, ...]] = None
    terminated_ungraciously: Given[bool] = None
    """Whether the recorder broke off."""


class RecordingsByIds(RequestModel):
    """Which recordings to read."""

    ids: Given[tuple[str, ...]] = None
    """Siro's ids."""
    page_size: Given[Number] = None
    cursor: Given[Number | str] = None


_SORTABLE = """
    recordingId dateCreated lastProcessedAudio lastUpdatedJumpToTags lastLabeled deletedDate transcript
    teamName seedRecordingId seedRecordingRecordingId transcriptionStatus processingStatus processingStage
    processingErrors recordErrors processingError rawAudioPath processedAudioPath organizationId teamId userId
    locked terminatedUngraciously originalDeviceId codeVersion lock splitLock mergeLock splitRetryNeeded
    organizationName repFirstName repLastName speakerMap mergeRetryNeeded redactedTranscript confidence error
    manualLabelBookmarkConfigIds result title notes durationInMilliseconds discoverable isPrivate
    detected_language trendingScore starCount viewCount uniqueViewCount deleted deletedPermanently
    originalRecordingId enableAutomaticSplit offsetFromOriginalRecordingMs conversationType debriefResponses
    debriefQuestions numberOfComments unreadTags tags bookmarkConfigsUsedDuringLabeling bookmarklabels
    outcomeLabel manualLabels secondaryTranscriptionJobId secondaryTranscriptionService
    secondaryProcessingStatus secondaryTranscriptionIgnored secondaryTranscriptionAttempts
    secondaryTranscriptionDurationSent lastSuccessfulSecondaryTranscription
    lastSuccessfulSecondaryTranscriptionJobId leadIdSiro leadInteractionIdSiro leadInteractionMatchScore
    conversationTime repSpeakingTime customerSpeakingTime customerQuestionsCount repQuestionsCount
    exchangesCount repExchangesCount totalRepExchangesWithAQuestion repWordCount repUniqueWordsUsedCount
    repFillerWordsCount totalRepVocabularyScore totalRepWordObscurityScore longestMonologueMillis
    longestCustomerStoryMillis repWordsPerMinute repFillerWordsPerMin repSpeakerShare interactivityScore
    repControl repVocabularyLevel repWordObscurityScore advancedBookmarksChecked
    extractedPrimaryContactPhoneNumber doNotDelete processedChunkNumbers skippableChunkNumbers
    dateLackingSingleExpectedChunk audioDurationInMilliseconds isVideo videoRecordingId rawVideoPath source
    transcriptionLanguage os osVersion deviceType deviceId summaryProcessingStatus bookmarkingProcessingStatus
    llmBookmarkingStatus llmSpeakerAssignmentStatus conversationQualityTag conversationQualityTagReasoning
    llmConversationApprovalStatus aiMetricsProcessingStatus betaFeatures allChunksUploaded recordingSettings
"""

SORTABLE = frozenset(_SORTABLE.split())
"""What a search can be sorted by, in Siro's words."""


def _sortable(value: str) -> str:
    if value not in SORTABLE:
        raise ValueError("is not among the fields that recordings can be sorted by: see SORTABLE")
    return value


def _direction(value: str) -> str:
    if value not in {"asc", "desc"}:
        raise ValueError("is neither asc nor desc")
    return value


class Coordinate(RequestModel):
    """A place on earth."""

    lat: Number
    """Degrees north of the equator."""
    lng: Number
    """Degrees east of Greenwich."""


class RecordingQuery(RequestModel):
    """What to search for. All that is given must fit."""

    search_text: Given[str] = None
    organization_id: Given[str] = None
    organization_ids: Given[tuple[str, ...]] = None
    team_id: Given[str] = None
    team_ids: Given[tuple[str, ...]] = None
    rep_uid: Given[str] = None
    """Siro's id of the rep."""
    rep_uids: Given[tuple[str, ...]] = None
    conversation_type: Given[str] = None
    conversation_types: Given[tuple[str, ...]] = None
    crm_customer_ids: Given[tuple[str, ...]] = None
    results: Given[tuple[UserRecordingResult, ...]] = None
    extracted_custom_outcomes: Given[tuple[str, ...]] = None
    universal_outcome_labels: Given[tuple[str, ...]] = None
    start_date: Given[Number] = None
    """Began since; a number, for which the contract gives no unit."""
    end_date: Given[Number] = None
    """Began before; as `start_date`."""
    min_duration_ms: Given[Number] = None
    max_duration_ms: Given[Number] = None
    min_evaluation_score: Given[Number] = None
    max_evaluation_score: Given[Number] = None
    min_opportunities_amount: Given[Number] = None
    max_opportunities_amount: Given[Number] = None
    min_dms_revenue: Given[Number] = None
    max_dms_revenue: Given[Number] = None
    dms_deal_types: Given[tuple[str, ...]] = None
    coordinate: Given[Coordinate] = None
    radius: Given[Number] = None
    """Around `coordinate`; the contract gives no unit."""
    jump_to_tags: Given[tuple[str, ...]] = None
    """Bookmarks that the recording has."""
    jump_to_tags_to_exclude: Given[tuple[str, ...]] = None
    has_comments: Given[bool] = None
    is_private: Given[bool] = None
    is_seed_recording: Given[bool] = None
    is_seed_recording_recording: Given[bool] = None
    show_crm_customer: Given[bool] = None
    show_recording_events: Given[bool] = None
    show_scorecard_evaluation: Given[bool] = None
    sort: Given[Annotated[str, AfterValidator(_sortable)]] = None
    sort_direction: Given[Annotated[str, AfterValidator(_direction)]] = None


class RecordingSearch(RequestModel):
    """A search."""

    query: RecordingQuery
    page: Given[Number] = None
    """The number of the page to begin with; without it the first."""
    page_size: Given[Number] = None


class UploadUrlsCreate(RequestModel):
    """Where to upload a file of audio."""

    file_size: Annotated[int, Field(ge=1, strict=True)]
    """Bytes."""
    file_type: str
    """Its media type, such as `audio/mpeg`."""


class UploadRegister(RequestModel):
    """A file of audio that was uploaded. Whose it is: one of `user_id`, `user_email` and `user_phone`."""

    file_url: Annotated[WebAddress, Field(repr=False)]
    """The `download_url` that was given with the address for the upload."""
    file_type: str
    """Its media type, such as `audio/mpeg`."""
    user_id: Given[str] = None
    """Siro's id of the rep."""
    user_email: Given[str] = None
    user_phone: Given[str] = None
    date_created: Given[SentTime] = None
    """When the conversation began, not when it is uploaded."""
    title: Given[str] = None
    conversation_type: Given[str] = None
    result: Given[UserRecordingResult] = None
    organization_id: Given[str] = None
    discoverable: Given[bool] = None
    """Whether colleagues find it."""
    contact_name: Given[str] = None
    """The customer's."""
    contact_phone: Given[str] = None
    """The customer's: a contact with this number is linked."""
    integration_connection_id: Given[str] = None
    """Siro's id of the connection that `crm_objects` belong to."""
    crm_objects: Given[tuple[CrmObject, ...]] = None


class RecordingLink(RequestModel):
    """A link from a recording to a CRM record: by Siro's `id`, or by `external_id` and its connection."""

    data_type: LinkTarget
    id: Given[str] = None
    """Siro's id of the CRM record."""
    external_id: Given[str] = None
    """The CRM's own id of it."""
    integration_connection_id: Given[str] = None
    """Siro's id of the connection that `external_id` belongs to."""
    trigger: Given[LinkTrigger] = None
    """What made the link."""

    @model_validator(mode="after")
    def _aims_once(self) -> Self:
        if (self.id is None) == (self.external_id is None):
            raise ValueError("needs either id or external_id, and not both")
        if self.external_id is not None and self.integration_connection_id is None:
            raise ValueError("needs integration_connection_id beside external_id: ids of two CRMs may be equal")
        return self


class Listening(RequestModel):
    """How long somebody listened."""

    duration: Number
    """Milliseconds."""
    client_platform: Given[ClientPlatform] = None
    recording_engagement_id: Given[Annotated[str, Field(min_length=1)]] = None
    """Siro's id of an earlier `ListenedTo`, to go on with it."""


class View(RequestModel):
    """How long somebody looked."""

    duration: Number
    """The contract gives no unit."""


class TranscriptionLanguageSet(RequestModel):
    """Which language to listen for."""

    transcription_language: TranscriptionLanguage


# --- what is answered -----------------------------------------------------------------------------------


def _texts(value: object) -> object:
    """What can be headers."""
    if not isinstance(value, dict):
        return value
    return {name: text for name, text in value.items() if isinstance(text, str) and _is_header(name + text)}


def _is_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


class UploadUrls(ResponseModel):
    """Where to upload a file of audio. The addresses are secrets: who has them needs no token."""

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
    """How long somebody has listened."""

    id: str
    recording_id: str | None = None
    user_id: str | None = None
    organization_id: str | None = None
    client_platform: Lenient[ClientPlatform] | None = None
    duration_milliseconds: float | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class AudioUrl(ResponseModel):
    """Where to listen. The address is a secret: who has it needs no token."""

    url: str | None = Field(default=None, repr=False)
    """None where there is no audio: see `error_message`."""
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
    """What it means: POSITIVE, NEGATIVE, NEUTRAL."""
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
    """A recorded conversation. What is not asked for is None; of many more fields see `model_extra`."""

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
    """What began it: a button, a deep link, another program."""
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
