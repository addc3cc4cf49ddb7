"""A person's act by a command, as an audit keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

EVERY: Final = "*"
"""In the place of a connection's name: what concerns all connections of the database."""


@dataclass(frozen=True, slots=True)
class Act:
    """A person's act by a command."""

    action: str
    """As `review approve`."""
    targets: Sequence[str]
    """Ids of proposals, records or recordings; never a customer's name, email or phone."""
    operator: str
    """The user of the operating system."""
    acting_as: str | None = None
    """The name given by `--as`."""
