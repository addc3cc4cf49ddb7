"""A customer as the stream `accounts` maps it: what Siro's own endpoints for accounts take."""

from __future__ import annotations

from fieldnote.siro.models.base import Given, Number, RequestModel, SentTime
from fieldnote.siro.models.crm import Address, ExternalId


class AccountRecord(RequestModel):
    """A customer. To be created, one needs coordinates or an address: Siro refuses it without."""

    external_id: ExternalId
    """The CRM's id."""
    name: Given[str] = None
    email_addresses: Given[tuple[str, ...]] = None
    phone_numbers: Given[tuple[str, ...]] = None
    addresses: Given[tuple[Address, ...]] = None
    latitude: Given[Number] = None
    """Degrees north of the equator."""
    longitude: Given[Number] = None
    """Degrees east of Greenwich."""
    deleted_at: SentTime | None = None
    """When the CRM deleted it. The endpoints have no such field: an account is deleted by a call of its own."""
