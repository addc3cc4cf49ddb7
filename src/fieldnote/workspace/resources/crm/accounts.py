"""Customers by operations of their own; they also come inside engagements and opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from fieldnote.db.workspace_tables import accounts
from fieldnote.siro.models import AccountCreate, AccountUpdate
from fieldnote.workspace.domain.crm.records import Touched
from fieldnote.workspace.domain.crm.writes import Given, Owner, put
from fieldnote.workspace.domain.matching.linking import defer_links
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import not_found
from fieldnote.workspace.http.views import moment

# A deleted account is not in this list: the answer could not say so.
_ACCOUNTS: Final = """
select id::text, external_id, connection_id::text, fields, latitude, longitude, created_at, updated_at
  from accounts
 where deleted_at is null
"""
_ALL: Final = _ACCOUNTS + " order by created_at, id"
_ONE: Final = _ACCOUNTS + " and id = %(id)s"
_SHOWN: Final = ("name", "emailAddresses", "phoneNumbers")


class _Account(NamedTuple):
    id: str
    external_id: str
    connection_id: str
    fields: dict[str, Any]
    latitude: float | None
    longitude: float | None
    created_at: datetime
    updated_at: datetime


async def list_accounts(call: Call) -> list[dict[str, object]]:
    """All customers; the contract has no pages here."""
    return [_account(row) for row in await call.transaction.read(_Account, _ALL, {})]


async def get_account(call: Call) -> dict[str, object]:
    """One customer."""
    return _account(await _find(call))


async def create_account(call: Call) -> dict[str, object]:
    """Take a customer. One of this external id that is known already is changed, and brought back if deleted."""
    wanted = call.read(AccountCreate).wire()
    key = wanted.pop("externalId")
    owner = Owner(call.organization_id, call.caller.connection_id)
    account_id = await _put(call, owner, key, wanted | {"deletedAt": None})
    return _account(await _find(call, account_id))


async def update_account(call: Call) -> dict[str, object]:
    """Change what is given of a customer."""
    row = await _find(call)
    wanted = call.read(AccountUpdate).wire()
    await _put(call, Owner(call.organization_id, row.connection_id), row.external_id, wanted)
    return _account(await _find(call, row.id))


async def delete_account(call: Call) -> bool:
    """Delete a customer. Records that refer to it stay."""
    row = await _find(call)
    gone = {"deletedAt": moment(datetime.now(UTC))}
    await _put(call, Owner(call.organization_id, row.connection_id), row.external_id, gone)
    return True


async def _find(call: Call, account_id: str | None = None) -> _Account:
    found = await call.transaction.read(_Account, _ONE, {"id": account_id or call.record_id("Account")})
    if not found:
        raise not_found("Account")
    return found[0]


async def _put(call: Call, owner: Owner, key: str, wire: Mapping[str, object]) -> str:
    """Lay the fields over what is known of the customer. Its id."""
    columns = {"latitude": "latitude", "longitude": "longitude", "deletedAt": "deleted_at"}
    given = Given(dict(wire), {columns[name]: value for name, value in wire.items() if name in columns})
    done = (await put(call.transaction, owner, accounts, {key: given}))[key]
    if done.changed:
        await defer_links(call.conn, call.organization_id, Touched(accounts=[done.id]))
    return done.id


def _account(row: _Account) -> dict[str, object]:
    shown = {name: row.fields[name] for name in _SHOWN if row.fields.get(name) is not None}
    place = {"latitude": row.latitude, "longitude": row.longitude}
    return {
        "id": row.id,
        "externalId": row.external_id,
        "addresses": row.fields.get("addresses") or [],
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
        **shown,
        **{name: value for name, value in place.items() if value is not None},
    }
