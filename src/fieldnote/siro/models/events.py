"""Webhook events, and events on the reps' phones."""

from __future__ import annotations

from pydantic import Field, JsonValue

from fieldnote.siro.models.base import Given, Lenient, OptionalTime, RequestModel, ResponseModel, SentTime
from fieldnote.siro.models.crm import CrmLinks
from fieldnote.siro.models.enums import EventCode, WebhookEventType


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


class MultimediaEventSync(RequestModel):
    """A recording that another system made, for Siro to fetch."""

    external_id: str
    """That system's id of the recording."""
    external_event_id: str
    """The CRM's id of the appointment."""
    external_user_id: str
    """The CRM's id of the rep."""
    external_user_name: Given[str] = None
    external_email_address: str
    """The rep's."""
    organization_id: str
    download_url: str = Field(repr=False)
    """Where Siro fetches the file."""
    mime_type: str
    remote_created_at: SentTime
    """When it was recorded."""


class BriefSync(RequestModel):
    """A spoken brief ahead of a visit."""

    external_id: str
    appointment_id: str
    job_id: str
    technician_id: str
    tenant_id: str
    audio_url: str = Field(repr=False)
    message: str = Field(repr=False)
    """The brief's words."""


class Brief(ResponseModel):
    """A brief that Siro took."""

    siro_id: str
