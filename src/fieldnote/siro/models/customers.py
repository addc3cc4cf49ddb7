"""The customer of a conversation, as Siro gathers it from whatever CRM record the conversation is linked to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, JsonValue

from fieldnote.siro.models.base import Lenient, Number, OptionalTime, ResponseModel, null_as_nothing
from fieldnote.siro.models.crm import CrmRef, Opportunity
from fieldnote.siro.models.enums import CustomerType, IntegrationPlatform, MatchingSource


class CustomerAccount(CrmRef):
    """The account that a contact belongs to."""

    name: str | None = None


class CustomerOpportunities(ResponseModel):
    """A customer's deals, the first page of them."""

    data: Annotated[tuple[Opportunity, ...], BeforeValidator(null_as_nothing)] = ()
    cursor: str | None = None
    """Set: there are more."""


class CrmCustomer(ResponseModel):
    """A customer. Which fields are set depends on `customer_type`."""

    id: str
    """Siro's id of the record that it is taken from."""
    external_id: str | None = None
    """The CRM's id of that record."""
    customer_type: Lenient[CustomerType] | None = None
    """Which kind of record that is."""
    name: str | None = None
    address: str | None = None
    """On one line."""
    email_address: str | None = None
    phone_number: str | None = None
    organization_id: str | None = None
    integration_connection_id: str | None = None
    """Siro's id of the connection that the external ids belong to."""
    integration_name: str | None = None
    integration_platform: Lenient[IntegrationPlatform] | None = None
    crm_url: str | None = None
    """Where a person finds it in the CRM."""
    matching_source: Lenient[MatchingSource] | None = None
    account_id: str | None = None
    """Siro's id of the account."""
    contact_id: str | None = None
    """Siro's id of the contact."""
    contact_account: CustomerAccount | None = None
    """The contact's account."""
    engagement_id: str | None = None
    """Siro's id of the appointment."""
    opportunity_id: str | None = None
    """Siro's id of the deal."""
    opportunity: Opportunity | None = None
    opportunities: CustomerOpportunities | None = None
    opportunity_account_name: str | None = None
    opportunity_contact_name: str | None = None
    opportunity_users: tuple[JsonValue, ...] | None = None
    """The deal's reps; the contract gives them no shape."""
    amount: Number | None = None
    """The value of the deal, in the organization's currency."""
    disposition: str | None = None
    """The state of the deal."""
    closed_at: OptionalTime = None
    """When the deal was closed."""
    recording_id: str | None = None
    num_recordings: Number | None = None
    last_recording_date: OptionalTime = None
    last_activity_at: OptionalTime = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
