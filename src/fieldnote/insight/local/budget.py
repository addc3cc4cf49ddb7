"""The customer's budget: of all amounts in a conversation, the one that the customer says to be able to spend."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.exchanges import (
    Answer,
    answers,
    denies,
    is_hypothetical,
    is_near_the_sale,
    is_short,
    of_a_third_party,
)
from fieldnote.insight.local.options import Option, likeliest, recurring, scored
from fieldnote.insight.local.topics import Topic, asks_about
from fieldnote.insight.local.turn_scores import Subject, TurnScores
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


def find_budget(talk: Talk, scores: TurnScores) -> Extraction | None:
    """The amount that the customer can spend or agrees to pay; None where that is not clear."""
    return likeliest("Budget", talk, budget_options(talk, scores))


@dataclass(frozen=True, slots=True)
class _Amount:
    money: Money
    sentence: Sentence
    answer: Answer | None
    offer: Sentence | None = None
    """The rep's sentence that the customer agreed to."""


def budget_options(talk: Talk, scores: TurnScores) -> list[Option]:
    """Every amount that a customer names, and every price of the rep's that a customer agrees to."""
    replies = {answer.sentence.place: answer for answer in answers(talk)}
    sizes = _sizes(talk)
    found: list[_Amount] = []
    for sentence in talk.sentences:
        if sentence.by_rep:
            reply = _committed(talk, sentence) if _is_offer(sentence, sizes) else None
            if reply is not None:
                found.append(_Amount(sentence.amounts[-1], reply, None, sentence))
            continue
        answer = replies.get(sentence.place)
        for one in sentence.amounts:
            money = _in_dollars(talk, sentence, one, answer if _is_on_budget(answer) else None)
            if (money.high >= _LEAST or money.monthly) and not _is_no_budget(talk, sentence, one, answer):
                found.append(_Amount(money, sentence, answer))
    found = _stretched(found)
    values = [(one.money.high, one.money.monthly) for one in found]
    prices = [(money.high, place) for place, money in _prices(talk)]
    options = [
        Option(
            str(_with_limit(one, found)),
            (one.sentence,) if (asked := one.offer or _question(one)) is None else (asked, one.sentence),
            {**_features(talk, one, prices, sizes), **recurring(values, place)},
            () if one.money.sized else (f"unit: {one.money.high:g}",),
        )
        for place, one in enumerate(found)
    ]
    return scored(talk, options, Subject.BUDGET, scores)


_LEAST = 50


def _is_no_budget(talk: Talk, sentence: Sentence, money: Money, answer: Answer | None) -> bool:
    """Whether an amount is a joke, another's, of another matter, or only repeats what the rep said."""
    if is_hypothetical(sentence):
        return True
    clause = clause_around(sentence.folded, money.start).of(sentence.folded)
    asked = answer.question.folded if answer is not None and answer.distance == 0 else ""
    is_own = bool(_OWN.search(clause) or _FUNDS.search(clause) or _DEAL.search(sentence.folded))
    if of_a_third_party(clause) and not _OWN.search(clause):
        return True
    if not is_short(talk):  # in a long talk, the learned weights tell these apart
        return False
    if not is_own and not _is_on_budget(answer) and (_ELSEWHERE.search(clause) or _ELSEWHERE.search(asked)):
        return True
    near = talk.sentences[max(0, sentence.place - 3) : sentence.place]
    repeated = [one for one in near if one.by_rep and any(known.high == money.high for known in one.amounts)]
    if not repeated or is_own:
        return False
    return sentence.asks or bool(_OVER.search(sentence.turn.folded) or _ELSEWHERE.search(repeated[-1].folded))


_OVER = re.compile(r"\btoo (?:much|high)\b|\b(?:steep|expensive|pricey|wow|ouch|whoa|no way)\b")


def _is_on_budget(answer: Answer | None) -> bool:
    return answer is not None and asks_about(answer.question) is Topic.BUDGET


def _question(one: _Amount) -> Sentence | None:
    return (
        one.answer.question
        if one.answer is not None and _is_on_budget(one.answer) and one.answer.distance <= 2
        else None
    )


def _prices(talk: Talk) -> list[tuple[int, Money]]:
    """The rep's prices with the places of their sentences."""
    return [
        (sentence.place, sized(money, thousands=money.high < 200 and (talk.usual_price or 0) >= 2000))
        for sentence in talk.sentences
        if sentence.by_rep and not of_a_third_party(sentence.folded)
        for money in sentence.amounts
    ]


def _with_limit(one: _Amount, found: list[_Amount]) -> Money:
    """`Up to thirty thousand`, then `thirty and not a dollar more`."""
    limits = [o.money for o in found if o.money.high == one.money.high and o.money.bound is not Bound.EXACT]
    return limits[-1] if limits and one.money.bound is Bound.EXACT and not one.money.is_range else one.money


def _features(
    talk: Talk, one: _Amount, prices: list[tuple[float, int]], sizes: tuple[float, float] | None
) -> dict[str, float]:
    money, sentence, answer = one.money, one.sentence, one.answer
    folded = sentence.folded
    start, end = (money.start, money.end) if one.offer is None else (0, 0)
    clause = clause_around(folded, start).of(folded)
    before, after = folded[max(0, start - _LIMITS) : start], folded[end:]
    near = before[-90:] + folded[start : end + 40]
    known = [
        "own before" * bool(_OWN.search(before)),
        "own after" * bool(_OWN_AFTER.match(after)),
        "own money" * bool(_FUNDS.search(clause)),
        "deal" * bool(_DEAL.search(folded)),
        "elsewhere" * bool(_ELSEWHERE.search(near)),
        "elsewhere, not own" * bool(_ELSEWHERE.search(near) and not _OWN.search(clause)),
        "third party" * of_a_third_party(clause),
        "denied" * bool(_DENIED.search(before[-40:]) or denies_all(sentence)),
        "asks" * sentence.asks,
        "answers a question about it" * _is_on_budget(answer),
        "right after that question" * bool(answer and _is_on_budget(answer) and answer.distance == 0),
        "answers another question" * bool(answer and not _is_on_budget(answer) and answer.distance == 0),
        "agreed" * bool(one.offer or _COMMITS.search(folded)),
        "agreed price" * (one.offer is not None),
        "if or but" * bool(_NOT_COMMITTED.search(folded)),
        "certain" * money.certain,
        "in thousands that were not said" * (not money.sized and not money.certain),
        "monthly" * money.monthly,
        "range" * money.is_range,
        "limit" * (money.bound is Bound.UP_TO),
        "around" * (money.bound is Bound.AROUND),
        "at least" * (money.bound is Bound.AT_LEAST),
        "money is talked of" * _money_is_talked_of(talk, sentence, sizes),
        "hypothetical" * is_hypothetical(sentence),
        "corrects" * bool(_CORRECTS.search(folded)),
        "settles" * bool(_SETTLES.search(folded)),
        "short" * (len(folded.split()) <= _BARE_WORDS),
        "first of the sentence" * (bool(sentence.amounts) and sentence.amounts[0].start == money.start),
        "several amounts" * (len(sentence.amounts) > 1),
        "in a short talk" * is_short(talk),
        "answers a question about it in a short talk" * (is_short(talk) and _is_on_budget(answer)),
        "own before in a short talk" * bool(is_short(talk) and _OWN.search(before)),
        *_against_prices(money, sentence, prices),
        *_places(talk, sentence),
    ]
    return {name: 1.0 for name in known if name}


_FUNDS = re.compile(
    r"\b(?:i|we)(?:'ve| have)? (?:got|have|had|saved|put (?:away|aside)|set aside)\b|\bsaved?\b|\bsavings\b"
    r"|\bset aside\b|\brefund\b|\binherit\w*|\bsettlement\b|\bbonus\b|\bour number\b|\bthat's (?:it|all)\b"
    r"|\bnot (?:a|one) (?:penny|dollar|dime)|\bfigured\b|\bcomfortable\b|\bstop at\b"
    r"|\b(?:i|we)(?:'d|'ll| would| will| can| could)? (?:go|do|spend|pay|swing)\b"
)


def _against_prices(money: Money, sentence: Sentence, prices: list[tuple[float, int]]) -> list[str]:
    """How an amount compares with the prices that the rep named before, and whether the rep repeats it afterwards."""
    earlier = [price for price, place in prices if place < sentence.place]
    later = [price for price, place in prices if sentence.place < place <= sentence.place + _SOON]
    same = any(price == money.high for price in earlier)
    large = [price for price in earlier if price >= 300]
    ratio = money.high / max(large) if large and not money.monthly else 0.0
    return [
        "the rep's price" * same,
        "the rep's last price" * bool(earlier and earlier[-1] == money.high),
        "the rep repeats it" * any(price == money.high for price in later),
        "no price before" * (not large),
        "far below the price" * (0 < ratio < 0.3),
        "below the price" * (0.3 <= ratio < 0.75),
        "near the price" * (0.75 <= ratio <= 1.0 and not same),
        "above the price" * (ratio > 1.05),
    ]


_SOON = 8


def _places(talk: Talk, sentence: Sentence) -> list[str]:
    share = sentence.place / max(1, len(talk.sentences))
    return ["early" * (share < 0.2), "late" * (share > 0.5), "near the sale" * is_near_the_sale(talk, sentence)]


def _stretched(found: list[_Amount]) -> list[_Amount]:
    """`I put away thirty-five hundred. I could stretch to four` is a range."""
    result: list[_Amount] = []
    for one in found:
        before = result[-1] if result else None
        is_more = (
            before is not None
            and before.sentence.turn is one.sentence.turn
            and one.offer is None
            and _STRETCH.search(one.sentence.folded[: one.money.start])
            and before.money.high < one.money.high <= 2 * before.money.high
        )
        if before is not None and is_more:
            result[-1] = replace(one, money=replace(one.money, low=before.money.low, bound=Bound.EXACT))
        else:
            result.append(one)
    return result


_STRETCH = re.compile(r"\b(?:stretch|push it|go up|squeeze)(?: it)? to (?:about |maybe )?$")
_COMMITS = re.compile(
    r"\b(?:i'll do (?:that|it)|i can do (?:that|it)|we can do (?:that|it)|we'll do (?:that|it)|let's do (?:it|that)"
    r"|write it up|deal\b|it's a deal|that works|i'll pay (?:it|that|the)|we'll (?:spend|pay)|put me down"
    r"|i'll take (?:it|that)|we'll take (?:it|that)"
    r"|i'm in\b|where do i sign|i'll sign|fine by me|(?:ok|okay|fine|alright|all right)[.,]? (?:let's|we'll"
    r"|i'll) (?:go|do|sign))"
)
_NOT_COMMITTED = re.compile(r"\b(?:if|unless|but|think|maybe|tomorrow|talk|no|not|can't|don't|won't|when)\b")


def _is_offer(sentence: Sentence, sizes: tuple[float, float] | None) -> bool:
    if not sentence.amounts or _ELSEWHERE.search(sentence.folded) or of_a_third_party(sentence.folded):
        return False
    money = sentence.amounts[-1]
    return money.certain and money.high >= 50 and not money.is_range and _plausible(money, sizes)


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


def _sizes(talk: Talk) -> tuple[float, float] | None:
    """The rep's smallest and largest certain price; None without one. Read once a talk, as each amount asks for it."""
    named = [
        one.high
        for sentence in talk.sentences
        if sentence.by_rep and not of_a_third_party(sentence.folded)
        for one in sentence.amounts
        if one.certain and not one.monthly and one.high >= 300
    ]
    return (min(named), max(named)) if named else None


def _plausible(money: Money, sizes: tuple[float, float] | None) -> bool:
    """Whether an amount has the size of this sale."""
    if money.monthly or sizes is None:
        return True
    least, most = sizes
    if most < 2000 and money.sized:  # only fees and times of day were named
        return True
    return least * 0.3 <= money.high <= most * 6


def _money_is_talked_of(talk: Talk, sentence: Sentence, sizes: tuple[float, float] | None) -> bool:
    """Whether the rep named a price or asked about one shortly before, or the customer's own turn speaks of money."""
    if _MONEY_WORDS.search(sentence.turn.folded):
        return True
    near = talk.turns[max(0, sentence.turn.index - 8) : sentence.turn.index]
    spoken = [one for turn in near if turn.by_rep for one in turn.sentences]
    return any(
        asks_about(one) is Topic.BUDGET
        or any(money.certain and money.high >= 300 and _plausible(money, sizes) for money in one.amounts)
        for one in spoken
    )


_MONEY_WORDS = re.compile(
    r"\b(?:budget\w*|price|cost|spend|payments?|a month|set aside|put away|saved|savings|refund|loan|heloc"
    r"|credit union|afford|quote)\b"
)


_SETTLES = re.compile(
    r"\b(?:ended up|landed on|settled on|agreed on|came up with|make (?:it|that)|let's say|call it"
    r"|so (?:we|i) (?:said|say))\b"
)
_BARE_WORDS = 4


def denies_all(sentence: Sentence) -> bool:
    """`No, not twenty.`"""
    return (
        denies(sentence.folded)
        and len(sentence.folded) < 30
        and not re.match(r"no (?:more|higher|less)", sentence.folded)
    )


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
