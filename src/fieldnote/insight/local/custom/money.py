"""Amounts of money for a custom field."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.values import FoundValue, evidence_of, is_usable
from fieldnote.insight.local.exchanges import of_a_third_party
from fieldnote.insight.local.passages import Hit, Query, query_of
from fieldnote.insight.readers.money import Money, sized
from fieldnote.insight.stems import stem
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

_RIVAL = re.compile(
    r"\b(?:compet\w+|another|other) ?(?:company|contractor|roofer|painter|plumber|person|bidder|quote|estimate|bid"
    r"|price|firm)?\b"
)
_RIVAL_SAID = re.compile(
    r"\b(?:other|another|first|last) (?:guy|company|fella|one|outfit|people|man|contractor|roofer|quote|bid"
    r"|estimate)\b|\b(?:guy|fella|man|lady|people|ones) from\b|\bfrom [a-z]+\b.{0,30}\b(?:had|said|wanted)\b"
    r"|\bcousin\b|\bthey (?:wanted|quoted|asked|said)\b|\bhe (?:wanted|said|quoted)\b"
)
_MONEY_ENOUGH = 2.0


def read_money(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    """The amount whose sentence, with its question, says most of the definition's words."""
    asked = fold(f"{definition.name} {definition.description}")
    is_rival = _RIVAL.search(asked) is not None
    query = query_of(definition)
    found: list[tuple[float, str, Hit]] = []
    for hit in hits:
        sentence = hit.passage.sentence
        if not sentence.amounts or not is_usable(hit):
            continue
        said_of_rival = _RIVAL_SAID.search(sentence.folded) is not None
        if is_rival and (sentence.by_rep or not said_of_rival):
            continue
        if not is_rival and (said_of_rival or of_a_third_party(sentence.folded)):
            continue
        for money in sentence.amounts:
            value = _in_dollars(talk, money, hit)
            if value is not None:
                found.append((_money_points(money, sentence, query, asked, hit) + 2.0 * is_rival, str(value), hit))
    if not found:
        return None
    best = max(points for points, _, _ in found)
    near = [(text, hit) for points, text, hit in found if points >= best - 0.3]
    if best < _MONEY_ENOUGH or len({text for text, _ in near}) > 1:
        return None
    return FoundValue(near[0][0], evidence_of(near[0][1]), min(0.95, 0.4 + 0.12 * best))


def _money_points(money: Money, sentence: Sentence, query: Query, asked: str, hit: Hit) -> float:
    spoken = hit.passage.stems if hit.passage.distance <= 1 else sentence.stems
    points = (
        1.2 * len(query.name & spoken)
        + 0.6 * len((query.description - query.name) & spoken)
        + 0.3 * min(2, len(query.related & spoken))
    )
    wants_monthly = re.search(r"\b(?:month|monthly)\b", asked) is not None
    points += (
        0.5 * (money.monthly and wants_monthly)
        - 1.0 * (money.monthly and not wants_monthly)
        + 0.3 * money.certain
        + hit.meaning
    )
    # Of several amounts the one nearest to a word of the definition.
    spots = [
        match.start()
        for match in re.finditer(r"[a-z']+", sentence.folded)
        if stem(match[0]) in query.all | query.related
    ]
    if len(sentence.amounts) > 1:
        points -= 0.5 if not spots else min(1.0, min(abs(money.start - spot) for spot in spots) / 60)
    return points


def _in_dollars(talk: Talk, money: Money, hit: Hit) -> Money | None:
    """The amount as it is meant; None where it may be no money."""
    if money.certain or money.sized:
        return money
    if hit.passage.distance <= 1 and money.high >= 100:
        return money
    usual = talk.usual_price
    return sized(money, thousands=True) if money.high < 200 and usual is not None and usual >= 3000 else None
