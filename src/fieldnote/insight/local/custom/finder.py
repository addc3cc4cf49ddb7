"""Any field by its description: candidates of its type, the likeliest value, or nothing."""

from __future__ import annotations

from collections.abc import Iterable

from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.custom.closed import boolean_candidates, choice_candidates
from fieldnote.insight.local.custom.dates import date_candidates
from fieldnote.insight.local.custom.money import money_candidates
from fieldnote.insight.local.custom.numbers import is_year, number_candidates, year_candidates
from fieldnote.insight.local.custom.ranking import choose
from fieldnote.insight.local.custom.texts import is_name, name_candidates, text_candidates
from fieldnote.insight.local.embeddings import Embedder
from fieldnote.insight.local.passages import Index
from fieldnote.insight.local.turn_scores import TurnScores
from fieldnote.insight.talk.turns import Talk


def kind_of(definition: Definition) -> str:
    """The row of weights that a definition uses: its type, or a kind of number or text."""
    if definition.type is FieldType.NUMBER and is_year(definition):
        return "year"
    if definition.type is FieldType.TEXT and is_name(definition):
        return "name"
    return "text" if definition.type is FieldType.LIST else definition.type.value


class Finder:
    """The custom fields of one conversation."""

    def __init__(self, talk: Talk, embedder: Embedder | None, scores: TurnScores) -> None:
        self._talk = talk
        self._scores = scores
        self._embedder = embedder
        self._index: Index | None = None

    def candidates(self, definition: Definition) -> list[Candidate]:
        """Every value that may be meant, each with its features."""
        if self._index is None:
            self._index = Index(self._talk, self._embedder, self._scores)
        hits = self._index.search(definition)
        found: Iterable[Candidate]
        match kind_of(definition):
            case "year":
                found = year_candidates(hits)
            case "number":
                found = number_candidates(definition, hits)
            case "money":
                found = money_candidates(self._talk, definition, hits)
            case "date":
                found = date_candidates(self._talk, definition, hits)
            case "boolean":
                found = boolean_candidates(self._talk, definition, hits)
            case "choice":
                found = choice_candidates(self._talk, definition, hits)
            case "name":
                found = name_candidates(self._talk, hits)
            case _:
                found = text_candidates(definition, hits)
        return list(found)

    def find(self, definition: Definition) -> Extraction | None:
        """The value of one definition, or None where nobody spoke of it clearly."""
        kind = kind_of(definition)
        chosen = choose(kind, self.candidates(definition), by_meaning=self._embedder is not None)
        if chosen is None:
            return None
        found, certainty = chosen
        quotes = {one.turn.index: Quote(one.turn.index, one.turn.text) for one in found.hit.passage.evidence}
        ordered = tuple(quotes[index] for index in sorted(quotes))
        return Extraction(
            definition.name,
            found.value,
            ordered,
            round(certainty, 2),
            rests_on=found.rests_on,
            operations=found.operations,
        )
