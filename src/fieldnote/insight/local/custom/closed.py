"""Yes or no, and choices, for a custom field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.values import FoundValue, evidence_of, is_usable, near
from fieldnote.insight.local.exchanges import affirms, denies, is_hypothetical, of_a_third_party
from fieldnote.insight.local.passages import Hit, Query, query_of
from fieldnote.insight.stems import stem, stems, words
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

_HAVE = r"(?:we|i|they|she|he|there)(?:'ve| have|'s| has| is| are|'re)?(?: got| had)?"
NEGATED = re.compile(
    r"\b(?:no|not|don't|doesn't|didn't|haven't|hasn't|isn't|aren't|never|none|without|won't|can't|wouldn't|nobody"
    r"|nothing|neither|n't)\b"
)


def read_boolean(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    query = query_of(definition)
    votes: list[tuple[float, bool, Hit, str]] = []
    for hit in near(hits, words=0.40, meaning=0.50, named=1.0):
        passage = hit.passage
        sentence, question = passage.sentence, passage.question
        if sentence.by_rep or not is_usable(hit):
            continue
        if question is not None and passage.distance == 0 and query.name & question.stems and _is_yes_no(question):
            if denies(sentence.folded):
                votes.append((2.0 + hit.score, False, hit, _first_words(sentence)))
            elif affirms(sentence.folded):
                votes.append((2.0 + hit.score, True, hit, _first_words(sentence)))
        elif query.name <= sentence.stems and not sentence.asks and not of_a_third_party(sentence.folded):
            denied = NEGATED.search(sentence.folded)
            votes.append((1.0 + hit.score, not denied, hit, denied[0] if denied else _said(sentence, query)))
    if not votes:
        return None
    answers = {vote for _, vote, _, _ in votes}
    best = max(votes, key=lambda vote: vote[0])
    if len(answers) > 1 and best[0] < 2:
        return None
    points, yes, hit, rests = best
    if points < 1.4:
        return None
    return FoundValue("Yes" if yes else "No", evidence_of(hit), 0.75 if points >= 2 else 0.6, rests_on=(rests,))


def _is_yes_no(question: Sentence) -> bool:
    return re.search(
        r"\b(?:do|does|did|is|are|was|were|have|has|had|any|would|will|can|could|should)\b", question.folded
    ) is not None and not re.search(r"\b(?:what|when|where|who|which|how)\b", question.folded)


def _first_words(sentence: Sentence) -> str:
    return " ".join(words(sentence.folded)[:2])


def _said(sentence: Sentence, query: Query) -> str:
    return next((word for word in words(sentence.folded) if stem(word) in query.name), "")


# --- choices ----------------------------------------------------------------------------------------------------

_CHOSEN = re.compile(
    r"\b(?:want|wants|wanted|like|love|prefer|let's|go with|going with|take|taking|rather|picked|chose|we'll do"
    r"|i'll do|i'd do|do the|then|make it|definitely|it's|that's|just|fine)\b"
)


def read_choice(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    """The choice that was said last without a denial, where the talk speaks of the definition's subject."""
    query = query_of(definition)
    near = {hit.passage.sentence.place: hit for hit in hits}
    all_stems = [stems(fold(one)) for one in definition.choices]
    common = frozenset.intersection(*all_stems) if len(all_stems) > 1 else frozenset()
    found: list[tuple[float, str, Sentence, tuple[str, ...]]] = []
    for choice, own in zip(definition.choices, all_stems, strict=True):
        if wanted := own - common:
            found += _said_choices(talk, choice, wanted, query, near)
    if not found:
        return None
    best = max(found, key=lambda one: (one[0], one[2].place))
    rivals = [one for one in found if one[1] != best[1]]
    later = [one for one in rivals if one[2].place > best[2].place and one[0] >= best[0] - 0.7]
    if best[0] < _CHOICE_ENOUGH or later or any(one[0] > best[0] - 0.2 for one in rivals):
        return None
    return FoundValue(best[1], (best[2],), min(0.9, 0.4 + 0.15 * best[0]), rests_on=best[3])


_CHOICE_ENOUGH = 2.0


def _said_choices(
    talk: Talk, choice: str, wanted: frozenset[str], query: Query, near: Mapping[int, Hit]
) -> list[tuple[float, str, Sentence, tuple[str, ...]]]:
    found = []
    for sentence in talk.sentences:
        if not wanted <= sentence.stems or is_hypothetical(sentence) or of_a_third_party(sentence.folded):
            continue
        said = tuple(word for word in words(sentence.folded) if stem(word) in wanted)
        at = sentence.folded.find(said[0])
        if NEGATED.search(sentence.folded[max(0, at - 30) : at]) or NEGATED.search(sentence.folded[at : at + 25]):
            continue
        hit = near.get(sentence.place)
        points = 1.0 * (not sentence.by_rep) + (hit.words * 3 + hit.meaning * 2 if hit else 0.0)
        points += 1.0 * min(2, len(query.all & (sentence.stems - wanted))) - 1.0 * sentence.asks
        points += 1.0 * bool(_CHOSEN.search(sentence.folded)) + 0.5 * (len(words(sentence.folded)) <= 6)
        points += 0.5 * (len(wanted) > 1)
        found.append((points, choice, sentence, said[:4]))
    return found
