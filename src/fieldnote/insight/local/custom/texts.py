"""Phrases and names for a custom field, in the words of the speakers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.exchanges import INTERROGATIVE, affirms, denies
from fieldnote.insight.local.passages import Hit
from fieldnote.insight.readers.numbers import numbers
from fieldnote.insight.stems import STOP_WORDS, words
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

TEXT_FEATURES: Final = (
    "few content words",
    "many content words",
    "a color, as wanted",
    "no color, but wanted",
    "a material, as wanted",
    "a number, as wanted",
    "no number, but wanted",
    "a reason, as wanted",
    "a person, as wanted",
    "is a bare yes or no",
    "has a negation",
    "asks or offers",
    "answers what was asked",
)
NAME_FEATURES: Final = ("is the only name", "of several words", "after from or with", "said again")

_NAME_WANTED = re.compile(
    r"\b(?:name|named|which (?:company|brand|bank|insurer|carrier|store|insurance)|brand|make|maker"
    r"|manufacturer|carrier"
    r"|company|companies|competitors?|insurer|referred|referral|called|contractor|bidder|utility|lender|who (?:installs"
    r"|keeps|sent|made))\b"
)
_COLOR_WANTED = re.compile(r"\bcolou?r\b|\bfinish\b|\bpattern\b")  # words: said
_COLOR = re.compile(
    r"\b(?:white|gr[ae]y|black|red|blue|green|brown|beige|tan|almond|cream|navy|bronze|charcoal|slate"
    r"|ivory|yellow|silver"
    r"|gold|natural|clear|stain|clay|sand|oak|walnut|espresso|burgundy|teal)\b"
)
_MATERIAL_WANTED = re.compile(r"\bmaterial\b|\bmade of\b|\bkind of\b|\bwhat is on\b|\btype\b")
_MATERIAL = re.compile(
    r"\b(?:copper|cedar|wood|vinyl|alumin\w+|steel|oak|pine|plastic|composite|pex|pvc|iron|galvanized"
    r"|concrete|brick|stucco"
    r"|quartz|granite|marble|laminate|tile|carpet|slate|asphalt|metal|chain link|glass|fiberglass|cellulose|foam)\b"
)
_NUMBER_WANTED = re.compile(r"\b(?:size|dimensions?|length|width|share|longest|when|how (?:much|long)|history)\b")
_REASON_WANTED = re.compile(r"\b(?:why|reason|cause|what made)\b")
_REASON = re.compile(
    r"\b(?:because|since|so that|'cause|that's why|caused|from the|after the|due to|so i can|in case)\b"
)
_PERSON_WANTED = re.compile(r"\b(?:somebody|someone|person|who)\b")
_PERSON = re.compile(
    r"\b(?:mother|mom|father|dad|wife|husband|son|daughter|baby|child|kids?|grand\w+|girlfriend"
    r"|boyfriend|roommate|uncle"
    r"|aunt|brother|sister|neighbor|partner|ex|tenant|owner|boss)\b"
)
_CAPITALS = re.compile(r"(?<![.?!] )(?<!^)\b([A-Z][\w&'-]+(?: (?:[A-Z][\w&'-]+|of|&) ?)*)")
_NOT_NAMES = frozenset(
    """
    i i'm i'd i've i'll ok okay yes no oh well mr mrs ms dr god lord monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november december
    christmas thanksgiving easter tv hoa ac usa
    """.split()
)
_OFFERS = re.compile(
    r"\b(?:you want|you like|do you|is it|or the|or do|for who|which|or is|would you|are you)\b|\bor \w+$"
)
_OPEN = re.compile(r"\b(?:what|which|who|where|how|why)\b")
_OPENING = re.compile(r"^(?:(?:Oh|Well|Um|Uh|Yeah|Yes|So|Okay|OK|And|But|No|Right)[,.]? )+", re.IGNORECASE)
_MOST_WORDS = 22
_FEW, _MANY = 3, 12


def is_name(definition: Definition) -> bool:
    """Whether a text field is for the name of a company, a brand or a person."""
    return _NAME_WANTED.search(fold(f"{definition.name} {definition.description}")) is not None


def text_candidates(definition: Definition, hits: Sequence[Hit]) -> Iterator[Candidate]:
    """Sentences that say something, cut to a phrase."""
    asked = fold(f"{definition.name} {definition.description}")
    for hit in hits:
        sentence = hit.passage.sentence
        content = [word for word in words(sentence.folded) if word not in STOP_WORDS and not word.isdigit()]
        if content and not sentence.asks and not INTERROGATIVE.search(sentence.folded):
            yield Candidate(_with_rest_of_turn(sentence), hit, _features(hit, asked, len(content)))


def _features(hit: Hit, asked: str, content: int) -> tuple[float, ...]:
    passage = hit.passage
    folded = passage.sentence.folded
    wants_color, has_color = _COLOR_WANTED.search(asked) is not None, _COLOR.search(folded) is not None
    wants_number, has_number = _NUMBER_WANTED.search(asked) is not None, bool(numbers(folded))
    return (
        float(content <= _FEW),
        float(content >= _MANY),
        float(wants_color and has_color),
        float(wants_color and not has_color),
        float(_MATERIAL_WANTED.search(asked) is not None and _MATERIAL.search(folded) is not None),
        float(wants_number and has_number),
        float(wants_number and not has_number),
        float(_REASON_WANTED.search(asked) is not None and _REASON.search(folded) is not None),
        float(_PERSON_WANTED.search(asked) is not None and _PERSON.search(folded) is not None),
        float((affirms(folded) or denies(folded)) and content <= 1),
        float(re.search(r"\b(?:no|not|don't|never|nobody|nothing)\b", folded) is not None),
        float(passage.sentence.by_rep and _OFFERS.search(folded) is not None),
        float(
            passage.question is not None and passage.distance == 0 and _OPEN.search(passage.question.folded) is not None
        ),
    )


def _with_rest_of_turn(sentence: Sentence) -> str:
    """The statements of a short turn together; of a long one, the sentence and what follows it."""
    stated = [one for one in sentence.turn.sentences if one is sentence or not one.asks]
    if sum(len(one.text.split()) for one in stated) > _MOST_WORDS:
        stated = stated[stated.index(sentence) :]
    found = ""
    for one in stated:
        longer = f"{found}. {_without_opening(one)}" if found else _without_opening(one)
        if found and len(longer.split()) > _MOST_WORDS:
            break
        found = longer or found
    return " ".join(found.split()[:_MOST_WORDS]).strip(" .,;").replace("; ", ", ")


def _without_opening(sentence: Sentence) -> str:
    return _OPENING.sub("", sentence.text.strip()).strip(" .,;")


def name_candidates(talk: Talk, hits: Sequence[Hit]) -> Iterator[Candidate]:
    """Capitalized words amid a sentence that name neither a speaker nor the customer."""
    speakers = {word for turn in talk.turns for word in words(fold(turn.speaker))}
    known = speakers | set(words(fold(f"{talk.visit.customer or ''} {talk.visit.rep_name or ''}")))
    whole = " ".join(turn.text for turn in talk.turns)
    for hit in hits if whole else ():
        sentence = hit.passage.sentence
        names = [match[1].strip().removesuffix("'s").removesuffix(" of") for match in _CAPITALS.finditer(sentence.text)]
        names = [name for name in names if fold(name) not in _NOT_NAMES and not set(words(fold(name))) <= known]
        for name in names:
            before = sentence.text[: sentence.text.find(name)].rstrip()
            features = (
                float(len(set(names)) == 1),
                float(" " in name),
                float(re.search(r"\b(?:from|with|by|at|called|named|is)$", before) is not None),
                float(whole.count(name) > 1),
            )
            yield Candidate(name, hit, features)
