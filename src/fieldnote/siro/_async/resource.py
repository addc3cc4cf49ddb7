"""The base of all groups of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.sender import AsyncSender
from fieldnote.siro.lists import Page
from fieldnote.siro.operations import Endpoint, Pairs

T = TypeVar("T")


class AsyncResource:
    """A group of operations on one kind of thing.

    All methods raise SiroError. A request that cannot be right raises pydantic.ValidationError or ValueError before
    anything is sent. Methods that take a record also take a dict of its fields, or the fields by name.
    """

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    def _paged(
        self,
        endpoint: Endpoint,
        read: Callable[[object], Page[T]],
        *ids: str,
        query: Pairs = (),
        cursor: str | None = None,
    ) -> AsyncListing[T]:
        """A list whose operation takes `cursor`."""
        return AsyncListing(
            self._sender,
            lambda at: endpoint.call(read, *ids, query=query if at is None else (*query, ("cursor", at))),
            cursor,
        )

    async def _all(
        self, endpoint: Endpoint, read: Callable[[object], Page[T]], *ids: str, query: Pairs = ()
    ) -> tuple[T, ...]:
        """A list to its end, also where its operation declares no `cursor` and its answer has one."""
        found: list[T] = []
        async for page in self._paged(endpoint, read, *ids, query=query).pages():
            found += page.items
        return tuple(found)
