"""The rep is found by how people talk, whatever the labels are, and nobody is where it is not clear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from fieldnote.insight.evaluation.book import Case, read_book
from fieldnote.insight.talk.roles import MAJOR, Role, assign
from fieldnote.insight.utterances import Utterance

_BOOK = Path(__file__).parents[1] / "data" / "book"


def _blind(case: Case) -> tuple[list[Utterance], dict[str, str]] | None:
    """The conversation with labels that say nothing; None where a label is both sides' or the rep has several."""
    count = Counter(one.speaker for one in case.utterances)
    major = [label for label in count if count[label] >= MAJOR * len(case.utterances)]
    if sum(case.roles[label] == "rep" for label in major) != 1 or len(major) < 2:
        return None
    names = {label: f"Speaker {place}" for place, label in enumerate(sorted(count, key=hash))}
    said = [Utterance(names[one.speaker], one.text) for one in case.utterances]
    return said, {names[label]: case.roles[label] for label in major}


@pytest.mark.parametrize("folder", ["train", "more"])
def test_the_rep_of_a_conversation_without_names_is_found(folder: str) -> None:
    wrong: list[str] = []
    judged = 0
    for case in read_book(_BOOK / folder)[::2]:
        blind = _blind(case)
        if blind is None:
            continue
        said, wanted = blind
        roles = assign(said, case.visit.rep_name, customer=case.visit.customer)
        judged += 1
        wrong += [case.id] * any(roles[label].role.value != role for label, role in wanted.items())
    assert judged >= 10
    assert len(wrong) <= judged * 0.05, wrong


def _said(*pairs: tuple[str, str]) -> Sequence[Utterance]:
    return [Utterance(speaker, text) for speaker, text in pairs]


@pytest.mark.parametrize(
    "said",
    [
        _said(("A", "Hm."), ("B", "Hm.")),
        _said(("A", ""), ("B", "")),
        _said(("A", "..."), ("B", "?!"), ("C", "*")),
    ],
)
def test_words_that_show_nothing_give_no_role(said: Sequence[Utterance]) -> None:
    assert {one.role for one in assign(said).values()} == {Role.UNKNOWN}


def test_a_correction_counts_before_all() -> None:
    said = _said(
        ("A", "We install it and our office sends you the warranty."), ("B", "My husband wants to know how much.")
    )
    assert assign(said)["A"].role is Role.REP
    corrected = assign(said, corrections={"B": Role.REP})
    assert (corrected["B"].role, corrected["A"].role) == (Role.REP, Role.CUSTOMER)


@pytest.mark.parametrize("name", ["", " ", "(", "a|b", "\\", ".*", "É", "O'Neil-Ruiz (rep)"])
def test_odd_names_are_no_patterns(name: str) -> None:
    said = _said(("A", "Hi, I'm with Acme, we install roofs."), ("B", "How much is it?"))
    assert set(assign(said, name, customer=name)) == {"A", "B"}
