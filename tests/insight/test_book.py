"""The book keeps its shape, its size and its mess, and its halves share no sentences."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from tests.insight.book import FOLDER, HALVES, Expected, Talk, find_faults, read_talk

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
