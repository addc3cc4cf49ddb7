"""The bridge's own errors."""

from __future__ import annotations

from fieldnote.errors import FieldnoteError, Terminal, Transient


class ConnectionChanged(FieldnoteError, Terminal):
    """Organization, base URL or CRM are not those that the connection was first used with."""


class Busy(FieldnoteError, Transient):
    """Another process is at the same work."""
