"""One pass over a conversation: the words before a number say what it is. Pure, and linear in the text's length."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from fieldnote.insight.redaction.digits import Run, runs
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold


class Secret(StrEnum):
    """A kind of words that are removed."""

    CARD = "card"
    """The number, expiration or security code of a payment card."""
    SSN = "social security number"
    """Whole, or its last four digits."""
    BANK = "bank account"
    """An account or routing number."""
    BIRTH = "birth date"
    """A date of birth."""
    CODE = "code"
    """A password, PIN, or code of a door, gate or alarm."""
    NAME = "name"
    """A name that the appointment knows; only where asked for."""
    STREET = "street"
    """A street that the appointment knows; only where asked for."""
    PHONE = "phone"
    """A phone number; only where asked for."""


@dataclass(frozen=True, slots=True)
class RedactionSettings:
    """The kinds that an organization removes beside those that always are."""

    names: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    phones: bool = False


@dataclass(frozen=True, slots=True)
class Redacted:
    """A conversation without secrets."""

    utterances: tuple[Utterance, ...]
    places: tuple[int, ...]
    """The utterances that lost words."""
    counts: Counter[Secret] = field(default_factory=Counter)


_KEYWORDS: Final[tuple[tuple[Secret | None, re.Pattern[str]], ...]] = (
    (
        Secret.CARD,
        re.compile(
            r"\b(?:card numbers?|credit card|debit card|(?:visa|mastercard|master card|amex|american"
            r" express|discover)\b"
            r"|numbers? (?:on|off|from) (?:the|your|my|this|that) (?:card|front|back)|(?:my|your|the"
            r"|that|this) card\b|card is"
            r"|card ending|expir\w+|exp date|good (?:thru|through)|cvv|cvc|three digits|security code"
            r"|digits on the back)"
        ),
    ),
    (Secret.SSN, re.compile(r"\b(?:social(?: security)?(?: number)?|ssn|tax(?:payer)? id|last four of (?:my|your))\b")),
    (
        Secret.BANK,
        re.compile(
            r"\b(?:routing|account number|account is|acct|checking account|savings account|bank"
            r" account|voided check|aba"
            r"|iban|account and routing)\b"
        ),
    ),
    (
        Secret.BIRTH,
        re.compile(
            r"\b(?:date of birth|birth ?date|birthdate|d\.?o\.?b|wh(?:en|at)(?:'s| is) (?:your|his|her) birthday"
            r"|birthday(?: is|'s) (?=[a-z]+ \d|the |\d)|was born|were you born|born on)\b"
        ),
    ),
    (
        Secret.CODE,
        re.compile(
            r"\b(?:(?:gate|alarm|door|garage|lockbox|lock box|lock|entry|access|verification"
            r"|confirmation|keypad|key pad|security"
            r"|house|building|side door|one[- ]time|text|safe) (?:code|pin|combination|combo)"
            r"|combination|alarm(?='s| is)|pass ?code|pin(?: number"
            r"| code)?(?='s| is|:| number| code)|(?:the|my|your|that) (?:pin|code)(?='s| is|:)|code"
            r" (?:they|it) (?:sent|texted))"
        ),
    ),
    (
        None,
        re.compile(
            r"\b(?:phone|cell|call (?:me|you|him|her)|text (?:me|you)|reach (?:me|you)|address|zip"
            r"|street|avenue|road|drive|lane"
            r"|square|feet|price|total|cost|quote|model|serial|order number|policy|claim number"
            r"|permit number|bill|budget|payment"
            r"|dollars|percent|years?|license|how (?:many|much|old|big|long)|what would it|built|comes to|the house)\b"
        ),
    ),
)
_PASSWORD = re.compile(
    r"\bpass ?word(?:'s| is|:| for (?:the |my )?[a-z-]+(?: [a-z-]+)? is|,? it's)? (?:is |it's |all"
    r" (?:lower ?case|caps),? )*"
    r"(?P<secret>(?!on\b|in\b|under\b|written\b|the\b|taped\b|so\b|for\b|again\b|and\b"
    r"|is\b)[^\s.,?!]+(?:[ -][^\s.,?!]+){0,4})"
)
_MEASURE = re.compile(
    r"\s*(?:-\s*)?(?:dollars?|bucks|thousand|grand|percent|%|feet|foot|ft|inch\w*|square|yards?"
    r"|miles?|gallons?|tons?|amps?|watts?"
    r"|kilowatts?|pounds?|degrees?|a month|a year|a foot|per|each|apiece|windows?|doors?|rooms?"
    r"|years?|months?|weeks?|days?"
    r"|hours?|minutes?|people|o'?clock|a\.?m\b|p\.?m\b|street|avenue|road|drive|lane|court|boulevard|way\b)"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_ORDINAL = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth"
    r"|fourteenth|fifteenth"
    r"|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|(?:twenty|thirty)[- ](?:first"
    r"|second|third|fourth|fifth"
    r"|sixth|seventh|eighth|ninth)|\d{1,2}(?:st|nd|rd|th)?)"
)
_NUMBER_WORD = (
    r"(?:oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    r"|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|and|\d{2,4})"
)
_DAY = rf"(?:{_ORDINAL}|(?:twenty|thirty)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|{_NUMBER_WORD})"
_YEAR = rf"(?:'?\d{{2,4}}|{_NUMBER_WORD}(?:[- ]{_NUMBER_WORD}){{0,4}})"
_DATE = re.compile(
    rf"\b(?:(?:the )?{_ORDINAL} (?:of )?{_MONTH}\b(?:,? (?:of )?{_YEAR})?|{_MONTH}\.? (?:the"
    rf" )?{_DAY}(?:,? (?:of )?{_YEAR})?"
    rf"|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}})(?!\w)"
)
_CALENDAR_YEAR = re.compile(r"(?:19|20)\d\d")
_SINCE = re.compile(r"\b(?:in|from|since|of|by) $")
_PHONE_LENGTHS: Final = (7, 10, 11)
_LIFE: Final = 4
"""Utterances for which a word keeps its meaning for the numbers after it."""
_WHOLE: Final = {Secret.CARD: 19, Secret.SSN: 9, Secret.BANK: 26, Secret.BIRTH: 8, Secret.CODE: 12}
_CARD_LENGTHS: Final = range(13, 20)
_CHUNK: Final = 4


@dataclass(slots=True)
class _Context:
    """The last words that say what a number is."""

    secret: Secret | None = None
    left: int = 0
    """Utterances until it is forgotten."""
    digits: int = 0
    """Digits that it has taken."""

    def set(self, secret: Secret | None) -> None:
        self.digits = 0
        self.secret, self.left = secret, _LIFE


def redact(utterances: Sequence[Utterance], settings: RedactionSettings | None = None) -> Redacted:
    """The conversation with a mark such as `[card]` in the place of each secret."""
    settings = settings or RedactionSettings()
    context = _Context()
    kept: list[Utterance] = []
    places: list[int] = []
    counts: Counter[Secret] = Counter()
    for place, said in enumerate(utterances):
        found = _merged([*_in_utterance(fold(said.text), context, settings), *_known(fold(said.text), settings)])
        counts.update(secret for _, _, secret in found)
        if found:
            places.append(place)
        kept.append(replace(said, text=_without(said.text, found)) if found else said)
        context.left -= 1
        if context.left <= 0:
            context.set(None)
    return Redacted(tuple(kept), tuple(places), counts)


Span = tuple[int, int, Secret]


def _in_utterance(folded: str, context: _Context, settings: RedactionSettings) -> list[Span]:
    found = [(match.start("secret"), match.end("secret"), Secret.CODE) for match in _PASSWORD.finditer(folded)]
    events: list[tuple[int, int, Secret | Run | None]] = [
        (match.start(), 0, secret) for secret, pattern in _KEYWORDS for match in pattern.finditer(folded)
    ]
    events += [(run.start, 1, run) for run in runs(folded)]
    dates = [(match.start(), match.end()) for match in _DATE.finditer(folded)]
    for _, _, event in sorted(events, key=lambda one: one[:2]):
        if isinstance(event, Run):
            secret = _judge(folded, event, context, settings)
            if secret is not None:
                found.append((event.start, event.end, secret))
        elif event is not None or not context.digits:
            context.set(event)
        if context.secret is Secret.BIRTH:
            found += [(start, end, Secret.BIRTH) for start, end in dates]
    if context.secret is Secret.BIRTH and not events:
        found += [(start, end, Secret.BIRTH) for start, end in dates]
    return found


def _judge(folded: str, run: Run, context: _Context, settings: RedactionSettings) -> Secret | None:
    """The kind of a run; None for a price, a measure, an address, and whatever no word speaks of."""
    count = len(run.digits)
    if re.fullmatch(r"\d{3}-\d{2}-\d{4}", folded[run.start : run.end]):
        return Secret.SSN
    if count in _CARD_LENGTHS and (_is_card(run.digits) or context.secret is Secret.CARD):
        context.set(Secret.CARD)
        context.digits = count
        return Secret.CARD
    if settings.phones and count in _PHONE_LENGTHS and context.secret is None:
        return Secret.PHONE
    if run.sized or _MEASURE.match(folded[run.end :]) or folded[max(0, run.start - 2) : run.start].strip() == "$":
        return None
    secret = context.secret
    if _CALENDAR_YEAR.fullmatch(run.digits) and _SINCE.search(folded[max(0, run.start - 8) : run.start]):
        return None
    if secret is None or context.digits + count > _WHOLE[secret] or not _fits(run, secret, context):
        return None
    context.digits += count
    context.left = _LIFE
    return secret


def _fits(run: Run, secret: Secret, context: _Context) -> bool:
    """Whether a run has the size of a secret, or of a part of one that is spoken in parts."""
    count, goes_on = len(run.digits), context.digits > 0
    match secret:
        case Secret.CARD:
            return count >= 8 or (count >= 3 and (run.single or goes_on or count in {3, 4})) or (goes_on and count >= 2)
        case Secret.SSN:
            return count >= 2 if goes_on else count >= 3
        case Secret.BANK:
            return count >= 2 if goes_on else count >= _CHUNK
        case Secret.BIRTH:
            return count in {5, 6, 7, 8}
        case _:
            return count >= 3 or goes_on


def _is_card(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and digits[0] in "23456"


def _known(folded: str, settings: RedactionSettings) -> Iterable[Span]:
    """The names and streets that the appointment knows."""
    for secret, texts in ((Secret.NAME, settings.names), (Secret.STREET, settings.streets)):
        for text in texts:
            for part in [text, *(text.split() if secret is Secret.NAME else [])]:
                wanted = fold(part).strip()
                if len(wanted) > 1:
                    for match in re.finditer(rf"(?<!\w){re.escape(wanted)}(?!\w)", folded):
                        yield match.start(), match.end(), secret


def _merged(spans: list[Span]) -> list[Span]:
    """Without overlaps: of two spans the earlier keeps its kind and reaches to the end of both."""
    kept: list[Span] = []
    for start, end, secret in sorted(spans, key=lambda one: (one[0], -one[1])):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]), kept[-1][2])
        else:
            kept.append((start, end, secret))
    return kept


def _without(text: str, spans: Sequence[Span]) -> str:
    for start, end, secret in reversed(spans):
        text = f"{text[:start]}[{secret.value}]{text[end:]}"
    return text
