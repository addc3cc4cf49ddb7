"""`crm.reading`: what a REST API configuration of `dlt` cannot say about reading an API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from fieldnote.config.values import Duration, Section, Text

Form = Literal["text", "epoch_ms", "z"]
"""How a time is written in a request: as the API gave it, in milliseconds since 1970, or in UTC with a Z."""


class CallWindow(Section):
    """The number of calls in a number of seconds."""

    calls: int = Field(ge=1)
    """The calls that are allowed in the window."""
    seconds: float = Field(gt=0)
    """The length of the window."""
    path: str = ""
    """A regular expression; only calls whose path contains it count. Left out: all calls."""
    instead: bool = False
    """Whether windows without a path leave out the calls that count here."""


class BusyAnswer(Section):
    """An answer that says: too many calls."""

    status: int
    """The HTTP status of such an answer."""
    code: Text | None = None
    """A word that the body contains; left out: the status is enough."""
    wait: float | None = None
    """Seconds to wait without `Retry-After`; left out: the reading stops, and the next run continues."""


class ApiLimits(Section):
    """How often the API may be called, and how it refuses."""

    windows: tuple[CallWindow, ...] = ()
    """Several may count at once."""
    busy: tuple[BusyAnswer, ...] = ()
    """Answers that mean "try again later", in addition to 429 and 5xx."""


class ReadSince(Section):
    """Reads changes: `<since>` in the endpoint stands for the position that the last reading reached."""

    start: Text
    """The position of the first reading, and of a full one."""
    lag: Duration | None = None
    """How far before the last position to begin, for records that the CRM commits late."""
    form: Form = Field(default="text", alias="as")
    """How the time is written in the call."""
    position: Text | None = None
    """JMESPath of a token in each answer, where the next reading continues; left out: the greatest `modified`."""


class ReadKeyset(Section):
    """Each page begins after the last record of the one before, so no record is lost to a cap or to equal values."""

    size: int = Field(ge=1)
    """How many records a full page has; one with fewer is the last."""
    items: Text
    """JMESPath of the records inside the answer."""
    last: dict[str, Text]
    """JMESPaths in the last record of a page, by the name that they have in `next`."""
    first: dict[str, str]
    """The values of the endpoint's placeholders on the first page."""
    next: dict[str, str]
    """Their values on each further page; `<name>` becomes the value found by `last`."""
    form: Form = Field(default="text", alias="as")
    """How times among `last` are written."""


class ReadFields(Section):
    """Asks for the fields that the login may see: `<fields>` in the endpoint stands for those of `want` that exist."""

    path: Text
    """The call that lists the fields of the record."""
    at: Text
    """JMESPath of the names inside the answer."""
    want: tuple[Text, ...]
    """The fields to read."""
    optional: tuple[Text, ...] = ()
    """Fields that are read if the account has them, without a warning for missing ones."""


class ReadLinks(Section):
    """For each page of records, what they are linked to: one call for up to `size` of them."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Under this name the list is in the column `links`."""
    path: Text
    """The call that reads the links."""
    body: Any = None
    """Where it is `<each>` in a list, the item is repeated for each record, with `<id>` in it."""
    item: Any = None
    """One entry of that list, with `<id>` for the record."""
    size: int = Field(default=100, ge=1)
    """Records in one call."""
    items: Text
    """JMESPath of the list inside the answer, one entry for each record."""
    of: Text
    """JMESPath of the record's id in an entry."""
    values: Text
    """JMESPath of the linked ids in an entry."""
    failures: Text | None = None
    """JMESPath of the records whose links the API could not read; if there are any, the reading is tried again."""


class ReadResource(Section):
    """How one resource of `crm.rest` is read. It is copied into a table with id, modified, record and links."""

    id: Text = "id"
    """JMESPath of the record's id."""
    modified: Text | None = None
    """JMESPath of the time of its last change."""
    since: ReadSince | None = None
    """Reads changed records only; left out: all of them each time."""
    keyset: ReadKeyset | None = None
    """Reads by key instead of by page."""
    fields: ReadFields | None = None
    """Asks first which fields exist; left out: the call names its fields."""
    links: tuple[ReadLinks, ...] = ()
    """Calls for the links between records."""
    every: Duration | None = None
    """The shortest time between two readings; left out: each run reads."""
    may_be_empty: bool = True
    """Whether a full reading may be empty. If not, an empty one is an error if there were records before."""


class RestReading(Section):
    """How the `rest` driver reads, in addition to `crm.rest`."""

    resources: dict[str, ReadResource] = Field(default_factory=dict)
    """By the resource's name in `crm.rest`."""
    full_every: Duration = timedelta(days=1)
    """How often everything is read again, to find deleted records."""
