"""Limits on a transcript before anything reads it, with a list of the parts that were not read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fieldnote.insight.utterances import Utterance

MOST_UTTERANCES = 6_000
LONGEST_UTTERANCE = 6_000
"""Characters, after blanks were collapsed."""
LONGEST_TRANSCRIPT = 600_000
"""Characters: about ten hours of talk."""
LONGEST_SENTENCE = 500
"""Characters: longer ones are cut at a blank."""
LONGEST_VALUE = 500
"""Characters of a field's value."""
LONGEST_WORD = 60

_LONG_WORD = re.compile(r"\S{61,}")


@dataclass(frozen=True, slots=True)
class Bounded:
    """A transcript within the limits."""

    utterances: tuple[Utterance, ...]
    """As many as were given, position for position, so that evidence keeps its place."""
    unread: tuple[str, ...]
    """A sentence for each part that nothing looked at; it quotes no words."""


def bounded(utterances: Sequence[Utterance]) -> Bounded:
    """Collapse blanks and loops of speech recognition, and cut at the limits. Linear in the transcript's length."""
    unread: list[str] = []
    kept: list[Utterance] = []
    left = LONGEST_TRANSCRIPT
    for place, said in enumerate(utterances):
        if place >= MOST_UTTERANCES:
            unread.append(f"utterances from {place} on: more than {MOST_UTTERANCES} utterances")
            break
        text, cut = _within(said.text, min(LONGEST_UTTERANCE, left))
        if cut:
            unread.append(f"utterance {place}: {cut}")
        left -= len(text)
        kept.append(said if text == said.text else replace(said, text=text))
    return Bounded(tuple(kept), tuple(unread))


def _within(text: str, most: int) -> tuple[str, str]:
    """The text as it is read, and a phrase for the part that is not."""
    # Long before the limit counts, so that a text of megabytes is never collapsed whole.
    shorter = text[: 4 * LONGEST_UTTERANCE]
    clean = _LONG_WORD.sub(lambda match: match[0][:LONGEST_WORD], " ".join(shorter.split()))
    clean = _without_loops(clean)
    if len(clean) > most or len(text) > len(shorter):
        return clean[:most].rpartition(" ")[0] or clean[:most], f"characters after {most} were not read"
    return clean, ""


def _without_loops(text: str) -> str:
    """`30,000 30,000 30,000 ...` once: recognition of noise repeats a word or a few words hundreds of times."""
    words = text.split(" ")
    kept: list[str] = []
    for word in words:
        kept.append(word)
        for size in (1, 2, 3, 4):
            if len(kept) >= size * 5 and all(
                kept[-size:] == kept[-size * (times + 1) : -size * times] for times in range(1, 5)
            ):
                del kept[-size:]
                break
    return " ".join(kept)
