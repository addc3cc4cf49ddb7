"""People's phrases and their worth: the phrases of `phrases/*.txt`, each with the value that it must become.

Half of them, by a hash of the words, are held out: they were written down before the conversions were last worked on,
and not looked at while that was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path

from fieldnote.config import Kind
from fieldnote.mapping.values import Converted, Unconvertible, convert

ON = date(2026, 1, 28)  # a Wednesday
CHOICES = {"hot": "hot", "very interested": "hot", "warm": "warm"}
_FOLDER = Path(__file__).parent / "phrases"


class Outcome(StrEnum):
    """How a phrase fared."""

    RIGHT = "right"
    LEFT = "left to a person, though it is certain"
    WRONG = "converted to something else, or though it is not certain"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words, the kinds that they are converted to, and what each must give."""

    said: str
    wanted: tuple[tuple[Kind, Converted], ...]

    @property
    def held_out(self) -> bool:
        return blake2b(self.said.encode(), digest_size=1).digest()[0] % 2 == 1

    def outcome(self) -> Outcome:
        """The worst of all its kinds."""
        found = {self._outcome(kind, wanted) for kind, wanted in self.wanted}
        return next(outcome for outcome in (Outcome.WRONG, Outcome.LEFT, Outcome.RIGHT) if outcome in found)

    def _outcome(self, kind: Kind, wanted: Converted) -> Outcome:
        value = convert(self.said, kind, on=ON, choices=CHOICES)
        if isinstance(wanted, Unconvertible):
            return Outcome.RIGHT if isinstance(value, Unconvertible) else Outcome.WRONG
        if value == wanted and type(value) is type(wanted):
            return Outcome.RIGHT
        return Outcome.LEFT if isinstance(value, Unconvertible) else Outcome.WRONG


def phrases() -> list[Phrase]:
    """All of them."""
    return [
        *(Phrase(said, _spans(worth, _MONEY, Decimal)) for said, worth in _lines("money")),
        *(Phrase(said, _spans(worth, _DATES, date.fromisoformat)) for said, worth in _lines("dates")),
        *(Phrase(said, ((Kind(kind), _value(Kind(kind), worth)),)) for kind, said, worth in _lines("others")),
    ]


_MONEY = (Kind.MONEY, Kind.MONEY_MIN, Kind.MONEY_MAX)
_DATES = (Kind.DATE, Kind.DATE_FIRST, Kind.DATE_LAST)
_UNCLEAR = Unconvertible("")


def _lines(name: str) -> Iterator[list[str]]:
    for line in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield [part.strip() for part in line.split(" | ")]


def _spans(worth: str, kinds: tuple[Kind, ...], read: type[Decimal] | object) -> tuple[tuple[Kind, Converted], ...]:
    exactly, first, last = kinds
    if worth in {"?", "-"}:
        return tuple((kind, _UNCLEAR if worth == "?" else None) for kind in kinds)
    make = read if callable(read) else Decimal
    ends = [make(end) if end else _UNCLEAR for end in worth.lstrip("~").split("..")]
    only = _UNCLEAR if len(ends) == 2 or worth.startswith("~") else ends[0]
    return (exactly, only), (first, ends[0]), (last, ends[-1])


def _value(kind: Kind, worth: str) -> Converted:
    if worth in {"?", "-"}:
        return _UNCLEAR if worth == "?" else None
    match kind:
        case Kind.INTEGER:
            return int(worth)
        case Kind.DECIMAL:
            return Decimal(worth)
        case Kind.BOOLEAN:
            return worth == "yes"
        case Kind.LIST:
            return tuple(worth.split(" + "))
        case _:
            return worth
