"""The lines in front of timing lines: numbers, ids, or the speaker's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.transcripts.labels import ALMOST_ALL, is_phone_number, looks_like_a_name, may_repeat

_NUMBER = re.compile(r"\d{1,9}\.?")
_NUMBERED_NAME = re.compile(r"\d{1,9}[.):]? ?[-\u2013]? ?(?P<name>[^\W\d].{0,100})")
_WEBEX = re.compile(r"\"(?P<name>[^\"]{1,100})\"(?: ?\(\d+\))?")
_ROLE = re.compile(r"(?:speaker|agent|customer|rep|caller|client|host|guest|channel)[ _-]?\w{0,3}", re.IGNORECASE)
_LONGEST = 120
_FEW = 3
"""Identifiers that are all different are speakers only in files with at most so many cues."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """The kind of a cue's identifier."""

    lines: frozenset[int]
    """Its lines in the file."""
    text: str


@dataclass(frozen=True, slots=True)
class _Before:
    """The last line with text in front of a timing line."""

    number: int
    text: str
    adjacent: bool
    """Whether no blank line lies between it and the timing line."""
    alone: bool
    """Whether a blank line, a header or nothing lies before it."""
    empties: bool
    """Whether the cue before would have no words without it."""
    above: int | None
    """The number of the line above, where that line is a number."""


def find_identifiers(lines: Sequence[str], marks: Sequence[int], skipped: frozenset[int]) -> list[Identifier | None]:
    """The identifier of each cue, or None. `marks` are the timing lines, `skipped` lines are no words.

    A line that may be an identifier or words is words, so that nothing said is lost.
    """
    before = [_before(lines, mark, previous, skipped) for mark, previous in zip(marks, [-1, *marks[:-1]], strict=True)]
    numbers = _accepted_numbers(before)
    texts = _accepted_texts(before)
    found = list[Identifier | None]()
    for index, one in enumerate(before):
        if one is None or not (index in numbers or index in texts):
            found.append(None)
            continue
        numbered_name = index in texts and one.above is not None
        taken = frozenset((one.number, one.above)) if numbered_name and one.above is not None else {one.number}
        found.append(Identifier(frozenset(taken), one.text))
    return found


def _before(lines: Sequence[str], mark: int, previous: int, skipped: frozenset[int]) -> _Before | None:
    at = mark - 1
    while at > previous and not lines[at].strip():
        at -= 1
    if at <= previous or at in skipped:
        return None
    text = " ".join(lines[at][: _LONGEST + 1].split())
    above = at - 1
    alone = above <= previous or not lines[above].strip() or above in skipped
    number_above = None
    if not alone and _NUMBER.fullmatch(lines[above].strip()):
        number_above = above
    empties = previous >= 0 and not any(
        lines[i].strip() for i in range(previous + 1, number_above if number_above is not None else at)
    )
    return _Before(at, text, at == mark - 1, alone and (above > previous or previous < 0), empties, number_above)


def _accepted_numbers(before: Sequence[_Before | None]) -> frozenset[int]:
    """The cues whose line before is their number: most cues have one, the first one included, and it counts up."""
    numeric = {
        index: int(one.text.rstrip(".")) for index, one in enumerate(before) if one and _NUMBER.fullmatch(one.text)
    }
    if len(numeric) <= len(before) / 2 or (0 not in numeric and len(numeric) < ALMOST_ALL * len(before)):
        return frozenset()
    accepted, last = set[int](), None
    for index, number in numeric.items():
        one = before[index]
        if one and (one.alone or number in {index, index + 1} or (last is not None and number > last)):
            accepted.add(index)
            last = number
    return frozenset(accepted)


def _accepted_texts(before: Sequence[_Before | None]) -> frozenset[int]:
    """The cues whose line before is an identifier that is no number.

    Identifiers that may be words are believed if nearly every cue has one, the first one included: no words come
    before the first cue. Without blank lines around them they also have to be names, or ids, in front of every cue.
    """
    adjacent = {
        index: one
        for index, one in enumerate(before)
        if one and one.adjacent and len(one.text) <= _LONGEST and not _NUMBER.fullmatch(one.text)
    }
    opaque = {index for index, one in adjacent.items() if _opaque(one.text) and (one.alone or one.above is not None)}
    texts = {index: one for index, one in adjacent.items() if not one.empties}
    own_block = {index: one for index, one in texts.items() if one.alone or one.above is not None}
    accepted = opaque if 0 in opaque or len(opaque) >= ALMOST_ALL * len(before) else set[int]()
    if 0 in own_block and len(own_block) >= ALMOST_ALL * len(before):
        accepted |= set(own_block)
    if (
        0 in texts
        and len(texts) == len(before) > 1
        and (
            all(_opaque(one.text) for one in texts.values())
            or all(looks_like_a_name(_name(one.text)) for one in texts.values())
        )
    ):
        accepted |= set(texts)
    names = Counter(name for one in own_block.values() if looks_like_a_name(name := _name(one.text)))
    if names.total() >= len(before) / 2:  # some cues have no speaker
        accepted |= {index for index, one in own_block.items() if names[_name(one.text)] > 1}
    return frozenset(accepted)


def _opaque(text: str) -> bool:
    return " " not in text and any(map(str.isdigit, text)) and not text.endswith((".", "?", "!", ","))


def _name(text: str) -> str:
    """The speaker in an identifier: `2 - Maria Silva`, `1 "Maria Silva" (3920102400)`."""
    if (match := _NUMBERED_NAME.fullmatch(text)) and not is_phone_number(text):
        text = match["name"].strip()
    elif match := re.fullmatch(r"\d{1,9} (\".*)", text):
        text = match[1]
    if match := _WEBEX.fullmatch(text):
        text = match["name"].strip()
    return text.rstrip(":").strip()


def speakers_in_identifiers(identifiers: Sequence[Identifier | None]) -> list[str]:
    """The speaker of each cue by its identifier; empty strings where identifiers are not names.

    Names come again. Chapter titles and ids do not.
    """
    names = [
        "" if one is None or _NUMBER.fullmatch(one.text) or (_opaque(one.text) and not _ROLE.fullmatch(one.text)
                                                             and not is_phone_number(one.text))
        else _name(one.text)
        for one in identifiers
    ]  # fmt: skip
    known = [name for name in names if name]
    nobody = [""] * len(identifiers)
    if not known or len(known) < len(identifiers) / 2:
        return nobody
    counts = Counter(known)
    if len(counts) < len(known):
        return names if all(may_repeat(name) for name in counts) else nobody
    if len(known) < len(identifiers):
        return nobody
    few = len(known) <= _FEW and all(
        looks_like_a_name(name) and (" " in name or _ROLE.fullmatch(name) or is_phone_number(name)) for name in known
    )
    return names if few else nobody
