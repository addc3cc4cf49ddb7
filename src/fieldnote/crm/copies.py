"""Drivers whose rows are copies of the CRM's."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class KeepsCopies(Protocol):
    """An optional part of a driver: its rows are copies of the CRM's, in the bridge's database."""

    def copies_name(self, words: str) -> bool:
        """Whether a copy names `words`, in any column. A phone number is found however it is written."""
        ...

    def drop_copies(self) -> int:
        """Drop all copies; how many tables. The next reading brings them again, as the CRM is then."""
        ...
