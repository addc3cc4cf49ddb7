"""Text made comparable: folded to lower case with its positions kept, cut into tokens and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

_PLAIN = str.maketrans(
    {**dict.fromkeys("\u2018\u2019\u02bc", "'"), **dict.fromkeys("\u201c\u201d", '"')}
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015", "-")
    | {"\u00a0": " "}
)
_TOKEN = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[a-z]+(?:'(?!s\b)[a-z]+)*|'s\b|[^\sa-z0-9]")
_CLAUSE_END = re.compile(
    r"[.?!;:]+(?=\s|$)|\s-+\s?|-+(?=\s|$)"
    r"|,?\s+(?=(?:but|so|because|cause|except|although|though|since|which|whereas"
    r"|unless)\b(?!\s+(?:as|that)\b))"
    r"|,\s+(?=(?:and\s+|or\s+)?(?:i|we|he|she|it|they|you|my|our|his|her|the|that|this|there|if"
    r"|then|right|ok|okay|when|while|once)\b)"
    r"|\s+(?=and\s+(?:i|we|he|she|it|they|you|my|the|that|this|then)\b(?!\s+(?:both|each)\b))"
)
_SENTENCE_END = re.compile(r"(?<!\bmr)(?<!\bms)(?<!\bdr)(?<!\bst)(?<!\bmrs)[.?!]+[\"')]*(?=\s|$)")


def fold(text: str) -> str:
    """Lower case with plain quotes and dashes, each character in its place."""
    plain = text.translate(_PLAIN)
    lower = plain.lower()
    return lower if len(lower) == len(plain) else "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign of a folded text."""

    text: str
    start: int
    end: int


def tokens(folded: str) -> list[Token]:
    return [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(folded)]


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def __contains__(self, position: int) -> bool:
        return self.start <= position < self.end


def clauses(folded: str) -> list[Span]:
    """Parts that say one thing each, as far as signs and conjunctions show it."""
    return list(_cut(folded, _CLAUSE_END))


def sentences(text: str) -> list[Span]:
    return list(_cut(text, _SENTENCE_END, keep_end=True))


def _cut(text: str, end: re.Pattern[str], *, keep_end: bool = False) -> Iterator[Span]:
    start = 0
    for match in end.finditer(text):
        stop = match.end() if keep_end else match.start()
        if text[start:stop].strip():
            yield Span(start, stop)
        start = match.end()
    if text[start:].strip():
        yield Span(start, len(text))


def clause_around(folded: str, position: int) -> Span:
    """The clause that holds a position; the whole text where none does."""
    found = Span(0, len(folded))
    for span in clauses(folded):
        if span.start <= position:
            found = span
    return found


def quoted(text: str, most: int) -> str:
    """The text in quotes: whole where it has at most `most` words, else its first whole clauses and dots."""
    plain = text.strip().replace('"', "'").replace(";", ",")
    if len(plain.split()) <= most:
        return f'"{plain.rstrip(" ,")}"'
    shown = ""
    for span in clauses(fold(plain)):
        if len(plain[: span.end].split()) > most:
            break
        shown = plain[: span.end]
    shown = shown or " ".join(plain.split()[:most])
    return f'"{shown.rstrip(" .,")}" ...'


@cache
def any_of(*phrases: str) -> re.Pattern[str]:
    """One pattern for many phrases, whole words, with spaces that stand for any white space.

    A phrase may use the signs of regular expressions.
    """
    joined = "|".join(phrase.replace(" ", r"\s+") for phrase in phrases)
    return re.compile(rf"(?<![\w'])(?:{joined})(?![\w])")


def score(folded: str, cues: Iterable[tuple[float, re.Pattern[str]]]) -> float:
    """The weights of the cues that are in a text, summed; each counts once."""
    return sum(weight for weight, pattern in cues if pattern.search(folded))


_SHORT = re.compile(r"[a-z0-9$%']+")


def word_count(text: str) -> int:
    return len(_SHORT.findall(fold(text)))
