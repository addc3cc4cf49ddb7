"""Whole conversations with the answers that a person would write down: few values are false, and most are found.

The extractor's rules were written on the train half of the book, so these talks show how well they carry over.
"""

from __future__ import annotations

from collections import Counter

from fieldnote.insight import FIELDS, extract
from tests.insight.gold import fits, gold

FOLDERS = ("dev", "fresh", "held_out")
FLOORS = {"Budget": (0.92, 0.70), "Timeline": (0.90, 0.74), "Decision Maker": (0.85, 0.60), "Objections": (0.50, 0.33)}
"""Precision and recall. A value counts as right only if it is exactly one of those that the person wrote."""


def test_few_values_are_false_and_most_are_found() -> None:
    right, wrong, missing = Counter[str](), Counter[str](), Counter[str]()
    for case in (case for folder in FOLDERS for case in gold(folder)):
        values = extract(case.utterances, rep_name=case.rep, started_at=case.started_at)
        found = {one.name: one.value for one in values}
        for field in FIELDS:
            wanted, value = case.answers[field], found.get(field)
            is_right = fits(field, wanted, value)
            right[field] += is_right and value is not None
            wrong[field] += not is_right and value is not None
            missing[field] += not is_right and wanted != "none"
    scores = {
        field: (
            round(right[field] / (right[field] + wrong[field]), 3),
            round(right[field] / (right[field] + missing[field]), 3),
        )
        for field in FIELDS
    }
    low = {
        field: found for field, found in scores.items() if any(a < b for a, b in zip(found, FLOORS[field], strict=True))
    }
    assert low == {}


def test_there_are_conversations_with_nothing_to_find() -> None:
    assert sum(set(case.answers.values()) == {"none"} for folder in FOLDERS for case in gold(folder)) >= 3
