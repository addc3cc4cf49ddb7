"""What a conversation says to a question that an organization asks of each: its own words, or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldnote.insight.extract import Extraction
from fieldnote.insight.roles import talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold, sentences, word_count

NOTHING = "Nothing was found about it."
_MOST = 3
"""Sentences of an answer."""
_SHORTEST = 4
"""Words of a sentence that says something."""
_WORD = re.compile(r"[^\W\d_]{3,}")
# Words of questions and orders, which say nothing about what is asked for.
_EMPTY = frozenset([
    "about", "all", "also", "and", "any", "are", "ask", "bullet", "conversation", "customer", "describe", "did", "does",
    "during", "each", "every", "explain", "find", "for", "from", "give", "had", "has", "have", "her", "him", "his",
    "homeowner", "how", "include", "into", "its", "list", "mention", "mentioned", "name", "note", "points", "prospect",
    "rep", "said", "salesperson", "say", "sentence", "sentences", "short", "should", "state", "summarise", "summarize",
    "summary", "talk", "talked", "tell", "that", "the", "their", "them", "there", "they", "this", "was", "were", "what",
    "when", "where", "which", "who", "whom", "why", "will", "with", "would", "write", "you", "your",
])  # fmt: skip
_FIELDS = {
    "Budget": re.compile(r"\b(?:budget|price|afford|spend|money|cost)"),
    "Timeline": re.compile(r"\b(?:timeline|timing|time ?frame|schedule|deadline|how soon|start date|when)\b"),
    "Decision Maker": re.compile(r"\b(?:decision|decide|who (?:signs|decides))"),
    "Objections": re.compile(r"\b(?:objection|concern|hesitat|worr|push ?back)"),
}


@dataclass(frozen=True, slots=True)
class _Sentence:
    by_rep: bool
    text: str
    stems: frozenset[str]


def answers(
    prompts: Sequence[str],
    utterances: Sequence[Utterance],
    extractions: Sequence[Extraction],
    *,
    rep_name: str | None = None,
) -> list[str]:
    """To each prompt the fields that it asks for, and the sentences that have most of its words, as spoken.

    The sentences are customers'; where none of theirs has any of its words, the rep's, and the answer says so.
    """
    spoken = _sentences(utterances, rep_name) if prompts else []
    values = {one.name: one.value for one in extractions}
    return [_answer(fold(prompt), spoken, values) for prompt in prompts]


def _answer(asked: str, spoken: Sequence[_Sentence], values: Mapping[str, str]) -> str:
    facts = [f"{name}: {values[name]}." for name, cue in _FIELDS.items() if name in values and cue.search(asked)]
    wanted = _stems(asked) - _STEMS
    quotes = _best(wanted, [one for one in spoken if not one.by_rep])
    if not facts and not quotes:
        quotes = [f"The rep: {quote}" for quote in _best(wanted, [one for one in spoken if one.by_rep])]
    return " ".join([*facts, *quotes]) or NOTHING


def _sentences(utterances: Sequence[Utterance], rep_name: str | None) -> list[_Sentence]:
    """All that say something, in the order in which they were spoken."""
    found: list[_Sentence] = []
    for turn in talk_of(utterances, rep_name).turns:
        texts = (span.of(turn.text).strip() for span in sentences(turn.text))
        found += [_Sentence(turn.by_rep, one, _stems(fold(one))) for one in texts if word_count(one) >= _SHORTEST]
    return found


def _best(wanted: frozenset[str], spoken: Sequence[_Sentence]) -> list[str]:
    """The few that share most of the words, in quotes, in the order in which they were spoken."""
    shared = [(-len(wanted & one.stems), place) for place, one in enumerate(spoken) if wanted & one.stems]
    return [f'"{spoken[place].text}"' for place in sorted(place for _, place in sorted(shared)[:_MOST])]


def _stems(folded: str) -> frozenset[str]:
    return frozenset(map(_stem, _WORD.findall(folded)))


def _stem(word: str) -> str:
    """Without the endings of plurals and tenses: as much as two forms of a word need to meet."""
    for ending in ("ing", "ies", "es", "ed", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


_STEMS = frozenset(map(_stem, _EMPTY))
