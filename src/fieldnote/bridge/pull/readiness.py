"""When a recording's outputs may be acted upon, output by output. Pure.

A note waits for: processed, linked, summarized. A field waits for: processed, linked, its own extraction. One
does not hold back the other, and an extraction that failed holds back nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum

from fieldnote.bridge.recording import STUCK_AFTER, Extraction, Ownership, RecordingSnapshot, RowStatus, Stage, watched
from fieldnote.config import RECORDING
from fieldnote.config.words import near


class Readiness(StrEnum):
    """Whether an output of a recording can be used."""

    READY = "ready"
    """Yes, and it says something."""
    SILENT = "silent"
    """Yes, and nothing was said about it."""
    WAITING = "waiting"
    """Not yet."""
    FAILED = "failed"
    """Siro gave up on it."""


def usable(held: RecordingSnapshot, ownership: Ownership) -> bool:
    """The conditions for every output: processed, and linked to one of our records.

    One that was deleted in Siro, or whose link Siro removed, brings nothing new. Its values stay until a person
    agrees that it goes.
    """
    return held.processed and bool(held.links) and ownership is Ownership.OURS and not held.withdrawn


def summary(held: RecordingSnapshot) -> Readiness:
    """Whether the summary can become a note."""
    if not held.summary_done:
        return Readiness.WAITING
    return Readiness.READY if any(part.content.strip() for part in held.summary) else Readiness.SILENT


def field(held: RecordingSnapshot, name: str) -> tuple[Readiness, Extraction | None]:
    """Whether the extraction of this name can become a field, and the extraction if it can.

    By organization token all extractions of a recording are done at once; by user token each has its own
    status, and the rows decide.
    """
    if name.startswith(RECORDING):
        return _part(held, name)
    found = [item for item in held.extractions if same_name(item.name, name)]
    said = next((item for item in found if _says_something(item)), None)
    if said is not None and (held.extraction_done or said.status is not None):
        return Readiness.READY, said
    if found and all(item.status is RowStatus.FAIL for item in found):
        return Readiness.FAILED, None
    if any(_is_done(item) for item in found) or (not found and held.extraction_done):
        return Readiness.SILENT, None
    return (Readiness.SILENT if held.extraction_done and _none_at_work(held) else Readiness.WAITING), None


def _part(held: RecordingSnapshot, name: str) -> tuple[Readiness, Extraction | None]:
    """A part of the recording itself: ready as soon as it is there, for some of them come late."""
    parts = {"webUrl": held.web_url, "title": held.title, "result": held.result, "evaluationScore": held.score}
    value = parts[name.strip().removeprefix(RECORDING)]
    return (Readiness.READY, Extraction(name, value)) if has_value(value) else (Readiness.SILENT, None)


def same_name(left: str, right: str) -> bool:
    """Whether two names are one definition's: case and outer spaces do not count."""
    return left.strip().casefold() == right.strip().casefold()


def unknown_names(wanted: Iterable[str], seen: Collection[str]) -> list[str]:
    """A warning for each extraction that the file names and that never came, with the nearest that did. Pure."""
    known = {name.strip().casefold() for name in seen}
    missing = sorted({name.strip() for name in wanted if not name.startswith(RECORDING)})
    names = sorted({name.strip() for name in seen})
    return [
        f"no recording has an extraction '{name}'{near(name, names)} (seen: {', '.join(names)})"
        for name in missing
        if name.casefold() not in known
    ]


def has_value(value: object) -> bool:
    """Whether an extraction's value says anything: null, blank text and empty lists do not."""
    match value:
        case None:
            return False
        case str():
            return bool(value.strip())
        case list() | tuple():
            return any(has_value(item) for item in value)
        case _:
            return True


def _is_done(item: Extraction) -> bool:
    return item.status in {RowStatus.SUCCESS, RowStatus.SYNCED}


def _says_something(item: Extraction) -> bool:
    return (item.status is None or _is_done(item)) and has_value(item.value)


def _none_at_work(held: RecordingSnapshot) -> bool:
    return all(item.status is not RowStatus.IN_PROGRESS for item in held.extractions)


def stage(held: RecordingSnapshot, ownership: Ownership, now: datetime) -> Stage:
    """The stage of the recording."""
    if held.deleted:
        return Stage.DELETED
    if not held.processed:
        # A visit of last week may have been uploaded a minute ago.
        since = max(held.started_at, held.updated_at)
        return Stage.STUCK if now - since > STUCK_AFTER else Stage.PROCESSING
    if not held.links or held.detached:
        return Stage.UNLINKED
    if ownership is not Ownership.OURS:
        return Stage(ownership.value)
    if held.summary_done and held.extraction_done and _none_at_work(held):
        return Stage.COMPLETE
    return Stage.WAITING if watched(held, now) else Stage.INCOMPLETE
