"""Statements about a conversation, each with the utterances that support it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from fieldnote.insight.evidence import Quote
from fieldnote.insight.local.exchanges import affirms, is_hypothetical, of_a_third_party, reply_to
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.money import Money
from fieldnote.insight.readers.times import Kind
from fieldnote.insight.stems import stems
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold, word_count

_LONGEST_QUOTE = 26
"""Words."""


class Part(IntEnum):
    """The place of a statement in the note."""

    OUTCOME = 0
    WANTS = 1
    PRICE = 2
    COMPETITOR = 3
    FIELDS = 4
    OBJECTIONS = 5
    NEXT = 6


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a note."""

    part: Part
    text: str
    quotes: tuple[Quote, ...]
    weight: float = 1.0
    """Which of several to keep where the note is full."""
    said: str = ""
    """The sentence that it quotes, whole."""


_SOLD = re.compile(
    r"\b(?:let's do it|let's do this|let's go ahead|we'll take it|i'll take it|we'll do it|you've got a deal"
    r"|you got a deal|we have a deal|it's a deal|where do i sign|i'll sign|sign me up|put (?:me|us) down"
    r"|go ahead and (?:schedule|book|order)|book it|welcome aboard)\b"
)
_NOT_SOLD = re.compile(
    r"\b(?:not (?:today|tonight|ready|interested)|i'll pass|we'll pass|no thank you|no thanks|we're going to hold off"
    r"|need to think|think about it|sleep on it|can't (?:sign|say yes|decide)|i'm not (?:paying|signing|buying))\b"
)
_WANTS = re.compile(
    r"\b(?:i|we)(?:'d| would|'m| are|'re)? (?:\w+ )?(?:want|wanted|need|needed|like|love|looking for|hoping|prefer"
    r"|tired of|sick of)\b|\b(?:has|have|needs?) to (?:be|have)\b|\bmust\b|\bso that\b|\bbecause\b"
)
_TROUBLE = re.compile(
    r"\b(?:leak\w*|stain\w*|rot\w*|crack\w*|broke\w*|quit|died|failed|mold\w*|draft\w*|cold|hail|storm|flood\w*|damp"
    r"|smell\w*|rust\w*|peel\w*|old|original|worn|sag\w*|loose|noise|bill|burst|clog\w*|sinking|settl\w+|unsafe"
    r"|trip\w*)\b"
)
_QUOTES_PRICE = re.compile(
    r"\b(?:i'm at|we're at|it's|that's|comes? (?:out )?to|would be|runs?|price|total|all in|installed|i can (?:be|do"
    r"|make|get)|i could (?:be|do)|you'd be at|puts you at|is|are|for)\b"
)
_COMPETES = re.compile(
    r"\b(?:other|another|first|last) (?:guy|guys|company|companies|quote|bid|estimate|outfit|people|place|fella"
    r"|contractor)\b|\b(?:quote|bid|estimate)s? from\b|\bthey (?:quoted|wanted|asked|said they'd)\b|\bhad a (?:quote"
    r"|bid|guy)\b|\bgot a (?:quote|bid)\b"
)
_STEP = re.compile(
    r"\b(?:i'll|we'll|i will|we will|i'm going to|i'm gonna|let me|i can|you'll) (?:\w+ ){0,2}?(?:call|text|email|send"
    r"|come|bring|drop|get you|get back|put together|write|order|schedule|book|meet|see you|be (?:here|there|back)"
    r"|stop|check|ask|talk|sign|pick|measure|follow|reach|submit|file|mail|forward|look over|give you)\b"
    r"|\b(?:call|text|email) (?:me|you)\b|\bsee you (?:on|at|then|tomorrow|next|monday|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday)\b|\byou and i talk\b|\bwe're there\b"
    r"|\b(?:crew|they) (?:comes?|will be|'ll be|starts?"  # words: said
    r"|is)\b"
)


def outcome(talk: Talk) -> Iterator[Statement]:
    """Whether the customer agreed or put it off, in their words."""
    last = talk.sentences[-max(40, len(talk.sentences) // 3) :]
    for sentence in reversed(last):
        if sentence.by_rep or sentence.asks or is_hypothetical(sentence):
            continue
        if _NOT_SOLD.search(sentence.folded):
            yield _said(Part.OUTCOME, "Not decided", sentence)
            return
        if _SOLD.search(sentence.folded):
            yield _said(Part.OUTCOME, "The customer agreed", sentence)
            return


def wants(talk: Talk) -> Iterator[Statement]:
    """What the customer wants and why, in their words: the sentences that say most about the project."""
    project = stems(fold(talk.visit.project or ""))
    ranked: list[tuple[float, Sentence]] = []
    for sentence in talk.sentences:
        count = word_count(sentence.text)
        if sentence.by_rep or sentence.asks or not 5 <= count <= 40 or is_hypothetical(sentence):
            continue
        points = 2.0 * bool(_WANTS.search(sentence.folded)) + 1.5 * bool(_TROUBLE.search(sentence.folded))
        points += 1.5 * min(2, len(project & sentence.stems)) + 0.5 * bool(sentence.times)
        points -= 3.0 * of_a_third_party(sentence.folded) + 0.01 * count
        if points >= 2.5:
            ranked.append((points, sentence))
    for points, sentence in sorted(ranked, key=lambda one: -one[0])[:3]:
        yield _said(Part.WANTS, "Customer", sentence, weight=points)


def prices(talk: Talk) -> Iterator[Statement]:
    """The prices that the rep named, and the one that the customer agreed to."""
    named: list[tuple[Money, Sentence]] = []
    for sentence in talk.sentences:
        if not sentence.by_rep or not _QUOTES_PRICE.search(sentence.folded) or _COMPETES.search(sentence.folded):
            continue
        if re.search(
            r"\b(?:my|his|her|their) (?:dad|wife|boss|cousin|first|truck|car|brother|mother)\b", sentence.folded
        ):
            continue
        named += [
            (money, sentence) for money in sentence.amounts if money.certain and (money.high >= 400 or money.monthly)
        ]
    usual = talk.usual_price or 0.0
    near = [(money, sentence) for money, sentence in named if money.monthly or money.high >= usual / 4]
    shown = list(dict.fromkeys(str(money) for money, _ in near))[-5:]
    if shown:
        quotes = {one.turn.index: Quote(one.turn.index, one.turn.text) for money, one in near if str(money) in shown}
        ordered = tuple(quotes[index] for index in sorted(quotes))
        yield Statement(Part.PRICE, f"The rep named {_series(shown)}.", ordered, 3.0)
    for money, sentence in reversed(near):
        reply = reply_to(talk, sentence)
        if reply is not None and affirms(reply.folded) and word_count(reply.text) >= 3:
            yield _said(Part.PRICE, f"To {money} the customer said", reply, extra=sentence, weight=2.0)
            return


def competitors(talk: Talk) -> Iterator[Statement]:
    """Other companies and their prices, as the customer said it."""
    for sentence in talk.sentences:
        if not sentence.by_rep and _COMPETES.search(sentence.folded) and not sentence.asks:
            named = sentence.amounts or re.search(r"(?<=[a-z,] )[A-Z][a-z]{3,}", sentence.text)
            if named and 5 <= word_count(sentence.text) <= 45:
                yield _said(Part.COMPETITOR, "On other companies", sentence, weight=1.5 + bool(sentence.amounts))


def next_steps(talk: Talk) -> Iterator[Statement]:
    """What was promised or agreed, by whom, and on which day."""
    begin = len(talk.sentences) * 2 // 5
    for sentence in talk.sentences[begin:]:
        if not _STEP.search(sentence.folded) or is_hypothetical(sentence) or word_count(sentence.text) < 4:
            continue
        days = [
            when for when in sentence.times if when.kind in {Kind.DAY, Kind.MONTH, Kind.PERIOD} and when.turn != "last"
        ]
        reply = reply_to(talk, sentence) if sentence.by_rep and sentence.asks else None
        if sentence.asks and not (reply and affirms(reply.folded)):
            continue
        weight = 1.0 + 2.0 * bool(days) + sentence.place / max(1, len(talk.sentences))
        owner = "Rep" if sentence.by_rep else "Customer"
        yield _said(Part.NEXT, f"Next, {owner.lower()}", sentence, weight=weight, day=_day(talk, sentence))


def _day(talk: Talk, sentence: Sentence) -> str:
    """The date of a weekday that was named, from the visit's day."""
    day = talk.visit.day
    for when in sentence.times:
        known = dates.on_day(when, day) if day is not None and when.kind is Kind.DAY else None
        if known is not None:
            return f" ({known:%a} {known:%B} {known.day})"
    return ""


def _series(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _said(
    part: Part, lead: str, sentence: Sentence, *, extra: Sentence | None = None, weight: float = 1.0, day: str = ""
) -> Statement:
    quotes = {one.turn.index: Quote(one.turn.index, one.turn.text) for one in (extra, sentence) if one is not None}
    ordered = tuple(quotes[index] for index in sorted(quotes))
    return Statement(part, f'{lead}: "{_cut(sentence.text)}"{day}.', ordered, weight, sentence.text)


def _cut(text: str) -> str:
    words = text.strip().replace('"', "'").split()
    shown = " ".join(words[:_LONGEST_QUOTE])
    return shown.rstrip(".,;") if len(words) <= _LONGEST_QUOTE else f"{shown} ..."


def best(statements: Iterable[Statement], most: int) -> list[Statement]:
    """The weightiest, in the order in which they were said."""
    kept = sorted(statements, key=lambda one: -one.weight)[:most]
    return sorted(kept, key=lambda one: one.quotes[-1].index)
