"""Checks of the streams: their columns, their cursor, and what a sample of their rows becomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from fieldnote.bridge.push.change_detection import key_of, record_of
from fieldnote.bridge.push.source import source_of, stream_settings
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.setup.checks.findings import Finding, bad, good, hint
from fieldnote.bridge.setup.checks.loop import check_map
from fieldnote.bridge.zones import zone_setting
from fieldnote.config import ColumnZone
from fieldnote.crm import dialect_of
from fieldnote.crm.query_tables import unseen_tables
from fieldnote.crm.staged import LandedDriver
from fieldnote.crm.types import DescribesCursors, Page, Row, RowProblem, Source
from fieldnote.errors import FieldnoteError, MappingError
from fieldnote.mapping.records import RowMapper, StreamName
from fieldnote.printable import number_of, printable

SAMPLE: Final = 500
"""Rows of each stream that are mapped for a try."""
_EXAMPLE: Final = 40
"""Characters of a value that is shown."""
_PROBLEMS: Final = 5
"""Problems of single rows that are listed."""
_DAY: Final = range(6, 22)
"""Hours at which a visit may well begin."""
_ODD: Final = 0.2
"""Share of starts outside of them that is worth a look."""


def check_stream(
    bridge: Bridge, name: StreamName, mapper: RowMapper, samples: dict[StreamName, list[dict[str, Any]]]
) -> Iterator[Finding]:
    """All about one stream. Its sample records are added to `samples`."""
    subject = f"push.{name}"
    source = source_of(name, stream_settings(bridge, name))
    try:
        for warning in _landing(bridge, source):
            yield hint(subject, warning)
        columns = bridge.crm.columns(source)
        mapper.check(columns)
        page = next(iter(bridge.crm.pages(source, size=SAMPLE)), Page((), None, last=True))
        rows = page.rows[:SAMPLE]
    except FieldnoteError as error:
        yield bad(subject, error.message, error.hint)
        return
    yield good(subject, f"{number_of(len(columns), 'column')}, including all columns of the map")
    yield from _cursor(bridge, name, subject)
    yield from _row_problems(subject, page.problems)
    records: list[dict[str, Any]] = []
    yield from check_rows(bridge, subject, mapper, rows, records)
    yield from check_map(bridge, name, rows, records)
    samples[name] = records


def _landing(bridge: Bridge, source: Source) -> tuple[str, ...]:
    """Bring the driver's copies up to date, as a push does. Its warnings, such as skipped lines of a file.

    An API is read only if that was never done: a check must not take its calls from the next push.
    """
    crm = bridge.crm
    if crm.is_live or (
        bridge.config.crm.driver != "files" and isinstance(crm, LandedDriver) and crm.landed_before(source)
    ):
        return ()
    return crm.refresh([source])


def _row_problems(subject: str, problems: Sequence[RowProblem]) -> Iterator[Finding]:
    """Rows that a push would leave out."""
    for problem in problems[:_PROBLEMS]:
        yield bad(subject, problem.reason, problem.hint)
    if len(problems) > _PROBLEMS:
        yield bad(subject, f"{len(problems) - _PROBLEMS} more rows have this problem")


def _reads_changes(bridge: Bridge) -> bool:
    """Whether `crm.reading` asks the API for what changed."""
    reading = bridge.config.crm.reading
    return reading is not None and any(one.since is not None for one in reading.resources.values())


def _cursor(bridge: Bridge, name: StreamName, subject: str) -> Iterator[Finding]:
    settings = stream_settings(bridge, name)
    if settings.cursor is None:
        if not _reads_changes(bridge):  # else the API is asked for changes only, and its landed rows are compared
            yield hint(subject, "no cursor: every push reads all rows", "name a column that grows with every change")
        return
    unseen = unseen_tables(source_of(name, settings), dialect_of(bridge.config.crm))
    if unseen:
        yield hint(
            subject,
            f"the cursor {settings.cursor} does not move when {_listed(unseen)} change: such a change is found "
            "only by the daily reading of all rows",
            f"take the greatest of all update times: {_greatest(bridge)}(a.updated_at, b.updated_at) as updated_at",
        )
    yield from _cursor_kinds(bridge, name, subject)


def _cursor_kinds(bridge: Bridge, name: StreamName, subject: str) -> Iterator[Finding]:
    """A cursor with values of several kinds costs time: nothing is hidden, but more rows are read than changed."""
    source = source_of(name, stream_settings(bridge, name))
    try:
        mix = bridge.crm.cursor_mix(source) if isinstance(bridge.crm, DescribesCursors) else None
    except FieldnoteError as error:
        yield bad(subject, error.message, error.hint)
        return
    if mix is None:
        return
    usual, other = (printable(value)[:_EXAMPLE] for value in (mix.usual, mix.other))
    if mix.sorts:
        yield hint(
            subject,
            f"{mix.others} of {mix.rows} rows have another kind of {source.cursor} than most, such as {other!r} beside "
            f"{usual!r}: every push reads these rows",
            "Correct them in the CRM, or let the query write all of them in one form.",
        )
    elif mix.hides:
        yield hint(
            subject,
            f"the cursor {source.cursor} is the greatest of counters or of values of different kinds, and one hides "
            "the changes of another: every push reads all rows",
            f"Convert times inside {_greatest(bridge)}(…) to one form, such as 2026-02-15 10:00:00; add up counters.",
        )
    else:
        yield hint(
            subject,
            f"the cursor {source.cursor} has texts that do not sort by time, such as {usual!r}: every push reads all "
            "rows",
            "Let the query write them in one form that sorts, such as 2026-02-15 10:00:00.",
        )


def _greatest(bridge: Bridge) -> str:
    """The function for the greatest of several values, in the CRM's SQL."""
    return "max" if dialect_of(bridge.config.crm) == "sqlite" else "greatest"


def check_rows(
    bridge: Bridge, subject: str, mapper: RowMapper, rows: Sequence[Row], records: list[dict[str, Any]]
) -> Iterator[Finding]:
    """The records that a sample becomes; they are added to `records`."""
    if not rows:
        yield hint(subject, "the source has no rows")
        return
    warnings: dict[str, None] = {}
    errors: list[MappingError] = []
    for row in rows:
        try:
            mapped, _ = record_of(mapper, key_of(mapper, row), row)
        except MappingError as error:
            errors.append(error)
            continue
        records.append(mapped.wire)
        warnings |= dict.fromkeys(mapped.warnings)
    if errors:
        yield bad(subject, f"{len(errors)} of {len(rows)} rows cannot be mapped: {errors[0].message}", errors[0].hint)
    else:
        yield good(subject, f"{number_of(len(rows), 'sample row')} can be mapped")
    for warning in islice(warnings, 3):
        yield hint(subject, warning)
    yield from _times(bridge, subject, records)


def _times(bridge: Bridge, subject: str, records: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Appointments in the middle of the night mostly are a zone that is wrong."""
    if isinstance(bridge.config.crm.timezone, ColumnZone):
        return
    local = ZoneInfo(zone_setting(bridge) or "UTC")
    starts = [
        datetime.fromisoformat(record["startTime"]).astimezone(local) for record in records if record.get("startTime")
    ]
    odd = [start for start in starts if start.hour not in _DAY]
    if starts and len(odd) > _ODD * len(starts):
        yield hint(
            subject,
            f"{len(odd)} of {len(starts)} appointments begin at night in {local.key}, such as {odd[0]:%Y-%m-%d %H:%M}",
            "check crm.timezone, of times that the CRM keeps without a zone, and crm.local_timezone, of your people",
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
