"""The two kinds of record that the second world leaves behind, and what is true of them."""

from dataclasses import dataclass, field
from datetime import datetime

from bench.matching.second.town import Spot


@dataclass
class Row:
    """An appointment as the CRM has it."""

    key: str
    visit: str
    """The visit that it is a row of. Two rows of one visit share it."""

    rep: str
    start: datetime
    end: datetime | None
    subject: str
    customer: str | None
    customer_key: str | None
    address: str | None
    spot: Spot | None
    kind: str
    deal: str | None
    canceled: bool = False
    marks: set[str] = field(default_factory=set)


@dataclass
class Take:
    """A recording as the phone left it."""

    key: str
    rep: str
    start: datetime
    seconds: float
    spot: Spot | None
    title: str
    visit: str | None
    """The visit that it recorded. None for a stray."""

    marks: set[str]
    """Its kinds: "plain" or what was unusual about it; a stray's begins with "stray:"."""

    titled: bool = False
    """Its title points to the customer, or says that it is a stray."""

    placed: bool = False
    """Its position is right to within 100 m."""

    doubt: int = 0
    """Above 0 if nobody could decide it; the more, the surer."""

    @property
    def undecidable(self) -> bool:
        return self.doubt > 0


@dataclass
class Year:
    rows: list[Row]
    takes: list[Take]
    zones: dict[str, str]
    """The zone of each rep."""
