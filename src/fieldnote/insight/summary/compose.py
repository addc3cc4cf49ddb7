"""The note: the outcome, the fields and the most telling sentences until it is full, and its title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from fieldnote.insight.check import check
from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.times import Kind, find_times
from fieldnote.insight.summary.statements import Part, Statement, in_spoken_words, of_fields, outcome, ranked
from fieldnote.insight.summary.statements import next_steps as _next_steps
from fieldnote.insight.talk.turns import Talk, talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from fieldnote.insight.words import fold, word_count

MOST_WORDS = 160
_SHOWN = {"Budget": "Budget", "Timeline": "Wanted", "Decision Maker": "Who decides"}
_FEWEST_WORDS = 4
"""Left in a full note, they take no further statement."""
_MOST_STATEMENTS = 60
_STATEMENT = Definition("statement", "", FieldType.TEXT)


@dataclass(frozen=True, slots=True)
class Summary:
    """A note about a conversation."""

    title: str
    """Project, customer, and the most telling fields in a few words."""
    statements: tuple[Statement, ...]

    @property
    def text(self) -> str:
        """The note as one paragraph, where a lead opens each group of statements."""
        before = ["", *(one.lead for one in self.statements)]
        return " ".join(
            one.text if one.lead == lead else one.with_lead for one, lead in zip(self.statements, before, strict=False)
        )


def summarize_talk(talk: Talk, extractions: Sequence[Extraction]) -> Summary:
    """The note of a conversation; a statement without support is not written."""
    first = outcome(talk)
    known = [*([first] if first else []), *of_fields(extractions, _SHOWN)]
    kept: list[Statement] = []
    left = MOST_WORDS
    for wanted in [*known, *islice(ranked(talk), _MOST_STATEMENTS)]:
        one = wanted if is_supported(talk, wanted) else in_spoken_words(talk, wanted)
        is_first = all(one.lead != other.lead for other in kept)
        words = word_count(one.with_lead if is_first else one.text)
        is_new = not one.said or all(one.said != other.said for other in kept)
        if not one.text or words > left or not is_new or not (one is wanted or is_supported(talk, one)):
            continue
        kept.append(one)
        left -= words
        if left < _FEWEST_WORDS:
            break
    ordered = tuple(sorted(kept, key=lambda one: (one.part, one.quotes[-1].index)))
    return Summary(title_of(talk, extractions, ordered), ordered)


def is_supported(talk: Talk, statement: Statement) -> bool:
    """Whether the facts of a statement are in the utterances that it cites."""
    evidence = [Utterance(talk.turns[one.index].speaker, talk.turns[one.index].text) for one in statement.quotes]
    return check(_STATEMENT, statement.text, evidence, visit=talk.visit).supported


def title_of(talk: Talk, extractions: Sequence[Extraction], kept: Sequence[Statement]) -> str:
    """`Roof replacement, Kimura: $18,000, husband decides, Friday`."""
    values = {one.name: one.value for one in extractions if not one.proposed}
    surname = (talk.visit.customer or "").split()[-1:]
    head = ", ".join(part for part in (talk.visit.project or "", *surname) if part)
    parts = [values["Budget"]] if "Budget" in values else []
    parts += [_lower(values["Decision Maker"])] if "Decision Maker" in values else []
    if (step := next((one for one in reversed(kept) if one.part is Part.NEXT), None)) and (day := _day_of(talk, step)):
        parts.append(f"next step {day}")
    elif "Timeline" in values:
        parts.append(_lower(values["Timeline"]))
    tail = ", ".join(parts[:3])
    return f"{head}: {tail}" if head and tail else head or tail or "Conversation"


def _day_of(talk: Talk, step: Statement) -> str:
    quote = step.text
    days = [when for when in find_times(fold(quote), quote) if when.kind is Kind.DAY]
    return dates.words(days[0], talk.visit.day) if days else ""


def _lower(text: str) -> str:
    first = text.split(" ", 1)[0]
    return (
        text[:1].lower() + text[1:] if first in {"Customer", "Both", "Before", "By", "Within", "After", "In"} else text
    )


def summarize(
    utterances: Sequence[Utterance],
    extractions: Sequence[Extraction],
    *,
    title: str | None = None,
    customer: str | None = None,
    rep_name: str | None = None,
    started_at: datetime | None = None,
    zone: str | None = None,
) -> str:
    """The note as text. `title` names the project."""
    visit = Visit(started_at, zone, rep_name, customer, title)
    found = summarize_talk(talk_of(utterances, visit), extractions)
    return found.text or f"{found.title}."


def next_steps(utterances: Sequence[Utterance], *, rep_name: str | None = None) -> list[str]:
    """Later steps that were promised or agreed, as spoken."""
    return steps_of(talk_of(utterances, Visit(rep_name=rep_name)))


def steps_of(talk: Talk) -> list[str]:
    """As `next_steps`, of a conversation whose roles are known."""
    found = sorted(_next_steps(talk), key=lambda one: -one.weight)[:3]
    return [one.said for one in sorted(found, key=lambda one: one.quotes[-1].index)]
