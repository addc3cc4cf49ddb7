"""Amounts of money for a custom field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.exchanges import affirms, of_a_third_party, reply_to
from fieldnote.insight.local.passages import Hit, query_of
from fieldnote.insight.readers.money import Money, sized
from fieldnote.insight.stems import stem
from fieldnote.insight.talk.turns import Talk
from fieldnote.insight.words import fold

MONEY_FEATURES: Final = (
    "the rival's, and wanted",
    "the rival's, not wanted",
    "not the rival's, but wanted",
    "monthly as wanted",
    "monthly, not wanted",
    "not monthly, but wanted",
    "is certainly money",
    "is the only amount",
    "far from the words",
    "right after the words",
    "by the other side",
    "agreed to",
    "per unit, as wanted",
    "per unit, not wanted",
    "not per unit, but wanted",
    "in thousands that were not said",
)
_RIVAL = re.compile(
    r"\b(?:compet\w+|another|other) ?(?:company|contractor|roofer|painter|plumber|person|bidder|quote|estimate|bid"
    r"|price|firm)?\b"
)
_RIVAL_SAID = re.compile(
    r"\b(?:other|another|first|last) (?:guy|company|one|outfit|people|man|contractor|roofer|quote|bid"
    r"|estimate)\b|\b(?:guy|man|lady|people|ones) from\b|\bfrom [a-z]+\b.{0,30}\b(?:had|said|wanted)\b"
    r"|\bthey (?:wanted|quoted|asked|said)\b|\bhe (?:wanted|said|quoted)\b"
)
_MONTHLY = re.compile(r"\b(?:month|monthly)\b")
_PER_WANTED = re.compile(
    r"\b(?:per|a|each|every) (?:square |linear )?(?:foot|square|window|door|visit|unit|hour|year|sheet)\b|\byearly\b"
)
_PER_SAID = re.compile(
    r"\s*(?:dollars |bucks )?(?:per|a|each|every) (?:square |linear )?(?:foot|square|window|door"
    r"|visit|unit|hour|year|sheet)\b"
)
_CUSTOMERS = re.compile(
    r"\b(?:they|customer|homeowner|she|he) (?:pay|spend|spent|has|have|earn)|\bbill\b|\btheir\b|\brent\b"
)


def money_candidates(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> Iterator[Candidate]:
    for hit in hits:
        sentence = hit.passage.sentence
        for money in sentence.amounts:
            value = _in_dollars(talk, money, hit)
            if value is not None:
                steps = () if value.high == money.high else (f"unit: {money.high:g} is {value.high:g}",)
                yield Candidate(
                    str(value), hit, (*_features(talk, definition, value, hit), float(bool(steps))), operations=steps
                )


def _features(talk: Talk, definition: Definition, money: Money, hit: Hit) -> tuple[float, ...]:
    sentence, query = hit.passage.sentence, query_of(definition)
    asked = fold(f"{definition.name} {definition.description}")
    wants_rival, wants_monthly = _RIVAL.search(asked) is not None, _MONTHLY.search(asked) is not None
    is_rival = _RIVAL_SAID.search(sentence.folded) is not None or of_a_third_party(sentence.folded)
    spots = [match.start() for match in re.finditer(r"[a-z']+", sentence.folded) if stem(match[0]) in query.all]
    gap = min((abs(money.start - spot) for spot in spots), default=120)
    reply = reply_to(talk, sentence) if sentence.by_rep else None
    wants_per = _PER_WANTED.search(asked) is not None
    is_per = _PER_SAID.match(sentence.folded[money.end :]) is not None
    return (
        float(wants_rival and is_rival),
        float(is_rival and not wants_rival),
        float(wants_rival and not is_rival),
        float(wants_monthly and money.monthly),
        float(money.monthly and not wants_monthly),
        float(wants_monthly and not money.monthly),
        float(money.certain),
        float(len(sentence.amounts) == 1),
        min(gap, 120) / 120,
        float(any(0 < money.start - spot < 30 for spot in spots)),
        float(sentence.by_rep == bool(_CUSTOMERS.search(asked))),
        float(reply is not None and affirms(reply.folded)),
        float(wants_per and is_per),
        float(is_per and not wants_per),
        float(wants_per and not is_per),
    )


def _in_dollars(talk: Talk, money: Money, hit: Hit) -> Money | None:
    """The amount as it is meant; None where it may not be money."""
    if money.certain or money.sized:
        return money
    if hit.passage.distance <= 1 and money.high >= 100:
        return money
    usual = talk.usual_price
    return sized(money, thousands=True) if money.high < 200 and usual is not None and usual >= 3000 else None
