"""Speaker labels in front of words, as in `Maria Silva: Good morning`, and the evidence that they are labels.

The look of a label is weak evidence: `maria da silva`, `+1 303 555 0142` and `One thing` are all followed by a colon.
Stronger evidence is its use: it comes again, or nearly every block begins with a label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.transcripts.clock import CLOCK, seconds


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 60
_MOST_WORDS = 6
ALMOST_ALL = 0.8
"""The share of blocks with a label from which on each label is believed."""

# Matched against the first 160 characters of a line with single spaces, so each pattern is bounded.
_BULLET = re.compile(r"(?:[-*\u2022\u2013\u2014]|>{1,3}) ?(?=[^\s*])")
_HEAD = re.compile(
    r"(?P<head>(?:[^:()\[\]\uff1a<>{}]|\([^()]{0,60}\)|\[[^\[\]]{0,60}\]|<[^<>]{1,60}>){1,80})(?P<colon>:(?!//)|\uff1a)"
)
_TIME_AT_END = re.compile(rf" ?[\[(] ?(?P<time>{CLOCK}) ?[\])]$")
_WRAPPED = re.compile(r"[\[(<](?P<inside>[^()\[\]<>]+)[\])>]")
_NAME_BEFORE_TIME = re.compile(
    rf"(?P<label>[\[+(]?[^\W_][^:\n<>{{}}]{{0,{_LONGEST}}}?)[\s,|\u2013-]{{1,5}}[\[(]?(?P<time>{CLOCK})[\])]?$"
)
_PHONE = re.compile(r"\+?[\d(*x][\d\s().*x\u2022-]{5,24}")
_WORD = re.compile(r"[^\s()/&,.\"'-]+")
# Lower-case words inside names.
_PARTICLES = _words(
    "and al bin bint da das de del della den der des di do dos du el ibn la las le los of st ten ter van von y zu zur"
)  # fmt: skip
_CERTAIN_PARTICLES = _PARTICLES - {"and", "do", "den", "la", "of", "st", "ten", "y"}
# Words that no label has; a lead-in such as `Here is why` has one.
_PHRASE = _words(
    "a am an any anyway are as be because but can cannot could did does every for from get gets give go going got had "
    "has have here how i i'd i'll i'm i've if in is it it's its just let let's like long look make may me mean means "
    "more my no not now on one or our please question said same say says see she should so some still take tell than "
    "that that's the the. their them then there these they thing things think this those to too us very want "
    "wants was we we're well were what what's when where which who why will with would yes you your"
) - {"the"}  # fmt: skip
_NAMES_AMONG_PHRASES = frozenset({"me", "you", "them", "us", "we", "she", "question"})
# Single words that begin a sentence more often than they name a speaker.
_LEAD_INS = _words(
    "again also answer anyway basically bonus budget caution conclusion cost costs example finally first fourth "
    "honestly idea important listen look meaning next note okay ok option plus point pricing price problem ps question "
    "quick reason remember result right second so step sure third tip total update warning well why yes no"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labeled:
    """A line that may begin with a label."""

    label: str
    text: str
    """The words after the label."""
    time: float | None
    """Seconds, where a time follows the label."""
    spaced: bool
    """Whether a space or the line's end follows the colon; `John:hello` is weaker evidence."""


def split_label(line: str) -> Labeled | None:
    """The label in front of a line with single spaces, and the words after it; None without one."""
    start = 0
    if bullet := _BULLET.match(line[:8]):
        start = bullet.end()
    marked = line.startswith(("**", "__"), start) and not line.startswith("***", start)
    start += 2 if marked else 0
    match = _HEAD.match(line[:160], start)
    if match is None:
        return None
    head, time = match["head"].strip(" _"), None
    head = head.removesuffix("**") if marked else head
    if at_end := _TIME_AT_END.search(head):
        head, time = head[: at_end.start()].strip(" _"), seconds(at_end["time"])
    if wrapped := _WRAPPED.fullmatch(head):
        head = wrapped["inside"].strip()
    if len(head) > 2 and head[0] == head[-1] == '"':
        head = head[1:-1].strip()
    if not 0 < len(head) <= _LONGEST or not (head[0].isalnum() or head[0] in "+(*#@'"):
        return None
    rest = line[match.end() :]
    rest = rest[2:] if rest.startswith(("**", "__")) else rest
    spaced = match["colon"] == "\uff1a" or not rest or rest[0].isspace()
    if not spaced and (head[-1].isdigit() or not rest[0].isalpha()):
        return None
    return Labeled(head, rest.strip(), time, spaced)


def split_name_line(line: str) -> Labeled | None:
    """A line of its own with a speaker and a time, as in `Maria Silva  0:12`; None otherwise."""
    match = _NAME_BEFORE_TIME.match(line) if len(line) <= 120 else None
    if match is None:
        return None
    label = match["label"].strip()
    if wrapped := _WRAPPED.fullmatch(label):
        label = wrapped[1].strip()
    return Labeled(label, "", seconds(match["time"]), spaced=True)


def looks_like_a_name(label: str) -> bool:
    """Whether the label is a name by its look alone: one word, capitalized words, or a telephone number."""
    if is_phone_number(label):
        return True
    words = _WORD.findall(label)
    if not 0 < len(words) <= _MOST_WORDS or phrase_words(label):
        return False
    if len(words) == 1:
        return label.casefold() not in _LEAD_INS
    outside = re.sub(r"\([^)]*\)", "", label).split()
    if all(not word[0].islower() or word in _PARTICLES for word in outside):
        return words[0].casefold() not in _LEAD_INS
    return len(words) > 2 and any(word in _CERTAIN_PARTICLES for word in words[1:-1])


def is_phone_number(label: str) -> bool:
    """Whether the label is a telephone number, perhaps with digits hidden."""
    return bool(_PHONE.fullmatch(label)) and sum(map(str.isdigit, label)) >= 4


def phrase_words(label: str) -> int:
    """The number of words that speakers' names rarely have, as in `Here is why`; capitals weigh against a phrase."""
    words = label.replace("\u2019", "'").split()
    lower = [word for word in words if word[0].islower()]
    counted = lower if lower and words[0] == lower[0] else words[:1] + lower if lower or len(words) == 1 else []
    return sum(word.casefold().strip(',."') in _PHRASE for word in counted)


def may_be_a_label(label: str) -> bool:
    """Whether a label that nothing confirms could still name a speaker."""
    return len(label.split()) <= _MOST_WORDS - 1 and phrase_words(label) <= 1


def believed(blocks: Sequence[Sequence[Labeled | None]]) -> frozenset[str]:
    """The labels that name speakers, from the lines of each block; None is a line without a label.

    A block is a cue, or one line of a text.
    """
    count: Counter[str] = Counter()
    spaced: set[str] = set()
    at_start: set[str] = set()
    labeled_blocks = 0
    for block in blocks:
        possible = [one for one in block if one and may_repeat(one.label)]
        count.update(one.label for one in possible)
        spaced.update(one.label for one in possible if one.spaced)
        if possible and possible[0] is block[0] and possible[0].spaced:
            labeled_blocks += 1
            at_start.add(possible[0].label)
    names = {label for label in spaced if looks_like_a_name(label)}
    names |= {label for label, times in count.items() if times > 1 and (label in spaced or looks_like_a_name(label))}
    if len(blocks) > 1 and labeled_blocks >= ALMOST_ALL * len(blocks):
        names |= at_start
    return frozenset(names)


def may_repeat(label: str) -> bool:
    """Whether a label names a speaker if it comes again. `One thing` and `So` do not, `Me` and `You` do."""
    phrases = phrase_words(label)
    if len(label.split()) == 1:
        return not phrases or label.casefold() in _NAMES_AMONG_PHRASES
    return len(label.split()) <= _MOST_WORDS and phrases <= 1
