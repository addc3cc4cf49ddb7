"""Hostile days, made by hand: each holds one thing that goes wrong, and what a careful person would say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from math import cos, radians

import pytest

from fieldnote.matching import LINK_AT, LINK_UNHEARD_AT, USUAL, Appointment, Conversation, Outcome, Place, match
from tests.matching.test_match import ACROSS_TOWN, HOUSE, appointment, at, decide, links, recording

NEXT_DOOR = Place(39.7392, -104.9903 + 110 / 111_320 / cos(radians(39.7392)))
STOP_BEFORE = Place(39.7101, -104.9500)


def booked(
    key: str, start: float, customer: str, place: Place | None = HOUSE, *, street: str | None = None, deal: str = ""
) -> Appointment:
    row = appointment(key, start, start + 60, place=place, customer=customer)
    return replace(row, street=street, project=deal or None)


# --- 1. further parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0.5, 1, 2, 4, 8])
def test_a_part_follows_within_minutes_at_the_same_place(gap: float) -> None:
    """Without a title a drive looks the same, so only what follows at once is linked without a person."""
    day = [booked("a", 0, "Ana Brandt")]
    parts = [recording("r1", 2, 20, place=HOUSE), recording("r2", 22 + gap, 30, place=HOUSE)]
    first, second = match(parts, day, rates=replace(USUAL, learned_from=5_000))
    assert first.appointment_id == "a"
    assert second.best is not None
    assert (second.best.appointment_id, second.outcome is Outcome.LINKED) == ("a", gap < 2)
    assert second.best.evidence.may_follow is (gap >= 2)


@pytest.mark.parametrize("title", ["Brandt", "Ana Brandt part 2", "bramdt"])
@pytest.mark.parametrize("gap", [0.5, 2, 8])
def test_a_part_whose_title_names_the_customer_is_linked(gap: float, title: str) -> None:
    day = [booked("a", 0, "Ana Brandt")]
    parts = [recording("r1", 2, 20, place=HOUSE), recording("r2", 22 + gap, 30, place=HOUSE, title=title)]
    assert links(match(parts, day)) == {"r1": "a", "r2": "a"}


@pytest.mark.parametrize(("gap", "place"), [(14, NEXT_DOOR), (10, NEXT_DOOR), (20, NEXT_DOOR), (3, ACROSS_TOWN)])
def test_what_follows_later_and_elsewhere_is_no_part(gap: float, place: Place) -> None:
    """Although it lies within the written span of the appointment."""
    day = [replace(booked("a", 0, "Ana Brandt"), ends_at=at(120))]
    both = [recording("r1", 2, 50, place=HOUSE), recording("r2", 52 + gap, 8, place=place)]
    assert links(match(both, day))["r2"] is None


@pytest.mark.parametrize("minutes", [6, 12, 25])
def test_a_drive_begun_at_the_curb_after_a_whole_visit_is_no_part(minutes: float) -> None:
    day = [booked("a", 0, "Ana Brandt")]
    both = [recording("r1", 2, 75, place=HOUSE), recording("r2", 81, minutes, place=HOUSE)]
    assert links(match(both, day)) == {"r1": "a", "r2": None}


@pytest.mark.parametrize("minutes", [6, 12, 25])
def test_a_drive_from_a_visit_that_was_not_recorded_is_not_linked(minutes: float) -> None:
    day = [booked("a", 0, "Ana Brandt")]
    assert decide(recording("r", 72, minutes, place=HOUSE), *day).outcome is not Outcome.LINKED


# --- 2. strays and their titles -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title", ["walk in", "Neighbor", "follow up Meyer", "call with Meyer", "driving", "Tom Meyer", "role play"]
)
def test_a_title_that_speaks_against_the_visit_keeps_it_from_being_linked(title: str) -> None:
    day = [booked("a", 0, "Ana Brandt")]
    said = recording("r", 25, 12, place=NEXT_DOOR, title=title)
    assert decide(said, *day).outcome is not Outcome.LINKED
    assert decide(said, *day).score < decide(replace(said, title=None), *day).score


def test_a_title_with_the_street_speaks_for_the_appointment_there() -> None:
    day = [booked("a", 0, "Ana Brandt", None, street="412 Juniper Street"), booked("b", 0, "Tom Meyer", None)]
    assert decide(recording(start=5, title="Juniper"), *day).appointment_id == "a"
    assert decide(recording(start=5, title="412 Juniper St"), *day).appointment_id == "a"


def test_a_stray_in_the_slot_of_a_canceled_visit_goes_to_nobody() -> None:
    day = [replace(booked("a", 0, "Ana Brandt"), cancelled=True), booked("b", 150, "Tom Meyer", STOP_BEFORE)]
    assert decide(recording(start=5, place=ACROSS_TOWN), *day).outcome is Outcome.NONE


@pytest.mark.parametrize("seconds", [6, 20, 45])
def test_a_pocket_recording_is_never_linked_by_itself(seconds: float) -> None:
    day = [booked("a", 0, "Ana Brandt")]
    assert decide(recording(start=1, minutes=seconds / 60, place=HOUSE), *day).outcome is not Outcome.LINKED


# --- 3. rows without a customer -------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["On call", "Sales meeting", "Lunch", "Hold for leads", None])
def test_a_row_without_a_customer_takes_no_recording_by_time_alone(subject: str | None) -> None:
    others = [booked(f"b{n}", 1440 * n, f"Customer {n}") for n in range(1, 4)]
    blocked = replace(appointment("a", 0, 180), title=subject)
    assert decide(recording(start=12), blocked, *others).outcome is not Outcome.LINKED


# --- 4. colleagues --------------------------------------------------------------------------------------


def test_a_title_with_the_full_name_links_a_colleagues_appointment_a_surname_only_proposes_it() -> None:
    row = replace(booked("a", 0, "Ana Brandt", None), rep_ids=frozenset({"colleague"}))
    full = decide(recording(start=4, title="Ana Brandt kitchen"), row)
    assert full.best is not None
    assert full.best.appointment_id == "a"
    assert decide(recording(start=4, title="Brandt"), row).outcome is not Outcome.LINKED


@pytest.mark.parametrize(("meters", "outcome"), [(40, Outcome.LINKED), (110, Outcome.PROPOSED)])
def test_some_houses_on_from_a_colleagues_appointment_only_a_name_links(meters: float, outcome: Outcome) -> None:
    """There the rep may have a visit that is in no calendar."""
    row = replace(booked("a", 0, "Ana Brandt"), rep_ids=frozenset({"colleague"}))
    place = Place(HOUSE.latitude + meters / 111_200, HOUSE.longitude)
    made = recording(start=4, minutes=55, place=place)
    assert decide(made, row).outcome is outcome
    assert decide(replace(made, title="Brandt windows"), row).outcome is Outcome.LINKED


def test_two_reps_at_one_house_link_to_one_appointment() -> None:
    row = replace(booked("a", 0, "Ana Brandt"), rep_ids=frozenset({"rep", "second"}))
    both = [recording("r1", 2, 60, place=HOUSE), recording("r2", 3, 58, rep="second", place=HOUSE)]
    assert links(match(both, [row])) == {"r1": "a", "r2": "a"}


# --- 5. two rows for one visit --------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [0, 15, 30])
def test_two_rows_of_one_visit_with_two_deals_are_one_candidate(minutes: float) -> None:
    rows = [booked("a", 0, "Ana Brandt", deal="Deck"), booked("b", minutes, "Ana Brandt", deal="Deck 2")]
    decision = decide(recording(start=3, place=HOUSE), *rows)
    assert decision.appointment_id == "a"
    assert decision.score > 0.99


# --- 6. weak evidence -----------------------------------------------------------------------------------


def test_a_phone_that_reports_the_stop_before_is_no_evidence_against() -> None:
    day = [booked("before", -120, "Tom Meyer", STOP_BEFORE), booked("a", 0, "Ana Brandt")]
    made = [recording("r0", -118, 70, place=STOP_BEFORE), recording("r1", 2, 55, place=STOP_BEFORE)]
    found = match(made, day)[1]
    assert found.best is not None
    assert found.best.appointment_id == "a"
    assert found.score > decide(recording(start=2, minutes=55, place=ACROSS_TOWN), day[1]).score


@pytest.mark.parametrize(
    ("start", "row_place", "title"),
    [
        (-35, HOUSE, None),  # early, at the house
        (123, HOUSE, None),  # the row is in another zone
        (3, ACROSS_TOWN, "Ana Brandt"),  # the CRM has a wrong address, the title has the name
        (3, None, "Brandt roof"),  # it has none
    ],
)
def test_one_weak_piece_of_evidence_does_not_cost_the_link(start: float, row_place: Place | None, title: str) -> None:
    day = [booked("a", 0, "Ana Brandt", row_place)]
    assert decide(recording(start=start, minutes=55, place=HOUSE, title=title), *day).appointment_id == "a"


def test_a_double_booking_links_by_place_or_name_and_never_by_chance() -> None:
    day = [booked("a", 0, "Ana Brandt"), booked("b", 0, "Tom Meyer", ACROSS_TOWN)]
    assert decide(recording(start=3, place=HOUSE), *day).appointment_id == "a"
    assert decide(recording(start=3, title="Meyer windows"), *day).appointment_id == "b"
    assert decide(recording(start=3), *day).outcome is not Outcome.LINKED


# --- 8. the day -----------------------------------------------------------------------------------------


def hostile_day() -> tuple[list[Conversation], list[Appointment]]:
    planned = [
        booked("a", 0, "Ana Brandt"),
        booked("copy", 15, "Ana Brandt"),
        booked("b", 90, "Tom Meyer", STOP_BEFORE),
        replace(booked("c", 150, "Eva Lind", ACROSS_TOWN), cancelled=True),
    ]
    made = [
        recording("r1", 2, 40, place=HOUSE),
        recording("r2", 43.5, 25, place=HOUSE, title="brandt part two"),
        recording("r3", 80, 6, place=NEXT_DOOR, title="walk in"),
        recording("r4", 96, 55, place=STOP_BEFORE),
        recording("r5", 155, 20, place=ACROSS_TOWN),
    ]
    return made, planned


def test_the_order_of_arrival_does_not_change_a_day() -> None:
    made, planned = hostile_day()
    expected = links(match(made, planned))
    assert expected == {"r1": "a", "r2": "a", "r3": None, "r4": "b", "r5": None}
    for order in list(permutations(range(len(made))))[::7]:
        assert links(match([made[n] for n in order], planned[::-1])) == expected


def test_nothing_is_linked_without_a_transcript_that_would_not_be_linked_with_one() -> None:
    """A caller without transcripts asks for more, so that silence about the customer would not have undone the link."""
    day = [booked("a", 0, "Ana Brandt", None)]
    silent = " ".join(f"word{n}" for n in range(200))
    for tenths in range(-300, 1200, 5):
        made = recording(start=tenths / 10, minutes=50)
        unheard = match([made], day, link_at=LINK_UNHEARD_AT)[0]
        if unheard.outcome is Outcome.LINKED:
            assert decide(replace(made, transcript=silent), *day).score >= LINK_AT - 0.002
        assert unheard.score == decide(made, *day).score


def test_a_visit_of_unknown_length_and_an_hour_without_end_are_no_traps() -> None:
    open_end = replace(booked("a", 0, "Ana Brandt"), ends_at=None)
    assert decide(recording(start=4, minutes=None, place=HOUSE), open_end).appointment_id == "a"
    backward = replace(open_end, ends_at=at(0) - timedelta(hours=3))
    assert decide(recording(start=4, place=HOUSE), backward).appointment_id == "a"


# --- 9. strays of visits that were not recorded ---------------------------------------------------------


@pytest.mark.parametrize("length", [8, 12, 20])
@pytest.mark.parametrize("offset", [60, 75, 95])
def test_what_begins_at_the_house_when_a_visit_ends_is_proposed(offset: float, length: float) -> None:
    """The visit may have begun late, or have gone unrecorded: then this is a drive or a call after it."""
    decision = decide(recording("r", offset, length, place=HOUSE), booked("a", 0, "Ana Brandt"))
    assert decision.outcome is not Outcome.LINKED
    assert decision.none_score > 0.05


@pytest.mark.parametrize("length", [8, 12, 20])
@pytest.mark.parametrize("offset", [60, 75, 95])
def test_what_begins_when_a_colleagues_visit_ends_is_as_doubtful(offset: float, length: float) -> None:
    """The rep may have taken it over without a recording, and then this is a drive or a call after it."""
    own = booked("a", 0, "Ana Brandt")
    doubts = [
        decide(recording("r", offset, length, place=HOUSE), replace(own, rep_ids=frozenset({rep}))).none_score
        for rep in ("rep", "colleague")
    ]
    assert doubts[1] >= 0.9 * doubts[0]


def test_who_rides_along_with_a_colleague_who_records_is_linked() -> None:
    """A stray of a visit that the colleague recorded is as unlikely as the visit."""
    row = replace(booked("a", 0, "Ana Brandt"), rep_ids=frozenset({"colleague"}))
    both = [
        recording("theirs", 2, 60, rep="colleague", place=HOUSE),
        recording("along", 3, 55, place=HOUSE, title="Brandt, Ana"),
    ]
    assert links(match(both, [row])) == {"theirs": "a", "along": "a"}


def test_a_reps_habit_counts_once() -> None:
    """Of a visit without a recording the share of drives is the same, however often the rep records."""
    shares = []
    for recorded in (0.5, 0.9):
        rates = replace(USUAL, recorded=recorded)
        day = [booked("a", 0, "Ana Brandt")]
        none = match([recording("r", 75, 12, place=HOUSE)], day, rates=rates)[0].none_score
        shares.append(none / (1 - none) * recorded / (1 - recorded))
    assert shares[0] == pytest.approx(shares[1], rel=0.02)


def test_a_stray_in_a_slot_says_that_nothing_later_is_the_visit() -> None:
    """A pocket recording before a visit is not a stray of that visit not taking place."""
    day = [booked("a", 0, "Ana Brandt")]
    alone = decide(recording("pocket", -12, 1.5, place=HOUSE), *day)
    before = match([recording("pocket", -12, 1.5, place=HOUSE), recording("visit", 2, 50, place=HOUSE)], day)
    assert before[1].appointment_id == "a"
    assert before[0].none_score < alone.none_score + 0.1


def test_a_visit_in_a_window_may_end_late() -> None:
    """In an arrival window a drive at its end is as doubtful as one after an hour's appointment."""
    window = replace(appointment("a", 0, 240, place=HOUSE, customer="Ana Brandt"))
    decision = decide(recording("r", 230, 10, place=HOUSE), window)
    assert decision.none_score > 0.02


def test_the_usual_rates_need_more_certainty_than_learned_ones() -> None:
    day = [booked("a", 0, "Ana Brandt")]
    made = [recording("r", offset, 30, place=HOUSE) for offset in range(0, 60, 2)]
    for one in made:
        usual = match([one], day, rates=USUAL)[0]
        learned = match([one], day, rates=replace(USUAL, learned_from=5_000))[0]
        assert learned.score == usual.score
        assert (usual.outcome, learned.outcome) != (Outcome.LINKED, Outcome.PROPOSED)
