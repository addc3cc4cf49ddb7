"""Which question a customer's sentence answers, and marks of sentences that state nothing about this sale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fieldnote.insight.stems import stems
from fieldnote.insight.talk.patterns import PAYS, WORK
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

_LOOK_BACK: Final = 3
"""Turns between a question and its answer: an interjection, a question in return."""
_YES = re.compile(
    r"^(?:(?:oh|well|um|uh|ha|honestly|ok|okay|so)[,. ]+)*(?:yeah|yes|yep|yup|sure|correct|exactly|right|absolutely"
    r"|definitely"
    r"|of course|i do|we do|i am|we are|it is|it does|there is|there are|he does|she does|i think so|i have|we have"
    r"|uh-huh"
    r"|mm-?hmm?|perfect|deal|that works|that's fine|works for|sounds good|ok|okay|fine|please|i would|we would"
    r"|all right|alright)\b"
)
_NO = re.compile(
    r"^(?:(?:oh|well|um|uh|ha|honestly|yeah|so|god|lord|hell|ok|okay)[,. ]+)*(?:no|nope|nah|not (?:really|yet|at all"
    r"|anymore|right now|that)|never"
    r"|none|nothing|i don't|we don't|i'm not|we're not|it's not|it isn't|it doesn't|absolutely not|neither|nobody)\b"
)
_HYPOTHETICAL = re.compile(
    r"\bif i (?:won|had|were)\b|\bi wish\b|\bin my dreams\b|\bkidding\b|\bjoking\b|\bmillion\b|\blottery\b"
    r"|\bwould've\b|\bwould have\b"
    r"|\bcould've\b|\bpretend\b|\bimagine\b|\bsays? tell\b|\bsaid tell\b|\bi'll believe it\b|\bover my dead\b"
)
_THIRD = re.compile(
    r"\b(?:my|his|her|their|our|the|a) (?:\w+ )?(?:neighbor|neighbour|friend|buddy|cousin|nephew|niece|uncle|aunt"
    r"|sister|brother|coworker|boss"
    r"|in-laws?|(?:sister|brother|father|mother|son|daughter)-in-law|landlord|previous owner|guy at work|seller|dad"
    r"|mom|father|mother|son"
    r"|daughter|grandson|granddaughter)s?\b|\bneighbors?\b"
    r"|\bnext door\b|\bacross the street\b|\bsomebody (?:told"  # words: said
    r"|said)\b|\bi (?:heard|read)\b"
    r"|\bpeople (?:say|pay)\b|\bthe other (?:guy|guys|company|one|outfit|place|people)\b|\bthe (?:first|last) (?:guy"
    r"|guys|company|people)\b"
)


def affirms(folded: str) -> bool:
    """Whether a reply begins with a yes."""
    return _YES.match(folded) is not None and _NO.match(folded) is None


def denies(folded: str) -> bool:
    """Whether a reply begins with a no."""
    return _NO.match(folded) is not None


def is_hypothetical(sentence: Sentence) -> bool:
    """A joke, a dream, words put into somebody's mouth."""
    return _HYPOTHETICAL.search(sentence.folded) is not None


def of_a_third_party(folded: str) -> bool:
    """Whether somebody else's house, price or words are spoken of."""
    return _THIRD.search(folded) is not None


_TURNS_BEFORE = 6
_SHORT_TALK = 60
"""Turns below which a talk has little beside the sale."""


def is_short(talk: Talk) -> bool:
    """Whether a talk has little beside the sale."""
    return len(talk.turns) < _SHORT_TALK


def is_near_the_sale(talk: Talk, sentence: Sentence) -> bool:
    """Whether the turns around speak of the work, of paying, or of the project, and not only of the town's news."""
    if is_short(talk):
        return True
    near = talk.turns[max(0, sentence.turn.index - _TURNS_BEFORE) : sentence.turn.index + 2]
    project = stems(fold(talk.visit.project or ""))
    words = {match[0] for turn in near for match in (*WORK.finditer(turn.folded), *PAYS.finditer(turn.folded))}
    return len(words) >= 2 or any(project & stems(turn.folded) for turn in near)


INTERROGATIVE = re.compile(
    r"\b(?:did|do|are|have|would|could|can|will|were) you\b|\b(?:is|are|was) (?:it|there|that) (?:just|any|a|the"
    r"|your)\b|\b(?:what|when|who|how much|how soon|how many|where)(?:'s|'d)? (?:is|are|do|did|would|were|was|does|can"
    r"|could|kind|a good|else)\b"
)
"""A question amid a run of words: transcripts often lack every sign."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A customer's sentence after a question of the rep's."""

    question: Sentence
    sentence: Sentence
    distance: int
    """Customer sentences between the question and this one."""


def answers(talk: Talk) -> Iterator[Answer]:
    """Each customer's sentence with the question that it may answer. A new question replaces the one before."""
    question: Sentence | None = None
    asked_at = distance = 0
    for sentence in talk.sentences:
        if sentence.by_rep:
            if sentence.asks or INTERROGATIVE.search(sentence.folded):
                question, asked_at, distance = sentence, sentence.turn.index, 0
            elif question is not None and sentence.turn.index != asked_at and len(sentence.folded) > 60:
                question = None
        elif question is not None:
            if sentence.turn.index - asked_at > _LOOK_BACK:
                question = None
                continue
            yield Answer(question, sentence, distance)
            distance += 1


def reply_to(talk: Talk, sentence: Sentence) -> Sentence | None:
    """The first sentence of the customer's next turn, within two turns."""
    for later in talk.sentences[sentence.place + 1 :]:
        if later.turn.index > sentence.turn.index + 2:
            return None
        if not later.by_rep and later.turn.index > sentence.turn.index:
            return later
    return None
