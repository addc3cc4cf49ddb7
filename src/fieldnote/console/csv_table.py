"""Tables as CSV that a spreadsheet opens as text: no cell begins a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Final

from fastapi.responses import StreamingResponse

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Excel reads the wide forms too."""


def cell(value: object) -> str:
    """The value as text. One that would begin a formula gets an apostrophe in front."""
    if value is None:
        return ""
    text = value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_FORMULAS) else text


def lines(rows: Iterable[Sequence[object]]) -> str:
    """The rows as lines of CSV."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def answer(name: str, headings: Sequence[str], pages: AsyncIterator[Sequence[Sequence[object]]]) -> StreamingResponse:
    """A download that is sent page by page."""

    async def parts() -> AsyncIterator[str]:
        yield "\ufeff" + lines([headings])  # by this mark Excel knows that it is UTF-8
        async for page in pages:
            yield lines(page)

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=headers)
