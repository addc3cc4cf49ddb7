"""Phrases and names for a custom field, in the words of the speakers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.values import FoundValue, evidence_of, is_usable, near
from fieldnote.insight.local.exchanges import affirms, denies, of_a_third_party
from fieldnote.insight.local.passages import Hit, query_of
from fieldnote.insight.stems import STOP_WORDS, words
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

_NAME_WANTED = re.compile(
    r"\b(?:name|named|who|which (?:company|brand|bank|insurer|carrier|store|insurance)|brand|make|maker|manufacturer"
    r"|carrier|company|companies|competitors?|insurer|referred|referral|called)\b"
)
_CAPITALS = re.compile(r"(?<![.?!] )(?<!^)\b([A-Z][\w&'-]+(?: (?:[A-Z][\w&'-]+|of|&))*)")
_NOT_NAMES = frozenset(
    """
    i i'm i'd i've i'll ok okay yes no oh well mr mrs ms dr god lord monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november december
    christmas thanksgiving
    """.split()
)
_MOST_WORDS = 18


def read_text(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    asked = fold(f"{definition.name} {definition.description}")
    if _NAME_WANTED.search(asked):
        return _proper_name(talk, definition, hits)
    query = query_of(definition)
    for hit in near(hits, words=0.55, meaning=0.55, named=1.0)[:3]:
        sentence, question = hit.passage.sentence, hit.passage.question
        if (
            sentence.by_rep
            or sentence.asks
            or not is_usable(hit)
            or (of_a_third_party(sentence.folded) and not of_a_third_party(asked))
        ):
            continue
        answers_it = question is not None and hit.passage.distance == 0 and query.name & question.stems
        content = [word for word in words(sentence.folded) if word not in STOP_WORDS and not word.isdigit()]
        if not content or (not answers_it and not (query.name <= sentence.stems and len(content) >= 3)):
            continue
        if answers_it and (affirms(sentence.folded) or denies(sentence.folded)) and len(content) < 2:
            continue
        return FoundValue(_short(sentence), evidence_of(hit), 0.55)
    return None


def _short(sentence: Sentence) -> str:
    text = re.sub(r"^(?:(?:Oh|Well|Um|Uh|Yeah|Yes|So|Okay|OK|And|But|No)[,.]? )+", "", sentence.text.strip())
    return " ".join(text.split()[:_MOST_WORDS]).strip(" .,;")


def _proper_name(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    speakers = {word for turn in talk.turns for word in words(fold(turn.speaker))}
    known = speakers | set(words(fold(f"{talk.visit.customer or ''} {talk.visit.rep_name or ''}")))
    for hit in near(hits, words=0.40, meaning=0.50, named=1.0)[:4]:
        sentence = hit.passage.sentence
        if sentence.by_rep or not is_usable(hit):
            continue
        names = [match[1].removesuffix("'s") for match in _CAPITALS.finditer(sentence.text)]
        names = [name for name in names if fold(name) not in _NOT_NAMES and not set(words(fold(name))) <= known]
        if len(names) == 1:
            return FoundValue(names[0], evidence_of(hit), 0.6)
    return None


def read_list(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    return read_text(talk, definition, hits)
