"""Follow-ups: customers worth another contact, and the progress."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    Number,
    OptionalTime,
    RequestModel,
    ResponseModel,
    null_as_nothing,
)
from fieldnote.siro.models.customers import CrmCustomer
from fieldnote.siro.models.enums import FollowUpStatus, FollowUpType


class FollowUpUpdate(RequestModel):
    """The fields of a follow-up to change."""

    status: Given[FollowUpStatus] = None
    completed: Given[bool] = None
    starred: Given[bool] = None
    note: Given[str] = Field(default=None, repr=False)
    """The rep's own words."""
    has_followup_comment: Given[bool] = None
    """Whether it has a comment."""


class FollowUpContext(ResponseModel):
    """One thing to know before going back to the customer."""

    header: str | None = None
    value: str | None = Field(default=None, repr=False)


class FollowUpChange(ResponseModel):
    """One change of a follow-up by a person."""

    id: str
    created_at: OptionalTime = None
    """When."""
    updated_by: str | None = None
    """Their name."""
    updated_by_user_id: str | None = None
    status: Lenient[FollowUpStatus] | None = None
    note: str | None = Field(default=None, repr=False)


class FollowUpTask(ResponseModel):
    """A customer that Siro thinks worth going back to. Changing one does not touch its recording."""

    followup_id: str
    followup_type: Lenient[FollowUpType] | None = None
    score: Number | None = None
    """How promising it is; the more the better."""
    status: Lenient[FollowUpStatus] | None = None
    completed: bool | None = None
    completed_at: OptionalTime = None
    completed_by: str | None = None
    starred: bool | None = None
    note: str | None = Field(default=None, repr=False)
    """The rep's own words."""
    followup_action: str | None = Field(default=None, repr=False)
    """Siro's suggestion."""
    thinking: str | None = Field(default=None, repr=False)
    """Why."""
    context: Annotated[tuple[FollowUpContext, ...], BeforeValidator(null_as_nothing)] = ()
    metadata: Annotated[tuple[dict[str, str | None], ...], BeforeValidator(null_as_nothing)] = ()
    crm_customer: CrmCustomer | None = None
    """None without a customer, and with `exclude_crm_customer`."""
    crm_url: str | None = None
    """Where a person finds the customer in the CRM."""
    recording_id: str | None = None
    recording_title: str | None = None
    rep_id: str | None = None
    """Siro's id of the rep."""
    rep_name: str | None = None
    team_id: str | None = None
    team_name: str | None = None
    has_followup_comment: bool | None = None
    history: tuple[FollowUpChange, ...] | None = None
    """With `include_history`."""
    date_created: OptionalTime = None
    updated_at: OptionalTime = None
