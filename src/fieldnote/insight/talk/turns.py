"""A conversation as turns and sentences, each with its speaker's role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fieldnote.insight.bounds import LONGEST_SENTENCE, bounded
from fieldnote.insight.readers.money import Money, amounts
from fieldnote.insight.readers.times import When, find_times
from fieldnote.insight.stems import STOP_WORDS, stems
from fieldnote.insight.talk.roles import Assigned, Role, assign, rep_score
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from fieldnote.insight.words import fold, sentences

_ASKS = re.compile(
    r"^(?:(?:so|and|but|okay|ok|well|now|um|uh|alright|all right|right|yeah|great|perfect|cool|gotcha|got it)[,. ]+)*"
    r"(?:(?:what|when|where|who|which)(?:'s|'re|'d|'ll)? (?:is|are|am|do|does|did|would|about|if|kind|sort|time"
    r"|colou?r|size|year|else|happens|was|were|can|could|should|will|the|your|it|that|this|they|you|a|one)\b(?! (?:we"
    r"|i)\b)"
    r"|(?:whose|why|how)\b|what\W*$|who\W*$|when\W*$|do you|does (?:he|she|it|that|your)|did you|are (?:you|there|we)"
    r"|is (?:there|that|it|your|he|she)|have you|has|would you|could you|can you|will you|any (?:idea|chance)"
    r"|was (?:it|there|that)|were you)\b"
)
_LONGEST_QUESTION = 90
"""Characters of a question without its sign; a longer run of words has statements in it too."""
_MOST_NUMBERS = 40
"""Numbers of a sentence; one with more is a list that no reader understands."""


class Sentence:
    """One sentence of a turn."""

    def __init__(self, turn: Turn, place: int, text: str) -> None:
        self.turn = turn
        self.place = place
        """Its position among the sentences of the talk."""
        self.text = text
        self.folded = fold(text)

    @property
    def by_rep(self) -> bool:
        return self.turn.by_rep

    @cached_property
    def asks(self) -> bool:
        """Whether it is a question; transcripts often lack the sign."""
        if self.folded.rstrip(" \"')").endswith("?"):
            return True
        return len(self.folded) <= _LONGEST_QUESTION and _ASKS.match(self.folded) is not None

    @cached_property
    def amounts(self) -> tuple[Money, ...]:
        return () if len(re.findall(r"\d+", self.folded)) > _MOST_NUMBERS else amounts(self.folded)

    @cached_property
    def times(self) -> tuple[When, ...]:
        return tuple(find_times(self.folded, self.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        return stems(self.folded)

    def __repr__(self) -> str:
        return f"<Sentence {self.turn.index} {self.turn.role}>"


@dataclass(eq=False)
class Turn:
    """An utterance with the role of its speaker."""

    index: int
    """The utterance's position in the transcript."""
    speaker: str
    role: Role
    text: str
    sentences: tuple[Sentence, ...] = ()

    @property
    def by_rep(self) -> bool:
        return self.role is Role.REP

    @cached_property
    def folded(self) -> str:
        return fold(self.text)


@dataclass(frozen=True)
class Talk:
    """A conversation that is ready to be read."""

    turns: tuple[Turn, ...]
    sentences: tuple[Sentence, ...]
    roles: Mapping[str, Assigned]
    visit: Visit
    unread: tuple[str, ...] = ()
    """The parts that no reader looked at."""

    @cached_property
    def customers(self) -> tuple[str, ...]:
        """The labels of customers, by how much they say."""
        amount: dict[str, int] = {}
        for turn in self.turns:
            if turn.role is Role.CUSTOMER and turn.speaker:
                amount[turn.speaker] = amount.get(turn.speaker, 0) + len(turn.text)
        return tuple(sorted(amount, key=lambda speaker: -amount[speaker]))

    @cached_property
    def usual_price(self) -> float | None:
        """The middle one of the rep's certain amounts: the size of prices in this talk."""
        known = sorted(
            money.high
            for sentence in self.sentences
            if sentence.by_rep
            for money in sentence.amounts
            if money.certain and not money.monthly and money.high > 20
        )
        return known[len(known) // 2] if known else None


def talk_of(
    utterances: Sequence[Utterance], visit: Visit | None = None, corrections: Mapping[str, Role] | None = None
) -> Talk:
    """The conversation within its bounds, with roles."""
    visit = visit or Visit()
    within = bounded(utterances)
    roles = assign(within.utterances, visit.rep_name, corrections, customer=visit.customer)
    unlabeled = all(one.role is Role.UNKNOWN for one in roles.values())
    turns: list[Turn] = []
    found: list[Sentence] = []
    for index, said in enumerate(within.utterances):
        role = roles[said.speaker].role
        turn = Turn(index, said.speaker, _guess(said.text) if unlabeled else role, said.text)
        own = [Sentence(turn, len(found) + at, text) for at, text in enumerate(_sentences(said.text))]
        turn.sentences = tuple(own)
        turns.append(turn)
        found += own
    return Talk(tuple(turns), tuple(found), roles, visit, within.unread)


def _guess(text: str) -> Role:
    """A guess for a transcript without speakers, from each utterance by itself."""
    points = rep_score(fold(text))
    return Role.REP if points > 0 or (points == 0 and text.rstrip().endswith("?")) else Role.CUSTOMER


_CAPITAL = re.compile(r"(?<=[a-z0-9,'%]) (?=[A-Z][a-z]*(?:'[a-z]+)?\b)")
_NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty hundred".split()
)
_NEVER_FIRST = frozenset("i i'm i'd i've i'll will may march can mark".split())


def _starts(text: str) -> list[str]:
    """Cut where a common word has a capital amid a sentence: recognition often leaves out the period."""
    found, start = [], 0
    for match in _CAPITAL.finditer(text):
        word = re.match(r"[A-Za-z']+", text[match.end() :])
        lower = word[0].lower() if word else ""
        if (lower in STOP_WORDS or lower in _NUMBER_WORDS) and lower not in _NEVER_FIRST:
            found.append(text[start : match.start()])
            start = match.end()
    return [*found, text[start:]]


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for span in sentences(text):
        found += [part for piece in _starts(span.of(text).strip()) for part in _within(piece)]
    return found


def _within(text: str) -> list[str]:
    found: list[str] = []
    if text:
        rest = text.strip()
        while len(rest) > LONGEST_SENTENCE:
            cut = rest.rfind(" ", 0, LONGEST_SENTENCE)
            cut = cut if cut > 0 else LONGEST_SENTENCE
            found.append(rest[:cut])
            rest = rest[cut:].strip()
        if rest:
            found.append(rest)
    return found
