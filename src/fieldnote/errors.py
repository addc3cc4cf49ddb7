"""Every error that Fieldnote raises, as one tree.

::

    FieldnoteError                    the problem and its place; `hint` says how to fix it
    ├── ConfigError                   fieldnote.yaml, an option or an environment variable is wrong
    ├── DatabaseError                 our own PostgreSQL cannot be started, reached or migrated
    │   └── DatabaseUnavailable       [transient] it does not answer now
    ├── CrmError                      the CRM's side of a trip
    │   ├── CrmUnavailable            [transient] no connection, a lock, a time-out
    │   └── CrmRefused                [terminal] a missing table or column, a value that does not fit
    ├── MappingError                  [terminal] a row or an extraction that cannot be converted
    ├── TranscriptError               [terminal] a transcript file that cannot be read
    ├── WorkspaceError                the workspace's administration: unknown user, taken name, …
    └── fieldnote.siro.SiroError      drawn in `fieldnote.siro.errors`

Whether repeating may help is part of an error's type: it also is a `Transient` or a `Terminal`.
"""

from __future__ import annotations


class FieldnoteError(Exception):
    """A problem that a person can fix.

    `message` names the problem and its place; `hint`, if any, says how to fix it. Neither holds a secret
    nor what a customer said.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Transient:
    """Mixed into an error that may go away when the same thing is tried again."""


class Terminal:
    """Mixed into an error that stays until somebody changes the data, the file or a setting."""


class ConfigError(FieldnoteError, Terminal):
    """A file, an option or an environment variable is wrong."""


class DatabaseError(FieldnoteError):
    """Our own PostgreSQL cannot be started, reached or migrated."""


class DatabaseUnavailable(DatabaseError, Transient):
    """Our own PostgreSQL does not answer now: it starts, stops, or the network is down."""


class CrmError(FieldnoteError):
    """The CRM did not do what was asked."""


class CrmUnavailable(CrmError, Transient):
    """The CRM cannot be reached now, or is busy."""


class CrmRefused(CrmError, Terminal):
    """The CRM will never accept this as it is."""


class MappingError(FieldnoteError, Terminal):
    """A row cannot become a Siro record, or an extraction no CRM value."""


class TranscriptError(FieldnoteError, Terminal):
    """A transcript file cannot be read."""


class WorkspaceError(FieldnoteError, Terminal):
    """The workspace's administration refused a request."""
