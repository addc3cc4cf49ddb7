"""How a speaker talks, as far as it shows who sells: questions, the house, the company, names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold

FEATURES: Final = (
    "introduces a company",
    "questions",
    "says you",
    "says I",
    "speaks for the company",
    "speaks of the home",
    "words a turn",
    "share of turns",
    "share of words",
    "speaks first",
    "turns at the start",
    "the others say the rep's name",
    "says the rep's name",
    "introduces himself by the rep's name",
    "says the customer's name",
    "the others say the customer's name",
)
INTRODUCES: Final = re.compile(
    r"\b(?:i'm|i am|this is|my name is|my name's|it's) [a-z' ]{2,20}?,? (?:here )?(?:and i'm )?(?:with|from|over at"
    r"|out of) (?!the neighbo)|\bthanks? (?:you )?(?:so much )?for having (?:me|us)\b"
)
"""Words with which a rep introduces himself; a customer has no reason to say them."""
_I = re.compile(r"\b(?:i|i'm|i've|i'd|my|me|our)\b")
_YOU = re.compile(r"\b(?:you|your|you're|you've|yours)\b")
_COMPANY = re.compile(
    r"\b(?:we (?:install|do|use|put|build|can|offer|include|pull|don't|carry|warrant\w*|bring|take|run|set"
    r"|cover|replace)"
    r"|our (?:crews?|guys|office|company|warranty|installers?|price)"  # words: said
    r"|my (?:company|boss|guys|crew|installer|manager|office)|the office"  # words: said
    r"|i (?:could|can) (?:do|get|offer|knock|take|put)|i'm at|warranty|permit|financing"
    r"|i'll (?:send|email|text|call|bring|measure|write|take|get|have|put|be)"
    r"|let me (?:show|take|look|measure|get|see|explain|write))\b"
)
_HOME = re.compile(
    r"\b(?:my (?:husband|wife|son|daughter|mother|mom|dad|father|sister|brother|kids|neighbor|house|bill|truck|dog)"
    r"|our (?:house|bill|daughter|son|kids)|how much|we (?:bought|moved|had|wanted|need|want|saved)"
    r"|i (?:want|need|don't want|hate|bought|like))\b"
)
_FEW: Final = 6
"""A speaker of fewer turns is judged as if there were so many."""
_EARLY: Final = 8
"""Turns of a speaker in which an introduction is looked for."""


def role_features(
    utterances: Sequence[Utterance], label: str, rep_name: str | None, customer: str | None
) -> tuple[float, ...]:
    """The features of one speaker, in the order of `FEATURES`."""
    places = [place for place, one in enumerate(utterances) if one.speaker == label]
    own = [fold(utterances[place].text) for place in places]
    others = [fold(one.text) for one in utterances if one.speaker != label]
    count, whole = sum(len(text.split()) for text in own), sum(len(one.text.split()) for one in utterances)
    turns = max(_FEW, len(own))

    def rate(pattern: re.Pattern[str]) -> float:
        return 10 * sum(len(pattern.findall(text)) for text in own) / max(10 * _FEW, count)

    rep, said = _name(rep_name, first_only=True), " \n ".join(own)
    of_customer, of_others = _name(customer), " \n ".join(others)
    introduction = " \n ".join(own[:_EARLY])
    return (
        float(INTRODUCES.search(introduction) is not None),
        sum(text.count("?") for text in own) / turns,
        rate(_YOU),
        rate(_I),
        rate(_COMPANY),
        rate(_HOME),
        count / turns / 10,
        len(own) / max(1, len(utterances)),
        count / max(1, whole),
        float(bool(places) and places[0] == 0),
        sum(place < 4 for place in places) / 2,
        float(rep is not None and rep.search(of_others) is not None),
        float(rep is not None and rep.search(said) is not None),
        float(rep is not None and _introduces(rep, introduction)),
        float(of_customer is not None and of_customer.search(said) is not None),
        float(of_customer is not None and of_customer.search(of_others) is not None),
    )


def _name(name: str | None, *, first_only: bool = False) -> re.Pattern[str] | None:
    words = [re.escape(word) for word in fold(name or "").split() if len(word) > 1]
    words = words[:1] if first_only else words
    return re.compile(rf"\b(?:{'|'.join(words)})\b") if words else None


def _introduces(rep: re.Pattern[str], text: str) -> bool:
    name = rep.pattern
    return (
        re.search(
            rf"\b(?:it's|i'm|this is|name's|name is|hi,?|hello,?|yes (?:ma'am|sir),?)? ?{name},? (?:from|with|here)\b"
            rf"|\b(?:i'm|this is|my name is|name's) {name}",
            text,
        )
        is not None
    )
