"""Statements about a conversation, each with the utterances that support it: the sentences that a note needs most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import affirms, is_hypothetical, reply_to
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.times import Kind
from fieldnote.insight.summary.salience import FEATURES, Salience
from fieldnote.insight.summary.weights import WEIGHTS
from fieldnote.insight.talk.patterns import AGREES, COMPETES, DECIDES, DECLINES, FEARS, PAYS, STEP
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import word_count

LONGEST_QUOTE = 20
"""Words of a sentence that a note repeats."""
_LATE = 0.4
_SAME = 0.6


class Part(IntEnum):
    """The place of a statement in the note."""

    OUTCOME = 0
    FIELDS = 1
    WANTS = 2
    PRICE = 3
    COMPETITOR = 4
    CONCERNS = 5
    DECISION = 6
    NEXT = 7


_LEADS = {
    Part.WANTS: "Said",
    Part.PRICE: "Price",
    Part.COMPETITOR: "Other offers",
    Part.CONCERNS: "Concern",
    Part.DECISION: "Decision",
    Part.NEXT: "Next",
}


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


def outcome(talk: Talk) -> Statement | None:
    """Whether the customer agreed or put it off, in the last clear words about it."""
    for sentence in reversed(talk.sentences[-max(40, len(talk.sentences) // 3) :]):
        if sentence.by_rep or sentence.asks or is_hypothetical(sentence):
            continue
        if DECLINES.search(sentence.folded):
            return _quote(Part.OUTCOME, "Not decided", sentence)
        if AGREES.search(sentence.folded):
            return _quote(Part.OUTCOME, "The customer agreed", sentence)
    return None


def of_fields(extractions: Sequence[Extraction], shown: dict[str, str]) -> Iterator[Statement]:
    """The values of the fields that a note names."""
    for one in extractions:
        if not one.proposed and one.name in shown:
            yield Statement(Part.FIELDS, f"{shown[one.name]}: {one.value}.", one.quotes, 2.0)


def ranked(talk: Talk, extractions: Sequence[Extraction]) -> Iterator[Statement]:
    """All sentences that say something, the most telling first; one that repeats another is left out."""
    salience = Salience(talk, frozenset(quote.index for one in extractions for quote in one.quotes))
    rated = [(_score(salience, one), -one.place, one) for one in talk.sentences if len(one.stems) > 1 or one.amounts]
    taken: list[frozenset[str]] = []
    for score, _, sentence in sorted(rated, key=lambda pair: pair[:2], reverse=True):
        own = sentence.stems
        if any(len(own & other) > _SAME * max(1, min(len(own), len(other))) for other in taken):
            continue
        taken.append(own)
        part = _part(talk, sentence)
        side = "rep" if sentence.by_rep else "customer"
        lead = f"{_LEADS[part]}, {side}"
        yield _quote(part, lead, sentence, weight=score, day=_day(talk, sentence) if part is Part.NEXT else "")


def _score(salience: Salience, sentence: Sentence) -> float:
    return sum(
        WEIGHTS[name] * value for name, value in zip(FEATURES, salience.features(sentence), strict=True) if value
    )


def _part(talk: Talk, sentence: Sentence) -> Part:
    folded = sentence.folded
    is_late = sentence.place > _LATE * len(talk.sentences)
    if STEP.search(folded) and is_late:
        return Part.NEXT
    if COMPETES.search(folded) and not sentence.by_rep:
        return Part.COMPETITOR
    if any(one.certain for one in sentence.amounts) or (PAYS.search(folded) and sentence.amounts):
        return Part.PRICE
    if FEARS.search(folded) and not sentence.by_rep:
        return Part.CONCERNS
    return Part.DECISION if DECIDES.search(folded) and not sentence.by_rep else Part.WANTS


def next_steps(talk: Talk) -> Iterator[Statement]:
    """What was promised or agreed, by whom, and on which day."""
    begin = len(talk.sentences) * 2 // 5
    for sentence in talk.sentences[begin:]:
        if not STEP.search(sentence.folded) or is_hypothetical(sentence) or word_count(sentence.text) < 4:
            continue
        days = [
            when for when in sentence.times if when.kind in {Kind.DAY, Kind.MONTH, Kind.PERIOD} and when.turn != "last"
        ]
        reply = reply_to(talk, sentence) if sentence.by_rep and sentence.asks else None
        if sentence.asks and not (reply and affirms(reply.folded)):
            continue
        weight = 1.0 + 2.0 * bool(days) + sentence.place / max(1, len(talk.sentences))
        side = "rep" if sentence.by_rep else "customer"
        yield _quote(Part.NEXT, f"Next, {side}", sentence, weight=weight, day=_day(talk, sentence))


def _day(talk: Talk, sentence: Sentence) -> str:
    """The date of a weekday that was named, from the visit's day."""
    day = talk.visit.day
    for when in sentence.times:
        known = dates.on_day(when, day) if day is not None and when.kind is Kind.DAY else None
        if known is not None:
            return f" ({known:%a} {known:%B} {known.day})"
    return ""


def _quote(part: Part, lead: str, sentence: Sentence, *, weight: float = 1.0, day: str = "") -> Statement:
    quotes = (Quote(sentence.turn.index, sentence.turn.text),)
    return Statement(part, f'{lead}: "{_cut(sentence.text)}"{day}.', quotes, weight, sentence.text)


def _cut(text: str) -> str:
    words = text.strip().replace('"', "'").split()
    shown = " ".join(words[:LONGEST_QUOTE])
    return shown.rstrip(".,;") if len(words) <= LONGEST_QUOTE else f"{shown} ..."
