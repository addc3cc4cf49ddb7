"""Integration connections: which CRMs the organization is joined to.

What is synced belongs to the organization's first connection, as a sync names none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, LiteralString, NamedTuple

from fieldnote.siro.models import ConnectionCreate, ConnectionUpdate, IntegrationPlatform, SalesforceConnect
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, not_found
from fieldnote.workspace.http.views import moment

# Platforms that a list may be asked for; only those in `IntegrationPlatform` can be connected.
_LISTED: Final = (
    *IntegrationPlatform, "SALESFORCE", "SOLUTION_VIEW", "CALENDAR_ONLY", "AUTHENTICOM", "FORTELLIS",
    "YARDI_SENIOR_HOUSING", "FUNNEL", "KNOCK",
)  # fmt: skip
_COLUMNS: Final = """
id::text, organization_id::text, name, platform, external_account_id, is_active, sync_transcript, created_at, updated_at
"""
_CONNECTIONS: Final = "select" + _COLUMNS + "from integration_connections where deleted_at is null"
_ALL: Final = _CONNECTIONS + " order by created_at, id"
_ONE: Final = _CONNECTIONS + " and id = %(id)s"
_DELETE: Final = (
    """
update integration_connections set deleted_at = now(), is_active = false, updated_at = now()
 where id = %(id)s and deleted_at is null returning"""
    + _COLUMNS
)
_CREATE: Final = (
    """
insert into integration_connections (organization_id, name, platform, external_account_id, is_active)
values (%(organization)s, %(name)s, %(platform)s, %(account)s, %(active)s) returning"""
    + _COLUMNS
)
_UPDATE: Final = (
    """
update integration_connections
   set name = coalesce(%(name)s, name), is_active = coalesce(%(active)s, is_active),
       sync_transcript = coalesce(%(transcript)s, sync_transcript), updated_at = now()
 where id = %(id)s and deleted_at is null returning"""
    + _COLUMNS
)


class _Connection(NamedTuple):
    id: str
    organization_id: str
    name: str
    platform: str
    external_account_id: str | None
    is_active: bool
    sync_transcript: bool
    created_at: datetime
    updated_at: datetime


async def list_connections(call: Call) -> dict[str, object]:
    """All connections, or those of one platform."""
    platform = call.choice("integrationPlatform", _LISTED)
    rows = await call.transaction.read(_Connection, _ALL, {})
    return {"data": [_connection(row) for row in rows if platform in (None, row.platform)], "cursor": None}


async def get_connection(call: Call) -> dict[str, object]:
    """One connection."""
    return await _one(call, _ONE, {})


async def create_connection(call: Call) -> dict[str, object]:
    """Join a further CRM. One account of a platform is joined once."""
    wanted = call.read(ConnectionCreate)
    same = (wanted.integration_platform.value, wanted.external_account_id)
    rows = await call.transaction.read(_Connection, _ALL, {})
    if same in {(row.platform, row.external_account_id) for row in rows}:
        raise failed(409, "The account is connected already")
    values = {
        "organization": call.organization_id,
        "name": wanted.name,
        "platform": wanted.integration_platform.value,
        "account": wanted.external_account_id,
        "active": wanted.is_active is not False,
    }
    [row] = await call.transaction.read(_Connection, _CREATE, values)
    return _connection(row)


async def connect_salesforce(call: Call) -> dict[str, object]:
    """Note that Siro's own Salesforce integration is connected; the same organization of Salesforce again is one.

    Nothing here calls Salesforce, so the refresh token is not kept.
    """
    wanted = call.read(SalesforceConnect)
    rows = await call.transaction.read(_Connection, _ALL, {})
    found = [row for row in rows if (row.platform, row.external_account_id) == ("SALESFORCE", wanted.org_id)]
    if not found:
        values = {
            "organization": call.organization_id,
            "name": "Salesforce",
            "platform": "SALESFORCE",
            "account": wanted.org_id,
            "active": True,
        }
        found = await call.transaction.read(_Connection, _CREATE, values)
    return {"integrationConnectionId": found[0].id, "isActive": found[0].is_active}


async def update_connection(call: Call) -> dict[str, object]:
    """Change what is given of a connection."""
    wanted = call.read(ConnectionUpdate)
    values = {"name": wanted.name, "active": wanted.is_active, "transcript": wanted.sync_transcript}
    return await _one(call, _UPDATE, values)


async def delete_connection(call: Call) -> dict[str, object]:
    """Disconnect a CRM. Its records stay."""
    return await _one(call, _DELETE, {})


async def _one(call: Call, statement: LiteralString, values: Mapping[str, object]) -> dict[str, object]:
    named = {**values, "id": call.record_id("Integration connection")}
    rows = await call.transaction.read(_Connection, statement, named)
    if not rows:
        raise not_found("Integration connection")
    return _connection(rows[0])


def _connection(row: _Connection) -> dict[str, object]:
    """Nothing here reads the CRM, so no sync has a state."""
    return {
        "id": row.id,
        "organizationId": row.organization_id,
        "name": row.name,
        "integrationPlatform": row.platform,
        "externalAccountId": row.external_account_id,
        "isActive": row.is_active,
        "syncTranscript": row.sync_transcript,
        "syncStatus": [],
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }
