"""The questions that reps ask about the default fields."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from fieldnote.insight.talk.turns import Sentence


class Topic(StrEnum):
    """The subject of a question."""

    BUDGET = "budget"
    TIMELINE = "timeline"
    DECISION = "decision"
    WORRY = "worry"


_ASKS: dict[Topic, re.Pattern[str]] = {
    Topic.DECISION: re.compile(
        r"\b(?:who|anyone|anybody|someone|somebody|both|two of you|just you|only you|by yourself|on your own|you two"
        r"|you guys|is it you|it's you|are you|you the|you're|your (?:wife|husband|spouse|partner|kids|son|daughter"
        r"|mother|father|folks|parents|boss|board)|you and|you make|do you)\b"
        r"[^.!]{0,60}\b(?:decid\w*|decisions?|decision[- ]?makers?|sign(?:s|ing|ed)?(?: off)?|approv\w*|final say"
        r"|last word|a say|make the call|calls the shots|involved|weigh in|run (?:it|this) (?:by|past)|on board"
        r"|on the (?:deed|title|paperwork)|need(?:s)? to (?:be here|see)|talk (?:to|with)|part of|have a vote)\b"
        r"|\bdecision[- ]?makers?\b|\bdecision process\b|\bwho (?:decides|signs|do i|else|all"
        r"|besides)\b(?! (?:is coming|came|gave|quoted|looked))|\b(?:anyone|anybody|somebody"
        r"|someone) else\b.{0,30}\b(?:here|look|see|need)"
        r"|\bis (?:it )?(?:just you|your (?:call|decision))\b|\b(?:is|will|would|should|does|do) (?:your (?:wife"
        r"|husband|spouse|partner)|he|she) (?:\w+ ){0,3}(?:joining|join us|be here|around|home|weigh in"
        r"|want to (?:look|see|be)|have a say|need to)"
    ),
    Topic.WORRY: re.compile(
        r"\b(?:concern|worr(?:y|ies|ied)|hesita|reservations?|hold(?:ing)? you back|on the fence|stopping you"
        r"|second thoughts|bother|nervous|keep you from|not sure about)"
        r"|\bwhat(?:'s| is| would be) (?:the|your) (?:biggest|main|only) (?:thing|question|issue)\b"
    ),
}
# A question about the budget has a word of money and one of wishing, about the customer.
_MONEY = re.compile(
    r"\b(?:budget\w*|numbers?|figures?|figured?|amount|price|prices|priced|cost|costs|invest\w*|spend\w*|money"
    r"|payments?|pay|paying|afford\w*|dollars?|range"
    r"|pencil(?:ed)? in|ball ?park|put (?:in|into|toward|towards|aside)|set aside|a month|monthly|per month"
    r"|down on it)\b"
)
_WISH = re.compile(
    r"\byou(?:'d|'re| guys| all| two| both)?\b.{0,40}\b(?:want\w*|like|mind|comfortable|comfortably|comfort|thinking"
    r"|thought|picturing|picture|hop(?:e|ed|ing)|expect\w*"
    r"|plan\w*|willing|prepared|looking|trying|need|needed|able|set aside|pencil\w*|figured?|shooting"
    r"|talk(?:ed)? about|said|told|mentioned|have|had|got"  # words: said
    r"|put|spend|invest|swing|afford|do|land|stay|see|pay)\b"
    r"|\b(?:what|where|how much|is|any|a|your)\b.{0,40}\b(?:comfortable|in mind|your head|budget|feels? right"
    r"|all[- ]in number|magic number|works? for you|work with|limit|max|ceiling|the money there)\b"
    r"|\b(?:your|the) (?:budget|price range|all[- ]in number|number|limit|max\w*|ceiling|target)\b"
)
_NOT_BUDGET = re.compile(
    r"\b(?:how much (?:is|was|are|were|do they|did they|does)|what (?:do|did|does|are|is) (?:you |they |he |she "
    r"|it )?(?:pay|paying|paid|cost|charge)(?! for (?:it|this))|bills?|electric company|utility|deductible|insurance"
    r"|adjuster"
    r"|other (?:quote|bid|guy|company)|neighbor|worth|offer|how many|phone number|part number|model number|number of"
    r"|account|deposit|square|sign|years|tax)\b"
)


_PLAINLY = re.compile(
    r"\b(?:your|the|a) budget\b|\bprice range\b|\bbudget\?|\byour (?:max|maximum|limit|ceiling|cap|top number)\b"
    r"|\ball in\b.{0,40}\bwhat are you thinking\b"
    r"|\bwhat (?:were|are) you (?:guys |two |all )?(?:hoping|expecting|wanting|thinking)(?: to (?:be|spend|pay|stay"
    r"|land)(?: at| around)?)?\W*$"
)


def _asks_budget(folded: str) -> bool:
    if _PLAINLY.search(folded):
        return True
    return bool(_MONEY.search(folded) and _WISH.search(folded)) and not _NOT_BUDGET.search(folded)


# A question about the time of the work asks when, or names a time, and speaks of the customer's wish or of the work.
_WHEN = re.compile(
    r"\b(?:when|how (?:soon|quick(?:ly)?|fast|urgent)|timing|time ?frame|time ?line|time ?table|deadline|by when"
    r"|(?:start|target|finish|move-in|install) date|date|what (?:month|season|week)"
    r"|season|rush|hurry|how (?:long|late) (?:can|could) (?:you|it) wait)\b"
)
_TIMES = re.compile(
    r"\b(?:spring|summer|fall|autumn|winter|january|february|march|april|may|june|july|august|september|october"
    r"|november|december|christmas|thanksgiving|the holidays"
    r"|next (?:week|month|year)|this (?:week|month|year)|end of)\b"
)
_STILL = re.compile(
    r"\b(?:still|mention\w*|said|says|told|looking|thinking"  # words: said
    r"|shooting|want\w*|by|before|this|next|around|in|aiming)\b"
)
_OF_WORK = re.compile(
    r"\b(?:want\w*|need\w*|like|hop\w+|look\w+|plan\w*|think\w*|thought|aim\w*|shoot\w+|work(?:ing)? toward|start\w*"
    r"|done|begin|happen|schedule|install\w*|ready|finish\w*|get(?:ting)? (?:it|this|them|em|going|started|in)"
    r"|put (?:you|it|them|in)|crew|ideal\w*|best time"  # words: said
    r"|good time|have (?:it|them|us)|in by|be in|pick it up|gone"
    r"|spend it|in mind|still|mentioned|said|says|driving|you(?:r| guys| two)?)\b"
)
_NOT_TIMELINE = re.compile(
    r"\bwhen (?:was|were|did)\b(?! you (?:want|need|hope|plan))|\bgood time (?:to (?:call|come|talk|reach|meet)"
    r"|for me)\b|\b(?:call|meet|talk|see) (?:you|him|her|them|them both|you both)\b|\bcome (?:back|by|out)\b"
    r"|\bhow long have\b|\b(?:meeting|appointment|vote|storm|hail|built|bought|move(?:d)? in|available|home|joining"
    r"|around|date code|up to date|birthday|born|weather|game)\b|\bhow old\b|\b(?:they|he|she|board|council) (?:meet"
    r"|vote|come|get)\b|\byou (?:guys )?been\b"
)


def _asks_when(folded: str) -> bool:
    if _NOT_TIMELINE.search(folded):
        return False
    if _WHEN.search(folded):
        return len(folded) <= 30 or _OF_WORK.search(folded) is not None
    named = _TIMES.search(folded)
    return (
        named is not None and len(folded) <= 60 and folded.rstrip().endswith("?") and _STILL.search(folded) is not None
    )


def asks_about(question: Sentence) -> Topic | None:
    """The subject of a rep's question, if it is one of the default fields'."""
    return _topic(question.folded)


@lru_cache(maxsize=4096)
def _topic(folded: str) -> Topic | None:
    if _ASKS[Topic.DECISION].search(folded):
        return Topic.DECISION
    if _asks_budget(folded):
        return Topic.BUDGET
    for topic, pattern in _ASKS.items():
        if pattern.search(folded):
            return topic
    return Topic.TIMELINE if _asks_when(folded) else None
