"""Lists that come page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from pydantic_core import to_json

from fieldnote.siro._async.sender import AsyncSender
from fieldnote.siro.errors import FailedCall, RepeatedPage
from fieldnote.siro.lists import Page
from fieldnote.siro.operations import Operation

T = TypeVar("T")

MOST_EMPTY = 100
"""Empty pages in a row after which a list counts as endless."""


class AsyncListing(Generic[T]):
    """A list that reads its pages as you iterate over it, to its end. Iterate again to read it again.

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
        """`operation` builds the call for a cursor; None stands for the first page."""
        self._sender = sender
        self._operation = operation
        self._cursor = cursor

    async def __aiter__(self) -> AsyncIterator[T]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """Read page by page. Raise SiroError.

        RepeatedPage: a page came again; it is not given again. IncompleteList: there is more, but Siro does not say
        where.
        """
        cursor = self._cursor
        cursors = {cursor}
        contents: set[int] = set()
        marks: set[str] = set()
        empty = 0
        while True:
            operation = self._operation(cursor)
            page = await self._sender.send(operation)
            content = hash(tuple(getattr(item, "id", None) or to_json(item) for item in page.items))
            empty = 0 if page.items else empty + 1
            again = page.items and content in contents
            if again or empty > MOST_EMPTY or not marks.isdisjoint(page.marks):
                raise repeated(self._sender.call_of(operation))
            contents.add(content)
            marks.update(page.marks)
            yield page
            cursor = page.cursor
            if cursor is None:
                return
            if cursor in cursors:
                raise repeated(self._sender.call_of(operation))
            cursors.add(cursor)


def repeated(call: FailedCall) -> RepeatedPage:
    """The error for a list that repeats a page, and so never ends."""
    return RepeatedPage(
        f"{call}: Siro sent a page of the list again",
        hint="The list may be incomplete. Narrow it with a filter, or read its pages one by one with `pages()`.",
        call=call,
    )
