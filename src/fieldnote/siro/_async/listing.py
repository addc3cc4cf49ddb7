"""Lists that come page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from pydantic_core import to_json

from fieldnote.siro._async.sender import AsyncSender
from fieldnote.siro.errors import FailedCall, RepeatedPage
from fieldnote.siro.operations import Operation, Page

T = TypeVar("T")


class AsyncListing(Generic[T]):
    """A list, read page by page to its end as it is iterated. It can be iterated again, from its beginning.

    ::

        async for recording in siro.recordings.list(updated_since=yesterday):
            ...
        async for page in siro.recordings.list().pages():
            ...  # page.items, and page.cursor to go on from later: list(cursor=page.cursor)
    """

    def __init__(
        self,
        sender: AsyncSender,
        operation: Callable[[str | None], Operation[Page[T]]],
        cursor: str | None = None,
    ) -> None:
        """`operation` makes the call for a cursor, and for None the call for the first page."""
        self._sender = sender
        self._operation = operation
        self._cursor = cursor

    async def __aiter__(self) -> AsyncIterator[T]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """Page by page. Raises SiroError; RepeatedPage if a page comes again, before it is given again."""
        cursor = self._cursor
        cursors = {cursor}
        contents: set[int] = set()
        while True:
            operation = self._operation(cursor)
            page = await self._sender.send(operation)
            content = hash(tuple(getattr(item, "id", None) or to_json(item) for item in page.items))
            if page.items and content in contents:
                raise repeated(self._sender.call_of(operation))
            contents.add(content)
            yield page
            cursor = page.cursor
            if cursor is None:
                return
            if cursor in cursors:
                raise repeated(self._sender.call_of(operation))
            cursors.add(cursor)


def repeated(call: FailedCall) -> RepeatedPage:
    """The error for a list that goes round in a ring."""
    return RepeatedPage(f"{call}: the list gave a page that it had given before", call=call)
