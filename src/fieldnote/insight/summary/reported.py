"""A sentence of the talk as a note writes it: third person, amounts and days in figures, no hesitation. Pure."""

from __future__ import annotations

import re
from typing import Final

from fieldnote.insight.local.exchanges import is_near_the_sale
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.money import Money, sized
from fieldnote.insight.readers.times import MONTHS, WEEKDAYS, Kind, When
from fieldnote.insight.stems import STOP_WORDS
from fieldnote.insight.talk.patterns import SMALL_TALK
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import clauses, fold

LONGEST: Final = 24
"""Words of a sentence that a note keeps; a longer one ends after a whole clause."""
_NEAR: Final = 12
"""Turns around a bare number in which an amount shows that it means thousands."""
_SMALL: Final = 20
"""Dollars below which a number is money only where somebody says so."""
_FILLER = re.compile(
    r"(?<![\w'])(?:um+|uh+|er|hm+|mm+|you know|i mean|kind of like|i guess|honestly|basically)(?![\w'])[,.]?\s*",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:(?:well|so|ok|okay|yeah|yep|yes|yup|and|but|oh|right|alright|all right|now|ha|see|look|sure|great|perfect"
    r"|no(?=,)|then|'cause|because)(?:[,.!]+\s*|\s+))+",
    re.IGNORECASE,
)
_PRICED = re.compile(
    r"\b(?:i'm at|we're at|get (?:to|down to)|comes? to|do it for|aside|budget\w*|spend|pay|over|under|price\w*|total"
    r"|offer\w*|quot\w+|bid)(?: (?:it|is|was|of|to|about|around|like|us|me|than|at))* $"
)
_COUNTED = re.compile(r"\s+(?:[a-z]+ )?([a-z]{3,}[^s\W]s)\b(?<!dollars)(?<!bucks)")
"""Things that a number counts: `four hundred pages`."""
_DIGITS = re.compile(
    r"(?:one|two|three|four|five|six|seven|eight|nine)(?:[ -](?:oh|one|two|three|four|five|six|seven|eight|nine))+"
)
"""`Eight one one` is a number of a telephone, `six one` may be a reading."""
_MEASURE = re.compile(
    r"\b(?:square f(?:ee|oo)t(?:age)?|squares|feet|foot|inch(?:es)?|years?|degrees|gallons?|tons?|pounds|miles|amps"
    r"|watts|how (?:many|long|old|big|far|tall|wide|high)|what year|zip|address|extension)\b"
)
"""A question with one of these asks for a measure or a number, not for an amount."""
_ASKS_AMOUNT = re.compile(
    r"\b(?:how much|price\w*|cost\w*|budget\w*|spend|pay\w*|per|a (?:month|foot|square)|dollars)\b"
)
_SAYS_SIZE = re.compile(r"thousand|hundred|grand|\$|\dk?\b")
_SAME_TWICE = re.compile(r"([a-z]+)[ -]\1")
"""`Fifty-fifty`."""
_ENDS = re.compile(r"\s*(?:$|[.,?!]|with|for|and|if|total|all in)")
_DOLLARS = re.compile(r"^\s*(?:dollars?|bucks)\b", re.IGNORECASE)
_ONE_DOLLAR = re.compile(r"\s*dollar\s+[a-z]", re.IGNORECASE)
"""`A thousand dollar credit` keeps its article."""
_ONE_OF = re.compile(r"\ban? $")
"""`A fourteen three SEER2` is a model."""
_MORE = re.compile(
    r"\s*(?:and )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|(?:twen|thir|for|fif|six"
    r"|seven|eigh|nine)ty)\b(?! (?:percent|years?|months?|weeks?|days?|feet|of))"
)
"""A number right after an amount: `ten thousand twenty` is not $10,000."""
_BEGUN = re.compile(r"\b(?:thousand|hundred)(?: and)? $")
"""The first half of such a number: `ten thousand`, before `twenty`."""
_TWICE = re.compile(
    r"\b(?!(?:oh|zero|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty|\d+)\b)([\w']+)(?:,? \1\b)+",
    re.IGNORECASE,
)
_COMING = re.compile(
    r"\b(?:will|'ll|going to|gonna|can|could|let's|call|text|come|see you|works|start|begin|by|before|until|next)\b"
)
_DAY_OF_MONTH = re.compile(
    rf"\b(?:the )?(?:{'|'.join(MONTHS)}|{'|'.join(name[:3] for name in MONTHS)}|sept|\d|first|second|third|fourth|fifth"
    r"|sixth|seventh|eighth|ninth|tenth|\w+teenth|eleventh|twelfth|twent\w+|thirt\w+)"
)
_OF_ANOTHER_WEEK = re.compile(
    r"(?:,? (?:and|or)\b.{0,20})?,? (?:before|after|of|week|the \w+)\b|\b(?:on the|every|each|the)\s+$"
)
_OBJECT = re.compile(
    r"(?:\b(?:to|for|with|of|at|from|on|than|about|between|give|gives|call|text|send|email|mail|show|see|get|gets|charge"
    r"|let|help|save|saves|cost|costs|thank|owe|put|puts|bring|ask|meet|told|tell|got"  # words: said
    r"|will have|to have|can have|could have|sell|selling|leave|beat|kill|killing|keep))\s+$"
)
_CUSTOMER: Final = (
    (re.compile(r"\bi'm not\b"), "they are not"),
    (re.compile(r"\b(?:i'm|i am|we're|we are)\b"), "they are"),
    (re.compile(r"\b(?:i|we) was\b"), "they were"),
    (re.compile(r"\b(?:i've|we've)\b"), "they have"),
    (re.compile(r"\b(?:i'll|we'll)\b"), "they will"),
    (
        re.compile(r"\b(?:i'd|we'd)(?= (?:better|been|had|said|gone|paid|put|seen|got|\w+ed)\b)"),
        "they had",
    ),  # words: said
    (re.compile(r"\b(?:i'd|we'd)\b"), "they would"),
    (re.compile(r"\b(?:i|we)\b"), "they"),
    (re.compile(r"\b(?:me|us)\b"), "them"),
    (re.compile(r"\b(?:my|our)\b"), "their"),
    (re.compile(r"\b(?:mine|ours)\b"), "theirs"),
    (re.compile(r"\b(?:myself|ourselves)\b"), "themselves"),
    (re.compile(r"\bdo you\b"), "does the rep"),
    (re.compile(r"\byou're\b"), "the rep is"),
    (re.compile(r"\byou've\b"), "the rep has"),
    (re.compile(r"\byou'll\b"), "the rep will"),
    (re.compile(r"\byou'd\b"), "the rep would"),
    (re.compile(r"\byou\b"), "the rep"),
    (re.compile(r"\byours?\b"), "the rep's"),
)
_REP: Final = (
    (re.compile(r"\b(?:i'm|i am)\b"), "the rep is"),
    (re.compile(r"\bi've\b|\bi have\b"), "the rep has"),
    (re.compile(r"\bi'll\b"), "the rep will"),
    (re.compile(r"\bi'd\b"), "the rep would"),
    (re.compile(r"\bi don't\b"), "the rep does not"),
    (re.compile(r"\bi\b"), "the rep"),
    (re.compile(r"\bme\b"), "the rep"),
    (re.compile(r"\bmy\b|\bmine\b"), "the rep's"),
    (re.compile(r"\byou're\b"), "they are"),
    (re.compile(r"\byou've\b"), "they have"),
    (re.compile(r"\byou'll\b"), "they will"),
    (re.compile(r"\byou'd\b"), "they would"),
    (re.compile(r"\byours?\b"), "their"),
)
_BOTH = re.compile(r"\b(?:you and (?:me|i)|me and you) both\b", re.IGNORECASE)
_YOU = re.compile(r"\byou\b", re.IGNORECASE)
_OF_REP = re.compile(
    r"\b(the rep) (do|don't|have|go|are|bring|send|call|come|take|want|need|give|get|make|use|dig|build|hate|charge"
    r"|think|know|see|like|say|mean|recommend|start|finish|leave|keep|show|work|look|try|guess|pay|owe|ask|sell|install"
    r"|help|pull|run|take|drive|hope|figure|suggest|offer|order|carry|cover|handle|check|measure|prefer|promise"
    r"|understand|believe|live|love|wish|hear|throw|stop|turn|clean|quote|tear|fix|fill|set|put|replace"
    r"|remove|paint|seal|guarantee|match|accept|drill|cut|move|haul|lay)\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"\b(?:can|can't|could|do|does|did|don't|didn't|will|won't|would|let|have|has|should|may|to|make|makes|help"
    r"|and|or)\s+$",
    re.IGNORECASE,
)
_IRREGULAR = {
    "do": "does",
    "don't": "does not",
    "have": "has",
    "go": "goes",
    "are": "is",
    "try": "tries",
    "carry": "carries",
}


def reported(talk: Talk, sentence: Sentence) -> str:
    """The sentence without quotation marks or a period at its end; empty where hesitation is all that it has."""
    return _tidied(_with_figures(talk, sentence), by_rep=sentence.by_rep)


def as_spoken(sentence: Sentence) -> str:
    """The same with amounts and days as they were spoken."""
    return _tidied(sentence.text, by_rep=sentence.by_rep)


def _tidied(text: str, *, by_rep: bool) -> str:
    text = _OPENING.sub("", _FILLER.sub("", text).strip())
    text = _TWICE.sub(r"\1", text).replace('"', "'").strip(" ,.;-")
    text = _shortened(text)
    text = _third_person(text, by_rep=by_rep)
    return text[:1].upper() + text[1:]


def _with_figures(talk: Talk, sentence: Sentence) -> str:
    """Amounts and days in figures, where it is clear which they are."""
    changes = [
        (money.start, money.end, written)
        for money in sentence.amounts
        if (written := _amount(talk, sentence, money)) and money.start < money.end
    ]
    changes += [(when.start, when.end, written) for when in sentence.times if (written := _day(talk, sentence, when))]
    text, end = sentence.text, len(sentence.text)
    for start, stop, written in sorted(changes, reverse=True):
        if stop <= end:
            rest = _DOLLARS.sub("", text[stop:]) if "$" in written else text[stop:]
            article = "a " if _ONE_DOLLAR.match(text[stop:]) and text[start:stop].lower().startswith("a ") else ""
            text, end = text[:start] + article + written + rest, start
    return text


def _amount(talk: Talk, sentence: Sentence, money: Money) -> str:
    if not (money.certain or money.sized):
        larger = sized(money, thousands=True)
        if not 3 <= money.low <= money.high < 300 or not _means_thousands(talk, sentence, money, larger.high):
            return ""
        money = larger
    if (
        "$" not in sentence.text
        and (counted := _COUNTED.match(sentence.folded[money.end :]))
        and counted[1] not in STOP_WORDS
    ):
        return ""
    if _MORE.match(sentence.folded[money.end :]) or _BEGUN.search(sentence.folded[: money.start]):
        return ""
    said = sentence.folded[money.start : money.end]
    is_code = _DIGITS.fullmatch(said) is not None and not _PRICED.search(sentence.folded[: money.start])
    is_bare = not _SAYS_SIZE.search(said) and not _DOLLARS.match(sentence.folded[money.end :])
    if is_bare and (SMALL_TALK.search(sentence.turn.folded) or not is_near_the_sale(talk, sentence)):
        return ""  # a game ended twenty-one seventeen
    if is_bare and _answers_a_measure(talk, sentence):
        return ""
    if is_code or _SAME_TWICE.fullmatch(said) or (is_bare and _ONE_OF.search(sentence.folded[: money.start])):
        return ""
    if money.high < _SMALL and "$" not in str(sentence.text) and not _DOLLARS.match(sentence.folded[money.end :]):
        return ""
    low, high = (f"${one:,.0f}" if one == round(one) else f"${one:,.2f}" for one in (money.low, money.high))
    return f"{low} to {high}" if money.is_range else high


def _answers_a_measure(talk: Talk, sentence: Sentence) -> bool:
    """Whether the turn before asks for a measure: seventeen fifty square feet are no $1,750."""
    index = sentence.turn.index
    asked = talk.turns[index - 1] if index > 0 else None
    if asked is None or "?" not in asked.text or _PRICED.search(sentence.folded):
        return False
    return _MEASURE.search(asked.folded) is not None and _ASKS_AMOUNT.search(asked.folded) is None


def _means_thousands(talk: Talk, sentence: Sentence, money: Money, larger: float) -> bool:
    """Whether the turns around name this very amount in full, or words of paying precede it and prices are as large."""
    index = sentence.turn.index
    near = talk.turns[max(0, index - _NEAR) : index + _NEAR]
    known = [one.high for turn in near for said in turn.sentences for one in said.amounts if one.sized or one.certain]
    if larger in known:
        return True
    is_priced = _PRICED.search(sentence.folded[: money.start]) and _ENDS.match(sentence.folded[money.end :])
    return bool(is_priced) and any(larger / 1.5 <= one <= larger * 1.5 for one in known)


def _day(talk: Talk, sentence: Sentence, when: When) -> str:
    said = sentence.folded[when.start : when.end]
    if when.kind is Kind.MONTH and when.day and not when.part and (core := _DAY_OF_MONTH.search(said)):
        return f"{said[: core.start()]}{when.name.capitalize()} {when.day}"
    day = talk.visit.day
    is_weekday = when.kind is Kind.DAY and when.name in WEEKDAYS and when.turn in {"", "this"}
    if not is_weekday or day is None or not said.endswith(when.name) or not _COMING.search(sentence.folded):
        return ""
    if _OF_ANOTHER_WEEK.match(sentence.folded[when.end :]) or _OF_ANOTHER_WEEK.search(sentence.folded[: when.start]):
        return ""
    known = dates.on_day(when, day)
    return f"{sentence.text[when.start : when.end]}, {known:%B} {known.day}" if known is not None else ""


def _shortened(text: str) -> str:
    if len(text.split()) <= LONGEST:
        return text
    shown = ""
    for span in clauses(fold(text)):
        if len(text[: span.end].split()) > LONGEST:
            break
        shown = text[: span.end]
    return (shown or " ".join(text.split()[:LONGEST])).rstrip(" ,.;-")


def _third_person(text: str, *, by_rep: bool) -> str:
    text = _BOTH.sub("both", text)
    for pattern, wanted in _REP if by_rep else _CUSTOMER:
        text = re.compile(pattern.pattern, re.IGNORECASE).sub(wanted, text)
    if by_rep:
        text = _YOU.sub(lambda match: "them" if _OBJECT.search(text[: match.start()]) else "they", text)
    return _OF_REP.sub(_agreeing, text)


def _agreeing(match: re.Match[str]) -> str:
    """`The rep brings`, but `can the rep bring`."""
    if _AUXILIARY.search(match.string[: match.start()]):
        return match[0]
    verb = match[2].lower()
    return f"{match[1]} {_IRREGULAR.get(verb) or verb + ('es' if verb.endswith(('sh', 'ch')) else 's')}"
