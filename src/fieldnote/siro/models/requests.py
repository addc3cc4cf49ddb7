"""What a client sends. Ids named `external_id` are the CRM's own; Siro compares them as text.

Only `external_id` is required of most records: what is left out stays as it is at Siro, and a nested record
with nothing but its `external_id` points at one that was synced before.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fieldnote.siro.models.base import Given, LocalTime, Number, RequestModel, Secret, SentTime
from fieldnote.siro.models.enums import ActivityType, Direction, Disposition, Scope

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
    """Who a record belongs to in the CRM."""

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
    """What accounts, contacts and leads have in common."""

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
    """A customer to be."""

    external_id: ExternalId
    first_name: Given[str] = None
    last_name: Given[str] = None


class EngagementTypeSync(RequestModel):
    """What kind of appointment it is."""

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
    """The deal's worth, in the organization's currency (45000 is 45,000.00)."""
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
    """The start on the customer's clock, without a zone; when present, it is what people see."""
    subject: str | None = None
    content: str | None = None
    """Notes on the appointment."""
    direction: Direction | None = None
    engagement_type: EngagementTypeSync | None = None
    engagement_type_id: str | None = None
    """Siro's id of the type, in place of `engagement_type`."""
    engagement_users: Given[tuple[UserSync, ...]] = None
    """The reps. One who is only left out stays; send them once more with `deleted_at` to take them off."""
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
    """The deal's worth, in the organization's currency (45000 is 45,000.00). Cannot be cleared."""
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
    """The reps. One who is only left out stays; send them once more with `deleted_at` to take them off."""
    deleted_at: SentTime | None = None
    """When the CRM deleted it; None brings it back."""


class OAuthAppCreate(RequestModel):
    """An OAuth app to create."""

    app_name: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    """Siro's id of the user whose app it is."""
    organization_id: Annotated[str, Field(min_length=1)]


class AccessTokenCreate(RequestModel):
    """A user token to mint."""

    client_secret: Secret
    user_id: str
    """Siro's id of the user in whose name the token reads."""
    scope: Scope
