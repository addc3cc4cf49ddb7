"""Amounts of money in what was said, each with its range, its limit and whether it is by the month."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from fieldnote.insight.readers.numbers import Number, numbers
from fieldnote.insight.words import any_of


class Bound(StrEnum):
    """How an amount limits."""

    EXACT = "exact"
    AROUND = "around"
    """About so much."""
    UP_TO = "up to"
    """So much and no more."""
    AT_LEAST = "at least"
    """So much or more."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as it was said."""

    low: float
    high: float
    start: int
    end: int
    bound: Bound = Bound.EXACT
    monthly: bool = False
    certain: bool = False
    """Says that it is money, or has the size of it: `$40`, `forty thousand`, `12,500`. Not `forty`."""
    sized: bool = False
    """The numbers stand for themselves; else they may be thousands."""

    @property
    def is_range(self) -> bool:
        return self.low != self.high

    def __str__(self) -> str:
        text = (
            f"{_dollars(self.low)} - {_dollars(self.high)}"
            if self.is_range
            else _WORDS[self.bound] + _dollars(self.high)
        )
        return f"{text} per month" if self.monthly else text


_WORDS = {Bound.EXACT: "", Bound.AROUND: "Around ", Bound.UP_TO: "Up to ", Bound.AT_LEAST: "At least "}


def _dollars(amount: float) -> str:
    return f"${amount:,.0f}" if amount == round(amount) else f"${amount:,.2f}"


# Words for the thing that a number counts, when it is not money.
_COUNTED = any_of(
    r"%", "percent", "point", "points", r"years?", r"months?", r"weeks?", r"days?", r"hours?", r"minutes?", r"nights?",
    r"degrees?", r"squares?", "sq", r"feet", "foot", "ft", r"inch(?:es)?", "linear", r"miles?", r"gallons?", r"panels?",
    r"windows?", r"doors?", r"people", r"kids?", r"guests?", r"tons?", "seer", r"kilowatts?", "kw", r"watts?",
    r"bed(?:room)?s?", r"baths?", r"pounds?", r"photos?", r"shingles?", r"o'?clock", "am", "pm", r"a\.?m", r"p\.?m",
    r"decibels?", r"times?", "of us", "of them", "of you", "of those", "of these", r"amps?", r"volts?", "mph",
    r"inspectors?", r"bids?", r"quotes?", r"estimates?", r"companies", r"guys?", r"rooms?", r"layers?", r"coats?",
    r"downspouts?", r"posts?", r"(?:year|day|week|month|foot|gallon|ton|inch|car|story|man|person|minute|hour)s?",
    r"cents", "percentage", "apr", "thirty in the",
)  # fmt: skip
_AFTER_COUNT = re.compile(r"\s*(?:-\s*|/\s*)?(?:or so |something |different |more |other |new |full |solid |good )?")
_BY = re.compile(r"\s*(?:x|by|times)\s*(?:\d|one|two|three|four|five|six|seven|eight|nine|ten|twelve|sixteen)")
_MONTHLY = re.compile(
    r"\s*(?:dollars |bucks )?(?:,? ?(?:or so|maybe|max|tops))?\s*(?:a|per|/|each|every"
    r"|/ ?)\s*mo(?:nth)?\b|\s*(?:dollars )?monthly\b"
)
_PER_UNIT = re.compile(
    r"\s*(?:dollars |bucks )?(?:a|per|/|each)\s*(?:square|sq|foot|ft|linear|pound|window|door|hour"
    r"|week|year|day|panel|gallon|sheet|piece|kilowatt|kw|watt|month per)\b"
    r"|\s*apiece\b|\s*each\b"
)
_DOLLARS = re.compile(r"\s*(?:dollars|bucks|usd)\b")
# Words that may follow a bare number that is an amount; any other word is what the number counts.
_FOLLOWERS = any_of(
    "ten", "eleven", "twelve", "fifteen", "eighteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy",
    "eighty", "ninety",
    "for", "on", "set", "and", "or", "to", "is", "was", "would", "max", "maximum", "tops", "at", "if", "but",
    "total", "all",
    "range", "ish", "something", "somewhere", "cash", "out", "down", "per", "a", "though", "before", "after",
    "with", "i",
    "i'm", "i'd", "we", "we'd", "we're", "that", "that's", "so", "maybe", "um", "uh", "er", "like", "you",
    "you'd", "in",
    "because", "cause", "cuz", "right", "budgeted", "saved", "put", "good", "be", "even", "plus", "including",
    "included",
    "yeah", "yes", "as", "which", "it", "it's", "then", "this", "thousand", "let", "they", "he", "she", "the",
    "not", "no",
    "just", "of it", "now", "today", "already", "either", "really", "probably", "tax", "over", "under", "from", "when",
    "until", "by", "except", "honestly", "anyway", "tonight", "maximally", "limit", "okay", "ok", "give",
    "sounds", "works",
    "squirreled", "tucked", "ready", "available", "upfront", "up", "altogether", "ballpark", "k", "grand", "depending",
    "can", "could", "will", "won't", "without", "only", "hopefully", "ideally", "definitely", "price", "budget", "mark",
    "approved", "between", "and change", "pooled", "where", "what", "who", "since", "once", "too", "absolute",
    "absolutely",
    "tax", "my", "our", "his", "her", "your", "left", "coming", "realistic", "realistically", "comfortable",
    "comfortably",
    "would've", "sir", "ma'am", "man", "i've", "we've", "if that", "same", "should", "more or less", "less", "well",
)  # fmt: skip
_NOT_BEFORE = re.compile(
    r"(?:\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|age|aged|turning|number|unit|suite|apartment"
    r"|route|highway|exit|since|in|back in"
    r"|year|chapter|page|top|q|the|option|phase|step|these|those|all|first|last|next|past|other"
    r"|another|every|code)|[a-z0-9]-|#)\s*$"
)
_CLOCK_BEFORE = re.compile(r"\b(?:at|until|till|by|around|before|after|like) (?:about )?$")
_PARTS_OF_DAY = re.compile(
    r"\s*(?:o'?clock|a\.?m\b|p\.?m\b|in the (?:morning|afternoon|evening)|tonight|thirty\b|sharp"
    r"|fifteen\b)"
)

_LINK = re.compile(
    r"\s*,?\s*(?:to|or|-+|and|maybe|,|up to|or maybe|to maybe|maybe up to|or even|to like|or like"
    r"|possibly|or so to|to about)?,?\s*(?:\$\s*)?"
)
_NEGATION = (
    r"(?:not?|n't|nothing|never|without|no|hate to|rather not|hesitant to|avoid|don't|can't|cannot"
    r"|won't|couldn't|wouldn't|isn't)"
)
_OVER = (
    r"(?:over|above|more than|past|beyond|exceed(?:ing)?|north of|higher than|much more than"
    r"|any more than|anything over)"
)
_FILLER = (
    r"(?:\s+(?:like|say|about|maybe|around|um|uh|the|that|a|roughly|\$|much|probably|our"
    r"|my))*\s*\$?\s*$"
)
_BEFORE: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    (Bound.UP_TO, re.compile(rf"{_NEGATION}\b[^.?!;]{{0,40}}\b{_OVER}{_FILLER}")),
    (
        Bound.UP_TO,
        re.compile(
            rf"\b(?:up to|under|below|less than|underneath|no higher than|maximum(?: of| is)?|max(?: of| is"
            rf"|es out at)?|at most|at the most"
            rf"|limit(?: is| of)|ceiling(?: is| of)|cap(?: is| of|ped at| it at)?|top(?:s| end"
            rf"| dollar)?(?: is| of| at)?|stop at|within|inside of|tops out at"
            rf"|most (?:i|we)(?:'d| would| can| could| want| wanna|'re)?[^.?!;\d]{{0,35}}(?:is|be|to|do"
            rf"|spend|pay|go)?){_FILLER}"
        ),
    ),
    (
        Bound.AT_LEAST,
        re.compile(
            rf"\b(?:at least|minimum(?: of)?|north of|upwards? of|starting at|no less than"
            rf"|{_OVER}){_FILLER}"
        ),
    ),
    (
        Bound.AROUND,
        re.compile(
            r"\b(?:about|around|roughly|approximately|approx|somewhere (?:around|near|about)"
            r"|in the neighborhood of|ballpark(?: of)?|close to"
            r"|closer to|more like|near|maybe|circa|or so|kind of|probably|give or take|right at about"
            r"|in the vicinity of|hovering around|almost|nearly)"
            r"(?:\s+(?:like|say|um|uh|the|a|maybe|about|around))*\s*\$?\s*$"
        ),
    ),
)
_AFTER: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    (
        Bound.UP_TO,
        re.compile(
            r"^(?:\s*(?:thousand|grand|dollars|bucks|or so|total|per month|a month|all in"
            r"|out the door))*\s*,?\s*(?:is |that's |would be |'s )?(?:like )?"
            r"(?:tops|max(?:imum)?|at (?:the )?(?:very )?most|or (?:less|under|below)|(?:my|our"
            r"|the) (?:absolute |very )?(?:max(?:imum)?|limit|ceiling|cap|top|most)\b)"
        ),
    ),
    (
        Bound.UP_TO,
        re.compile(
            r"^[^.?!;]{0,12}?\b(?:is|would be|'s|be) (?:the |my |our |about the |as )?(?:absolute "
            r"|very )?(?:top\b|max|limit|ceiling|most|cap\b|high as)"
        ),
    ),
    (Bound.AT_LEAST, re.compile(r"^\s*(?:or more|or better|and up|minimum|at least|plus\b)")),
    (
        Bound.AROUND,
        re.compile(
            r"^\s*-?(?:ish\b|,? ?give or take|,? ?or so\b|,? ?or thereabouts|,? ?more or less|,? ?roughly"
            r"|,? ?ballpark|,? ?around there|,? ?somewhere (?:in|around) there)"
        ),
    ),
)
_BAND = re.compile(
    r"\b(low|lower|mid|middle|high|upper)(?: to (low|mid|high|upper))?[- ](?:the )?(teens|twenties"
    r"|thirties|forties|fifties|sixties|seventies|eighties|nineties|(\d)0'?s)\b"
)
_BANDS = {
    "teens": 10, "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70,
    "eighties": 80, "nineties": 90,
}  # fmt: skip


def amounts(folded: str) -> tuple[Money, ...]:
    """All amounts in a folded text, in order; a range is one of them."""
    found = [amount for number in numbers(folded) if (amount := _amount(number, folded))]
    ranges = (_bounded(money, folded) for money in _ranges(found, folded))
    return tuple(sorted([*_bands(folded), *ranges], key=lambda money: money.start))


def sized(money: Money, *, thousands: bool) -> Money:
    """Bare numbers as thousands, where nothing says otherwise and `thousands` is what this talk is about."""
    if money.sized or money.monthly or not thousands:
        return money
    return replace(money, low=money.low * 1000, high=money.high * 1000, sized=True)


def _amount(number: Number, folded: str) -> Money | None:
    before, after = folded[: number.start], folded[number.end :]
    dollars = before.rstrip().endswith("$") or bool(_DOLLARS.match(after))
    monthly = bool(_MONTHLY.match(after))
    if _PER_UNIT.match(after) and not monthly:
        return None
    if not (dollars or monthly) and (_is_year(number) or _is_count(number, before, after)):
        return None
    start = len(before.rstrip()) - 1 if before.rstrip().endswith("$") else number.start
    certain = dollars or monthly or (number.full and not number.year)
    is_sized = dollars or monthly or number.full or number.value >= 1000
    return Money(number.value, number.value, start, number.end, monthly=monthly, certain=certain, sized=is_sized)


def _is_year(number: Number) -> bool:
    return number.year and 1900 <= number.value <= 2040


def _is_count(number: Number, before: str, after: str) -> bool:
    if (lead := _AFTER_COUNT.match(after)) and _COUNTED.match(after, lead.end()):
        return True
    if _BY.match(after) or number.value < 3 or re.search(r"\d\s*x\s*$", before):
        return True
    if number.full and not number.year and number.scale >= 100:
        return False
    if _NOT_BEFORE.search(before) or (_CLOCK_BEFORE.search(before) and _is_clock(number, after)):
        return True
    if number.full and not number.year:
        return False
    if re.search(r"\b(?:\d+|ten|twelve|\w+teen|\w+ty|two|three|four|five|six|seven|eight|nine) (?:by|x) $", before):
        return True
    following = re.match(r"\s*-?\s*([a-z][a-z']*)", after)
    if following is None or number.year:
        return False
    return not _FOLLOWERS.match(after, following.start(1))


def _is_clock(number: Number, after: str) -> bool:
    hour, minutes = divmod(number.value, 100)
    return bool(_PARTS_OF_DAY.match(after)) or (number.joined and hour <= 12 and minutes in {15, 30, 45})


def _ranges(found: list[Money], folded: str) -> list[Money]:
    """Join what is said as low and high: `forty to fifty thousand`, `8 and 10`, `thirty-five, forty`."""
    merged: list[Money] = []
    for money in found:
        joined = _join(merged[-1], money, folded) if merged else None
        if joined is None:
            merged.append(money)
        else:
            merged[-1] = joined
    return merged


def _join(low: Money, high: Money, folded: str) -> Money | None:
    between = folded[low.end : high.start]
    if low.is_range or not _LINK.fullmatch(between):
        return None
    if "and" in between.split() and not re.search(r"\b(?:between|from|in between)\b[^.?!]{0,20}$", folded[: low.start]):
        return None
    bottom, top = low.low, high.high
    if high.sized and not high.monthly and (not low.sized or (bottom < 1000 <= top)):  # "$40-50k" too
        bottom = _same_scale(bottom, top)
    if not bottom < top <= bottom * 4 or (low.monthly and not high.monthly):
        return None
    is_sized = high.sized or low.sized
    return Money(
        bottom, top, low.start, high.end, monthly=high.monthly, certain=low.certain or high.certain, sized=is_sized
    )


def _same_scale(bottom: float, top: float) -> float:
    """The low end as it is meant: `forty to fifty thousand`, `five to seven hundred`, `seventeen, seventeen eight`."""
    return next((bottom * scale for scale in (1000, 100) if top / 4 <= bottom * scale < top), bottom)


def _bounded(money: Money, folded: str) -> Money:
    if money.is_range:
        return money
    sentence = max(folded.rfind(sign, 0, money.start) for sign in ".?!;") + 1
    before, after = folded[sentence : money.start], folded[money.end :]
    for bound, pattern in _BEFORE[:2]:
        if pattern.search(before):
            return replace(money, bound=bound)
    for bound, pattern in _AFTER:
        if pattern.search(after):
            return replace(money, bound=bound)
    for bound, pattern in _BEFORE[2:]:
        if pattern.search(before):
            return replace(money, bound=bound)
    return money


def _bands(folded: str) -> list[Money]:
    """`mid forties` is about 45 thousand, `low twenties` 20 to 23, `high thirties` 37 to 40."""
    found = []
    for match in _BAND.finditer(folded):
        base = (_BANDS.get(match[3]) or int(match[4]) * 10) * 1000
        if re.search(r"\b(?:in|from|back in|since) (?:the )?$", folded[: match.start()]) and match[3] in {
            "seventies",
            "eighties",
            "nineties",
        }:
            continue
        ends = [_band(base, word) for word in (match[1], match[2]) if word]
        low, high = ends[0][0], ends[-1][1]
        bound = Bound.AROUND if low == high else Bound.EXACT
        found.append(Money(low, high, match.start(), match.end(), bound, certain=True, sized=True))
    return found


def _band(base: int, word: str) -> tuple[int, int]:
    if word in {"low", "lower"}:
        return (base + 1000 if base == 10_000 else base), base + 3000
    if word in {"mid", "middle"}:
        return base + 5000, base + 5000
    return base + 7000, base + 10_000
