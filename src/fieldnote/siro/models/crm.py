"""CRM records: the requests of a sync, and Siro's answers.

Ids named `external_id` are the CRM's own; Siro compares them as text. Only `external_id` is required of most
records to send: a field without a value stays as it is at Siro. A nested record with only its `external_id`
points at a record that was synced before. Answers require only the fields that identify a record.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    LocalTime,
    Number,
    OptionalTime,
    RequestModel,
    ResponseModel,
    SentTime,
    null_as_nothing,
)
from fieldnote.siro.models.enums import ActivityType, Direction, Disposition

ExternalId = Annotated[str, Field(min_length=1)]
"""The CRM's id of a record."""


class Address(RequestModel):
    """A postal address. Siro wants all five parts; one that is not whole is refused."""

    street: str
    city: str
    state: str
    zip: str
    country: str


class OwnerSync(RequestModel):
    """The owner of a record in the CRM."""

    external_id: ExternalId
    """The CRM's id of the owning user."""


class UserSync(RequestModel):
    """A rep on an engagement or opportunity. Siro finds its own user by email, else by name."""

    external_id: ExternalId
    """The CRM's id of the rep."""
    email: Given[str] = None
    name: Given[str] = None
    """The full name."""
    share_of_sale: Given[Number] = None
    """This rep's part of the sale, when several share it."""
    deleted_at: SentTime | None = None
    """Set: the rep is taken off this record. None puts them back."""


class _Party(RequestModel):
    """The common fields of accounts, contacts and leads."""

    email_addresses: Given[tuple[str, ...]] = None
    phone_numbers: Given[tuple[str, ...]] = None
    addresses: Given[tuple[Address, ...]] = None
    latitude: Given[Number] = None
    """Degrees north of the equator."""
    longitude: Given[Number] = None
    """Degrees east of Greenwich."""
    owner: OwnerSync | None = None
    last_activity_at: Given[SentTime] = None
    merged_to_external_id: Given[str] = None
    """This record was merged away; every reference moves to the one named."""
    merged_from_external_ids: Given[tuple[str, ...]] = None
    """The records that were merged into this one."""
    deleted_at: SentTime | None = None
    """When the CRM deleted it; None brings it back."""


class AccountSync(_Party):
    """A customer."""

    external_id: Given[ExternalId] = None
    name: Given[str] = None


class ContactSync(_Party):
    """A person at a customer."""

    external_id: ExternalId
    name: Given[str] = None
    account: AccountSync | None = None


class OpportunityContactSync(ContactSync):
    """A person on a deal."""

    is_primary: Given[bool] = None
    """Whether this is the deal's main contact."""


class LeadSync(_Party):
    """A possible customer."""

    external_id: ExternalId
    first_name: Given[str] = None
    last_name: Given[str] = None


class EngagementTypeSync(RequestModel):
    """The kind of an appointment."""

    activity_type: ActivityType
    name: str
    """The CRM's own word for it."""
    external_id: Given[str] = None
    """The CRM's id of the kind."""


class EngagementOpportunitySync(RequestModel):
    """The deal that an engagement belongs to."""

    external_id: ExternalId
    name: Given[str] = None
    amount: Given[Number] = None
    """The value of the deal, in the organization's currency (45000 is 45,000.00)."""
    disposition: Given[Disposition] = None
    closed_at: Given[SentTime] = None
    last_activity_at: Given[SentTime] = None
    remote_created_at: Given[SentTime] = None
    """When the CRM created it."""
    copy_engagement_relationships: Given[bool] = None
    """Whether the deal takes over the engagement's customer and reps."""


class EngagementSync(RequestModel):
    """An appointment, as `PUT /v1/integrations/sync/engagements` takes it."""

    external_id: ExternalId
    start_time: SentTime | None = None
    end_time: SentTime | None = None
    start_time_localized: LocalTime | None = None
    """The start on the customer's clock, without a zone. People see this time if it is set."""
    subject: str | None = None
    content: str | None = None
    """Notes on the appointment."""
    direction: Direction | None = None
    engagement_type: EngagementTypeSync | None = None
    engagement_type_id: str | None = None
    """Siro's id of the type, in place of `engagement_type`."""
    engagement_users: Given[tuple[UserSync, ...]] = None
    """The reps. To remove one, send them again with `deleted_at`: a rep who is missing here stays."""
    account: AccountSync | None = None
    contact: ContactSync | None = None
    lead: LeadSync | None = None
    opportunity: EngagementOpportunitySync | None = None
    remote_created_at: SentTime | None = None
    """When the CRM created it."""
    remote_updated_at: SentTime | None = None
    """When the CRM last changed it."""
    deleted_at: SentTime | None = None
    """When the CRM cancelled or deleted it; None brings it back."""


class OpportunitySync(RequestModel):
    """A deal, as `PUT /v1/integrations/sync/opportunities` takes it."""

    external_id: ExternalId
    name: Given[str] = None
    amount: Given[Number] = None
    """The value of the deal, in the organization's currency (45000 is 45,000.00). Cannot be cleared."""
    disposition: Given[Disposition] = None
    closed_at: Given[SentTime] = None
    """When it was won or lost. Cannot be cleared."""
    last_activity_at: Given[SentTime] = None
    remote_created_at: Given[SentTime] = None
    """When the CRM created it."""
    account: AccountSync | None = None
    account_id: str | None = None
    """Siro's id of the account, in place of `account`."""
    contact: ContactSync | None = None
    opportunity_contacts: Given[tuple[OpportunityContactSync, ...]] = None
    opportunity_users: Given[tuple[UserSync, ...]] = None
    """The reps. To remove one, send them again with `deleted_at`: a rep who is missing here stays."""
    deleted_at: SentTime | None = None
    """When the CRM deleted it; None brings it back."""


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
    contacts: Annotated[tuple[CrmRef, ...], BeforeValidator(null_as_nothing)] = ()
    users: Annotated[tuple[CrmRef, ...], BeforeValidator(null_as_nothing)] = ()
    """The reps."""


# --- records by their own endpoints ---------------------------------------------------------------------


class AccountCreate(RequestModel):
    """A customer to create. Siro wants to know where they are: coordinates, or addresses."""

    external_id: ExternalId
    name: Given[str] = None
    email_addresses: Given[tuple[str, ...]] = None
    phone_numbers: Given[tuple[str, ...]] = None
    addresses: Given[tuple[Address, ...]] = None
    latitude: Given[Number] = None
    """Degrees north of the equator."""
    longitude: Given[Number] = None
    """Degrees east of Greenwich."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if self.addresses is None and (self.latitude is None or self.longitude is None):
            raise ValueError("needs addresses, or latitude and longitude")
        return self


class AccountUpdate(RequestModel):
    """The fields of a customer to change."""

    name: Given[str] = None
    email_addresses: Given[tuple[str, ...]] = None
    phone_numbers: Given[tuple[str, ...]] = None
    addresses: Given[tuple[Address, ...]] = None
    latitude: Given[Number] = None
    """Degrees north of the equator."""
    longitude: Given[Number] = None
    """Degrees east of Greenwich."""


class EngagementUserSave(RequestModel):
    """A rep on an appointment, to create or change."""

    engagement_id: Given[str] = None
    """Siro's id of the appointment."""
    user_id: Given[str] = None
    """Siro's id of the rep."""
    name: Given[str] = None


class EngagementUser(ResponseModel):
    """A rep on an appointment."""

    id: str
    engagement_id: str | None = None
    """Siro's id of the appointment."""
    user_id: str | None = None
    """Siro's id of the rep."""
    name: str | None = None
    organization_id: str | None = None
    integration_connection_id: str | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class OpportunityUserSave(RequestModel):
    """A rep on a deal, to create or change."""

    opportunity_id: Given[str] = None
    """Siro's id of the deal."""
    user_id: Given[str] = None
    """Siro's id of the rep."""
    name: Given[str] = None
    amount_percentage: Given[Number] = None
    """This rep's part of the deal's amount, in percent."""


class OpportunityUser(ResponseModel):
    """A rep on a deal."""

    id: str
    opportunity_id: str | None = None
    """Siro's id of the deal."""
    user_id: str | None = None
    """Siro's id of the rep."""
    name: str | None = None
    amount_percentage: Number | None = None
    """This rep's part of the deal's amount, in percent."""
    organization_id: str | None = None
    integration_connection_id: str | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class SoftDeleteRemoved(RequestModel):
    """Every appointment that there is in a window of start times: all others in it are deleted.

    With an incomplete list it deletes good appointments, and also those that another connection sent.
    """

    from_time: SentTime
    """The window's beginning."""
    to_time: SentTime
    """The window's end."""
    valid_external_ids: tuple[str, ...]
    """The CRM's ids of all appointments in it."""


class Success(ResponseModel):
    """Whether it was done."""

    success: bool
