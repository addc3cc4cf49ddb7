"""Who sells and who buys: `forty thousand` from a customer is a budget, from the rep a price."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.money import Money, amounts
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold


@dataclass(frozen=True, slots=True)
class Turn:
    """An utterance with the role of its speaker."""

    index: int
    speaker: str
    by_rep: bool
    text: str
    folded: str
    """The text in lower case with plain signs, position for position."""
    amounts: tuple[Money, ...]
    """All amounts of money in it."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with its roles."""

    turns: tuple[Turn, ...]
    customers: tuple[str, ...]
    """The labels of those who do not sell, by how much they say; empty where nobody is named."""
    usual_price: float | None
    """The middle one of the rep's certain amounts: what prices are like in this talk."""

    def rep_before(self, index: int) -> Turn | None:
        """What the rep said last before a turn."""
        return next((turn for turn in reversed(self.turns[:index]) if turn.by_rep), None)


_REP_LABEL = re.compile(
    r"\b(?:(?:sales|field|service|account)?\s*rep(?:resentative)?|sales(?:man|woman|person|people"
    r"|rep)?|seller|agent|advis[eo]r|consultant|designer"
    r"|estimator|contractor|tech(?:nician)?|inspector|specialist|plumber|roofer|electrician"
    r"|installer|closer|canvasser|project manager"
    r"|account manager|account executive|ae|sdr|dealer|host)\b"
)
_CUSTOMER_LABEL = re.compile(
    r"\b(?:customer|home\s?owner|client|buyer|prospect|lead|owner|husband|wife|spouse|caller"
    r"|resident|tenant|facility manager"
    r"|property manager|mother|father|mom|dad|son|daughter|guest)s?\b"
)
# What each role says, with weights: for the rep above zero.
_SAYS: tuple[tuple[float, re.Pattern[str]], ...] = tuple(
    (weight, re.compile(pattern))
    for weight, pattern in (
        (
            4.0,
            (
                r"\b(?:i'm|i am|this is|my name is|my name's"
                r"|it's) [a-z' ]{2,20}?,? (?:here )?(?:and i'm )?(?:with|from|over at"
                r"|out of) (?!the (?:neighbo|house))"
            ),
        ),
        (
            3.0,
            (
                r"\b(?:we spoke on the phone|thanks? (?:you )?(?:so much )?for having (?:me|us)"
                r"|thanks for (?:your time|meeting))"
            ),
        ),
        (
            3.0,
            (
                r"\b(?:your|a|the) (?:budget|price range|time ?line|time ?frame)\b[^.]*\?|\bbudget in mind\b"
                r"|decision[- ]maker"
            ),
        ),
        (
            2.0,
            (
                r"\b(?:our (?:crews?|installers?|warranty|guys|company|team|financing|customers|price|process)"
                r"|we(?:'re| are) (?:licensed|booking|scheduling)|we've been in business)"
            ),
        ),
        (
            2.0,
            (
                r"\b(?:i can (?:get|do|offer|send|come)|i'll (?:send|email|write|get you|put together"
                r"|leave you|put you)|let me show you|sign (?:today|here))"
            ),
        ),
        (
            1.5,
            (
                r"\b(?:how long have you|what brings|have you (?:guys )?(?:thought|noticed|had)|when (?:would"
                r"|do|are) you|how old is|did you (?:guys )?(?:have|talk)|what (?:would|were"
                r"|are) you (?:guys )?(?:hop|think|look|comfort|expect))"
            ),
        ),
        (
            1.5,
            (
                r"\b(?:square feet|installed|the permit|per square|lifetime warranty|proposal|discount"
                r"|promo(?:tion)?|financing|your (?:roof|home|house|kitchen|property))\b"
            ),
        ),
        (1.0, r"\b(?:i'm at|comes (?:out )?to|would run|runs about|you're (?:looking )?at)\b"),
        (
            -2.0,
            (
                r"\b(?:my (?:husband|wife|kids?|son|daughter|mom|mother|dad|partner)|our (?:roof|house|kitchen"
                r"|budget|bedroom|windows|yard|kids|neighbo\w+))\b"
            ),
        ),
        (
            -2.0,
            (
                r"\b(?:come (?:on )?in\b|how much|do you (?:guys )?(?:do|offer|have|need)|we (?:bought|moved"
                r"|live)|our budget|we'd like|i'd like (?:it|to)|i want|we want|we need|we were thinking)"
            ),
        ),
        (
            -1.5,
            (
                r"\b(?:too (?:high|expensive|much)|think about it|other quotes|we can't|i can't afford"
                r"|your (?:price|warranty|company|crew|guys|reviews))\b"
            ),
        ),
    )
)


def talk_of(utterances: Sequence[Utterance], rep_name: str | None = None) -> Talk:
    """The conversation with its roles; the rep is known by name, by label, else by what is said."""
    folded = [fold(said.text) for said in utterances]
    reps = _reps(utterances, folded, rep_name)
    turns = []
    for index, (said, text) in enumerate(zip(utterances, folded, strict=True)):
        by_rep = said.speaker in reps if reps else _sounds_like_rep(text)
        turns.append(Turn(index, said.speaker, by_rep, said.text, text, amounts(text)))
    amount: dict[str, int] = defaultdict(int)
    for turn in turns:
        if not turn.by_rep and turn.speaker:
            amount[turn.speaker] += len(turn.text)
    customers = tuple(sorted(amount, key=lambda speaker: -amount[speaker]))
    return Talk(tuple(turns), customers, _usual([money for turn in turns if turn.by_rep for money in turn.amounts]))


def _usual(prices: list[Money]) -> float | None:
    known = sorted(money.high for money in prices if money.certain and not money.monthly and money.high > 20)
    return known[len(known) // 2] if known else None


def _reps(utterances: Sequence[Utterance], folded: Sequence[str], rep_name: str | None) -> set[str]:
    """The labels of those who sell; empty where labels do not tell the speakers apart."""
    labels = list(dict.fromkeys(said.speaker for said in utterances))
    if len(labels) < 2:
        return set()
    named = {label for label in labels if rep_name and _same_person(label, rep_name)}
    if named:
        return named
    titled = {label for label in labels if _is_rep_label(label)}
    if titled and len(titled) < len(labels):
        return titled
    others = [label for label in labels if not _CUSTOMER_LABEL.search(fold(label))] or labels
    points: dict[str, float] = dict.fromkeys(others, 0.0)
    for said, text in zip(utterances, folded, strict=True):
        if said.speaker in points:
            points[said.speaker] += _rep_score(text) + 0.3 * text.count("?")
    return {max(others, key=lambda label: points[label])}


def _same_person(label: str, name: str) -> bool:
    """`Maria` and `Maria (rep)` are Maria Lopez; `Maria Smith` is not."""
    said, known = re.findall(r"[^\W\d_]+", fold(label)), re.findall(r"[^\W\d_]+", fold(name))
    if not said or not known or said[0] != known[0]:
        return False
    return len(said) == 1 or len(known) == 1 or said[1] == known[-1] or bool(_REP_LABEL.search(" ".join(said[1:])))


def _is_rep_label(label: str) -> bool:
    text = fold(label)
    return bool(_REP_LABEL.search(text)) and not _CUSTOMER_LABEL.search(text)


def _rep_score(text: str) -> float:
    return sum(weight for weight, pattern in _SAYS if pattern.search(text))


def _sounds_like_rep(text: str) -> bool:
    """A guess for a transcript without speakers, from each utterance by itself."""
    points = _rep_score(text)
    return points > 0 if points else text.rstrip().endswith("?")
