"""A long conversation in overlapping pieces, and one result of all of them."""

from __future__ import annotations

from collections.abc import Sequence

from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.llm.answer import Answered, AnsweredField, AnsweredStatement
from fieldnote.insight.stems import share, stems
from fieldnote.insight.talk.turns import Turn
from fieldnote.insight.words import fold

_OVERHEAD = 60
"""Characters that an utterance takes beside its text."""
_SAME_ITEM = 0.6


def pieces(turns: Sequence[Turn], characters: int, overlap: int) -> list[Sequence[Turn]]:
    """Runs of utterances within the limit; neighbors share `overlap` utterances, or fewer where those fill a piece."""
    found: list[Sequence[Turn]] = []
    start = 0
    while start < len(turns):
        end, size = start, 0
        while end < len(turns) and (end == start or size + len(turns[end].text) + _OVERHEAD <= characters):
            size += len(turns[end].text) + _OVERHEAD
            end += 1
        found.append(turns[start:end])
        if end == len(turns):
            break
        start = max(start + max(1, (end - start) // 2), end - overlap)
    return found


def merge(answers: Sequence[Answered], definitions: Sequence[Definition]) -> Answered:
    """Of several pieces: the last statement of each field, the items of all of a list, all statements once."""
    kinds = {one.name: one.type for one in definitions}
    fields: dict[str, AnsweredField] = {}
    for answer in answers:
        for one in answer.fields:
            before = fields.get(one.name)
            if before is not None and kinds[one.name] is FieldType.LIST:
                fields[one.name] = _joined(before, one)
            elif before is None or max(one.evidence, default=-1) >= max(before.evidence, default=-1):
                fields[one.name] = one
    summary: list[AnsweredStatement] = []
    for statement in (one for answer in answers for one in answer.summary):
        if all(statement.text.casefold() != known.text.casefold() for known in summary):
            summary.append(statement)
    return Answered(fields=list(fields.values()), summary=summary)


def _joined(one: AnsweredField, other: AnsweredField) -> AnsweredField:
    items = [item for item in one.value.split("; ") if item]
    for item in other.value.split("; "):
        wanted = stems(fold(item))
        if item and all(share(wanted, stems(fold(known))) < _SAME_ITEM for known in items):
            items.append(item)
    evidence = sorted({*one.evidence, *other.evidence})[:50]
    words = "; ".join(part for part in (one.words, other.words) if part)
    return one.model_copy(update={"value": "; ".join(items), "evidence": evidence, "words": words})
