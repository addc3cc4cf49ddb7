"""Roles, and the person who looks at a page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A right of a console user."""

    ADMIN = "admin"
    """Sees and does everything."""
    COACH = "coach"
    """Sees their team's reps, and acts on their records."""
    REP = "rep"
    """Sees their own visits, and acts on them where that makes sense."""
    VIEWER = "viewer"
    """Sees all reps, and changes nothing."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in user."""

    user_id: int
    email: str
    name: str
    role: Role
    rep_ids: frozenset[str] | None
    """CRM ids of the reps whose visits this user sees; None: all."""

    @property
    def is_admin(self) -> bool:
        """Whether this user may do everything."""
        return self.role is Role.ADMIN

    @property
    def acts(self) -> bool:
        """Whether this user may change anything at all."""
        return self.role is not Role.VIEWER

    def sees(self, rep_id: str | None) -> bool:
        """Whether this user sees the visits of this rep. Those without a rep are for who sees all."""
        return self.rep_ids is None or (rep_id is not None and rep_id in self.rep_ids)
