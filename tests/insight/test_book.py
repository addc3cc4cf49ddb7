"""The book keeps its shape, its size and its mess, and its halves share no sentences."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable

import msgspec
import pytest

from tests.insight.book import FOLDER, HALVES, Expected, Talk, count_values, find_faults, read_half, read_talk

_PATHS = [path for half in HALVES for path in sorted((FOLDER / half).glob("*.json"))]


def test_every_talk_has_the_documented_shape() -> None:
    faults = {path.name: find_faults(read_talk(path)) for path in _PATHS}
    assert {name: found for name, found in faults.items() if found} == {}
    assert [path.stem for path in _PATHS] == [read_talk(path).id for path in _PATHS]
    assert len({path.stem for path in _PATHS}) == len(_PATHS)


def _with_evidence(talk: Talk, *evidence: int) -> Talk:
    wanted = msgspec.structs.replace(talk.expected["Decision Maker"], evidence=list(evidence))
    return msgspec.structs.replace(talk, expected=talk.expected | {"Decision Maker": wanted})


def _with_budget(talk: Talk, value: object) -> Talk:
    wanted = Expected(value=value, accepted=[], evidence=[0])
    return msgspec.structs.replace(talk, expected=talk.expected | {"Budget": wanted})


def _with_timeline(talk: Talk, first: str) -> Talk:
    wanted = Expected(value={"words": "soon", "first": first, "last": None}, accepted=[], evidence=[0])
    return msgspec.structs.replace(talk, expected=talk.expected | {"Timeline": wanted})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda talk: _with_evidence(talk, 100_000),
        lambda talk: _with_evidence(talk, -1),
        _with_evidence,
        lambda talk: _with_evidence(talk, 3, 2),
        lambda talk: _with_budget(talk, {"min": 5, "max": 4}),
        lambda talk: _with_budget(talk, {"min": None, "max": None}),
        lambda talk: _with_budget(talk, "18k"),
        lambda talk: _with_timeline(talk, "2026-02-30"),
        lambda talk: _with_timeline(talk, "June"),
        lambda talk: msgspec.structs.replace(talk, definitions=talk.definitions[:3]),
        lambda talk: msgspec.structs.replace(talk, key_facts=talk.key_facts[:2]),
        lambda talk: msgspec.structs.replace(talk, utterances=talk.utterances[::-1]),
        lambda talk: msgspec.structs.replace(talk, visit=msgspec.structs.replace(talk.visit, timezone="Asia/Tokyo")),
    ],
)
def test_a_spoiled_talk_is_found(spoil: Callable[[Talk], Talk]) -> None:
    talk = read_talk(_PATHS[0])
    assert find_faults(talk) == []
    assert find_faults(spoil(talk))


def test_the_book_is_as_large_as_promised() -> None:
    talks = [read_talk(path) for path in _PATHS]
    assert all(len(read_half(half)) >= 20 for half in HALVES)
    assert sum(count_values(talk.values(default=True)) for talk in talks) >= 300
    assert sum(count_values(talk.values(default=False)) for talk in talks) >= 300
    assert statistics.median(talk.minutes for talk in talks) >= 12
    for half in HALVES:
        assert sum(talk.minutes > 45 for talk in read_half(half)) >= 2
        assert len({talk.trade for talk in read_half(half)}) >= 10


def test_much_is_not_mentioned() -> None:
    for half in HALVES:
        custom = [wanted for talk in read_half(half) for wanted in talk.values(default=False)]
        assert sum(wanted.value is None for wanted in custom) >= len(custom) / 4
        default = [talk.expected for talk in read_half(half)]
        for name in ("Budget", "Timeline", "Decision Maker", "Objections"):
            assert any(expected[name].value is None for expected in default), name


def test_transcripts_are_messy() -> None:
    for half in HALVES:
        talks = read_half(half)
        assert sum(_has_no_punctuation(talk) for talk in talks) >= 3
        assert sum(_has_generic_labels(talk) for talk in talks) >= 8
        assert sum(_has_one_label_for_both(talk) for talk in talks) >= 3
        assert any(spoken.role == "other" for talk in talks for spoken in talk.utterances)
        assert any(spoken.role == "unknown" for talk in talks for spoken in talk.utterances)


def _has_no_punctuation(talk: Talk) -> bool:
    return not re.search(r"[.,?!](\s|$)", "\n".join(spoken.text for spoken in talk.utterances))


def _has_generic_labels(talk: Talk) -> bool:
    return all(re.fullmatch(r"(Speaker|spk_).*", spoken.speaker) for spoken in talk.utterances)


def _has_one_label_for_both(talk: Talk) -> bool:
    labels = {
        role: {spoken.speaker for spoken in talk.utterances if spoken.role == role} for role in ("rep", "customer")
    }
    return bool(labels["rep"] & labels["customer"])


def test_the_halves_share_no_sentence() -> None:
    """No eight words in a row occur in both halves."""
    train, heldout = (_runs_of_words(read_half(half), 8) for half in HALVES)
    assert train & heldout == set()


def _runs_of_words(talks: list[Talk], length: int) -> set[tuple[str, ...]]:
    runs: set[tuple[str, ...]] = set()
    for talk in talks:
        for spoken in talk.utterances:
            words = re.findall(r"[\w']+", spoken.text.lower())
            runs.update(tuple(words[at : at + length]) for at in range(len(words) - length + 1))
    return runs
