"""Words from Siro that are made to keep `pull` busy: it works on them in its own process, so each step is bounded."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from bench.insight import growth
from fieldnote.bridge.pull.three_way_merge import KnownField, Value, Verdict, decide, take_back
from fieldnote.config import Kind, Policy
from fieldnote.insight.bounds import LONGEST_TRANSCRIPT
from fieldnote.insight.evidence import Spoken, Utterance
from fieldnote.mapping.values import LONGEST, Unconvertible, convert

MOST = 20.0
"""Seconds of one core. On a quiet core the slowest takes about one; a quadratic one took minutes."""
PIECES = ("1 ", "1-", "30,000 ", '"', "a\n", "twenty ", "hundred ", "(", ". .", "x@y.", "\u0130")


@pytest.mark.slow
@pytest.mark.parametrize("call", growth.PULL)
def test_a_hundred_kilobytes_of_one_fragment_are_no_trouble(call: Callable[[str], None]) -> None:
    spent = {piece: growth.seconds(call, piece * (100_000 // len(piece))) for piece in PIECES}
    assert max(spent.values()) < MOST, spent


def test_words_become_a_value_or_a_reason_whatever_they_are(seed: int) -> None:
    chance = random.Random(seed)
    pieces = (
        *growth.PIECES, "hundred ", "million ", "a dozen ", "half ", "point ", "9" * 40, "1e999", "1,", "31/", "of ",
        "the first ", "end of ", "de ", "Ann ", "\0", "\ud800", "\n", "; ", "%", "\N{EM DASH}",
    )  # fmt: skip
    for _ in range(150):
        parts = [chance.choice(pieces) for _ in range(chance.randint(1, 4))]
        text = ("".join(parts) * LONGEST)[: chance.choice((10, 60, LONGEST))]
        for kind in Kind:
            found = convert(text, kind, on=date(2026, 3, 2), choices={"a": "b"})
            assert isinstance(found, str | Decimal | int | date | bool | tuple | Unconvertible | None), (seed, text)


@pytest.mark.parametrize("value", [
    "hundred " * 20, "million " * 40, "9" * 400, float("inf"), float("nan"), 1e308, 10**600, [["a"]] * 3, {"value": {}},
])  # fmt: skip
@pytest.mark.parametrize("kind", Kind)
def test_numbers_out_of_all_bounds_go_to_a_person(value: object, kind: Kind) -> None:
    found = convert(value, kind, on=date(2026, 3, 2), choices={"a": "b"})
    assert not isinstance(found, Decimal) or found.is_finite()


def test_a_list_in_a_thousand_lists_goes_to_a_person() -> None:
    deep: object = ["a", "b"]
    for _ in range(5_000):
        deep = [deep, "c"]
    assert isinstance(convert(deep, Kind.TEXT), Unconvertible)


def test_only_the_beginning_of_an_endless_transcript_is_searched() -> None:
    filler = "well " * 20_000
    said = [Utterance("Ann", "my budget is nine thousand")]
    said += [Utterance("Ann", filler) for _ in range(LONGEST_TRANSCRIPT // len(filler) + 1)]
    said += [Utterance("Ann", "the garage door is blue")]
    spoken = Spoken(said)
    quote = spoken.find("$9,000 budget")
    assert quote is not None
    assert quote.index == 0
    assert spoken.find("the garage door is blue") is None


@pytest.mark.parametrize(("live", "lines", "left"), [
    ("ours", "ours", None), ("a\nours \t\nb", "ours", "a\n\nb"), ("a\nours b", "ours", "a\nours b"),
    ("a ours", "ours", "a ours"), ("one\ntwo\nthree", "one\ntwo", "three"), ("one\ntwo", "one\nthree", "one\ntwo"),
    ("one\r\ntwo", "one\ntwo", None), ("ours\nours", "ours", "ours"), ("(.*", "(.*", None), ("x\n", "x", None),
])  # fmt: skip
def test_lines_are_found_whole(live: str, lines: str, left: str | None) -> None:
    known = KnownField(base=Value("x"), wanted=Value(lines))
    decision = take_back(Policy.APPEND, known, live, lambda one, other: one == other)
    if left == live:
        assert decision.verdict is Verdict.KEEP
    else:
        assert (decision.verdict, decision.value) == (Verdict.WRITE, left)
    assert decide(Policy.APPEND, KnownField(), live, lines, lambda one, other: one == other).verdict in Verdict
