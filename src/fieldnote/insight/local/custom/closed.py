"""Yes or no, and choices, for a custom field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.exchanges import affirms, denies, reply_to
from fieldnote.insight.local.passages import FINAL, Hit, Query, query_of
from fieldnote.insight.stems import stem, stems, words
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

NEGATED: Final = re.compile(
    r"\b(?:no|not|don't|doesn't|didn't|haven't|hasn't|isn't|aren't|wasn't|never|none|without|won't|can't|wouldn't"
    r"|nobody|nothing|neither|n't)\b"
)
BOOLEAN_FEATURES: Final = (
    "answers yes",
    "answers no",
    "agrees to an offer",
    "stated",
    "stated with a negation",
    "all of the name is said",
    "the question names it",
    "in the first person",
    "might",
    "refuses or agrees",
)
CHOICE_FEATURES: Final = (
    "by the customer",
    "several words",
    "with a word of choosing",
    "with a negation",
    "share of mentions",
    "is the last mention",
    "is the only choice in the sentence",
    "near a word of the definition",
    "in a question",
    "is the customer's last mention",
    "is the last mention, as wanted",
    "settles it",
    "is the only choice that is said",
    "the rep says it and the customer agrees",
)
_FIRST = re.compile(r"\b(?:i|we|i'm|we're|i've|we've|i'll|we'll|i'd|we'd)\b")
_WILL = re.compile(r"\b(?:won't|not going to|don't want|no thanks|let's|i'll|we'll|go ahead|i want|we want)\b")
_MIGHT = re.compile(r"\b(?:if|might|maybe|could|would|should|sometimes|probably|depends|or)\b")
_CHOSEN = re.compile(
    r"\b(?:want|take|go with|going with|prefer|picked|pick|choose|chose|let's do|rather|like the|i'll do|we'll do"
    r"|put me|settled|decided|it's|we have|we've got|i have|i've got|yours is|runs on|on the)\b"
)
_SETTLES = re.compile(
    r"\b(?:then|so (?:it's|the|we|i|that's)|in that case|all right|alright|fine|deal|no question|done|after all)\b"
)
_BEFORE: Final = 30
"""Characters before a choice in which a negation takes it back."""


def boolean_candidates(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> Iterator[Candidate]:
    """Replies to questions of yes or no, and statements that name a part of the subject."""
    query = query_of(definition)
    for hit in hits:
        passage = hit.passage
        sentence, question = passage.sentence, passage.question
        if sentence.asks:
            continue
        denied = NEGATED.search(sentence.folded)
        is_reply = question is not None and passage.distance == 0 and is_yes_no(question)
        if is_reply and (affirms(sentence.folded) or denies(sentence.folded)):
            yes = not denies(sentence.folded)
            rests: tuple[str, ...] = (" ".join(words(sentence.folded)[:2]),)
            features = _boolean(sentence, query, reply=yes, asked=passage.asked)
            yield Candidate("Yes" if yes else "No", hit, features, rests)
        elif (query.all | query.name) & sentence.stems:
            reply = reply_to(talk, sentence) if sentence.by_rep else None
            agreed = reply is not None and affirms(reply.folded)
            rests = (_first_of(sentence, query), *([denied[0]] if denied else []))
            features = _boolean(sentence, query, reply=None, agreed=agreed, denied=denied is not None)
            yield Candidate("No" if denied else "Yes", hit, features, rests)


def _boolean(
    sentence: Sentence,
    query: Query,
    *,
    reply: bool | None,
    agreed: bool = False,
    denied: bool = False,
    asked: frozenset[str] = frozenset(),
) -> tuple[float, ...]:
    return (
        float(reply is True),
        float(reply is False),
        float(agreed),
        float(reply is None and not denied),
        float(reply is None and denied),
        float(query.name <= sentence.stems),
        float(reply is not None and bool(query.all & asked)),
        float(_FIRST.search(sentence.folded) is not None),
        float(_MIGHT.search(sentence.folded) is not None),
        float(_WILL.search(sentence.folded) is not None),
    )


def is_yes_no(question: Sentence) -> bool:
    """Whether a question can be answered by yes or no."""
    return re.search(
        r"\b(?:do|does|did|is|are|was|were|have|has|had|any|would|will|can|could|should|want)\b", question.folded
    ) is not None and not re.search(r"\b(?:what|when|where|who|which|how|why)\b", question.folded)


def _first_of(sentence: Sentence, query: Query) -> str:
    return next((word for word in words(sentence.folded) if stem(word) in query.all), "")


def choice_candidates(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> Iterator[Candidate]:
    """Every mention of a choice by the words that only this choice has."""
    all_stems = [stems(fold(one)) for one in definition.choices]
    common = frozenset.intersection(*all_stems) if len(all_stems) > 1 else frozenset()
    own = [(choice, found - common) for choice, found in zip(definition.choices, all_stems, strict=True)]
    own = [(choice, wanted) for choice, wanted in own if wanted]
    said = [
        (hit, choice, wanted)
        for hit in hits
        for choice, wanted in own
        if wanted <= hit.passage.sentence.stems and not _is_taken_back(hit.passage.sentence, wanted)
    ]
    count = Counter(choice for _, choice, _ in said)
    in_sentence = Counter(hit.passage.sentence.place for hit, _, _ in said)
    query = query_of(definition)
    last = said[-1][0] if said else None
    customers = [hit for hit, _, _ in said if not hit.passage.sentence.by_rep]
    is_final = FINAL.search(fold(f"{definition.name} {definition.description}")) is not None
    for hit, choice, wanted in said:
        sentence = hit.passage.sentence
        if sentence.asks and not sentence.by_rep:
            continue
        reply = reply_to(talk, sentence) if sentence.by_rep else None
        is_last = bool(customers) and hit is customers[-1]
        features = (
            float(not sentence.by_rep),
            float(len(wanted) > 1),
            float(_CHOSEN.search(sentence.folded) is not None),
            float(NEGATED.search(sentence.folded) is not None),
            count[choice] / len(said),
            float(hit is last),
            float(in_sentence[sentence.place] == 1),
            float(bool((query.all | query.related) & (sentence.stems - wanted))),
            float(sentence.asks),
            float(is_last),
            float(is_last and is_final),
            float(_SETTLES.search(sentence.folded) is not None),
            float(len(count) == 1),
            float(reply is not None and affirms(reply.folded)),
        )
        yield Candidate(choice, hit, features, tuple(one for one in words(sentence.folded) if stem(one) in wanted)[:4])


def _is_taken_back(sentence: Sentence, wanted: frozenset[str]) -> bool:
    """Whether a negation comes right before the choice."""
    first = next((word for word in words(sentence.folded) if stem(word) in wanted), "")
    at = sentence.folded.find(first)
    return NEGATED.search(sentence.folded[max(0, at - _BEFORE) : at]) is not None
