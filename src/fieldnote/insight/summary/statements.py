"""Statements about a conversation, each with the utterances that support it: the sentences that a note needs most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import affirms, answers, is_hypothetical, reply_to
from fieldnote.insight.local.turn_scores import Subject, turn_scores
from fieldnote.insight.readers.times import Kind
from fieldnote.insight.summary.reported import LONGEST, as_spoken, reported
from fieldnote.insight.talk.patterns import AGREES, COMPETES, DECIDES, DECLINES, FEARS, PAYS, STEP
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import word_count

_LATE = 0.4
_SAME = 0.8
_LEAST = -3.2
"""Log odds below which a sentence says too little for a note."""
_FEW = 5
"""Words below which a sentence is written with the question that it answers."""
_FEWEST = 4
"""Words of a sentence that is clear without a question."""


class Part(IntEnum):
    """The place of a statement in the note."""

    OUTCOME = 0
    FIELDS = 1
    WANTS = 2
    WORK = 3
    PRICE = 4
    COMPETITOR = 5
    CONCERNS = 6
    DECISION = 7
    NEXT = 8


_LEADS = {
    Part.WANTS: "Customer",
    Part.WORK: "Work",
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
    """The sentence that it rests on, as spoken."""
    lead: str = ""
    """Opens the first of several statements of one kind; `text` is without it."""

    @property
    def with_lead(self) -> str:
        """The statement by itself."""
        return f"{self.lead}: {self.text}" if self.lead else self.text


def outcome(talk: Talk) -> Statement | None:
    """Whether the customer agreed or put it off, in the last clear words about it."""
    for sentence in reversed(talk.sentences[-max(40, len(talk.sentences) // 3) :]):
        if sentence.by_rep or sentence.asks or is_hypothetical(sentence):
            continue
        if DECLINES.search(sentence.folded):
            return _statement(talk, Part.OUTCOME, sentence, lead="Not decided")
        if AGREES.search(sentence.folded):
            return _statement(talk, Part.OUTCOME, sentence, lead="Agreed")
    return None


def of_fields(extractions: Sequence[Extraction], shown: dict[str, str]) -> Iterator[Statement]:
    """The values of the fields that a note names."""
    for one in extractions:
        if not one.proposed and one.name in shown:
            yield Statement(Part.FIELDS, f"{one.value}.", one.quotes, 2.0, lead=shown[one.name])


def ranked(talk: Talk) -> Iterator[Statement]:
    """All sentences that say something, the most telling first; one that repeats another is left out."""
    scores = turn_scores(talk)
    questions = {one.sentence.place: one.question for one in answers(talk) if one.distance == 0}
    telling = [one for one in talk.sentences if (len(one.stems) > 1 or one.amounts) and not is_hypothetical(one)]
    rated = [(scores.odds(Subject.NOTE, one.turn.index), -one.place, one) for one in telling]
    taken: list[frozenset[str]] = []
    for score, _, sentence in sorted(rated, key=lambda pair: pair[:2], reverse=True):
        own = sentence.stems
        if score < _LEAST:
            return
        if any(len(own & other) > _SAME * max(1, min(len(own), len(other))) for other in taken):
            continue
        taken.append(own)
        question = questions.get(sentence.place) if word_count(sentence.text) < _FEW else None
        if question is not None or word_count(sentence.text) >= _FEWEST:
            yield _statement(talk, _part(talk, sentence), sentence, weight=score, question=question)


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
    if sentence.by_rep:
        return Part.WORK
    return Part.DECISION if DECIDES.search(folded) else Part.WANTS


def next_steps(talk: Talk) -> Iterator[Statement]:
    """The promises and agreements, with their owner and day."""
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
        yield _statement(talk, Part.NEXT, sentence, weight=weight)


def _statement(
    talk: Talk,
    part: Part,
    sentence: Sentence,
    *,
    weight: float = 1.0,
    lead: str = "",
    question: Sentence | None = None,
) -> Statement:
    turns = {one.turn.index: one.turn.text for one in (question, sentence) if one is not None}
    quotes = tuple(Quote(index, turns[index]) for index in sorted(turns))
    text = _ended(reported(talk, sentence))
    if question is not None and word_count(question.text) <= LONGEST:
        text = f"{reported(talk, question).rstrip('?')}? {text}"
    return Statement(part, text, quotes, weight, sentence.text, lead or _LEADS[part])


def in_spoken_words(talk: Talk, statement: Statement) -> Statement:
    """The same with amounts and days as they were spoken, for one whose figures the check does not confirm."""
    turn = talk.turns[statement.quotes[-1].index]
    sentence = next((one for one in turn.sentences if one.text == statement.said), None)
    return replace(statement, text=_ended(as_spoken(sentence))) if sentence is not None else statement


def _ended(text: str) -> str:
    return text if text.endswith(("?", "!")) or not text else f"{text}."
