"""What a conversation says to a question that an organization asks of each: its own words, or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fieldnote.insight.extract import Extraction
from fieldnote.insight.roles import talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold, sentences, word_count

NOTHING = "Nothing was said about it."
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


def answer(
    prompt: str, utterances: Sequence[Utterance], extractions: Sequence[Extraction], *, rep_name: str | None = None
) -> str:
    """The fields that the prompt asks for, and the customers' sentences that have most of its words, as spoken."""
    asked = fold(prompt)
    values = {one.name: one.value for one in extractions}
    facts = [f"{name}: {values[name]}." for name, cue in _FIELDS.items() if name in values and cue.search(asked)]
    wanted = {_stem(word) for word in _WORD.findall(asked)} - _STEMS
    quotes = [f'"{text}"' for text in _sentences_with(wanted, utterances, rep_name)]
    return " ".join([*facts, *quotes]) or NOTHING


def _sentences_with(wanted: set[str], utterances: Sequence[Utterance], rep_name: str | None) -> list[str]:
    """The best few, in the order in which they were spoken."""
    found: list[tuple[int, int, str]] = []
    for turn in talk_of(utterances, rep_name).turns:
        if turn.by_rep:
            continue
        for span in sentences(turn.text):
            text = span.of(turn.text).strip()
            shared = wanted & {_stem(word) for word in _WORD.findall(fold(text))}
            if shared and word_count(text) >= _SHORTEST:
                found.append((-len(shared), len(found), text))
    return [text for _, _, text in sorted(sorted(found)[:_MOST], key=lambda one: one[1])]


def _stem(word: str) -> str:
    """Without the endings of plurals and tenses: as much as two forms of a word need to meet."""
    for ending in ("ing", "ies", "es", "ed", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


_STEMS = frozenset(map(_stem, _EMPTY))
