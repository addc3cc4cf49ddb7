"""The base of all groups of operations."""

from __future__ import annotations

from fieldnote.siro._async.sender import AsyncSender


class AsyncResource:
    """A group of operations about one kind of thing.

    All methods raise SiroError; a request that cannot be right raises pydantic.ValidationError or ValueError
    before anything is sent.
    """

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender
