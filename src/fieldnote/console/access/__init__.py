"""The right to see and act: users, roles, sessions, the CSRF token, and the record of acts."""

from __future__ import annotations

from fieldnote.console.access.acts import Act, after, one_of, recorded
from fieldnote.console.access.guard import Forbidden, SignInNeeded, act_on, may_act, viewer
from fieldnote.console.access.roles import Role, Viewer
from fieldnote.console.access.visibility import Visible, visible_to

__all__ = [
    "Act",
    "Forbidden",
    "Role",
    "SignInNeeded",
    "Viewer",
    "Visible",
    "act_on",
    "after",
    "may_act",
    "one_of",
    "recorded",
    "viewer",
    "visible_to",
]
