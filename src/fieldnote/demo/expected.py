"""The values that the CRM should have at the end, from the facts that the conversations' author gave.

Pure, and none of the code that is to be shown right takes part in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldnote.demo.contractor import Visit
from fieldnote.demo.conversations import Conversation

COLUMNS: Final = {
    "Budget": "budget_max",
    "Timeline": "timeline",
    "Decision Maker": "decision_maker",
    "Objections": "objections",
}
"""Where the demo's fieldnote.yaml sends each extraction."""


@dataclass(frozen=True, slots=True)
class Expected:
    """By deal: the columns that something was said about, and how many notes there should be."""

    values: Mapping[tuple[str, str], str]
    """By deal id and column. Of two visits on one deal the later one counts, where it has a value."""
    notes: Mapping[str, int]


def expect(visits: Sequence[Visit], conversations: Mapping[str, Conversation]) -> Expected:
    """The values that these visits should leave in the CRM."""
    values: dict[tuple[str, str], str] = {}
    notes: dict[str, int] = {}
    for visit in sorted(visits, key=lambda visit: visit.started_at):
        if visit.deal_id is None:
            continue
        notes[visit.deal_id] = notes.get(visit.deal_id, 0) + 1
        said = conversations[visit.conversation_key].expected_at(visit.started_at)
        values |= {(visit.deal_id, COLUMNS[name]): value for name, value in said.items() if _fits(name, value)}
    return Expected(values, notes)


def _fits(name: str, value: str) -> bool:
    """A monthly payment is no amount that a deal may cost: it is proposed, and the column stays empty."""
    return name != "Budget" or "per month" not in value


def agrees(column: str, expected: str, found: str | None) -> bool:
    """Whether the CRM holds what is expected: an amount by its value, words without regard to case."""
    if found is None:
        return False
    if column == "budget_max":
        return float(found) == _largest_amount(expected)
    return found.casefold() == expected.casefold()


def _largest_amount(words: str) -> float:
    return max(float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", words))
