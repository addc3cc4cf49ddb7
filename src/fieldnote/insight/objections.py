"""What speaks against it, for the customer: said by customers, whether or not the rep then answered it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fieldnote.insight.evidence import Quote
from fieldnote.insight.objection_cues import ABOUT, KINDS, STRONG, UNWORRIED, WEAK, Kind, Subject
from fieldnote.insight.people import PARTNERS, mentioned, name_of
from fieldnote.insight.questions import Topic, answers, denies
from fieldnote.insight.roles import Talk, Turn
from fieldnote.insight.words import sentences, word_count

_MOST = 5
_LONGEST = 9
"""Words of a worry that are taken as they stand."""


@dataclass(frozen=True, slots=True)
class _Objection:
    subject: Subject
    words: str
    turn: Turn
    in_their_words: bool = False


def find_objections(talk: Talk) -> tuple[str, tuple[Quote, ...]] | None:
    """All objections in short phrases, joined by semicolons; None if there were none."""
    waiting = answers(talk)
    found: list[_Objection] = []
    for turn in talk.turns:
        if not turn.by_rep:
            found += _in_turn(talk, turn, waiting[turn.index])
    kept = _one_of_each(found)[:_MOST]
    if not kept:
        return None
    quotes = {objection.turn.index: Quote(objection.turn.index, objection.turn.text) for objection in kept}
    return "; ".join(objection.words for objection in kept), tuple(quotes[index] for index in sorted(quotes))


def _one_of_each(found: list[_Objection]) -> list[_Objection]:
    """One of each subject, in order; the customer's own words win over the subject's."""
    kept: dict[str, _Objection] = {}
    for objection in found:
        key = objection.words.lower() if objection.subject is Subject.OTHER else objection.subject.value
        if key not in kept:
            kept[key] = objection
        elif objection.in_their_words and not kept[key].in_their_words:
            kept[key] = replace(kept[key], words=objection.words, in_their_words=True)
    return list(kept.values())


def _in_turn(talk: Talk, turn: Turn, waiting: dict[Topic, int]) -> list[_Objection]:
    found: list[_Objection] = []
    worried = waiting.get(Topic.WORRY) == 0 and not denies(turn)
    for span in sentences(turn.folded):
        said = span.of(turn.folded)
        strong = bool(STRONG.search(said)) and not UNWORRIED.search(said)
        here = [*(_about(turn, said) if strong else []), *_outright(talk, turn, said), *_partner(turn, said, waiting)]
        if not here and (strong or (worried and not said.rstrip().endswith("?"))):
            here = _worry(turn, said, certain=strong and not found)
        elif not here and WEAK.search(said) and not UNWORRIED.search(said):
            here = _named(turn, said)
        worried = strong and not here
        found += here
    return found


def _outright(talk: Talk, turn: Turn, said: str) -> list[_Objection]:
    found = []
    for kind in KINDS:
        match = kind.outright.search(said) if kind.outright else None
        if match is None or _is_denied(said, match.start()) or UNWORRIED.search(said):
            continue
        if kind.subject is Subject.PRICE and (_ASKS_PRICE.match(said) or not _is_of_price(talk, turn, said)):
            continue
        if kind.subject is Subject.THINK and re.search(
            r"\b(?:what|how) (?:do|did|would) you\b|\bdidn't\b|\b(?:we've|i've) (?:already )?thought\b", said
        ):
            continue
        if kind.subject is Subject.QUOTES and re.search(
            (
                r"\b(?:not|aren't|no|don't|didn't|without) (?:\w+ ){0,3}(?:other|another|more|compar\w+"
                r"|shop\w*|any)\b"
            ),
            said,
        ):
            continue
        found.append(_Objection(kind.subject, _worded(kind, said), turn))
    return found


def _is_denied(said: str, at: int) -> bool:
    return bool(
        re.search(
            r"\b(?:not|isn't|wasn't|never|doesn't seem|don't think it's|aren't|n't)\s+(?:\w+\s+)?$",
            said[max(0, at - 24) : at],
        )
    ) or bool(
        re.search(
            (
                r"\b(?:isn't|not|wasn't|aren't) (?:too |that |really |so |all that |bad |very )+(?:high"
                r"|expensive|bad|much|steep|pricey)"
            ),
            said,
        )
    )


_ASKS_PRICE = re.compile(
    r"\s*(?:\w+[.,] )?(?:is|are|would|was|does|how|what|and is|so is) (?:it|that|this|they"
    r"|the)?\b[^.!]*\?\s*$"
)
_PRICED = re.compile(
    r"\b(?:price|cost|money|quote|number|payment|budget|expensive|afford|total|pricey|expected"
    r"|spend|cheap\w*|dollars|pay)\b"
)
_NOT_PRICED = re.compile(
    r"\b(?:red|color|bright|dark|noise|sun|water|heat|miles|to take in|work|stress|humid\w*"
    r"|pressure|trouble|bill|interest|rate|electric\w*)\b"
)
_OTHERS_PRICE = re.compile(
    r"\b(?:neighbo\w+|sister|brother|friend|cousin|buddy|groceries|gas|college|daycare"
    r"|tuition)(?:'s)?\b"
)


def _is_of_price(talk: Talk, turn: Turn, said: str) -> bool:
    """`That's too much` is about the price where one was just named, or the words say so."""
    if (_NOT_PRICED.search(said) and not _PRICED.search(said)) or _OTHERS_PRICE.search(said):
        return False
    if _PRICED.search(said):
        return True
    return any(before.amounts for before in talk.turns[max(0, turn.index - 2) : turn.index + 1])


_DEFERS = re.compile(
    r"\b(?:(?:need|have|want|got|gotta|ought|should|'d|would|like)\b.{0,12}\b(?:talk|speak|check"
    r"|run|discuss|go over|consult|clear|ask|show|sit down|see what)\b.{0,40}"
    r"|(?:can't|cannot|won't|couldn't|not going to|don't|wouldn't|unable to)\b.{0,30}\b(?:sign"
    r"|decide|commit|do anything|agree|say yes|move forward|make)\b.{0,30}\bwithout\b.{0,20}"
    r"|let me (?:talk|run|check|speak)\b.{0,30})"
)
_STALLS = re.compile(r"\b(?:before|first|until|without|can't|cannot|let me|though|but)\b")


def _partner(turn: Turn, said: str, waiting: dict[Topic, int]) -> list[_Objection]:
    """Wanting to ask a partner first holds the sale up, unless the rep had just asked who decides."""
    match = _DEFERS.search(said)
    if match is None or (Topic.DECISION in waiting and not _STALLS.search(said)):
        return []
    people = [person for person in mentioned(said[match.start() :]) if person in PARTNERS]
    if people:
        return [_Objection(Subject.PARTNER, f"Wants to talk with {name_of(people[0])} first", turn)]
    if "without" in match[0] and re.search(r"\bwithout (?:her|him)\b", said):
        return [_Objection(Subject.PARTNER, "Will not sign without spouse", turn)]
    return []


def _named(
    turn: Turn,
    said: str,
    *,
    skip: tuple[Subject, ...] = (Subject.PRICE, Subject.TIMING, Subject.ROOF),
) -> list[_Objection]:
    """A known subject in a sentence of dislike."""
    if re.search(
        (
            r"\b(?:don't|do not|didn't) (?:want|wanna|need) (?:to )?(?:spend|pay|go over|put|wait"
            r"|it (?:till|until))\b"
        ),
        said,
    ):
        return []
    if re.search(r"\b(?:don't|do not|didn't) (?:want|wanna|need)\b", said):
        skip = (*skip, Subject.LOOKS)
    kind = _kind_named(said, skip)
    return [_Objection(kind.subject, _worded(kind, said), turn)] if kind else []


def _kind_named(said: str, skip: tuple[Subject, ...] = ()) -> Kind | None:
    """The subject that is named nearest to the words of worry."""
    cue = STRONG.search(said) or WEAK.search(said)
    at = cue.end() if cue else 0
    hits = [
        (abs(match.start() - at) + (40 if match.start() < at else 0), position, kind)
        for position, kind in enumerate(KINDS)
        if kind.named and kind.subject not in skip and (match := _nearest(kind.named, said, at))
    ]
    return min(hits)[2] if hits else None


def _nearest(pattern: re.Pattern[str], said: str, at: int) -> re.Match[str] | None:
    return pattern.search(said, at) or pattern.search(said)


def _about(turn: Turn, said: str) -> list[_Objection]:
    """What somebody says to worry about, in their words if they are few."""
    match = ABOUT.search(said)
    if match is None or not (what := _taken(match["what"] or match["topic"] or match["thing"])):
        return []
    kind = _kind_named(said)
    subject = kind.subject if kind else Subject.OTHER
    return [_Objection(subject, f"Concerned about {what}{_reason(kind, said, what)}", turn, in_their_words=True)]


def _worry(turn: Turn, said: str, *, certain: bool) -> list[_Objection]:
    """A sentence of worry by its subject, else by what follows the word of worry."""
    kind = _kind_named(said)
    if kind:
        return [_Objection(kind.subject, _worded(kind, said), turn)]
    if certain and (clause := _clause_of_worry(said)):
        return [_Objection(Subject.OTHER, f"Worried: {clause}", turn)]
    return []


_VAGUE = re.compile(r"^(?:it|that|this|them|things|everything|anything|you|all that|what|how)\b\W*$")
_CUT = re.compile(
    r",| - |--|\b(?:because|cause|since|but|and (?:i|we|it|they|then)|so (?:i|we|that)|like i"
    r"|if you|you know|which|when|while)\b"
)


def _taken(what: str) -> str:
    """What somebody worries about, as a phrase about them: `my roses` is `their roses`."""
    phrase = _CUT.split(what.strip())[0].strip(" -\"'").removeprefix("about ")
    phrase = re.sub(r"\b(?:um|uh|like|you know|just|really)\b\s*", "", phrase).strip()
    if (
        not phrase
        or _VAGUE.match(phrase)
        or word_count(phrase) > _LONGEST
        or not re.match(r"(?:the|my|our|a|an|all|any|being|having|getting|losing|\w+ing|\w+)\b", phrase)
    ):
        return ""
    return "" if re.match(r"(?:i|we|he|she|they|it|you|if|whether|that|how|what)\b", phrase) else _third_person(phrase)


_PERSONS = {
    "my": "their", "our": "their", "i": "they", "we": "they", "me": "them", "us": "them", "i'm": "they are",
    "we're": "they are",
    "i've": "they have", "we've": "they have", "i'd": "they would", "we'd": "they would", "i'll": "they will",
    "we'll": "they will",
    "am": "are", "mine": "theirs", "ours": "theirs", "your": "the company's", "you": "the company",
    "you're": "the company is",
}  # fmt: skip
_PERSON = re.compile(r"\b(?:" + "|".join(sorted(_PERSONS, key=len, reverse=True)) + r")\b(?!')")
_ACRONYMS = re.compile(r"\b(?:hoa|hvac|uv|apr|cfo|ceo)\b")


def _third_person(phrase: str) -> str:
    changed = _PERSON.sub(lambda match: _PERSONS[match[0]], phrase)
    return _ACRONYMS.sub(lambda match: match[0].upper(), " ".join(changed.split()))


def _clause_of_worry(said: str) -> str:
    match = STRONG.search(said)
    rest = said[match.end() :] if match else said
    rest = re.sub(r"^(?:\s|,|-|is|was|that|if|'s|with|about|of|me|us|because)+\b", "", rest).strip(" .?!-,")
    words = rest.split()
    return _third_person(" ".join(words[:12])) if len(words) >= 3 else ""


_REASONS = re.compile(
    r"\b(?P<season>spring|summer|fall|winter|christmas|holiday"
    r"|thanksgiving)?[^.?!]{0,25}?\b(?P<what>vacation|wedding|holidays?|school|travel|guests|baby"
    r"|surgery|graduation)\b"
)


def _reason(kind: Kind | None, said: str, what: str) -> str:
    if kind is None or kind.subject is not Subject.TIMING:
        return ""
    match = _REASONS.search(said)
    return f" due to {match['what']} plans" if match and match["what"] not in what else ""


def _worded(kind: Kind, said: str) -> str:
    """The subject's words, with the reason where one is given: a vacation, say."""
    if kind.subject is Subject.TIMING and (match := _REASONS.search(said)):
        season = f"{match['season']} " if match["season"] else ""
        return f"{kind.words} due to {season}{match['what']} plans"
    if kind.subject is Subject.PRICE and re.search(r"\bout[- ]of[- ]pocket|deductible", said):
        return (
            "Does not want to pay the deductible out of pocket"
            if "deductible" in said
            else "Does not want to pay out of pocket"
        )
    return kind.words
