"""Numbers in words, as people say them: "forty-five thousand", "twenty-five hundred", "half a million"."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_TEENS = "sixteen seventeen eighteen nineteen"
_TIES = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: number for number, word in enumerate(f"{_ONES} {_TEENS}".split())}
_TENS = {word: number * 10 for number, word in enumerate(_TIES.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}

_WORD = "|".join([*_SMALL, *_TENS])
_SCALE = "|".join(_SCALES)
_JOINT = r"(?:-|(?<=hundred) and |(?<=thousand) and | )?"
_PHRASE = re.compile(rf"\b(?:(?:{_WORD})\b|(?:half )?an? (?=(?:{_SCALE})\b))(?:{_JOINT}(?:{_WORD}|{_SCALE})\b)*")


def with_digits(text: str) -> str:
    """The text, in small letters, with every number in words replaced by its digits."""
    text = _PHRASE.sub(lambda match: _digits(match.group()), text.casefold())
    for pattern, digits in _MORE:
        text = pattern.sub(digits, text)
    return text


_MORE: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\bhalf (?:a )?dozen\b"), lambda _: "6"),
    (re.compile(r"\b(?:a |(\d+) )?dozen\b"), lambda match: str(12 * int(match[1] or 1))),
    (re.compile(r"\b(?:a )?quarter (?:of a )?million\b"), lambda _: "250000"),
    (re.compile(r"\b(\d+) point (\d+)\b"), lambda match: f"{match[1]}.{match[2]}"),
    (re.compile(r"\b(\d+) and a half\b"), lambda match: f"{match[1]}.5"),
    (re.compile(r"\b(\d+) (?:thousand|grand) (\d{3})\b"), lambda match: f"{match[1]}{match[2]}"),
    (re.compile(rf"\b({_WORD})-({_WORD})\b"), lambda match: f"{_number(match[1])}-{_number(match[2])}"),
]
"""Forms that the words alone do not give: `2 and a half`, `35 thousand 500`, `ten-fifteen`."""


def _number(word: str) -> int:
    return _SMALL[word] if word in _SMALL else _TENS[word]


def _digits(phrase: str) -> str:
    words = re.findall(r"[a-z]+", phrase)
    total, part = Decimal(0), Decimal(0)
    for word in words:
        if word in _SMALL or word in _TENS:
            step = _SMALL.get(word) or _TENS.get(word, 0)
            if part % 100 and not (part % 10 == 0 and step < 10):
                # "forty fifty" are two numbers, said in one breath.
                return phrase
            part += step
        elif word == "half":
            part = Decimal("0.5")
        elif word in {"a", "an"}:
            part = part or Decimal(1)
        elif word == "hundred":
            part *= 100
        elif word in _SCALES:
            total, part = total + part * _SCALES[word], Decimal(0)
    return format((total + part).normalize(), "f")
