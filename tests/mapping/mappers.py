"""A mapper out of a map, as a stream of the file has it."""

from __future__ import annotations

from typing import Any

from fieldnote.config import ColumnZone, StreamSettings
from fieldnote.mapping.records import RowMapper, StreamName, compile_stream


def mapper(
    fields: dict[str, Any],
    stream: StreamName = "engagements",
    zone: str | ColumnZone | None = "America/Denver",
) -> RowMapper:
    """The mapper of a table whose key is `id`."""
    return compile_stream(stream, StreamSettings(table="t", key="id", map=fields), timezone=zone)


def mapped(fields: dict[str, Any], row: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The body on the wire for a row, whose id is 1 unless it has another."""
    return mapper(fields, **options).map({"id": 1, **row}).wire
