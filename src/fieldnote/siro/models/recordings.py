"""Recorded conversations and their extractions.

The published contract requires more fields than real answers have. Only the fields that identify a record are
required here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, JsonValue

from fieldnote.siro.models.base import Lenient, OptionalTime, ResponseModel, null_as_nothing
from fieldnote.siro.models.crm import CrmLinks
from fieldnote.siro.models.enums import ExtractionStatus, RecordingResult


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
    """The values that one definition found in one recording. A recording has several."""

    id: str | None = None
    recording_id: str | None = None
    siro_entity_definition_id: str | None = None
    siro_entity_definition_name: str | None = None
    siro_entity_definition_deleted: bool | None = None
    """True: the definition is gone, and the row is dead."""
    status: Lenient[ExtractionStatus] | None = None
    extraction: Annotated[tuple[ExtractionItem, ...], BeforeValidator(null_as_nothing)] = ()
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
    """The words."""
    start_time_in_millis: float
    """Milliseconds since the recording began."""
    end_time_in_millis: float
    """Milliseconds since the recording began."""
    confidence: float | None = None
    """0 to 1."""
    redacted: bool = False


class Transcript(ResponseModel):
    """The transcript of a recording."""

    speaker_map: dict[str, str] = Field(default_factory=dict)
    """The name behind each speaker tag."""
    utterances: tuple[Utterance, ...] = ()
    """In the order of time."""
    is_low_data_mode: bool | None = None
