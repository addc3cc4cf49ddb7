"""Agreement by field as rows of a page, each with a small chart: SVG with attributes, no style."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.review.agreement import FieldAgreement

WIDTH: Final = 120
HEIGHT: Final = 28
_INSET: Final = 3


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One field."""

    item: FieldAgreement
    points: str
    """Of a polyline, the oldest week first."""
    last: tuple[float, float] | None
    """The end of the line."""
    words: str
    """The chart in words."""


def agreement_rows(found: Iterable[FieldAgreement]) -> list[AgreementRow]:
    """The rows of the page."""
    return [_row(item) for item in found]


def _row(item: FieldAgreement) -> AgreementRow:
    steps = max(len(item.weeks) - 1, 1)
    places = [
        (
            round(_INSET + (WIDTH - 2 * _INSET) * number / steps, 1),
            round(HEIGHT - _INSET - (HEIGHT - 2 * _INSET) * week.share, 1),
        )
        for number, week in enumerate(item.weeks)
    ]
    words = "; ".join(
        f"week of {week.monday:%b} {week.monday.day}: {week.agreed} of {week.decided}" for week in item.weeks
    )
    return AgreementRow(item, " ".join(f"{x},{y}" for x, y in places), places[-1] if places else None, words)
