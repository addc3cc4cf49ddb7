"""The rates of the model: the usual ones here, an organization's own from `fieldnote.matching.learning`.

They describe home-service field sales: how many appointments are recorded, how late reps come, how good coordinates
are, and which recordings belong to no appointment. Times are in minutes, places in meters.
"""

# ruff: noqa: RUF009 - tables are immutable, so a default may be made once
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import pi
from types import MappingProxyType
from typing import Any, Final

from fieldnote.matching.names import Title
from fieldnote.matching.records import Place
from fieldnote.matching.tables import Table, table

MODEL_VERSION: Final = 5
"""Of the model that the rates belong to. Rates that were learned for another version are not used."""

# --- certainty ------------------------------------------------------------------------------------------

LINK_AT: Final = 0.92
"""From this chance on a recording is linked without a person, as far as the doubts below allow. On average links are
far more certain. A title that names the visit needs less, see `NONE_IF_NAMED`."""

RIVAL_AT_MOST: Final = 1 - LINK_AT
"""The chance of another appointment, up to which a recording is linked without a person."""

NONE_AT_MOST: Final = 0.05
"""The chance of no appointment, up to which a recording at the house is linked without a person."""

NONE_IF_AWAY: Final = 0.03
"""The same where the phone was elsewhere: a visit without a row looks the same."""

NONE_IF_UNPLACED: Final = 0.04
"""The same where nobody knows where the phone was, or where the visit is."""

NONE_IF_PART: Final = 0.025
"""The same for a further part of a visit: a drive, a call or a walk-in after the visit looks the same."""

NONE_IF_NAMED: Final = 0.15
"""The same where the title names the visit. The model leaves room for coincidence, which is rarer than it says."""

NONE_IF_SHORT: Final = 0.03
"""The same for a recording shorter than `SHORT` minutes, which may be an accident, at most."""

LINK_UNHEARD_AT: Final = 0.952
"""As `LINK_AT` for callers that never have transcripts: 0.6 times the doubt. A transcript that names nothing lowers the
odds as much (see `NOTHING_SPOKEN`), so nothing is linked without one that would not be linked with one."""

UNLEARNED: Final = 1.25
"""The odds that it takes more with the usual rates: nobody knows how well they fit the organization."""

PROPOSE_AT: Final = 0.68
"""The chance of belonging to any appointment, from which on the likeliest is proposed to a person."""

PROPOSE_BEST_AT: Final = 0.34
"""And the best appointment must have this much of it: two may share it, three are too many."""

# --- windows --------------------------------------------------------------------------------------------

EARLY_LIMIT: Final = 60.0
LATE_LIMIT: Final = 150.0
"""A recording that begins further from the appointment needs a place or a name to be a candidate."""

COLLEAGUE_REACH: Final = 240.0
"""A colleague's appointment is a candidate so far from its time, where place or name points at it."""

MARK_REACH: Final = 490.0
"""With a place or a name it may be so far off: entered in another zone, or moved within the day."""

AT_THE_HOUSE: Final = 250.0
"""Meters. So close to the address, a recording is a candidate at any time of the day, and in any calendar."""

NEARBY: Final = 1_000.0
"""Meters. A colleague's appointment needs the phone so near, or a full name in the title, to be linked without a
person."""

AT_THE_DOOR: Final = 100.0
"""Meters. The same where the title has neither the customer nor the street: it is another house farther on."""

LONG_APPOINTMENT: Final = 120.0
"""An appointment longer than this is an arrival window or a block of work."""

ASSUMED_LENGTH: Final = 60.0
LONGEST: Final = 24 * 60.0
OVERLAP_TOLERANCE: Final = 1.0
"""Phones round, so two recordings may overlap by a minute and still follow one another."""

PART_AFTER_EDGES: Final = (4.0, 10.0, 20.0, 35.0, 50.0, 70.0)
"""Minutes that separate the bins of `Rates.part_after`."""

COMES_BACK_FROM: Final = 45.0
"""Minutes after which a further part is another visit of the day, and not the same one that goes on."""

AHEAD_GAP: Final = table(0, 0.2, 1, 0.2, 2, 0.15, 3, 0.2, 5, 0.12, 8, 0.08, 12, 0.05, 20)
"""Minutes from the end of a note or a knock to the recording that it comes before. This table and the next one are not
learned: visits and their parts are sometimes as short, and their counts would make these longer and longer."""

LENGTH_AHEAD: Final = table(
    0, 0.06, 0.5, 0.16, 1, 0.35, 2, 0.32, 4, 0.08, 6, 0.02, 8, 0.007, 12, 0.002, 16, 0.0009, 24, 0.0001, 1440
)
"""Of a note or a knock before a visit."""

PART_LIMIT: Final = 240.0
"""Minutes after which a recording is no further part of a visit."""

TOO_FAR: Final = 25_000.0
"""Meters. The reason for a lost candidate is then the distance."""

MAX_OPTIONS: Final = 6
"""A recording's likeliest appointments that take part in the joint solution."""

MAX_STATES: Final = 128
"""The likeliest histories of a day that are followed. This bounds the cost of a calendar with impossible rows."""

SHORTEST: Final = 2.0
"""Minutes. A shorter recording is an accident, a knock at a closed door, or a note in the car. It is linked without a
person only if its title says so."""

SHORT: Final = 4.0
"""Minutes. A shorter recording may be an accident, so it takes more to link it."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything that the model believes. Frozen, so that decisions can name the rates they were made with."""

    learned_from: int = 0
    """Recordings that they were learned from; 0 for the usual rates."""

    # Appointments.
    recorded: float = 0.72
    """Share of appointments with a customer that are recorded."""
    recorded_without_customer: float = 0.04
    """The same for rows without a customer: meetings, blocks, being on call."""
    start: Table = table(
        -240, 0.004, -120, 0.004, -60, 0.006, -45, 0.012, -30, 0.014, -20, 0.012, -15, 0.02, -10, 0.05, -5, 0.06,
        -2, 0.1, 0, 0.14, 2, 0.14, 4, 0.11, 6, 0.08, 8, 0.06, 10, 0.07, 15, 0.035, 20, 0.03, 30, 0.022, 45, 0.016,
        60, 0.01, 90, 0.006, 120, 0.005, 180, 0.003, 240,
    )  # fmt: skip
    """Start of a recording after the appointed time."""
    carried: float = 0.6
    """Of appointments that begin before the rep is free, the share that begins when the rep arrives."""
    other_zone: float = 0.012
    """Share of appointments entered whole hours off."""
    arrival: float = 0.5
    """Of long appointments, the share that begins anywhere between start and end."""
    swapped: float = 0.1
    """How much less likely a visit is after one that was appointed later."""
    taken_over: float = 0.006
    """Chance that one certain colleague records an appointment that its own rep did not record."""
    rides_along: float = 0.0006
    """Chance that one certain colleague records an appointment that its own rep recorded."""

    # Places.
    address: Table = table(
        0, 0.25, 15, 0.26, 30, 0.22, 60, 0.08, 100, 0.03, 150, 0.025, 250, 0.025, 500, 0.025, 1000, 0.025, 2000,
        0.02, 4000, 0.01, 8000, rings=True,
    )  # fmt: skip
    """From the phone to the customer's address."""
    wrong_address: float = 0.015
    """Share of addresses that say nothing about where the phone is."""
    stale: float = 0.02
    """Share of phones that still report the stop before."""
    stop: Table = table(0, 0.3, 15, 0.3, 30, 0.24, 60, 0.1, 120, 0.06, 300, rings=True)
    """From a stale position to the stop before."""
    territory: float = 12_000.0
    """Radius of the area that a rep works in."""

    # Lengths.
    length_first: Table = table(
        0, 0.004, 0.5, 0.004, 1, 0.008, 2, 0.012, 4, 0.016, 6, 0.02, 8, 0.03, 12, 0.04, 16, 0.07, 24, 0.1, 32, 0.18,
        45, 0.2, 60, 0.16, 80, 0.08, 100, 0.05, 130, 0.02, 180, 0.006, 1440,
    )  # fmt: skip
    """Of the first recording of a visit."""
    length_part: Table = table(
        0, 0.01, 0.5, 0.015, 1, 0.03, 2, 0.05, 4, 0.06, 6, 0.07, 8, 0.11, 12, 0.1, 16, 0.15, 24, 0.12, 32, 0.12,
        45, 0.08, 60, 0.05, 80, 0.02, 100, 0.01, 130, 0.005, 180, 0.002, 1440,
    )  # fmt: skip
    length_stray: Table = table(
        0, 0.06, 0.5, 0.06, 1, 0.08, 2, 0.11, 4, 0.1, 6, 0.09, 8, 0.11, 12, 0.08, 16, 0.09, 24, 0.07, 32, 0.06,
        45, 0.04, 60, 0.03, 80, 0.012, 100, 0.006, 130, 0.003, 180, 0.002, 1440,
    )  # fmt: skip

    # Further parts of a visit.
    part_after: tuple[float, ...] = (0.4, 0.3, 0.2, 0.12, 0.06, 0.03, 0.02)
    """Chance of a further part after a recording as long as each bin of `PART_AFTER_EDGES`."""
    part_gap: Table = table(0, 0.1, 0.5, 0.15, 1, 0.25, 2, 0.15, 3, 0.14, 5, 0.09, 8, 0.05, 12, 0.03, 20, 0.015, 45)
    """Minutes from the end of a part to the start of the next."""
    comes_back: float = 0.006
    """Chance that a rep comes back later on the day, whatever was recorded before."""
    part_place: Table = table(
        0, 0.35, 15, 0.3, 30, 0.2, 60, 0.06, 100, 0.03, 200, 0.02, 400, 0.02, 1000, 0.02, 4000, rings=True
    )
    """Meters between the phone's positions of two parts."""

    # Recordings that belong to no appointment.
    strays_per_minute: float = 0.2 / 660
    """At any time of the working day."""
    after: float = 0.025
    """Chance that a stray follows on a recording, walking on: a walk-in next door."""
    after_gap: Table = table(
        0, 0.02, 0.5, 0.02, 1, 0.05, 2, 0.06, 3, 0.12, 5, 0.15, 8, 0.15, 12, 0.18, 20, 0.17, 45, 0.06, 90, 0.02, 240
    )  # fmt: skip
    after_place: Table = table(
        0, 0.08, 15, 0.12, 30, 0.18, 60, 0.15, 100, 0.2, 200, 0.14, 400, 0.06, 1000, 0.07, 4000, rings=True
    )  # fmt: skip
    length_after: Table = table(
        0, 0.05, 0.5, 0.05, 1, 0.1, 2, 0.15, 4, 0.13, 6, 0.11, 8, 0.13, 12, 0.09, 16, 0.09, 24, 0.05, 32, 0.03,
        45, 0.01, 60, 0.006, 80, 0.003, 100, 0.002, 130, 0.001, 180, 0.001, 1440,
    )  # fmt: skip
    curb: float = 0.015
    """Chance that a stray follows on a recording where that was: a drive, a call, a memo."""
    curb_gap: Table = table(
        0, 0.04, 0.5, 0.05, 1, 0.12, 2, 0.14, 3, 0.19, 5, 0.17, 8, 0.12, 12, 0.09, 20, 0.05, 45, 0.02, 90, 0.01, 240
    )
    curb_place: Table = table(
        0, 0.28, 15, 0.28, 30, 0.24, 60, 0.08, 100, 0.04, 200, 0.03, 400, 0.02, 1000, 0.03, 4000, rings=True
    )  # fmt: skip
    length_curb: Table = table(
        0, 0.03, 0.5, 0.04, 1, 0.09, 2, 0.14, 4, 0.13, 6, 0.1, 8, 0.13, 12, 0.1, 16, 0.11, 24, 0.06, 32, 0.03,
        45, 0.007, 60, 0.003, 80, 0.002, 100, 0.001, 130, 0.001, 180, 0.001, 1440,
    )  # fmt: skip
    leaves: Table = table(
        -30, 0.002, 0, 0.025, 15, 0.06, 30, 0.12, 45, 0.18, 60, 0.18, 75, 0.14, 90, 0.1, 105, 0.07, 120, 0.05, 150,
        0.02, 180, 0.02, 240,
    )  # fmt: skip
    """End of a visit after the appointed time."""
    in_canceled_slot: float = 0.15
    """Chance that a rep records something else in the slot of a canceled appointment."""
    in_empty_slot: float = 0.01
    """The same in the slot of an appointment that was not recorded, since it did not take place. This and the next one
    are not learned: such a stray looks like the visit, so that counts would confirm themselves."""
    no_show: float = 0.002
    """The same at its door: nobody was home."""
    knock: float = 0.0
    """Chance that only a short knock or a note is recorded at the door of an appointment. This and the next one are
    learned where an organization has many; otherwise short parts of visits look the same."""
    ahead: float = 0.0
    """Chance that a short note or knock comes before a recording, at the same place."""
    stray_near: float = 0.2
    """Share of free strays around an address of the day."""

    # Titles.
    title_visit: Mapping[Title, float] = field(
        default_factory=lambda: {
            Title.DEFAULT: 0.5, Title.NAME: 0.22, Title.SLIP: 0.02, Title.FIRST: 0.02, Title.STREET: 0.05,
            Title.SUBJECT: 0.08, Title.JOB: 0.07, Title.OTHER: 0.03, Title.FOLLOW_UP: 0.006, Title.STRAY: 0.002,
        }
    )  # fmt: skip
    """Of a visit's recording."""
    title_stray: Mapping[Title, float] = field(
        default_factory=lambda: {
            Title.DEFAULT: 0.5, Title.JOB: 0.07, Title.OTHER: 0.21, Title.FOLLOW_UP: 0.04, Title.STRAY: 0.18,
        }
    )  # fmt: skip
    """Of a stray."""
    title_curb: Mapping[Title, float] = field(
        default_factory=lambda: {
            Title.DEFAULT: 0.6, Title.JOB: 0.08, Title.OTHER: 0.12, Title.FOLLOW_UP: 0.03, Title.STRAY: 0.17,
        }
    )  # fmt: skip
    """Of a stray at the curb."""
    title_again: float = 0.4
    """Share of further parts that are titled in the way of the part before: both by name, or both not at all."""
    surnames: Mapping[str, float] = field(default_factory=dict)
    """How frequent common surnames are among the customers. A title with a common one says less."""
    shared_places: frozenset[Place] = frozenset()
    """Coordinates of several customers, which say nothing of any one: the middle of a ZIP code, the office."""
    by_rep: Mapping[str, RepRates] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For a database: shares of tables without their edges, which belong to the version."""
        values = {one.name: _as_json(getattr(self, one.name)) for one in fields(self) if one.name != "by_rep"}
        by_rep = {
            rep_id: {"recorded": own.recorded, "title_visit": _as_json(own.title_visit)}
            for rep_id, own in sorted(self.by_rep.items())
        }
        return {"version": MODEL_VERSION, **values, "by_rep": by_rep}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Rates | None:
        """Rates from `as_json`; None if they belong to another version of the model."""
        if kept.get("version") != MODEL_VERSION:
            return None
        values = {
            one.name: _from_json(getattr(USUAL, one.name), kept[one.name])
            for one in fields(cls)
            if one.name != "by_rep"
        }
        by_rep = {
            rep_id: RepRates(own["recorded"], _from_json(USUAL.title_visit, own["title_visit"]))
            for rep_id, own in kept["by_rep"].items()
        }
        return cls(**values, by_rep=by_rep)

    @property
    def anywhere(self) -> float:
        """Density of a place that could be anywhere in the territory, per square meter."""
        return 1 / (pi * self.territory * self.territory)


@dataclass(frozen=True, slots=True)
class RepRates:
    """The differences of one rep."""

    recorded: float
    title_visit: Mapping[Title, float]


USUAL: Final = Rates()


def _as_json(value: Any) -> Any:
    if isinstance(value, Table):
        return [round(share, 9) for share in value.shares]
    if isinstance(value, Mapping):
        return {str(name): round(share, 9) for name, share in value.items()}
    if isinstance(value, frozenset):
        return sorted([place.latitude, place.longitude] for place in value)
    return list(value) if isinstance(value, tuple) else value


def _from_json(usual: Any, kept: Any) -> Any:
    if isinstance(usual, Table):
        return Table(usual.edges, tuple(kept), usual.rings)
    if isinstance(usual, Mapping) and usual:
        return {Title(title): share for title, share in kept.items()}
    if isinstance(usual, frozenset):
        return frozenset(Place(latitude, longitude) for latitude, longitude in kept)
    return tuple(kept) if isinstance(usual, tuple) else kept


COINCIDENCE: Final[Mapping[Title, float]] = MappingProxyType({
    Title.NAME: 0.01, Title.SLIP: 0.01, Title.FIRST: 0.03, Title.STREET: 0.01, Title.SUBJECT: 0.4,
})  # fmt: skip
"""Chance that a title with words of its own says this of an appointment that it is not about."""

SPOKEN: Final[Mapping[str, float]] = MappingProxyType({"customer": 12.0, "street": 20.0, "project": 2.0})
"""How much likelier an appointment is when its name, street or project was said. Names are also called in passing."""

NOTHING_SPOKEN: Final = 0.6
"""The factor where the transcript has none of these."""

TALKED: Final = 50
"""Different words in a transcript, below which their absence says nothing."""
