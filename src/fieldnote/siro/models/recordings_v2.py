"""Recordings as version 2 of the user API has them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, JsonValue

from fieldnote.siro.models.base import Given, Number, RequestModel, ResponseModel, null_as_nothing
from fieldnote.siro.models.customers import CrmCustomer
from fieldnote.siro.models.enums import RecordingListOption


class DecorationsAsk(RequestModel):
    """Which recordings to describe."""

    recording_ids: Annotated[tuple[str, ...], Field(max_length=200)]
    """Siro's ids, at most 200."""
    organization_id: Given[str] = None


class UserRecordingsAsk(RequestModel):
    """Which recordings of a user to list."""

    recording_list_option: RecordingListOption
    conversation_type: Given[str] = None
    """Siro's id of the conversation type."""
    start_after_date_created: str | None = None
    """Where to begin: the `dateCreated` of a recording, as Siro wrote it."""


class OwnerConnection(ResponseModel):
    """The CRM of a recording's rep."""

    integration_name: str | None = None
    integration_platform: str | None = None
    integration_type: str | None = None


class RecordingDecoration(ResponseModel):
    """The facts that Siro's app shows beside a recording in a list."""

    viewed: bool | None = None
    conversation_time: Number | None = None
    """Milliseconds."""
    duration_in_milliseconds: Number | None = None
    processing_stage: str | None = None
    trigger: str | None = None
    universal_outcome_label: str | None = None
    extracted_custom_outcomes: Annotated[tuple[JsonValue, ...], BeforeValidator(null_as_nothing)] = ()
    crm_customer: CrmCustomer | None = None
    owner_crm_connection: OwnerConnection | None = None


class RecordingDecorations(ResponseModel):
    """The facts by the recording's id."""

    decorations: dict[str, RecordingDecoration] = Field(default_factory=dict)
