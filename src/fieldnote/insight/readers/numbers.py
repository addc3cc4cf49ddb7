"""Numbers as people say and write them: `forty-five`, `twelve five`, `25k`, `a hundred and twenty`, `38,000`.

Sales people drop what goes without saying: "twelve five" is 12,500, "forty-two fifty" is 4,250 and "thirty-four
nine ninety-five" is 34,995. "Forty" stays 40 here; `money` decides that it means thousands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fieldnote.insight.words import Token, tokens

_UNITS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
_TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"thousand": 1000, "grand": 1000, "k": 1000, "million": 1_000_000, "mil": 1_000_000}
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_ORDINAL = {"st", "nd", "rd", "th"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its place in the folded text."""

    value: float
    start: int
    end: int
    scale: int = 1
    """The last of `hundred`, `thousand`, `million` that was said, as a number."""
    full: bool = False
    """Says its size: `25k`, `38,000`, `twelve five`. Not `forty`, which may be forty thousand."""
    year: bool = False
    """Could be a year: `2015`, `nineteen ninety one`."""
    in_digits: bool = False
    joined: bool = False
    """Said in parts that also are numbers: `three fifty`, `nineteen fifty`."""


def numbers(folded: str) -> list[Number]:
    """All numbers in a folded text, in order, without those inside of times, ordinals, codes and phone numbers."""
    return list(_scan(tokens(folded), folded))


def _scan(parts: list[Token], folded: str) -> Iterator[Number]:
    at = 0
    while at < len(parts):
        found, after = _read(parts, at, folded)
        if found is not None:
            yield found
        at = max(after, at + 1)


def _read(parts: list[Token], at: int, folded: str) -> tuple[Number | None, int]:
    if parts[at].text[0].isdigit():
        return _read_digits(parts, at, folded)
    return _read_words(parts, at)


# --- digits ---------------------------------------------------------------------------------------------


def _read_digits(parts: list[Token], at: int, folded: str) -> tuple[Number | None, int]:
    token, after = parts[at], at + 1
    end = _end_of_code(parts, at, folded)
    if end is not None:
        return None, end
    value = float(token.text.replace(",", ""))
    scale, stop = 1, token.end
    if after < len(parts) and parts[after].text in _SCALES | {"hundred": 100}:
        scale = 100 if parts[after].text == "hundred" else _SCALES[parts[after].text]
        stop, after = parts[after].end, after + 1
    full = scale >= 100 or "," in token.text or value >= 1000
    year = scale == 1 and re.fullmatch(r"(?:19|20)\d\d", token.text) is not None
    return Number(value * scale, token.start, stop, scale, full, year, in_digits=True), after


def _end_of_code(parts: list[Token], at: int, folded: str) -> int | None:
    """Where a clock time, an ordinal, a model's name or a phone number ends, if this is one."""
    token = parts[at]
    before = folded[max(0, token.start - 2) : token.start]
    if before[-1:].isalpha() or re.fullmatch(r"[a-z]-|.?[:/#]", before):  # r22, cx-5, #14
        return at + 1
    following = folded[token.end : token.end + 3]
    if following[:1] in {":", "/"} and following[1:2].isdigit():
        return at + 3
    if following[:2] in _ORDINAL and not following[2:3].isalpha():
        return at + 2
    if following[:1].isalpha() and not re.match(r"(?:k|m|mil)\b", following):
        return at + 2
    return _end_of_phone(parts, at)


_MOST_GROUPS = 4


def _end_of_phone(parts: list[Token], at: int) -> int | None:
    """Three or more groups of digits in a row, ten digits or seven in all."""
    digits, groups, position = 0, 0, at
    while position < len(parts) and (parts[position].text.isdigit() or parts[position].text in "-.()"):
        if parts[position].text.isdigit():
            digits, groups = digits + len(parts[position].text), groups + 1
        if groups > _MOST_GROUPS:  # a long row of numbers would be read to its end from each of them
            return None
        position += 1
    return position if groups >= 2 and digits in {7, 10, 11} else None


# --- words ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Small:
    """1 to 99 in words."""

    value: int
    end: int
    after: int


def _small(parts: list[Token], at: int) -> _Small | None:
    if at >= len(parts):
        return None
    word = parts[at].text
    if word.endswith("ish") and word[:-3] in _TENS | _TEENS:  # "thirtyish"; the ending is left to be read
        return _Small((_TENS | _TEENS)[word[:-3]], parts[at].end - 3, at + 1)
    if word in _UNITS or word in _TEENS:
        return _Small(_UNITS.get(word) or _TEENS[word], parts[at].end, at + 1)
    if word not in _TENS:
        return None
    unit = at + 2 if _is(parts, at + 1, "-") else at + 1
    if unit < len(parts) and parts[unit].text in _UNITS:
        return _Small(_TENS[word] + _UNITS[parts[unit].text], parts[unit].end, unit + 1)
    return _Small(_TENS[word], parts[at].end, at + 1)


def _is(parts: list[Token], at: int, text: str) -> bool:
    return at < len(parts) and parts[at].text == text


def _read_words(parts: list[Token], at: int) -> tuple[Number | None, int]:
    start = parts[at].start
    first = _article(parts, at) or _small(parts, at)
    if first is None:
        return None, at + 1
    value, end, after, scale = float(first.value), first.end, first.after, 1
    if _is(parts, after, "hundred"):
        value, end, after, scale = value * 100, parts[after].end, after + 1, 100
        rest = _small(parts, after + 1 if _is(parts, after, "and") else after)
        if rest is not None and not _begins_another(parts, rest):
            value, end, after = value + rest.value, rest.end, rest.after
    elif _half(parts, after):
        value, end, after = value + 0.5, parts[after + 2].end, after + 3
    if after < len(parts) and parts[after].text in _SCALES:
        return _with_scale(parts, after, value, start)
    if scale == 100:
        return Number(value, start, end, scale, full=value >= 200), after
    if (decimals := _decimals(parts, after)) is not None:
        return Number(value + decimals[0], start, decimals[1], full=True), decimals[2]
    return _joined(parts, after, first, start)


def _decimals(parts: list[Token], at: int) -> tuple[float, int, int] | None:
    """After `seven`: `point eight`, `point two five`."""
    if not _is(parts, at, "point"):
        return None
    digits, end, after = "", 0, at + 1
    while after < len(parts) and parts[after].text in _DIGIT_WORDS and len(digits) < 4:
        digits, end, after = digits + _DIGIT_WORDS[parts[after].text], parts[after].end, after + 1
    return (float(f"0.{digits}"), end, after) if digits else None


_DIGIT_WORDS = {word: str(value) for word, value in {**_UNITS, "oh": 0, "zero": 0}.items()}


def _begins_another(parts: list[Token], rest: _Small) -> bool:
    """In `four hundred and four fifty` and `two hundred three hundred` a second number begins."""
    following = _small(parts, rest.after)
    return _is(parts, rest.after, "hundred") or (following is not None and rest.value < 10 <= following.value)


def _article(parts: list[Token], at: int) -> _Small | None:
    """`a hundred`, `a thousand`, `a couple thousand`, `hundred and twenty`."""
    if parts[at].text in {"a", "an"} and at + 1 < len(parts):
        if parts[at + 1].text in {"hundred", "thousand", "grand", "million"}:
            return _Small(1, parts[at].end, at + 1)
        if parts[at + 1].text == "couple" and at + 2 < len(parts):
            skip = at + 3 if parts[at + 2].text == "of" else at + 2
            if skip < len(parts) and parts[skip].text in {"hundred", "thousand", "grand"}:
                return _Small(2, parts[at + 1].end, skip)
    if parts[at].text == "hundred":
        return _Small(1, parts[at].start, at)
    return None


def _half(parts: list[Token], at: int) -> bool:
    return [part.text for part in parts[at : at + 3]] == ["and", "a", "half"]


def _with_scale(parts: list[Token], at: int, value: float, start: int) -> tuple[Number, int]:
    """After `forty`: `thousand`, and what may follow it, `five hundred`."""
    scale, end, after = _SCALES[parts[at].text], parts[at].end, at + 1
    value *= scale
    may_be_year = scale == 1000 and value == 2000
    rest = _small(parts, after + 1 if _is(parts, after, "and") else after)
    if rest is not None and _counts_something(parts, rest.after):  # forty thousand two weeks ago
        rest = None
    if rest is not None and rest.value >= 10 and not _is(parts, rest.after, "hundred"):
        is_tail = _is(parts, after, "and") or not (may_be_year or _begins_amount(parts, rest, value / scale))
        if is_tail:  # a thousand and eighty, nine thousand fifty, two thousand and eighteen
            return Number(value + rest.value, start, rest.end, scale, full=True, year=may_be_year), rest.after
    if rest is not None and _is(parts, rest.after, "hundred"):
        value, end, after = value + rest.value * 100, parts[rest.after].end, rest.after + 1
        tail = _small(parts, after + 1 if _is(parts, after, "and") else after)
        if tail is not None:
            value, end, after = value + tail.value, tail.end, tail.after
    elif rest is not None and scale == 1000 and value >= 3000 and rest.value < 10 and not _is(parts, rest.after, "-"):
        tail = _small(parts, rest.after)  # eleven thousand nine, eleven thousand nine fifty
        tail = tail if tail is not None and tail.value >= 10 and not _begins_another(parts, tail) else None
        joint = rest if tail is None else tail
        more = rest.value * 100 + (tail.value if tail else 0)
        return Number(value + more, start, joint.end, scale, full=True), joint.after
    if may_be_year and rest is not None and not _is(parts, rest.after, "hundred"):  # two thousand and eight
        return Number(value + rest.value, start, rest.end, scale, full=True, year=True), rest.after
    return Number(value, start, end, scale, full=True), after


def _counts_something(parts: list[Token], at: int) -> bool:
    return at < len(parts) and _COUNTED.fullmatch(parts[at].text) is not None


_COUNTED = re.compile(
    r"(?:year|month|week|day|hour|minute|square|inche?|window|door|panel|gallon|mile|bid|quote)s?"
    r"|%|percent|people|kids|feet|foot|ft|sq"
)


def _begins_amount(parts: list[Token], rest: _Small, first: float) -> bool:
    """After `ten thousand`: `twenty` is the end of a range, and `twelve thousand` is an amount of its own."""
    is_scaled = rest.after < len(parts) and parts[rest.after].text in _SCALES
    return is_scaled or first < rest.value <= 2 * first


def _joined(parts: list[Token], after: int, first: _Small, start: int) -> tuple[Number, int]:
    """Groups side by side: `twelve five`, `three fifty`, `forty-two fifty`, `thirty-four nine ninety-five`."""
    alone = Number(float(first.value), start, first.end), after
    second = _small(parts, after + 1 if _is(parts, after, "-") else after)
    if second is None or (second.after < len(parts) and parts[second.after].text in _SCALES):
        return alone  # "three four thousand" is a range
    if _is(parts, second.after, "hundred"):
        if second.value < 10 <= first.value:  # twelve five hundred
            end = parts[second.after].end
            return Number(first.value * 1000.0 + second.value * 100, start, end, 100, full=True), second.after + 1
        return alone
    a, b = first.value, second.value
    if b < 10:
        third = _small(parts, second.after)
        if third is not None and third.value >= 10 and a >= 10:
            return Number(a * 1000.0 + b * 100 + third.value, start, third.end, 1000, full=True), third.after
        if a < 10 and b == a + 1:  # "three four" is a range, or the beginning of one
            return alone
        return Number(a * 1000.0 + b * 100, start, second.end, 1000, full=True, joined=True), second.after
    if a < 10:
        if b < 20 and a + 1 >= b:  # nine ten
            return alone
        return Number(a * 100.0 + b, start, second.end, joined=True), second.after
    if _is_pair(a, b):
        return alone
    value = a * 100.0 + b
    return Number(value, start, second.end, full=True, year=a in {19, 20}, joined=True), second.after


def _is_pair(low: int, high: int) -> bool:
    """`forty fifty`, `thirty-five forty`: two round numbers near each other rather than one of four digits."""
    if low == 20 and high < 30:  # twenty twenty-five
        return False
    return low < high <= low + 20 and low % 5 == 0 and high % 5 == 0 and high - low <= max(10, low // 3)
