"""Integration connections: which CRMs an organization is joined to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    OptionalTime,
    RequestModel,
    ResponseModel,
    Secret,
    null_as_nothing,
)
from fieldnote.siro.models.enums import IntegrationPlatform, SyncState


class ConnectionCreate(RequestModel):
    """A connection to create."""

    name: str
    external_account_id: str
    """The CRM's own id of the company's account."""
    integration_platform: IntegrationPlatform
    is_active: Given[bool] = None


class ConnectionUpdate(RequestModel):
    """The fields of a connection to change."""

    name: Given[str] = None
    is_active: Given[bool] = None
    sync_transcript: Given[bool] = None
    """Whether transcripts are sent to the CRM."""


class SyncStatus(ResponseModel):
    """How far one kind of record is synced."""

    id: str | None = None
    model_name: str | None = None
    """The kind, as Siro names it."""
    model_sync_status: Lenient[SyncState] | None = None
    model_modified_after: OptionalTime = None
    """Records that changed after this have been asked for."""
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class Connection(ResponseModel):
    """An organization's connection to one CRM."""

    id: str
    organization_id: str | None = None
    name: str | None = None
    external_account_id: str | None = None
    """The CRM's own id of the company's account."""
    integration_platform: Lenient[IntegrationPlatform] | None = None
    is_active: bool | None = None
    """Whether it syncs. To push the records of an active native connection would double each of them."""
    sync_status: Annotated[tuple[SyncStatus, ...], BeforeValidator(null_as_nothing)] = ()
    sync_transcript: bool | None = None
    """Whether transcripts are sent to the CRM."""
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
    deleted_at: OptionalTime = None


class SalesforceConnect(RequestModel):
    """Siro's own Salesforce integration, to connect. The names are those of Salesforce."""

    model_config = ConfigDict(alias_generator=None)

    instance_url: str
    org_id: str
    namespace: str
    username: Given[str] = None
    refresh_token: Given[Secret] = None
    is_prod: bool | None = None
    """Whether it is a production organization, not a sandbox."""
    use_prod_eca: bool | None = None


class SalesforceConnected(ResponseModel):
    """The result."""

    integration_connection_id: str
    is_active: bool | None = None
