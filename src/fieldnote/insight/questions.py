"""What the rep asks about, and which turns of customers answer it.

"About forty." is a budget only after a question about money.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from fieldnote.insight.roles import Talk, Turn
from fieldnote.insight.words import word_count


class Topic(StrEnum):
    """What a question is about."""

    BUDGET = "budget"
    TIMELINE = "timeline"
    DECISION = "decision"
    WORRY = "worry"


_ASKS: dict[Topic, tuple[str, ...]] = {
    Topic.BUDGET: (
        r"budget",
        r"price (?:range|point)",
        r"ball ?park",
        (
            r"how much (?:are|were|do|did|would|can|could|have|has|money|is)\b(?! (?:it|the (?:roof|unit"
            r"|house|system|permit)))(?! (?:of that|longer|time))"
        ),
        (
            r"(?:what|where|how much|anything|something|number|figure|idea)\b.{0,60}\b(?:spend|spending"
            r"|invest|put (?:into|toward|in|aside)|pay|paying)\b"
        ),
        r"investment",
        (
            r"(?:number|figure|amount|range|price)s?\b.{0,30}\b(?:in mind|in (?:your|you guys'?) heads?"
            r"|thinking|working with|picture|picturing|mind|stay|trying|comfortable|on the phone|hoping"
            r"|looking|target)"
        ),
        (
            r"(?:as far as|in terms of|when it comes to|on the) (?:cost|price|money|budget|investment"
            r"|dollars?)\b|(?:cost|price|money|dollar|budget)[- ]?wise|money side|(?:mind|thinking"
            r"|expecting|hoping|planning|picturing)\b.{0,30}\b(?:cost|price|money|spend|number)\b"
        ),
        (
            r"(?:comfortable|good|ideal|realistic) (?:range|number|price|figure|zone)\b|range (?:for|do|are"
            r"|would|did|were) you\b"
        ),
        r"your (?:max|maximum|limit|ceiling|cap)\b",
        r"your (?:all[- ]in|total|rough|target|max|magic|ideal|top) (?:number|figure|range|price|spend)\b",
        r"(?:what|which) (?:kind of |sort of )?(?:a )?(?:number|numbers|figure)\b",
        r"talk(?:ed)? about a (?:number|price|figure)",
        (
            r"(?:set|put|setting) (?:something |anything |some money |money |a number )?aside"
            r"|money (?:has )?been set aside|been set aside|pencil(?:ed)? in"
        ),
        (
            r"(?:what|where|which) .{0,30}(?:you|payment|price|number).{0,30}(?:comfortable|comfort zone"
            r"|feel good|need to be|want(?:ed)? to be|like to be|like to (?:stay|land|end up)"
            r"|want to (?:stay|land|end up)|hoping to (?:be|stay|land)|need it to be|see yourself"
            r"|see yourselves)"
        ),
        (
            r"what(?:'s|'d| is| would be| were| was)? .{0,30}(?:expect(?:ing)?|hop(?:e|ing)|think(?:ing)?"
            r"|want(?:ing)?|looking|plan(?:ning)?) (?:to )?(?:spend|pay|be at|put|invest"
            r"|for (?:a )?(?:price|cost))"
        ),
        r"what were you (?:expecting|thinking|hoping for)\b(?=[^a-z]*$)",
        r"(?:is|where's) the money",
        (
            r"monthly (?:payment|investment)|payment (?:would|that|you|be|range|works|work)"
            r"|where would it need to be|where do you need to be|need to be on the payment"
        ),
        (
            r"(?:know|idea|sense) (?:of )?what you'?(?:'re|d| are| want| wanted)? (?:comfortable"
            r"|want(?:ed)? to spend|looking to)"
        ),
        r"(?:max|maximum|ceiling|cap|limit) (?:you|on|for|that)",
        r"how (?:are|were) you (?:planning|looking|going) to pay",
        (
            r"where'?d? (?:do |did |would )?you (?:want|need|like|hope|prefer)(?:ed)? to (?:be|land|stay"
            r"|end up)"
        ),
        r"what (?:can|could) you (?:afford|do|spend|swing|manage)",
        r"afford",
        (
            r"where'?(?:'d|'s| did| do| would| are)? (?:you|your head|you guys|you two|we"
            r"|your number).{0,20}(?:land|be|at)\b(?=[^a-z]*$|.{0,20}\b(?:overall|price|number|money"
            r"|budget|cost)\b)"
        ),
    ),
    Topic.TIMELINE: (
        r"time ?(?:line|frame)",
        r"timing",
        r"how (?:soon|quick(?:ly)?|fast|urgent)",
        r"deadline",
        r"done by when|by when|when by",
        r"target date|a date (?:you|in mind|that)|start date|date in mind",
        (
            r"when\b.{0,24}\b(?:would|do|did|are|were|does|should|will|is|have)\b.{0,20}\b(?:you|it|she|he"
            r"|they|we|that|this|everything|work|project)\b.{0,40}\b(?:like|want|need|hop(?:e|ing)"
            r"|look(?:ing)?|plan(?:ning)?|think(?:ing)?|start|done|ideal|happen|replace|install(?:ed)?"
            r"|finish(?:ed)?|get (?:it|this|going|started)|have (?:it|this|them|us)|be (?:in|sitting|ready"
            r"|moving|done|cooking|swimming|using|up)|running|wrapped|complete[d]?|break ground|crew|begin"
            r"|put in)\b"
        ),
        (
            r"when(?:'s| is| would be| would)? (?:a |the )?(?:good|best|ideal|right"
            r"|perfect) time (?:to (?:have|get|start|do|put|install|begin|schedule)|for (?:the|this"
            r"|us to (?:start|do|put|install)))"
        ),
        r"when (?:can|should|could) we (?:put|get|schedule|start|plan|install|have|do)",
        r"when (?:would|do|are) you (?:guys |all |two )?(?:ready|want|like|need|hop|plan|think)",
        r"what (?:season|month|time of (?:the )?year|week|kind of time)",
        r"is there (?:an? )?(?:event|season|date|rush|hurry|particular (?:date|time))",
        r"any (?:rush|hurry|particular (?:time|date))|in a (?:rush|hurry)",
        r"(?:event|something|date) you'?(?:'re|are)? (?:shooting|aiming|working|trying)",
        r"still (?:next|this|in|by|looking at|thinking|for) ",
        (
            r"(?:want|need|like|looking|hoping) (?:it|this|that|them|everything|to (?:have|get) (?:it"
            r"|this)) (?:done|in|on|finished|installed|started|complete)"
        ),
        r"how long (?:can|could|before|until) you (?:wait|need|want|have)",
        r"when you'?(?:'d|re)? (?:want|like|need|hoping|looking)",
        r"^(?:and )?(?:so )?when\b.{0,25}\?$",
        r"\band when ?\?",
        (
            r"when (?:does|do|did|would|will) (?:it|this|that|they|you|everything|she|he) (?:have|need|got"
            r"|want|like) (?:to|it|this|them)\b"
        ),
        (
            r"^(?:\w+[.,] )?(?:and |so )?when (?:can|could|will|do|would|should) (?:you|they|we|it)\b"
            r"(?! (?:come|call|meet|vote|get home))"
        ),
        r"when(?:'s| is| are| does| do)? .{0,24}\b(?:thinking|hoping|wanting|looking|want|need)\b",
        r"what's (?:driving the|your) (?:schedule|timing|calendar)",
    ),
    Topic.DECISION: (
        r"decision",
        r"(?:make|making) (?:these|those|the|that kind of) calls?\b",
        r"your (?:house|call)\b[^.]*\?",
        r"decid(?:e|es|ing|er)",
        (
            r"(?:talk|run|discuss|check|go) (?:(?:it|this|that|things) )?(?:over )?(?:by |past |with |to )"
            r"(?:anyone|anybody|somebody|someone)\b"
        ),
        (
            r"anyone else|anybody else|somebody else|someone else|who else|who all|who besides"
            r"|else (?:involved|who)"
        ),
        r"(?:has|have|get|gets) (?:a|the|any) (?:say|vote|final (?:say|word))",
        r"make(?:s)? the (?:final )?call|calls? the shots|final say|final word",
        r"(?:is it )?just you\b|only you\b|by yourself|on your own|the only (?:owner|one|person)",
        (
            r"(?:both|two) of you\b|you (?:two|both|guys both)\b|you and (?:your )?[a-z]+ (?:both|together"
            r"|decide|on the same)"
        ),
        r"sign(?:s|ing)? (?:off|it|on|the)|who signs|on the paperwork",
        r"approv(?:e|al|es|ing)",
        r"on board|on the same page",
        r"(?:on|whose) (?:the )?(?:title|name)|who owns|whose (?:house|decision|call)",
        (
            r"does your (?:wife|husband|spouse|partner)|(?:is|will|would|should|where's) your (?:wife"
            r"|husband|spouse|partner|better half)|(?:wife|husband|spouse|partner) (?:need|want|have|be"
            r"|joining|around|home|here|available|involved)"
        ),
        r"run (?:it|this) (?:by|past)",
        r"(?:is|will) (?:he|she) (?:be )?(?:joining|home|around|here|available|part)",
        r"is [a-z]+ (?:joining us|going to be here)",
        r"who (?:do|would|will) (?:we|i|you) need|who needs",
    ),
    Topic.WORRY: (
        r"concern(?:s|ed)?\b",
        r"worr(?:y|ies|ied)",
        r"hesitat(?:ion|ions|e|ing)",
        r"reservations?",
        r"hold(?:ing)? you back",
        r"on the fence",
        r"what's (?:keeping|stopping|the hold)",
        r"keeps? you up",
        r"second thoughts",
        r"what's the main thing",
        r"not sure about",
        r"think (?:through|about)",
    ),
}
_PATTERNS = {topic: re.compile(r"\b(?:" + "|".join(asks) + r")") for topic, asks in _ASKS.items()}
_NOT_ASKS = {
    Topic.TIMELINE: re.compile(
        r"\bwhen (?:was|were|did) (?!you (?:want|need|hope|plan))|when can i (?:come|call|stop|swing)"
        r"|good time (?:to (?:come|call|meet|talk)|for me)|when do they (?:meet|vote)"
        r"|did you find|how long have you|how soon (?:can|could) i (?:come|call)"
    ),
}
_STATEMENT = re.compile(
    r"\b(?:most|some|a lot of|lots of|many) (?:of )?(?:people|folks|homeowners|customers"
    r"|my customers|clients|guys|families)\b"
)
_PATIENCE = 2


def asks(turn: Turn) -> set[Topic]:
    """The topics of a rep's question; a statement with its words may count, as transcripts often lack the sign."""
    found = {topic for topic, pattern in _PATTERNS.items() if pattern.search(turn.folded)}
    if "?" not in turn.folded and _STATEMENT.search(turn.folded):
        return set()
    return {topic for topic in found if not ((no := _NOT_ASKS.get(topic)) and no.search(turn.folded))}


def answers(talk: Talk) -> list[dict[Topic, int]]:
    """For each turn of a customer the topics that it may answer, with how many turns of the rep came in between."""
    waiting: dict[Topic, int] = {}
    result: list[dict[Topic, int]] = []
    for turn in talk.turns:
        if turn.by_rep:
            result.append({})
            waiting = _after_rep(turn, waiting)
        else:
            result.append(dict(waiting))
    return result


def _after_rep(turn: Turn, waiting: dict[Topic, int]) -> dict[Topic, int]:
    asked = asks(turn)
    if asked:
        return dict.fromkeys(asked, 0)
    if "?" in turn.folded and word_count(turn.folded) > 8:
        return {}
    patience = _PATIENCE if word_count(turn.folded) <= 12 else 1
    return {topic: age + 1 for topic, age in waiting.items() if age < patience}


_YES = re.compile(
    r"^(?:[-\s,.]|oh|well|um+|uh+|and|i mean|i think|mm|ha|haha|honestly)*(?:yeah|yes|yep|yup|ya"
    r"|correct|exactly|right|that's (?:about |probably |exactly |still )?(?:right|it|correct|fair"
    r"|what|where|the (?:number|range|budget|plan))|sure(?! but)|absolutely|definitely"
    r"|sounds (?:about )?(?:right|good|great|fair)"
    r"|that (?:sounds|would be|works|is right|feels)|uh-huh|mm-?hmm?|you got it|we are|we do|i am"
    r"|it is|i do|always|perfect|somewhere (?:around|in) there|about that|something like that"
    r"|give or take|fair|pretty much|bingo|totally|of course|ideally|we both do|that's us"
    r"|that'd be|works for (?:me|us))\b"
)
_NO = re.compile(
    r"^(?:[-\s,.]|oh|well|um+|uh+|yeah,? )*(?:no\b|nope|nah|not (?:really|quite|exactly)|never"
    r"|god no|hell no|actually,? no)|\b(?:that's|it's) (?:not (?:right|it)|wrong|way (?:too|more"
    r"|over)|too)\b"
)


def affirms(turn: Turn) -> bool:
    """Whether a turn begins with a yes."""
    return bool(_YES.search(turn.folded)) and not _NO.search(turn.folded)


def denies(turn: Turn) -> bool:
    return bool(_NO.search(turn.folded))


def reply_to(talk: Talk, index: int) -> Turn | None:
    """The customer's next turn, if it is one of the next two."""
    following: Sequence[Turn] = talk.turns[index + 1 : index + 3]
    return next((turn for turn in following if not turn.by_rep), None)
