"""Any field by its description: passages that speak of it, and the reader of its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.custom.closed import read_boolean, read_choice
from fieldnote.insight.local.custom.dates import read_date
from fieldnote.insight.local.custom.money import read_money
from fieldnote.insight.local.custom.numbers import read_number
from fieldnote.insight.local.custom.texts import read_list, read_text
from fieldnote.insight.local.custom.values import FoundValue
from fieldnote.insight.local.embeddings import Embedder
from fieldnote.insight.local.passages import Hit, Index
from fieldnote.insight.talk.turns import Talk


class Finder:
    """The custom fields of one conversation."""

    def __init__(self, talk: Talk, embedder: Embedder | None = None) -> None:
        self._talk = talk
        self._embedder = embedder
        self._index: Index | None = None

    def find(self, definition: Definition) -> Extraction | None:
        """The value of one definition, or None where nobody spoke of it clearly."""
        if self._index is None:
            self._index = Index(self._talk, self._embedder)
        hits = self._index.search(definition)
        reader = _READERS[definition.type]
        found = reader(self._talk, definition, hits)
        if found is None or found.certainty < 0.5:
            return None
        quotes = {one.turn.index: Quote(one.turn.index, one.turn.text) for one in found.evidence}
        ordered = tuple(quotes[index] for index in sorted(quotes))
        return Extraction(
            definition.name, found.text, ordered, found.certainty, rests_on=found.rests_on, operations=found.operations
        )


_READERS: Mapping[FieldType, Callable[[Talk, Definition, Sequence[Hit]], FoundValue | None]] = {
    FieldType.TEXT: read_text,
    FieldType.LIST: read_list,
    FieldType.MONEY: read_money,
    FieldType.DATE: read_date,
    FieldType.NUMBER: read_number,
    FieldType.BOOLEAN: read_boolean,
    FieldType.CHOICE: read_choice,
}
