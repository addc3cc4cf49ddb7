"""The `push` section: which rows become which records of Siro, and what becomes of deleted ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from fieldnote.config.values import Duration, Section, Share, Span, Text, Zone, enabled


class WindowSettings(Section):
    """The start times that a query covers completely."""

    past: Span | None = None
    """How far back; left out: without a limit."""
    future: Span | None = None
    """How far ahead; left out: without a limit."""


class DeletesSettings(Section):
    """How Siro's record is handled when its row disappears."""

    window: WindowSettings | None = None
    """Left out: the query returns all rows."""
    at_most: Share = 0.05
    """If more than this part of the stream's records would be deleted, a person must confirm."""
    table: Text | None = None
    """A row that is still in this table has only left the query, and is not deleted."""
    only_source: bool = False
    """Whether only this connection sends appointments to the organization: all others may be deleted."""
    enabled: bool = True
    """`deletes: false` is short for `{enabled: false}`: such a record stays."""

    @model_validator(mode="after")
    def _a_sweep_has_two_ends(self) -> Self:
        window = self.window
        if self.only_source and (window is None or window.past is None or window.future is None):
            raise ValueError("has 'only_source', which needs a window with 'past' and 'future'")
        return self


class StreamSettings(Section):
    """One kind of record that goes to Siro."""

    query: Text | None = None
    """A SELECT in the CRM's SQL, with a row for each record. Exactly one of `query` and `table` is needed."""
    table: Text | None = None
    """A table, with its schema where it needs one: `crm.deals`."""
    key: Text
    """The column that identifies a row. Its value becomes the record's externalId."""
    cursor: Text | None = None
    """The column that grows with each change of a row; left out: all rows are read and compared."""
    map: dict[str, Any] = Field(min_length=1)
    """Siro's fields, as the file nests them; `fieldnote.mapping` compiles it."""
    timezone: Zone | None = None
    """The zone of this stream's times without a zone; left out: the CRM's."""
    local_timezone: Zone | None = None
    """The zone of this stream's people, in which days are counted; left out: `timezone`, else the CRM's."""
    deletes: Annotated[DeletesSettings | None, BeforeValidator(enabled)] = None
    """Left out: a `table` is whole, so that a row which is gone from it is deleted; a `query` may have an end."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("needs either 'query' or 'table', and not both")
        return self

    @property
    def deletions(self) -> DeletesSettings | None:
        """None: what does not come any more stays in Siro."""
        if self.deletes is None:
            return DeletesSettings() if self.table is not None else None
        return self.deletes if self.deletes.enabled else None


class PushSettings(Section):
    """The records that go from the CRM to Siro."""

    every: Duration = timedelta(minutes=10)
    """How often `fieldnote run` pushes."""
    batch: int = Field(default=100, ge=1, le=1000)
    """Records in one call."""
    keep_sends: Duration = timedelta(days=90)
    """How long earlier sends of a record are kept, for the console."""
    allow_native: bool = False
    """Push although Siro's own integration with a CRM is active: it syncs other records than this file."""
    accounts: StreamSettings | None = None
    """Customers as their own stream. Appointments and deals already contain their customers."""
    opportunities: StreamSettings | None = None
    """Deals."""
    engagements: StreamSettings | None = None
    """Appointments."""

    @model_validator(mode="after")
    def _only_appointments_start(self) -> Self:
        for name, stream in (("opportunities", self.opportunities), ("accounts", self.accounts)):
            deletes = stream.deletions if stream else None
            if deletes is not None and (deletes.window is not None or deletes.only_source):
                raise ValueError(f"has a window of start times under '{name}', which have no start times")
        return self

    def streams(self) -> dict[str, StreamSettings]:
        """The streams that the file names."""
        named = {"accounts": self.accounts, "opportunities": self.opportunities, "engagements": self.engagements}
        return {name: stream for name, stream in named.items() if stream is not None}
