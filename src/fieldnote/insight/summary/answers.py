"""The answer of a conversation to a question that an organization asks of each: its own words, or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fieldnote.insight.extraction import Extraction
from fieldnote.insight.stems import stems
from fieldnote.insight.talk.turns import Sentence, Talk, talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from fieldnote.insight.words import fold, word_count

NOTHING = "Nothing was found about it."
_MOST = 3
"""Sentences of an answer."""
_SHORTEST = 4
"""Words of a sentence that says something."""
# Words of questions and orders, which say nothing about what is asked for.
_EMPTY = frozenset([
    "about", "all", "also", "and", "any", "are", "ask", "bullet", "conversation", "customer", "describe", "did", "does",
    "during", "each", "every", "explain", "find", "for", "from", "give", "had", "has", "have", "her", "him", "his",
    "homeowner", "how", "include", "into", "its", "list", "mention", "mentioned", "name", "note", "points", "prospect",
    "rep", "said", "salesperson", "say", "sentence", "sentences",
    "short", "should", "state", "summarise", "summarize",  # words: said
    "summary", "talk", "talked", "tell", "that", "the", "their", "them", "there", "they", "this", "was", "were", "what",
    "when", "where", "which", "who", "whom", "why", "will", "with", "would", "write", "you", "your",
])  # fmt: skip
_FIELDS = {
    "Budget": re.compile(r"\b(?:budget|price|afford|spend|money|cost)"),
    "Timeline": re.compile(r"\b(?:timeline|timing|time ?frame|schedule|deadline|how soon|start date|when)\b"),
    "Decision Maker": re.compile(r"\b(?:decision|decide|who (?:signs|decides))"),
    "Objections": re.compile(r"\b(?:objection|concern|hesitat|worr|push ?back)"),
}


def answers(
    prompts: Sequence[str],
    utterances: Sequence[Utterance],
    extractions: Sequence[Extraction],
    *,
    rep_name: str | None = None,
) -> list[str]:
    """For each prompt the fields that it asks for, and the sentences that have most of its words, as spoken.

    The sentences are customers'; where none of these has any of the words, the rep's, and the answer says so.
    """
    return answers_of(prompts, talk_of(utterances, Visit(rep_name=rep_name)), extractions) if prompts else []


def answers_of(prompts: Sequence[str], talk: Talk, extractions: Sequence[Extraction]) -> list[str]:
    """As `answers`, of a conversation whose roles are known."""
    spoken = _spoken(talk) if prompts else []
    values = {one.name: one.value for one in extractions}
    return [_answer(fold(prompt), spoken, values) for prompt in prompts]


def _answer(asked: str, spoken: Sequence[Sentence], values: Mapping[str, str]) -> str:
    facts = [f"{name}: {values[name]}." for name, cue in _FIELDS.items() if name in values and cue.search(asked)]
    wanted = stems(asked) - _STEMS
    quotes = _best(wanted, [one for one in spoken if not one.by_rep])
    if not facts and not quotes:
        quotes = [f"The rep: {quote}" for quote in _best(wanted, [one for one in spoken if one.by_rep])]
    return " ".join([*facts, *quotes]) or NOTHING


def _spoken(talk: Talk) -> list[Sentence]:
    """All sentences that say something, in the order in which they were spoken."""
    return [one for one in talk.sentences if word_count(one.text) >= _SHORTEST]


def _best(wanted: frozenset[str], spoken: Sequence[Sentence]) -> list[str]:
    """The few that share most of the words, in quotes, in the order in which they were spoken."""
    shared = [(-len(wanted & one.stems), place) for place, one in enumerate(spoken) if wanted & one.stems]
    return [f'"{spoken[place].text}"' for place in sorted(place for _, place in sorted(shared)[:_MOST])]


_STEMS = stems(" ".join(_EMPTY))
