"""Text columns whose values all read as whole numbers with `.0`, as tools write ids that may be missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_WHOLE: Final = re.compile(r"-?\d+\.0")


class WholeNumbers:
    """Watches the columns of one file. `columns`: those of text, by their places."""

    def __init__(self, columns: dict[int, str]) -> None:
        self.candidates = dict(columns)
        """The columns of which no value is anything else yet."""
        self._seen: set[int] = set()

    def see(self, row: Sequence[object]) -> None:
        """Look at one row."""
        for place in tuple(self.candidates):
            value = row[place]
            if value is None or value == "":
                continue
            if isinstance(value, str) and _WHOLE.fullmatch(value):
                self._seen.add(place)
            else:
                del self.candidates[place]

    def columns(self) -> list[str]:
        """The columns that read so as a whole."""
        return [name for place, name in self.candidates.items() if place in self._seen]
