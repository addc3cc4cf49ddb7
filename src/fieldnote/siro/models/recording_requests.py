"""Requests about recordings, as the user API has them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from fieldnote.siro.models.base import (
    Given,
    Number,
    RequestModel,
    SentTime,
    WebAddress,
)
from fieldnote.siro.models.enums import (
    ChunkCreation,
    ClientPlatform,
    ConversationQuality,
    CrmObjectType,
    LinkTarget,
    LinkTrigger,
    RecorderKind,
    TranscriptionLanguage,
    TranscriptionStatus,
    UserRecordingResult,
)


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
    """The fields of a recording to change."""

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
"""The fields that a search can be sorted by, in Siro's words."""


def _sortable(value: str) -> str:
    if value not in SORTABLE:
        raise ValueError("is not a field to sort recordings by; SORTABLE lists them")
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
    """A query. A hit fits all given fields."""

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
    """A file of audio that was uploaded. Its user: one of `user_id`, `user_email` and `user_phone`."""

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
    """The cause of the link."""

    @model_validator(mode="after")
    def _aims_once(self) -> Self:
        if (self.id is None) == (self.external_id is None):
            raise ValueError("needs either id or external_id, and not both")
        if self.external_id is not None and self.integration_connection_id is None:
            raise ValueError("needs integration_connection_id beside external_id: ids of two CRMs may be equal")
        return self


class Listening(RequestModel):
    """How long a person listened."""

    duration: Number
    """Milliseconds."""
    client_platform: Given[ClientPlatform] = None
    recording_engagement_id: Given[Annotated[str, Field(min_length=1)]] = None
    """Siro's id of an earlier `ListenedTo`, to go on with it."""


class View(RequestModel):
    """How long a person looked."""

    duration: Number
    """The contract gives no unit."""


class TranscriptionLanguageSet(RequestModel):
    """Which language to listen for."""

    transcription_language: TranscriptionLanguage
