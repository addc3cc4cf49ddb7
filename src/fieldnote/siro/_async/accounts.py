"""Customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import listed
from fieldnote.siro.models import Account, AccountCreate, AccountUpdate
from fieldnote.siro.operations import one, plain, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import AccountCreateFields, AccountUpdateFields


class AsyncAccounts(AsyncResource):
    """Customers, by endpoints of their own. They also travel inside appointments and deals."""

    async def list(self) -> tuple[Account, ...]:
        """All customers."""
        return await self._all(endpoints.LIST_ACCOUNTS, listed(Account))

    async def create(
        self, record: AccountCreate | AccountCreateFields | None = None, /, **fields: Unpack[AccountCreateFields]
    ) -> Account:
        """Create a customer. Take a record, or its fields by name."""
        body = request(AccountCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_ACCOUNT.call(one(Account), body=body))

    async def get(self, account_id: str) -> Account:
        """Read a customer by Siro's id."""
        return await self._sender.send(endpoints.GET_ACCOUNT.call(one(Account), account_id))

    async def update(
        self,
        account_id: str,
        record: AccountUpdate | AccountUpdateFields | None = None,
        /,
        **fields: Unpack[AccountUpdateFields],
    ) -> Account:
        """Change the given fields of a customer. Take a record, or its fields by name."""
        body = request(AccountUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_ACCOUNT.call(one(Account), account_id, body=body))

    async def delete(self, account_id: str) -> bool:
        """Delete a customer by Siro's id. Return whether there was one."""
        return await self._sender.send(endpoints.DELETE_ACCOUNT.call(plain(bool), account_id))
