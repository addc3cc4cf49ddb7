"""The operations that the scope of a token allows.

A user token reads or writes. An organization token does all, reads, or syncs a CRM: it then reads, writes below
`/integrations/`, and mints user tokens with an app's secret, and administers nothing.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from fieldnote.workspace.tenancy import Caller


class TokenScope(StrEnum):
    """Of an organization token."""

    READ = "read"
    """GET operations."""
    SYNC = "sync"
    """The scope of a connection to a CRM."""
    ALL = "all"
    """Every operation."""


_SYNCS: Final = re.compile(r"[A-Z]+ /v1/(integrations/.*|core/oauth/apps/\{clientId\}/access-token)")


def allows(caller: Caller, action: str) -> bool:
    """Whether the token may make this call: method and route, as `PUT /v1/core/users/{id}`. Roles are no part of it."""
    if action.startswith("GET ") or caller.scope in {None, TokenScope.ALL, "write"}:
        return True
    if caller.user_id is None and caller.scope == TokenScope.SYNC:
        return _SYNCS.fullmatch(action) is not None
    return False
