"""Measures of a conversation that need no language model. Pure.

Bookmarks, filler words, vocabulary and AI metrics are not measured: they have no value, and earn no points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldnote.matching.people import name_key
from fieldnote.siro.models import MetricType

_REP_LABELS: Final = frozenset({"rep", "representative", "salesperson", "sales rep", "agent", "consultant"})
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Turn:
    """The words of one side without a break."""

    by_rep: bool
    text: str
    seconds: float

    @property
    def asks(self) -> bool:
        return "?" in self.text

    @property
    def words(self) -> int:
        return len(_WORD.findall(self.text))


@dataclass(frozen=True, slots=True)
class Measured:
    """One conversation, as far as its words tell."""

    seconds: float
    turns: Sequence[Turn]

    def spoken(self, *, by_rep: bool) -> float:
        """Seconds."""
        return sum(turn.seconds for turn in self.turns if turn.by_rep is by_rep)

    def of(self, *, by_rep: bool) -> list[Turn]:
        return [turn for turn in self.turns if turn.by_rep is by_rep]


def measured(utterances: Sequence[Mapping[str, object]], *, rep_name: str, duration_ms: int) -> Measured:
    """A conversation. The rep is the speaker with the rep's name, or one who is called so, else who speaks first."""
    rep = _rep_among(list(dict.fromkeys(str(one["speaker"]) for one in utterances)), rep_name)
    turns: list[Turn] = []
    for one in utterances:
        start, end = _seconds(one.get("start")), _seconds(one.get("end"))
        turn = Turn(one["speaker"] == rep, str(one["text"]), max(end - start, 0.0))
        if turns and turns[-1].by_rep is turn.by_rep:
            last = turns.pop()
            turn = Turn(turn.by_rep, f"{last.text} {turn.text}", last.seconds + turn.seconds)
        turns.append(turn)
    return Measured(duration_ms / 1000, turns)


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _rep_among(speakers: Sequence[str], rep_name: str) -> str | None:
    wanted = name_key(rep_name)
    named = [one for one in speakers if name_key(one) == wanted]
    called = [one for one in speakers if one.strip().casefold() in _REP_LABELS]
    return next(iter([*named, *called, *speakers]), None)


def _longest(turns: Sequence[Turn]) -> float:
    return max((turn.seconds for turn in turns), default=0.0)


def _per_minute(talk: Measured) -> float | None:
    seconds = talk.spoken(by_rep=True)
    return sum(turn.words for turn in talk.of(by_rep=True)) * 60 / seconds if seconds else None


_MEASURES: Final[Mapping[MetricType, Callable[[Measured], float | None]]] = {
    MetricType.CONVERSATION_TIME: lambda talk: talk.seconds,
    MetricType.REP_SPEAKING_TIME: lambda talk: talk.spoken(by_rep=True),
    MetricType.CUSTOMER_SPEAKING_TIME: lambda talk: talk.spoken(by_rep=False),
    MetricType.CUSTOMER_QUESTIONS_COUNT: lambda talk: sum(turn.text.count("?") for turn in talk.of(by_rep=False)),
    MetricType.REP_QUESTIONS_COUNT: lambda talk: sum(turn.text.count("?") for turn in talk.of(by_rep=True)),
    MetricType.EXCHANGES_COUNT: lambda talk: max(len(talk.turns) - 1, 0),
    MetricType.REP_EXCHANGES_COUNT: lambda talk: len(talk.of(by_rep=True)),
    MetricType.TOTAL_REP_EXCHANGES_WITH_A_QUESTION: lambda talk: sum(turn.asks for turn in talk.of(by_rep=True)),
    MetricType.REP_WORD_COUNT: lambda talk: sum(turn.words for turn in talk.of(by_rep=True)),
    MetricType.REP_UNIQUE_WORDS_USED_COUNT: lambda talk: len(
        {word.casefold() for turn in talk.of(by_rep=True) for word in _WORD.findall(turn.text)}
    ),
    MetricType.LONGEST_MONOLOGUE_SECONDS: lambda talk: _longest(talk.of(by_rep=True)),
    MetricType.LONGEST_CUSTOMER_STORY_SECONDS: lambda talk: _longest(talk.of(by_rep=False)),
    MetricType.REP_WORDS_PER_MINUTE: _per_minute,
}
_TIMES: Final = frozenset({
    MetricType.CONVERSATION_TIME, MetricType.REP_SPEAKING_TIME, MetricType.CUSTOMER_SPEAKING_TIME,
})  # fmt: skip


def value_of(metric_type: str, unit: str, talks: Sequence[Measured]) -> float | None:
    """A metric over conversations: their number, else the average. Times are in the metric's unit, else in seconds.

    None where it is not measured, or there is nothing to measure.
    """
    if metric_type == MetricType.RECORDING_COUNT:
        return float(len(talks))
    try:
        kind = MetricType(metric_type)
    except ValueError:
        return None
    if (measure := _MEASURES.get(kind)) is None:
        return None
    values = [value for talk in talks if (value := measure(talk)) is not None]
    if not values:
        return None
    average = sum(values) / len(values)
    return round(_in_unit(average, unit, talks) if kind in _TIMES else average, 2)


def _in_unit(seconds: float, unit: str, talks: Sequence[Measured]) -> float:
    wanted = unit.strip().casefold()
    if wanted in {"%", "percent"}:
        whole = sum(talk.seconds for talk in talks) / len(talks)
        return 100 * seconds / whole if whole else 0.0
    for begins, factor in (("min", 1 / 60), ("hour", 1 / 3600), ("ms", 1000.0), ("milli", 1000.0)):
        if wanted.startswith(begins):
            return seconds * factor
    return seconds
