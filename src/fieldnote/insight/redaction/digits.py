"""Runs of digits, written or spoken: `4111 1111`, `four one one one`, `forty-one eleven`, `double five`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ONES = {word: str(digit) for digit, word in enumerate("zero one two three four five six seven eight nine".split())}
_ONES |= {"oh": "0", "o": "0", "niner": "9"}
_TEENS = {
    word: str(value)
    for value, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), 10
    )
}
_TENS = {
    word: str(value) for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
} | {"fourty": "4"}
_TIMES = {"double": 2, "triple": 3}
_TOKEN = re.compile(r"\d+|[a-z]+(?:'[a-z]+)?|[^\sa-z0-9]")
_BETWEEN = frozenset(
    {"-", "\u2013", ".", ",", "/", "dash", "hyphen", "space", "um", "uh", "and", "then", "period", "dot", "slash"}
)
"""Tokens that may part the digits of one number."""
_SIZES = frozenset({"thousand", "million", "grand", "k", "hundred"})


@dataclass(frozen=True, slots=True)
class Run:
    """Digits that follow each other."""

    digits: str
    start: int
    end: int
    single: bool
    """Spoken or written digit by digit, or in groups of four and more: the way in which nobody names a price."""
    sized: bool
    """With a word of size: `twelve hundred`, `five thousand`."""


def runs(folded: str) -> Iterator[Run]:
    """All runs of a text, in order. Linear: each token is looked at once or twice."""
    tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(folded)]
    at = 0
    while at < len(tokens):
        run, at = _run(tokens, at)
        if run is not None:
            yield run


def _run(tokens: list[tuple[str, int, int]], at: int) -> tuple[Run | None, int]:
    digits, groups, start, end, after, sized = "", 0, tokens[at][1], tokens[at][2], at, False
    singles = 0
    while after < len(tokens):
        found = _group(tokens, after)
        if found is None:
            if not groups or tokens[after][0] not in _BETWEEN or after + 1 >= len(tokens):
                break
            if _group(tokens, after + 1) is None:
                break
            after += 1
            continue
        group, following = found
        singles += len(group) == 1 or (tokens[after][0].isdigit() and len(group) >= 3) or tokens[after][0] in _TIMES
        digits, groups, end, after = digits + group, groups + 1, tokens[following - 1][2], following
        if after < len(tokens) and tokens[after][0] in _SIZES:
            sized = True
    if not groups:
        return None, at + 1
    return Run(digits, start, end, singles * 2 >= groups, sized), after


def _group(tokens: list[tuple[str, int, int]], at: int) -> tuple[str, int] | None:
    """The digits of one spoken or written group, and the place after it."""
    word = tokens[at][0]
    if word.isdigit():
        return word, at + 1
    if word in _ONES:
        return _ONES[word], at + 1
    if word in _TEENS:
        return _TEENS[word], at + 1
    if word in _TENS:
        unit = at + 2 if at + 1 < len(tokens) and tokens[at + 1][0] == "-" else at + 1
        if unit < len(tokens) and (one := _ONES.get(tokens[unit][0], "0")) != "0":
            return _TENS[word] + one, unit + 1
        return f"{_TENS[word]}0", at + 1
    if word in _TIMES and at + 1 < len(tokens):
        following = tokens[at + 1][0]
        digit = _ONES.get(following) or (following if len(following) == 1 and following.isdigit() else None)
        return (digit * _TIMES[word], at + 2) if digit else None
    return None
