"""A snapshot of a recording: its state as last fetched, and its stage on the way into the CRM. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fieldnote.mapping.records import StreamName

WATCHED_FOR = timedelta(hours=48)
"""An unfinished recording is read again for this long, although its `updatedAt` does not move."""
STUCK_AFTER = timedelta(hours=3)
"""Processing that takes longer is reported as stuck."""


class Model(StrEnum):
    """The kinds of CRM record that a recording can be linked to."""

    ENGAGEMENT = "engagement"
    """An appointment."""
    OPPORTUNITY = "opportunity"
    """A deal."""
    ACCOUNT = "account"
    """A customer."""
    CONTACT = "contact"
    """A person at a customer."""
    LEAD = "lead"
    """A customer to be."""


STREAMS: Final[Mapping[Model, StreamName]] = {
    Model.ENGAGEMENT: "engagements",
    Model.OPPORTUNITY: "opportunities",
    Model.ACCOUNT: "accounts",
}
"""The stream that pushes a kind of record."""


class RowStatus(StrEnum):
    """How far Siro is with one extraction, as a user token sees it."""

    IN_PROGRESS = "IN_PROGRESS"
    """In progress."""
    SUCCESS = "SUCCESS"
    """Done."""
    FAIL = "FAIL"
    """Failed."""
    SYNCED = "SYNCED"
    """Done, and written to a CRM by Siro itself."""


class Stage(StrEnum):
    """The stage of a recording on its way into the CRM."""

    PROCESSING = "processing"
    """Siro is processing it."""
    STUCK = "stuck"
    """Siro has processed it for more than three hours: the upload may have failed."""
    UNLINKED = "unlinked"
    """Siro has not linked it to a CRM record, or has removed its link."""
    OWNERSHIP_UNKNOWN = "ownership_unknown"
    """Linked, but the link is not yet known to belong to this connection; see `ownership`."""
    OTHER_CONNECTION = "other_connection"
    """Linked to a record of another connection, and left alone."""
    SHARED_RECORD = "shared_record"
    """Linked to a record that two connections have pushed, so its owner is unknown."""
    WAITING = "waiting"
    """Linked; its summary or extractions have not arrived yet."""
    INCOMPLETE = "incomplete"
    """Its summary or extractions did not arrive within 48 hours."""
    COMPLETE = "complete"
    """Its summary and extractions have arrived."""
    DELETED = "deleted"
    """Deleted in Siro. Its values stay in the CRM."""

    @property
    def unfinished(self) -> bool:
        """Whether another look may find more, although `updatedAt` does not move."""
        return self in _UNFINISHED


_UNFINISHED = frozenset({Stage.PROCESSING, Stage.STUCK, Stage.UNLINKED, Stage.OWNERSHIP_UNKNOWN, Stage.WAITING})


class Ownership(StrEnum):
    """The connection that a recording's records belong to."""

    OURS = "ours"
    """This connection's."""
    OWNERSHIP_UNKNOWN = "ownership_unknown"
    """Not known yet."""
    OTHER_CONNECTION = "other_connection"
    """Another connection's."""
    SHARED_RECORD = "shared_record"
    """Two connections have pushed the same Siro record."""


@dataclass(frozen=True, slots=True)
class Link:
    """One CRM record that a recording is linked to."""

    model: Model
    record: str
    """The CRM's id: Siro's `externalId`."""
    siro_id: str


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a summary."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """One extracted value, by the name of its definition."""

    name: str
    value: object
    """Text, number, boolean, a list of those, or None."""
    status: RowStatus | None = None
    """Known by user token only, as is its definition."""
    definition_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingSnapshot:
    """A recording, as it was last fetched."""

    id: str
    user_id: str | None
    started_at: datetime
    updated_at: datetime
    processed: bool
    summary_done: bool
    extraction_done: bool
    deleted: bool = False
    purged_at: datetime | None = None
    integration_connection_id: str | None = None
    links: tuple[Link, ...] = ()
    title: str | None = None
    web_url: str | None = None
    result: str | None = None
    """OPEN, WON or LOST. It may come hours after all else, as may the score."""
    score: float | None = None
    """Of its evaluation, 0 to 100."""
    summary: tuple[Section, ...] = ()
    extractions: tuple[Extraction, ...] = ()
    duration_ms: int | None = None
    latitude: float | None = None
    """Of the phone, when the recording began. Zero and zero mean that it is not known."""
    longitude: float | None = None
    withdrawn: bool = False
    """It has left, and a person agreed to take back its values."""
    detached: bool = False
    """Siro shows no link any more, and does not say who removed it. The links are those of before."""

    @property
    def left(self) -> bool:
        """Whether it is gone from its records. Its values stay until a person agrees to remove them."""
        return self.deleted or self.detached


def merge(old: RecordingSnapshot, new: RecordingSnapshot, *, alone: bool) -> RecordingSnapshot:
    """The stored recording once `new` was fetched. A null never replaces a stored value. Pure."""
    links = new if new.links else old
    detached = not new.links and (old.detached or (alone and bool(old.links)))
    if detached:  # it gives nothing new
        new = replace(new, **{name: getattr(old, name) for name in _WORDS})
    return replace(
        new,
        integration_connection_id=links.integration_connection_id,
        links=links.links,
        withdrawn=old.withdrawn and (detached or new.deleted),
        detached=detached,
        duration_ms=new.duration_ms if new.duration_ms is not None else old.duration_ms,
        latitude=_place(old.latitude, new.latitude, new),
        longitude=_place(old.longitude, new.longitude, new),
        title=new.title or old.title,
        web_url=new.web_url or old.web_url,
        result=new.result or old.result,
        score=new.score if new.score is not None else old.score,
        summary=new.summary or old.summary,
        summary_done=new.summary_done or bool(old.summary and old.summary_done and not new.summary),
        extractions=_newer_extractions(old, new, alone=alone),
    )


def _place(old: float | None, new: float | None, recording: RecordingSnapshot) -> float | None:
    """A coordinate. It goes with the words, when Siro purges them."""
    if recording.purged_at is not None:
        return None
    return new if new is not None else old


_WORDS = ("summary", "summary_done", "extractions", "extraction_done")


def link_step(held: RecordingSnapshot, at: datetime) -> dict[str, object]:
    """One step of the history of a recording's links."""
    return {
        "at": at.isoformat(),
        "links": [] if held.detached else [[one.model.value, one.record] for one in held.links],
    }


def without_words(held: RecordingSnapshot) -> RecordingSnapshot:
    """The recording without anything that was said in it, and without its place."""
    return replace(held, title=None, result=None, score=None, summary=(), extractions=(), latitude=None, longitude=None)


def _newer_extractions(old: RecordingSnapshot, new: RecordingSnapshot, *, alone: bool) -> tuple[Extraction, ...]:
    with_status = any(item.status is not None for item in new.extractions)
    had_status = any(item.status is not None for item in old.extractions)
    if new.purged_at is not None or (had_status and not with_status):
        return old.extractions
    if new.extractions or (alone and new.extraction_done):
        return new.extractions
    return old.extractions


def watched(recording: RecordingSnapshot, now: datetime) -> bool:
    """Whether late parts may still come."""
    return now - max(recording.started_at, recording.updated_at) < WATCHED_FOR


def keep_links(links: Sequence[Link]) -> tuple[Link, ...]:
    """One link a record, in a stable order."""
    return tuple(sorted({(link.model, link.record): link for link in links}.values(), key=_link_order))


def _link_order(link: Link) -> tuple[str, str]:
    return link.model, link.record
