"""An amount of money, or a range of one, out of what somebody said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from fieldnote.mapping.number_words import with_digits
from fieldnote.mapping.unclear import UnclearError


@dataclass(frozen=True, slots=True)
class Amounts:
    """An interval of money; None is an open end."""

    least: Decimal | None
    most: Decimal | None
    exact: bool
    """One amount, said as such: no bound, no "around"."""


@dataclass(frozen=True, slots=True)
class _Amount:
    number: Decimal
    scale: Decimal | None
    currency: bool
    start: int
    end: int

    @property
    def value(self) -> Decimal:
        value = self.number * (self.scale or 1)
        return value.to_integral_value() if value == value.to_integral_value() else value


_SCALES = {"k": 1000, "grand": 1000, "thousand": 1000, "hundred": 100, "m": 1_000_000, "mil": 1_000_000,
           "million": 1_000_000}  # fmt: skip
_AMOUNT = re.compile(
    r"(?P<sign>(?:\bus ?)?[$€£]|\busd\b)?\s*"
    r"(?<![\w.])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s*(?P<scale>k|grand|thousand|hundred|mil|million|m)\b)?"
    r"(?P<unit>\s*(?:dollars?|bucks|usd|euros?|pounds)\b|\s*[€£])?"
)

_MOST = (
    r"(?:no|not|nothing|never) (?:more than|over|above|higher than|beyond)|"
    r"(?:can'?t|cannot|won'?t|(?:don'?t|doesn'?t|(?:do|does) not) want to|would(?:n'?t| not)) "
    r"(?:go |spend |pay )?(?:over|above|beyond|more than|exceed)|"
    r"not? to exceed|not exceed(?:ing)?|up to|at most|max(?:imum)?(?: of)?|under|below|less than|within|"
    r"capped at|cap of|ceiling of|top(?:s| end)? (?:of|is)|(?:stay(?:ing)?|keep (?:it|things)) (?:under|below)|"
    r"sub|as (?:much|high) as|(?:max(?:es|ing)?|tops?|topping) out at"
)
_LEAST = (
    r"(?:no|not|nothing|never) (?:less than|under|below|lower than)|as (?:little|low) as|at least|"
    r"min(?:imum)?(?: of)?|more than|over|above|upwards? of|"
    r"starting (?:at|from)|north of"
)
_NOT_LESS = r"(?:no|not|nothing|never) (?:less than|under|below|lower than)"
"""In which `less than` is no upper end."""
_MOST_AFTER = (
    r"max(?:imum)?|no more|not a penny more|no higher|"
    r"tops|or less|at (?:the )?most|or under|or below|and no more|limit|ceiling"
)
_LEAST_AFTER = r"or more|\+|plus|and up|or above|at least|min(?:imum)?|minimum"
_ABOUT = (
    r"around|about|roughly|approx(?:imately|\.)?|~|close to|near(?:ly)?|almost|somewhere (?:around|near)|"
    r"in the (?:neighborhood|ballpark|area|region) of|ballpark|probably|maybe|perhaps|circa|ca\.?|ideally|"
    r"(?:i |we )?(?:guess|think|figure)|hopefully"
)
_ABOUT_AFTER = (
    r"ish|-ish|mark|range|ideally|hopefully|maybe|i (?:guess|think)|"
    r"or so|give or take|roughly|approximately|or thereabouts|ballpark"
)
_FILLER = (
    r"budget(?:ed)?|price|cost|amount|range|is|are|was|be|of|the|a|an|at|in|to|their|his|her|our|my|your|we|they|"
    r"he|she|i|it|it's|its|that's|we're|they're|we'd|they'd|i'd|he'd|she'd|have|has|had|having|total|all|overall|all-in|set|aside|saved|"
    r"spend|spending|pay|invest|can|could|would|like|want|wants|wanted|willing|looking|hoping|aiming|planning|"
    r"plan|comfortable|with|for|on|customers?|homeowners?|clients?|couple|family|stated|said|says|mentioned|"
    r"exactly|even|between|from|anywhere|somewhere|project|job|whole|thing|everything|up|top|target|goal|figure|"
    r"number|approved|firm|cash|available|try|tries|trying|need|needs|needed|prefer|prefers|preferably|able|afford|"
    r"financed|currently|now|right|just|only|work|working|go|going|do|keep|stay|dollars"
)
# Words that turn an amount into another one: a rate, a part, a condition, somebody else's price.
_OTHER = re.compile(
    r"per\b|/\s*(?:mo|month|yr|year|week|sq|hour)|\bmonth|\bweekly\b|\byear|\bhour|\beach\b|\bapiece\b|"
    r"\bdeposit\b|\bdown payment\b|\bdown\b|\bquot|\bcompetitor|\bunless\b|\bif\b|\bbut\b|\bexcept\b|"
    r"\binstead\b|\bdiscount|\boff\b|\bpercent\b|%|\bowe|\balready\b|\blast\b|\bprevious|\bused to\b|"
    r"\bnot (?!more|over|above|under|below|less|lower|higher|to|exceed|want to)"
)
_OTHER_CURRENCY = re.compile(
    r"[¥₹₽₩₱]|\b(?:c|ca|a|au|nz|hk|s|mx|r)\$|\b(?:cad|aud|nzd|mxn|chf|jpy|inr|pesos?|yen|rupees?|lakhs?|crores?|francs?|"
    r"bitcoins?|btc)\b"
)
_BUT_BOUND = re.compile(rf",? but (?=(?:{_MOST}|{_LEAST})\b)")
_DASHES = re.compile("[\N{EN DASH}\N{EM DASH}]")


def amounts(text: str) -> Amounts:
    """The interval that the words mean. Raises UnclearError where they are not certain."""
    text = _DASHES.sub("-", with_digits(text)).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = _BUT_BOUND.sub(", ", re.sub(r"\([^()\d]*\)", " ", text).strip(" .!"))
    text = re.sub(r"(\d+)[ -]?ish (?=thousand|k\b|grand)", r"about \1 ", text)
    if "?" in text:
        raise UnclearError("it is a question")
    if _OTHER_CURRENCY.search(text):
        raise UnclearError("it is in another currency")
    if _OTHER.search(text):
        raise UnclearError("the words tie the amount to something else")
    if re.search(r"\d\.\d{3}(?!\d)", text):
        raise UnclearError("its point may divide thousands or decimals")
    found = [_amount(match) for match in _AMOUNT.finditer(text)]
    if not found:
        raise UnclearError("there is no amount in it")
    if len(found) > 2:
        raise UnclearError("there are several amounts in it")
    text = re.sub(r"\b(?:for|including|with|on) (?:the |a |an |both |all |their |new )*[a-z ]+$", "", text)
    if len(found) == 2:
        return _range(text, *_matched(*found))
    return _single(text, found[0])


def _amount(match: re.Match[str]) -> _Amount:
    scale = _SCALES.get(match["scale"]) if match["scale"] else None
    return _Amount(
        Decimal(match["number"].replace(",", "")),
        Decimal(scale) if scale else None,
        bool(match["sign"] or match["unit"]),
        match.start(),
        match.end(),
    )


def _single(text: str, amount: _Amount) -> Amounts:
    if not amount.currency and amount.scale is None and amount.number < 1000:
        raise UnclearError("the number has no unit: it may be dollars or thousands")
    if re.search(r"(?:^|[\s(])-$", text[: amount.start]) or re.fullmatch(r"\s*-\s*", text[amount.end :]):
        raise UnclearError("its minus may be a dash")
    before, after = text[: amount.start].strip(" ,:;-"), text[amount.end :].strip(" ,:;.")
    if re.search(r"\bbetween\b", before):
        raise UnclearError("it is one end of a range")
    most = (_has(before, _MOST, at_end=True) and not _has(before, _NOT_LESS, at_end=True)) or _has(after, _MOST_AFTER)
    least = not most and (_has(before, rf"{_LEAST}|from", at_end=True) or _has(after, _LEAST_AFTER))
    about = _has(before, _ABOUT, at_end=False) or _has(after, _ABOUT_AFTER)
    _only_filler(before, _NOT_LESS, _MOST, _LEAST, _ABOUT)
    _only_filler(after, _MOST_AFTER, _LEAST_AFTER, _ABOUT_AFTER)
    value = amount.value
    if most:
        return Amounts(None, value, exact=False)
    if least:
        return Amounts(value, None, exact=False)
    return Amounts(value, value, exact=not about)


def _matched(first: _Amount, second: _Amount) -> tuple[_Amount, _Amount]:
    """`40-50k` and `40 to 50,000`: the first number is meant in the unit of the second."""
    scale = second.scale
    if scale is None and second.number >= 1000 and second.number % 1000 == 0:
        scale = Decimal(1000)
    if first.scale is None and scale and first.number < 1000 and first.number <= second.value / scale:
        first = _Amount(first.number, scale, first.currency, first.start, first.end)
    return first, second


def _range(text: str, first: _Amount, second: _Amount) -> Amounts:
    between = text[first.end : second.start].strip()
    before, after = text[: first.start], text[second.end :]
    joined = re.fullmatch(r"-|to|or|through|thru|up to|and up to|to maybe|or maybe|,? ?maybe|to about", between)
    known: tuple[str, ...] = ()
    if not joined and not (between in {"and", "&"} and "between" in before):
        known = _bounds(before, between, after)
    if first.value > second.value:
        raise UnclearError("the range runs backwards")
    if not any(a.currency or a.scale is not None or a.number >= 1000 for a in (first, second)):
        raise UnclearError("the numbers have no unit: they may be dollars or thousands")
    if _has(after.strip(" ,:;."), _MOST_AFTER):
        known = (*known, _MOST_AFTER)
    _only_filler(f"{before} | {after}", *known, _ABOUT, _ABOUT_AFTER)
    return Amounts(first.value, second.value, exact=first.value == second.value)


def _bounds(before: str, between: str, after: str) -> tuple[str, ...]:
    """`at least 10k and no more than 20k`: what else may be around the two, where they are such bounds."""
    least = _has(before.strip(" ,:;"), _LEAST, at_end=True) or re.match(rf"(?:{_LEAST_AFTER})\b", between)
    middle = re.sub(rf"^(?:{_LEAST_AFTER})\b", "", between).strip(" ,;")
    most = re.fullmatch(rf"(?:and )?(?:{_MOST})", middle) or (
        middle in {"and", ""} and _has(after.strip(" ,:;."), _MOST_AFTER)
    )
    if not (least and most):
        raise UnclearError("there are two amounts in it")
    return (_LEAST, _MOST_AFTER)


def _has(text: str, pattern: str, *, at_end: bool | None = None) -> bool:
    if at_end:
        pattern = rf"(?:{pattern})(?:\s+(?:{_ABOUT}|about|spend(?:ing)?|pay(?:ing)?|the))*$"
        return bool(re.search(rf"(?:^|[\s,]){pattern}", text))
    if at_end is False:
        return bool(re.search(rf"(?:^|[\s,])(?:{pattern})$", text))
    return bool(re.match(rf"(?:{pattern})(?:$|[\s,.;|])", text))


def _only_filler(text: str, *known: str) -> None:
    """Raise UnclearError if the words around the amount say more than the amount."""
    for pattern in (*known, _FILLER):
        text = re.sub(rf"(?<![\w'])(?:{pattern})(?![\w'])", " ", text)
    if re.search(r"\w", text):
        raise UnclearError("the words say more than an amount")
