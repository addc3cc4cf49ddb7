"""What Siro answers.

The published contract requires more than real answers hold, so that only what a record is nothing without
is required here. Unknown fields are kept in `model_extra`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, JsonValue

from fieldnote.siro.models.base import Lenient, Number, OptionalTime, ResponseModel, Secret
from fieldnote.siro.models.enums import (
    Disposition,
    EventCode,
    ExtractionStatus,
    RecordingResult,
    WebhookEventType,
)


def _null_as_nothing(value: object) -> object:
    return () if value is None else value


# --- CRM records ----------------------------------------------------------------------------------------


class Account(ResponseModel):
    """A customer."""

    id: str
    """Siro's id."""
    external_id: str | None = None
    """The CRM's id."""
    name: str | None = None
    email_addresses: tuple[str, ...] | None = None
    phone_numbers: tuple[str, ...] | None = None
    addresses: tuple[JsonValue, ...] | None = None
    """As Siro keeps them: the contract gives an address no shape."""
    latitude: float | None = None
    """Degrees north."""
    longitude: float | None = None
    """Degrees east."""
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class Engagement(ResponseModel):
    """An appointment."""

    id: str
    """Siro's id."""
    external_id: str | None = None
    """The CRM's id."""
    organization_id: str | None = None
    recording_id: str | None = None
    """Siro's id of its recording; of several, the longest."""
    engagement_type: str | None = None
    """The type's name as it was sent."""
    start_time: OptionalTime = None
    start_time_localized: str | None = None
    """The start on the customer's clock, without a zone."""
    end_time: OptionalTime = None
    subject: str | None = None
    content: str | None = None
    direction: str | None = None
    account_id: str | None = None
    """Siro's id of its customer."""
    opportunity_id: str | None = None
    """Siro's id of its deal."""
    account: JsonValue = None
    """The customer; the contract gives it no shape."""
    engagement_users: tuple[JsonValue, ...] | None = None
    """The reps; the contract gives them no shape."""
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class Opportunity(ResponseModel):
    """A deal."""

    id: str
    """Siro's id."""
    external_id: str | None = None
    """The CRM's id."""
    organization_id: str | None = None
    recording_id: str | None = None
    """Siro's id of its recording; of several, the longest."""
    name: str | None = None
    amount: Number | None = None
    """In the organization's currency."""
    disposition: Lenient[Disposition] | None = None
    closed_at: OptionalTime = None
    account_id: str | None = None
    """Siro's id of its customer."""
    account: JsonValue = None
    """The customer; the contract gives it no shape."""
    opportunity_users: tuple[JsonValue, ...] | None = None
    """The reps; the contract gives them no shape."""
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class CrmRef(ResponseModel):
    """One CRM record that a recording is linked to."""

    id: str | None = None
    """Siro's id."""
    external_id: str | None = None
    """The CRM's id."""


class CrmLinks(ResponseModel):
    """The CRM records that a recording is linked to."""

    integration_connection_id: str | None = None
    """Siro's id of the connection that the external ids belong to: those of two CRMs may be equal."""
    engagement: CrmRef | None = None
    opportunity: CrmRef | None = None
    account: CrmRef | None = None
    lead: CrmRef | None = None
    contacts: Annotated[tuple[CrmRef, ...], BeforeValidator(_null_as_nothing)] = ()
    users: Annotated[tuple[CrmRef, ...], BeforeValidator(_null_as_nothing)] = ()
    """The reps."""


# --- recordings -----------------------------------------------------------------------------------------


class Summary(ResponseModel):
    """One part of a recording's summary."""

    id: str | None = None
    name: str | None = None
    """The part's heading."""
    content: str = Field(default="", repr=False)
    """Its text, as Siro wrote it."""


class CrmFieldRef(ResponseModel):
    """A CRM field that Siro's own administrator chose for an extraction."""

    crm_model_name: str | None = None
    crm_field_name: str | None = None


class ExtractionItem(ResponseModel):
    """One thing that was said in a conversation."""

    name: str
    """The definition's name, such as `Budget`."""
    value: JsonValue = Field(default=None, repr=False)
    """Text, a number, true or false, a list of those, or None where nothing was said."""
    mappings: tuple[CrmFieldRef, ...] | None = None
    """The CRM fields chosen for it in Siro, if any."""


class ExtractionRow(ResponseModel):
    """What one definition found in one recording. A recording has several."""

    id: str | None = None
    recording_id: str | None = None
    siro_entity_definition_id: str | None = None
    siro_entity_definition_name: str | None = None
    siro_entity_definition_deleted: bool | None = None
    """True: the definition is gone, and the row is dead."""
    status: Lenient[ExtractionStatus] | None = None
    extraction: Annotated[tuple[ExtractionItem, ...], BeforeValidator(_null_as_nothing)] = ()
    mappings: tuple[CrmFieldRef, ...] | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class WebLinks(ResponseModel):
    """Addresses of a recording in Siro's web application."""

    url: str | None = Field(default=None, alias="self")


class RecordingLinks(ResponseModel):
    """Addresses of a recording."""

    web: WebLinks | None = None


class FollowUp(ResponseModel):
    """A promise or task that came up. The list gives `id` and `score` only."""

    id: str | None = None
    score: float | None = None


class Recording(ResponseModel):
    """A recorded conversation. `crm`, `summary` and others are there when asked for, else None."""

    id: str
    organization_id: str | None = None
    user_id: str | None = None
    """Siro's id of the rep."""
    title: str | None = None
    created_at: OptionalTime = None
    """When the conversation began."""
    updated_at: OptionalTime = None
    """When Siro last changed it. Late summaries and extractions may not move it."""
    duration_in_milliseconds: float | None = None
    latitude: float | None = None
    """Degrees north, where it was recorded."""
    longitude: float | None = None
    """Degrees east."""
    result: Lenient[RecordingResult] | None = None
    is_processing_done: bool | None = None
    """Whether audio has become a transcript."""
    is_summary_done: bool | None = None
    is_entity_extraction_done: bool | None = None
    deleted: bool = False
    """Deleted recordings are still listed."""
    deleted_at: OptionalTime = None
    root_data_purged_at: OptionalTime = None
    """Since when audio, transcript and summary are gone under the retention rule."""
    links: RecordingLinks | None = None
    crm: CrmLinks | None = None
    """With `show_crm_links`."""
    summary: tuple[Summary, ...] | None = None
    """With `show_summary`."""
    entity_extractions: tuple[ExtractionItem, ...] | None = None
    """With `show_entity_extractions`."""
    evaluation_score: float | None = None
    """With `show_evaluation_score`. Null in a long list although there is one: page by 25."""
    followups: tuple[FollowUp, ...] | None = None
    """With `show_followups`."""

    @property
    def duration(self) -> timedelta | None:
        """How long the conversation took."""
        millis = self.duration_in_milliseconds
        return None if millis is None else timedelta(milliseconds=millis)

    @property
    def web_url(self) -> str | None:
        """Where a person can listen to it."""
        return self.links.web.url if self.links and self.links.web else None


class Utterance(ResponseModel):
    """One stretch of one person's talk."""

    speaker_tag: str
    """Key into the transcript's `speaker_map`."""
    utterance: str = Field(repr=False)
    """What was said."""
    start_time_in_millis: float
    """Milliseconds since the recording began."""
    end_time_in_millis: float
    """Milliseconds since the recording began."""
    confidence: float | None = None
    """0 to 1."""
    redacted: bool = False


class Transcript(ResponseModel):
    """Who said what in a recording."""

    speaker_map: dict[str, str] = Field(default_factory=dict)
    """The name behind each speaker tag."""
    utterances: tuple[Utterance, ...] = ()
    """In the order of time."""
    is_low_data_mode: bool | None = None


# --- the rest -------------------------------------------------------------------------------------------


class MobileEvent(ResponseModel):
    """Something that happened in the app on a rep's phone."""

    id: str
    event_code: Lenient[EventCode]
    event: dict[str, JsonValue]
    """By code, one or two of `value`, `trigger`, `status`, `title`, `fullUrl`."""
    created_at: OptionalTime = None
    user_id: str | None = None
    organization_id: str | None = None
    recording_id: str | None = None
    external_opportunity_ids: tuple[str, ...] | None = None


class CallerIdentity(ResponseModel):
    """Whose token it is."""

    organization_id: str
    token_id: str | None = None
    token_name: str | None = None
    created_at: OptionalTime = None
    created_by: str | None = None
    authorized_org_group_id: str | None = None
    parent_org_group_token_id: str | None = None


class OAuthApp(ResponseModel):
    """An OAuth app as it was created. The secret is shown this once."""

    app_name: str | None = None
    client_id: str = Field(alias="clientID")
    client_secret: Secret | None = None


class AccessToken(ResponseModel):
    """A user token as it was minted. It lives 16 hours, and is shown this once."""

    access_token: Secret
    access_token_id: str | None = None
    expires_at: OptionalTime = None
    """When it ends, if Siro says so."""


class RecordingEvent(ResponseModel):
    """A webhook's payload. Events come in any order and more than once; act only when both flags are set."""

    event_type: Lenient[WebhookEventType]
    recording_id: str
    recording_processed: bool
    recording_linked: bool
    siro_user_id: str | None = None
    """Siro's id of the rep."""
    crm: CrmLinks | None = None
    message_id: str | None = Field(default=None, exclude=True)
    """The delivery's id (`svix-id`): the same for each repeat of one message. Not part of the payload."""

    @property
    def ready(self) -> bool:
        """Whether the recording is both processed and linked."""
        return self.recording_processed and self.recording_linked
