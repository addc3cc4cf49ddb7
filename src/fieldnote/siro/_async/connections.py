"""Which CRMs an organization is joined to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import listed
from fieldnote.siro.models import (
    Connection,
    ConnectionCreate,
    ConnectionUpdate,
    IntegrationPlatform,
    SalesforceConnect,
    SalesforceConnected,
)
from fieldnote.siro.operations import one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import ConnectionCreateFields, ConnectionUpdateFields, SalesforceConnectFields


class AsyncConnections(AsyncResource):
    """Which CRMs an organization is joined to."""

    async def list(self, *, integration_platform: IntegrationPlatform | str | None = None) -> tuple[Connection, ...]:
        """An organization's connections, all or those to one kind of CRM.

        To push the appointments of an active native connection would double them.
        """
        query = query_of(integrationPlatform=integration_platform)
        return await self._all(endpoints.LIST_CONNECTIONS, listed(Connection), query=query)

    async def create(
        self,
        record: ConnectionCreate | ConnectionCreateFields | None = None,
        /,
        **fields: Unpack[ConnectionCreateFields],
    ) -> Connection:
        """Create a connection. Take a record, or its fields by name."""
        body = request(ConnectionCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_CONNECTION.call(one(Connection), body=body))

    async def get(self, connection_id: str) -> Connection:
        """Read a connection."""
        return await self._sender.send(endpoints.GET_CONNECTION.call(one(Connection), connection_id))

    async def update(
        self,
        connection_id: str,
        record: ConnectionUpdate | ConnectionUpdateFields | None = None,
        /,
        **fields: Unpack[ConnectionUpdateFields],
    ) -> Connection:
        """Change the given fields of a connection. Take a record, or its fields by name."""
        body = request(ConnectionUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_CONNECTION.call(one(Connection), connection_id, body=body))

    async def delete(self, connection_id: str) -> Connection:
        """Delete a connection and return it."""
        return await self._sender.send(endpoints.DELETE_CONNECTION.call(one(Connection), connection_id))

    async def connect_salesforce(
        self,
        record: SalesforceConnect | SalesforceConnectFields | None = None,
        /,
        **fields: Unpack[SalesforceConnectFields],
    ) -> SalesforceConnected:
        """Join Siro's own Salesforce integration to a Salesforce organization. Take a record, or its fields by name."""
        body = request(SalesforceConnect, record, fields)
        return await self._sender.send(endpoints.CONNECT_SALESFORCE.call(one(SalesforceConnected), body=body))
