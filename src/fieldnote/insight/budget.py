"""The customer's budget: of all amounts in a conversation, the one that they mean to spend."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fieldnote.insight import budget_cues as cues
from fieldnote.insight.evidence import Quote
from fieldnote.insight.money import Bound, Money, sized
from fieldnote.insight.questions import Topic, affirms, answers, asks, denies, reply_to
from fieldnote.insight.roles import Talk, Turn
from fieldnote.insight.words import clause_around, score, sentence_around, word_count

_ENOUGH = 2.5
_NEAR_BEST = 1.5
"""A later amount wins over an earlier one unless the earlier is clearer by more than this."""
_ANSWER = (3.5, 2.5, 1.5)
"""For what customers say right after a question about money, and after one or two more turns of the rep."""
_MEMORY = 12
"""For so many turns a price of the rep's is recognized when the customer repeats it."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    money: Money
    points: float
    turn: Turn


def find_budget(talk: Talk) -> tuple[str, tuple[Quote, ...]] | None:
    """The budget in its normal form with the words it stands on; None if none was named."""
    waiting = answers(talk)
    found: list[_Candidate] = []
    for turn in talk.turns:
        found += _proposed(talk, turn) if turn.by_rep else _named(talk, turn, waiting[turn.index])
    good = [candidate for candidate in found if candidate.points >= _ENOUGH]
    if not good:
        return None
    best = max(candidate.points for candidate in good)
    chosen = [candidate for candidate in good if candidate.points >= best - _NEAR_BEST][-1]
    return str(chosen.money), (Quote(chosen.turn.index, chosen.turn.text),)


def _named(talk: Talk, turn: Turn, waiting: dict[Topic, int]) -> list[_Candidate]:
    """The amounts in a customer's turn."""
    found = [_weighed(talk, turn, money, waiting) for money in turn.amounts]
    return [
        candidate
        for position, candidate in enumerate(found)
        if not any(
            _corrects(turn.folded, candidate.money, later.money) for later in found[position + 1 :] if later.points >= 0
        )
    ]


def _corrects(folded: str, earlier: Money, later: Money) -> bool:
    return bool(cues.CORRECTION.search(folded, earlier.end, later.start + 1))


def _weighed(talk: Talk, turn: Turn, money: Money, waiting: dict[Topic, int]) -> _Candidate:
    folded = turn.folded
    clause, sentence = clause_around(folded, money.start), sentence_around(folded, money.start)
    asked = waiting.get(Topic.BUDGET)
    points = _ANSWER[asked] if asked is not None else 0.0
    own = min(5.0, score(sentence.of(folded), cues.SENTENCE) * (1.0 if money.start - sentence.start < 140 else 0.5))
    points += own
    points += score(folded[max(0, money.start - 40) : money.start], cues.BEFORE) + score(
        folded[money.end :], cues.AFTER
    )
    points += score(clause.of(folded), cues.ELSEWHERE)
    if cues.OF_OTHERS.match(clause.of(folded)) and cues.OTHERS.search(folded, sentence.start, money.start):
        points -= 6.0
    points += 2.0 if money.bound is Bound.UP_TO else 0.0
    points += 1.0 if money.is_range and asked is not None else 0.0
    points += 1.5 if money.monthly else 0.0
    points += 3.0 if asked is None and _is_bare_answer(talk, turn, money) else 0.0
    points -= 0.0 if money.certain or asked is not None or own >= 2.0 else 2.0
    if _is_price_of_rep(talk, turn, money):
        points -= 3.5
    return _Candidate(
        _in_dollars(talk, turn, money, by_month=asked is not None and _by_month(talk, turn)), points, turn
    )


def _is_bare_answer(talk: Talk, turn: Turn, money: Money) -> bool:
    """A range or limit and hardly a word more, right after a question that asks for no other number."""
    question = talk.rep_before(turn.index)
    if question is None or question.index != turn.index - 1 or "?" not in question.folded:
        return False
    limits = money.is_range or money.bound is not Bound.EXACT
    rest = word_count(turn.folded) - word_count(turn.folded[money.start : money.end])
    return limits and rest <= 4 and not cues.OTHER_NUMBER.search(question.folded)


def _is_price_of_rep(talk: Talk, turn: Turn, money: Money) -> bool:
    """Whether the rep named this very price shortly before, and not as the customer's own figure."""
    for earlier in talk.turns[max(0, turn.index - _MEMORY) : turn.index]:
        if earlier.by_rep and not asks(earlier) and any(_same(price, money) for price in earlier.amounts):
            return not any(
                _same(own, money)
                for before in talk.turns[: earlier.index]
                if not before.by_rep
                for own in before.amounts
            )
    return False


def _same(one: Money, other: Money) -> bool:
    return one.high in {other.high, other.high * 1000} or one.high * 1000 == other.high


def _by_month(talk: Talk, turn: Turn) -> bool:
    question = talk.rep_before(turn.index)
    return question is not None and any(
        word in question.folded for word in ("monthly", "a month", "per month", "payment")
    )


def _in_dollars(talk: Talk, turn: Turn, money: Money, *, by_month: bool) -> Money:
    """What "forty" is worth here: by the month, in thousands, or as it stands."""
    if by_month and not money.monthly and 20 <= money.high <= 3000:
        return replace(money, monthly=True, sized=True)
    usual = talk.usual_price
    thousands = money.high < 200 and not (usual is not None and usual < 900)
    if usual is not None and usual >= 150_000:
        thousands = money.high < 1000
    return sized(money, thousands=thousands or _spelled_out(talk, turn, money))


def _spelled_out(talk: Talk, turn: Turn, money: Money) -> bool:
    """Whether somebody says right after it that thousands are meant: "Forty." "Forty thousand, okay." """
    return any(
        echo.high == money.high * 1000
        for later in talk.turns[turn.index + 1 : turn.index + 4]
        for echo in later.amounts
    )


def _proposed(talk: Talk, turn: Turn) -> list[_Candidate]:
    """The amounts in a rep's turn that the customer says yes to."""
    reply = reply_to(talk, turn.index)
    if reply is None or not affirms(reply) or denies(reply):
        return []
    found = []
    for money in turn.amounts:
        sentence = sentence_around(turn.folded, money.start)
        said = sentence.of(turn.folded)
        points = score(turn.folded, cues.PROPOSES) + score(said, cues.QUOTES) + score(said, cues.ELSEWHERE[:2])
        points += 1.5 if Topic.BUDGET in asks(turn) else 0.0
        points += 2.0 if word_count(turn.folded) <= 8 and _money_is_talked_of(talk, turn) else 0.0
        points -= 1.5 if reply.amounts else 0.0
        found.append(_Candidate(_in_dollars(talk, turn, money, by_month=False), min(points, 4.5), turn))
    return found[-1:]


def _money_is_talked_of(talk: Talk, turn: Turn) -> bool:
    return any(
        Topic.BUDGET in asks(before) for before in talk.turns[max(0, turn.index - 3) : turn.index] if before.by_rep
    )
