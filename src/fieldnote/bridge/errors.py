"""The bridge's own errors."""

from __future__ import annotations

from fieldnote.errors import FieldnoteError, Terminal, Transient


class ConnectionChanged(FieldnoteError, Terminal):
    """Organization, base URL or CRM differ from those that the connection was first used with."""


class NativeIntegrationActive(FieldnoteError, Terminal):
    """Siro's own integration syncs the CRM, so a push would double its records."""


class StuckShutdown(FieldnoteError, Transient):
    """A job did not end when the daemon stopped. The process must exit without it."""


class Busy(FieldnoteError, Transient):
    """Another process does the same work."""


class Halted(FieldnoteError, Transient):
    """A pass leaves the rest of its work to the next one. It is caught once, and recorded on the result."""
