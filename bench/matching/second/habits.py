"""How often each kind of disorder happens. A share is of visits, of rows or of recordings, as its line says."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Disorder:
    """Everything that goes wrong, or merely differently than planned. Each number may be scaled."""

    # Shares of planned visits.
    canceled: float = 0.07
    no_show: float = 0.03
    moved_in_day: float = 0.0245
    moved_to_other_day: float = 0.021
    taken_over: float = 0.014
    double_booked: float = 0.021
    ride_along: float = 0.0042
    same_street: float = 0.035
    early: float = 0.042
    very_late: float = 0.049
    # Shares of CRM rows.
    duplicate: float = 0.0175
    no_place: float = 0.028
    approximate_place: float = 0.028
    wrong_place: float = 0.0175
    wrong_zone: float = 0.014
    no_end: float = 0.08
    name_misspelled: float = 0.028
    # Shares of recorded visits.
    parts: float = 0.063
    comes_back: float = 0.0042
    begun_at_curb: float = 0.07
    begun_late: float = 0.07
    runs_on: float = 0.014
    # Shares of recordings.
    no_position: float = 0.035
    stale_position: float = 0.021
    coarse_position: float = 0.021
    # Strays after each visit.
    neighbor: float = 0.015
    drive: float = 0.01
    call_after: float = 0.015
    memo: float = 0.006
    # Strays a rep-day.
    canvass: float = 0.025
    call_between: float = 0.015
    pocket: float = 0.025
    visit_without_row: float = 0.025
    evening: float = 0.0075
    # Strays in the slot of a visit that did not take place.
    in_empty_slot: float = 0.15
    # Rows without a customer, a rep-day.
    meeting: float = 0.126
    on_call: float = 0.07
    lunch: float = 0.07
    # Share of meetings that are recorded.
    meeting_recorded: float = 0.042

    def scaled(self, factor: float) -> "Disorder":
        """Every rate times `factor`, at most 0.9."""
        return replace(self, **{f.name: min(0.9, getattr(self, f.name) * factor) for f in fields(self)})
