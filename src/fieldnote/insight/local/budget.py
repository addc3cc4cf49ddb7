"""The customer's budget: of all amounts in a conversation, the one that the customer says to be able to spend."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import Answer, answers, denies, is_hypothetical, of_a_third_party
from fieldnote.insight.local.topics import Topic, asks_about
from fieldnote.insight.readers.money import Bound, Money, sized
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import clause_around

_OWN = re.compile(
    r"\b(?:our|my|the) (?:\w+ )?(?:budget|limit|max|maximum|ceiling|cap|number|comfort zone|magic number|top number)\b"
    r"|\b(?:set|put|setting|putting|saved|squirreled|tucked|socked) (?:\w+ )?(?:aside|away|up|back)\b|\bbudgeted\b"
    r"|\bwe(?:'ve| have) saved\b"
    r"|\b(?:to spend|to work with|to put (?:in|into|toward|towards|down on)|comfortable (?:with|at|around|spending"
    r"|doing|paying))\b"
    r"|\b(?:can|could|able to|willing to|want to|wanted to|wanna|like to|love to|hoping to|trying to|planning to"
    r"|planned to|plan to|looking to"
    r"|prefer to|need to|prepared to|got to|have to) (?:\w+ ){0,2}?(?:spend|pay|afford|swing|manage|invest|handle"
    r"|be (?:at|around|under|in)|stay|keep"
    r"|come in|land|do it for|go (?:up )?to|go as high)\b"
    r"|\b(?:can't|cannot|won't|don't want to|not going to|not going|wouldn't|couldn't|not gonna|rather not"
    r"|didn't want to) (?:\w+ ){0,2}?(?:go|spend|pay|do|be|afford)?"
    r" ?(?:over|above|past|more than|north of|higher than|beyond|anything over)\b"
    r"|\b(?:is|was|that's|it's|would be) (?:about |really |pretty much )?(?:all|the most|what) (?:i|we)(?:'ve| have|'d"
    r"| can| could| want)\b"
    r"|\b(?:the most|the absolute most|all) (?:i|we)(?:'ve| have|'d| can| could| want| would)\b"
    r"|\b(?:i|we)(?:'re| are| were| was|'m| am)? (?:was |were |kind of |sort of |really )?(?:thinking|figuring|figured"
    r"|hoping|picturing|looking at|shooting for)\b"
    r"|\b(?:stay|keep it|keep this|stays|come in|get it|get me|bring it) (?:\w+ ){0,2}?(?:under|below|around|within"
    r"|at or under|to|down to|inside)\b"
    r"|\b(?:stretch|squeeze|push it) to (?:about |maybe )?$|\bapproved (?:us )?for\b|\bin my head\b|\bin mind\b|\b(?:i"
    r"|we)(?:'ve| have)(?: got)? (?:about |around |only |just |maybe |like )*$"
    r"|\b(?:reserve\w*|fund|budget) (?:study )?(?:has|allows|shows)\b|\b(?:raised|pooled|landed on|ran the numbers)\b"
    r"|\b(?:i|we)(?:'ll| could| can|'d| would| will) (?:do|go|get to|pay|spend)(?: the| up to| as high as| to"
    r"| about)* $"
    r"|\bneeds? (?:it )?to be (?:at|under|around|between|about|below|in)\b|\bwhere (?:we're|i'm) at\b"
    r"|\bsomewhere (?:around|between|in)\b"
)
_OWN_AFTER = re.compile(
    r"[ ,]*(?:dollars|bucks|grand|thousand)?[ ,]*(?:a month|per month)?[ ,]*(?:is |would be |that's |'s )?(?:about "
    r"|like |really |pretty much )?(?:my|our|the|as)? ?(?:absolute |very |high )?(?:max\b|maximum|tops\b|top\b|number"
    r"|figure|limit"
    r"|ceiling|cap\b|budget|at (?:the )?(?:very )?most|most (?:i|we)|all (?:i|we)|what (?:i|we)(?:'ve| have|'d| can"
    r"| could| want)|where (?:we|i)(?:'re|'m| want)|for (?:it|this|the whole|everything|that|the job|all of it)\b"
    r"|set aside|saved|to spend|in mind|comfortabl)"
)
_DEAL = re.compile(
    r"\bif (?:you|you're|it|it's|that|we|they)(?:'re)? (?:\w+ ){0,5}(?:at|to|for|under|be|around)\b.*\b(?:sign|deal"
    r"|do it|yes|go ahead|shake|write you|done)\b"
    r"|\b(?:sign|deal|do it|yes|go ahead)\b.*\bif (?:you|it|we|that)\b"
)
_ELSEWHERE = re.compile(
    r"\b(?:paid|cost|costs|charged|charge|quoted|quote|quotes|bid|bids|estimate|wanted|asked for|bought|sold|spent|owe"
    r"|owes|worth|appraised|deductible"
    r"|insurance|adjuster|bill|bills|rent|mortgage|salary|tuition|rebate|credit|discount|coupon|off|deposit"
    r"|down payment|down|put down|trade|refund|used to|years ago"
    r"|last (?:year|time|summer|winter|month)|back in|a year|an hour|a week|a day|per (?:square|foot|window|hour|year)"
    r"|apiece|each|square feet|miles|tax"
    r"|premium|fee|permit|fine|ticket|dog|cat|truck|car|vet|candle|candles|carpet|carpets|fence|wedding|vacation)\b"
)
_DENIED = re.compile(
    r"\b(?:don't|do not|didn't|doesn't|haven't|not) (?:even )?have\b|\bthought you were gonna say\b|\bisn't (?:my"
    r"|our)\b"
)
_CORRECTS = re.compile(
    r"\b(?:no|actually|wait|sorry|scratch that|i mean|make (?:it|that)|make that|let's say|call it|well)\b"
)
_MONTHLY = re.compile(r"\ba month\b|\bper month\b|\bmonthly\b|\bpayments?\b|\beach month\b|\bevery month\b")
_LIMITS = 220
"""Characters around an amount that are read for what it is."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    money: Money
    tier: int
    """3: stated as the budget in answer to a question; 2: one of both."""
    sentence: Sentence
    question: Sentence | None


def find_budget(talk: Talk) -> Extraction | None:
    """The last clear statement; None where nobody stated a budget, or where the statements contradict each other."""
    found = _candidates(talk)
    if not found:
        return None
    best = max(one.tier for one in found)
    chosen = [one for one in found if one.tier >= min(best, 2)][-1]
    limits = [one.money for one in found if one.money.high == chosen.money.high and one.money.bound is not Bound.EXACT]
    if limits and chosen.money.bound is Bound.EXACT:  # "up to thirty thousand", then "thirty and not a dollar more"
        chosen = replace(chosen, money=limits[-1])
    evidence = {chosen.sentence.turn.index: chosen.sentence.turn.text}
    if chosen.question is not None:
        evidence[chosen.question.turn.index] = chosen.question.turn.text
    quotes = tuple(Quote(index, text) for index, text in sorted(evidence.items()))
    steps = () if chosen.money.sized else (f"unit: {chosen.money.high:g}",)
    return Extraction("Budget", str(chosen.money), quotes, round(0.7 + 0.1 * chosen.tier, 2), operations=steps)


_STRETCH = re.compile(r"\b(?:stretch|push it|go up|squeeze)(?: it)? to (?:about |maybe )?$")
_COMMITS = re.compile(
    r"\b(?:i'll do (?:that|it)|i can do (?:that|it)|we can do (?:that|it)|we'll do (?:that|it)|let's do (?:it|that)"
    r"|write it up|deal\b|it's a deal|that works|i'll pay (?:it|that|the)|we'll (?:spend|pay)|put me down"
    r"|i'll take (?:it|that)|we'll take (?:it|that)"
    r"|i'm in\b|where do i sign|i'll sign|fine by me|(?:ok|okay|fine|alright|all right)[.,]? (?:let's|we'll"
    r"|i'll) (?:go|do|sign))"
)
_NOT_COMMITTED = re.compile(r"\b(?:if|unless|but|think|maybe|tomorrow|talk|no|not|can't|don't|won't|when)\b")


def _agreed(talk: Talk) -> list[_Candidate]:
    """The last price that the rep named and the customer agreed to pay in so many words."""
    found: list[_Candidate] = []
    for sentence in talk.sentences:
        if not sentence.by_rep or not _is_offer(talk, sentence):
            continue
        reply = _committed(talk, sentence)
        if reply is not None:
            found.append(_Candidate(sentence.amounts[-1], 2, reply, sentence))
    return found


def _is_offer(talk: Talk, sentence: Sentence) -> bool:
    if not sentence.amounts or _ELSEWHERE.search(sentence.folded) or of_a_third_party(sentence.folded):
        return False
    money = sentence.amounts[-1]
    return money.certain and money.high >= 50 and not money.is_range and _plausible(talk, money)


def _committed(talk: Talk, offer: Sentence) -> Sentence | None:
    """The customer's sentence that agrees, in the turn right after the offer."""
    for later in talk.sentences[offer.place + 1 :]:
        if later.turn.index > offer.turn.index + 1:
            return None
        if later.by_rep and later.turn.index == offer.turn.index and (later.asks or later.amounts):
            return None
        if not later.by_rep and _COMMITS.search(later.folded) and not _NOT_COMMITTED.search(later.folded):
            return later
    return None


def _plausible(talk: Talk, money: Money) -> bool:
    """Whether an amount has the size of this sale."""
    if money.monthly:
        return True
    named = [
        one.high
        for sentence in talk.sentences
        if sentence.by_rep and not of_a_third_party(sentence.folded)
        for one in sentence.amounts
        if one.certain and not one.monthly and one.high >= 300
    ]
    if not named or (max(named) < 2000 and money.sized):  # only fees and times of day were named
        return True
    return min(named) * 0.3 <= money.high <= max(named) * 6


def _money_is_talked_of(talk: Talk, sentence: Sentence) -> bool:
    """Whether the rep named a price or asked about one shortly before, or the customer's own turn speaks of money."""
    if _MONEY_WORDS.search(sentence.turn.folded):
        return True
    near = talk.turns[max(0, sentence.turn.index - 8) : sentence.turn.index]
    spoken = [one for turn in near if turn.by_rep for one in turn.sentences]
    return any(
        asks_about(one) is Topic.BUDGET
        or any(money.certain and money.high >= 300 and _plausible(talk, money) for money in one.amounts)
        for one in spoken
    )


_MONEY_WORDS = re.compile(
    r"\b(?:budget\w*|price|cost|spend|payments?|a month|set aside|put away|saved|savings|refund|loan|heloc"
    r"|credit union|afford|quote)\b"
)


def _candidates(talk: Talk) -> list[_Candidate]:
    asked = {answer.sentence.place: answer for answer in answers(talk) if asks_about(answer.question) is Topic.BUDGET}
    found: list[_Candidate] = []
    for sentence in talk.sentences:
        if sentence.by_rep or not sentence.amounts or is_hypothetical(sentence):
            continue
        answer = asked.get(sentence.place)
        own = [one for money in sentence.amounts if (one := _candidate(talk, sentence, money, answer))]
        found += own[-1:] if _CORRECTS.search(sentence.folded) else own[:1]
    agreed = [one for one in _agreed(talk) if _near_the_stated(one, found)]
    return sorted(_stretched([*found, *agreed]), key=lambda one: one.sentence.place)


def _near_the_stated(agreed: _Candidate, stated: list[_Candidate]) -> bool:
    """Whether an agreed price has the size of the stated budget; a deposit and a part of the job do not."""
    known = [one.money.high for one in stated if one.tier == 3 and not one.money.monthly]
    return not known or agreed.money.monthly or known[-1] * 0.4 <= agreed.money.high <= known[-1] * 2.5


def _stretched(found: list[_Candidate]) -> list[_Candidate]:
    """`I put away thirty-five hundred. I could stretch to four` is a range."""
    result: list[_Candidate] = []
    for one in found:
        before = result[-1] if result else None
        same_turn = before is not None and before.sentence.turn is one.sentence.turn
        if (
            before
            and same_turn
            and _STRETCH.search(one.sentence.folded[: one.money.start])
            and before.money.high < one.money.high
        ):
            money = replace(one.money, low=before.money.low, bound=Bound.EXACT)
            result[-1] = replace(one, money=money)
        else:
            result.append(one)
    return result


def _candidate(talk: Talk, sentence: Sentence, money: Money, answer: Answer | None) -> _Candidate | None:
    clause = clause_around(sentence.folded, money.start).of(sentence.folded)
    before = sentence.folded[max(0, money.start - _LIMITS) : money.start]
    near = before[-90:] + sentence.folded[money.start : money.end + 40]
    stated = bool(
        _OWN.search(before) or _OWN_AFTER.match(sentence.folded[money.end :]) or _DEAL.search(sentence.folded)
    )
    if _DENIED.search(before[-40:]) or (of_a_third_party(clause) and not _OWN.search(clause)):
        return None
    if _ELSEWHERE.search(near) and not _OWN.search(clause):
        return None
    if sentence.asks and not _DEAL.search(sentence.folded) and answer is None:
        return None
    is_reply = answer is not None and (answer.distance <= 2 or _settles(sentence)) and not denies_all(sentence)
    if not stated and not (is_reply and not _is_price_of_rep(talk, sentence, money)):
        return None
    tier = 3 if stated and is_reply else 2
    money = _in_dollars(talk, sentence, money, answer)
    if (money.high < 50 and not money.monthly) or not (is_reply or _plausible(talk, money)):
        return None
    if not (is_reply or money.certain or _money_is_talked_of(talk, sentence)):
        return None
    return _Candidate(money, tier, sentence, answer.question if is_reply and answer else None)


_SETTLES = re.compile(
    r"\b(?:ended up|landed on|settled on|agreed on|came up with|make (?:it|that)|let's say|call it"
    r"|so (?:we|i) (?:said|say))\b"
)
_BARE_WORDS = 4


def _settles(sentence: Sentence) -> bool:
    """Whether a later sentence of a reply is its result: `So we ended up saying twenty-four`."""
    is_bare = len(sentence.folded.split()) <= _BARE_WORDS and sentence.amounts[0].sized
    return bool(_SETTLES.search(sentence.folded)) or is_bare


def denies_all(sentence: Sentence) -> bool:
    """`No, not twenty.`"""
    return (
        denies(sentence.folded)
        and len(sentence.folded) < 30
        and not re.match(r"no (?:more|higher|less)", sentence.folded)
    )


def _is_price_of_rep(talk: Talk, sentence: Sentence, money: Money) -> bool:
    """Whether the rep named this very price before, so that the customer only repeats it."""
    for earlier in talk.sentences[max(0, sentence.place - 60) : sentence.place]:
        if earlier.by_rep and not earlier.asks and any(_same(price, money) for price in earlier.amounts):
            return True
    return False


def _same(one: Money, other: Money) -> bool:
    return one.high in {other.high, other.high * 1000} or one.high * 1000 == other.high


def _in_dollars(talk: Talk, sentence: Sentence, money: Money, answer: Answer | None) -> Money:
    """The amount by the month, in thousands, or as said."""
    if money.monthly:
        return money
    near = sentence.folded[max(0, money.start - 60) : money.end + 40]
    asked_monthly = answer is not None and _MONTHLY.search(answer.question.folded) is not None
    if (
        (asked_monthly or _MONTHLY.search(near) or _monthly_before(talk, sentence))
        and 20 <= money.high <= 3000
        and not money.sized
    ):
        return replace(money, monthly=True, sized=True)
    if asked_monthly and money.high <= 3000:
        return replace(money, monthly=True, sized=True)
    if money.sized:
        return money
    usual = talk.usual_price
    thousands = money.high < 200 and (usual is None or usual >= 2000)
    thousands |= usual is not None and usual >= 150_000 and money.high < 1000
    return sized(money, thousands=thousands)


def _monthly_before(talk: Talk, sentence: Sentence) -> bool:
    """Whether the last amounts that were named are payments by the month."""
    near = talk.turns[max(0, sentence.turn.index - 4) : sentence.turn.index]
    return any(_MONTHLY.search(turn.folded) and any(one.amounts for one in turn.sentences) for turn in near)
