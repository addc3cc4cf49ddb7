"""The matcher, one behavior a test."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from fieldnote.matching import (
    Appointment,
    Conversation,
    Decision,
    Outcome,
    Place,
    Reason,
    match,
    place_distance_m,
)

NINE = datetime(2026, 3, 2, 16, tzinfo=UTC)  # nine o'clock in Denver
HOUSE = Place(39.7392, -104.9903)
ACROSS_TOWN = Place(39.6133, -105.0166)
ANOTHER_CITY = Place(38.8339, -104.8214)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def appointment(
    key: str = "a",
    start: float = 0,
    end: float | None = 60,
    *,
    reps: tuple[str, ...] = ("rep",),
    place: Place | None = None,
    customer: str | None = None,
    cancelled: bool = False,
) -> Appointment:
    ends_at = None if end is None else at(end)
    return Appointment(key, frozenset(reps), at(start), ends_at, place, None, customer, cancelled)


def recording(
    key: str = "r",
    start: float = 0,
    minutes: float | None = 45,
    *,
    rep: str = "rep",
    place: Place | None = None,
    title: str | None = None,
) -> Conversation:
    duration = None if minutes is None else timedelta(minutes=minutes)
    return Conversation(key, rep, at(start), duration, place, title)


def decide(conversation: Conversation, *appointments: Appointment) -> Decision:
    return match([conversation], appointments)[0]


def links(decisions: list[Decision]) -> dict[str, str | None]:
    return {decision.conversation_id: decision.appointment_id for decision in decisions}


# --- time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [-15, -5, 0, 4, 12, 20])
def test_by_time_alone_the_only_candidate_links_if_it_is_near(start: float) -> None:
    assert decide(recording(start=start), appointment()).appointment_id == "a"


@pytest.mark.parametrize("start", [-50, 90, 120])
def test_by_time_alone_a_start_far_off_is_at_most_proposed(start: float) -> None:
    decision = decide(recording(start=start), appointment())
    assert decision.outcome is not Outcome.LINKED
    assert decision.appointment_id is None


@pytest.mark.parametrize("start", [-61, 151, 60 * 24])
def test_outside_of_the_window_there_is_no_candidate_by_time_alone(start: float) -> None:
    decision = decide(recording(start=start), appointment(place=HOUSE))
    assert decision.outcome is Outcome.NONE
    assert decision.best is None
    assert decision.runners_up == ()


@pytest.mark.parametrize("start", [-120, -60, 60, 120])
def test_an_appointment_entered_whole_hours_off_is_found_by_its_place(start: float) -> None:
    assert decide(recording(start=start, place=HOUSE), appointment(place=HOUSE)).appointment_id == "a"
    assert decide(recording(start=60 * 24, place=HOUSE), appointment(place=HOUSE)).outcome is Outcome.NONE


def test_twenty_minutes_late_at_the_address_links() -> None:
    decision = decide(recording(start=20, place=HOUSE), appointment(place=HOUSE))
    assert decision.appointment_id == "a"
    assert decision.score > 0.99


def test_an_hour_late_links_if_the_place_is_right() -> None:
    assert decide(recording(start=60, place=HOUSE), appointment(place=HOUSE)).appointment_id == "a"


def test_two_candidates_equally_near_are_proposed_and_not_linked() -> None:
    decision = decide(recording(start=15), appointment("a"), appointment("b"))
    assert decision.outcome is Outcome.PROPOSED
    assert decision.best is not None
    assert {decision.best.appointment_id, decision.runners_up[0].appointment_id} == {"a", "b"}
    assert decision.score == pytest.approx(decision.runners_up[0].score)


def test_between_two_starts_nothing_links_by_time_alone() -> None:
    decision = decide(recording(start=17), appointment("a", 0, 30), appointment("b", 30, 60))
    assert decision.outcome is Outcome.PROPOSED


def test_a_missing_end_is_assumed_and_said() -> None:
    with_end = decide(recording(start=18), appointment())
    without = decide(recording(start=18), appointment(end=None))
    assert without.appointment_id == "a"
    assert without.evidence
    assert without.evidence.end_assumed
    assert "one hour was assumed" in " ".join(without.evidence.words)
    assert with_end.evidence
    assert not with_end.evidence.end_assumed


def test_an_end_before_the_start_counts_as_missing() -> None:
    decision = decide(recording(), appointment(end=-30))
    assert decision.appointment_id == "a"
    assert decision.evidence
    assert decision.evidence.end_assumed


def test_in_a_long_arrival_window_a_late_start_links_at_the_place() -> None:
    long = appointment(end=240, place=HOUSE)
    assert decide(recording(start=200, place=HOUSE), long).appointment_id == "a"
    assert decide(recording(start=200), long).outcome is Outcome.PROPOSED


def test_an_unknown_duration_still_links() -> None:
    assert decide(recording(start=3, minutes=None), appointment()).appointment_id == "a"
    assert decide(recording(start=3, minutes=0), appointment()).appointment_id == "a"


# --- place ----------------------------------------------------------------------------------------------


def test_the_place_tells_two_simultaneous_appointments_apart() -> None:
    both = (appointment("a", place=HOUSE), appointment("b", place=ACROSS_TOWN))
    assert decide(recording(place=HOUSE), *both).appointment_id == "a"
    assert decide(recording(place=ACROSS_TOWN), *both).appointment_id == "b"


def test_another_city_never_links_even_on_the_minute() -> None:
    decision = decide(recording(place=ANOTHER_CITY), appointment(place=HOUSE))
    assert decision.outcome is not Outcome.LINKED
    beside = decide(recording(place=ANOTHER_CITY), appointment(place=HOUSE), appointment("b", place=ANOTHER_CITY))
    assert beside.appointment_id == "b"
    assert beside.runners_up[0].reason is Reason.TOO_FAR
    assert "too far" in beside.runners_up[0].words


def test_a_phone_that_still_reports_the_last_stop_is_believed_less() -> None:
    """From where the rep was before, the next visit is likelier than from anywhere else in town."""
    day = [appointment("a", 0, 60, place=HOUSE), appointment("b", 90, 150, place=ACROSS_TOWN)]
    first = recording("r1", 2, 55, place=HOUSE)
    stale = match([first, recording("r2", 92, 50, place=HOUSE)], day)[1]
    elsewhere = match([first, recording("r2", 92, 50, place=Place(39.9, -105.1))], day)[1]
    assert stale.best
    assert stale.best.appointment_id == "b"
    assert stale.score > elsewhere.score


def test_a_few_kilometers_off_is_not_linked_by_itself() -> None:
    there = Place(HOUSE.latitude + 0.06, HOUSE.longitude)  # 6.7 km
    assert decide(recording(start=2, place=there), appointment(place=HOUSE)).outcome is Outcome.PROPOSED


@pytest.mark.parametrize(
    "nonsense",
    [
        Place(0, 0),
        Place(math.nan, -104.9),
        Place(39.7, math.inf),
        Place(91, 0),
        Place(39.7, -181),
    ],
)
def test_coordinates_that_cannot_be_count_as_missing(nonsense: Place) -> None:
    decision = decide(recording(start=4, place=nonsense), appointment(place=HOUSE))
    assert decision.appointment_id == "a"
    assert decision.evidence
    assert decision.evidence.distance_m is None
    assert decision.score == decide(recording(start=4), appointment(place=HOUSE)).score


def test_distance_is_measured_on_the_sphere() -> None:
    denver, boulder = Place(39.7392, -104.9903), Place(40.0150, -105.2705)
    assert place_distance_m(denver, boulder) == pytest.approx(38_900, rel=0.01)
    assert place_distance_m(Place(10, 179.999), Place(10, -179.999)) == pytest.approx(219, rel=0.01)
    assert place_distance_m(Place(90, 0), Place(-90, 0)) == pytest.approx(math.pi * 6_371_008.8)
    assert place_distance_m(denver, None) is None


# --- title ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "customer"),
    [
        ("Muñoz kitchen", "Elena Munoz"),
        ("visit with o'brien", "O\u2019Brien, Sean"),
        ("Smith kitchen remodel", "The Smith Family Trust"),
    ],
)
def test_a_title_that_names_the_customer_breaks_a_tie(title: str, customer: str) -> None:
    named, other = appointment("a", customer=customer), appointment("b", customer="Lee Park")
    assert decide(recording(title=title), named, other).best is not None
    assert decide(recording(title=title), named, other).score > 0.9
    assert "the title names the customer" in (
        getattr(decide(recording(title=title), named, other).evidence, "words", ())
    )


def test_a_first_name_or_a_project_is_no_name() -> None:
    decision = decide(recording(title="Elena kitchen remodel"), appointment(customer="Elena Munoz"))
    assert decision.evidence
    assert not decision.evidence.name_in_title


@pytest.mark.parametrize("title", ["Munos kitchen", "Munozz", "Muoz, Elena", "visit Mnuoz"])
def test_a_name_with_one_slip_of_the_finger_still_speaks_for_the_customer(title: str) -> None:
    day = appointment("a", customer="Elena Munoz"), appointment("b", customer="Lee Park")
    assert decide(recording(title=title), *day).score > 0.9


@pytest.mark.parametrize("title", ["New recording 12", "Recording, Mar 2", "  ", "Voice memo 3"])
def test_a_title_that_the_phone_gave_says_nothing(title: str) -> None:
    named = appointment(customer="Elena Munoz")
    assert decide(recording(start=20, title=title), named).score == decide(recording(start=20), named).score


@pytest.mark.parametrize("subject", [None, "Follow up", "In-home consultation"])
@pytest.mark.parametrize("title", ["Ken Zimmerman drop by", "follow up Zimmerman", "Zimmerman return visit"])
def test_a_return_that_names_somebody_else_is_less_likely_this_appointments(title: str, subject: str | None) -> None:
    visit = replace(appointment(customer="Wendy Rivera", place=HOUSE), title=subject)

    def doubt(title: str) -> float:
        return decide(recording(place=HOUSE, title=title), visit).none_score

    nobody, rivera = title.replace("Ken Zimmerman", "").replace("Zimmerman", ""), title.replace("Zimmerman", "Rivera")
    assert doubt(title) > 3 * doubt(nobody)
    assert doubt(title) > doubt(rivera)


def test_the_subject_in_the_title_tells_two_appointments_apart() -> None:
    roof, bath = replace(appointment("a"), title="Roof inspection"), replace(appointment("b"), title="Bath remodel")
    decision = decide(recording(title="roof inspection"), roof, bath)
    assert decision.best
    assert decision.best.appointment_id == "a"
    assert decision.score > 0.7
    assert "the title says what the appointment is about" in decision.best.evidence.words


# --- transcript -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("customer", "Good morning, Mrs. Muñoz, thank you for having me."),
        ("street", "So this is the house on Larkspur, right at the corner."),
        ("project", "You called about a sunroom addition."),
    ],
)
def test_what_is_spoken_of_the_customer_tells_two_appointments_apart(thing: str, said: str) -> None:
    ours = replace(
        appointment("a", customer="Elena Munoz"), street="1420 N Larkspur Dr Apt 4", project="Sunroom addition"
    )
    theirs = replace(appointment("b", customer="Lee Hall"), street="9 Ford Ave", project="Deck")
    silent = decide(recording(), ours, theirs)
    heard = decide(replace(recording(), transcript=said), ours, theirs)
    assert heard.best
    assert heard.best.appointment_id == "a"
    assert heard.score > 0.6 > silent.score
    assert heard.best.evidence.spoken == (thing,)
    assert f"the {thing} was named in the recording" in heard.best.evidence.words


def test_a_transcript_turns_a_proposal_into_a_link() -> None:
    ours = replace(appointment("a", customer="Elena Munoz"), street="1420 Larkspur Dr")
    theirs = appointment("b", customer="Lee Hall")
    said = "Mrs Munoz? The sign says Larkspur, so I am right here."
    assert decide(recording(), ours, theirs).outcome is Outcome.PROPOSED
    assert decide(replace(recording(), transcript=said), ours, theirs).appointment_id == "a"


# --- several recordings ---------------------------------------------------------------------------------


def test_late_back_to_back_visits_are_solved_together() -> None:
    """Alone the first recording is nearer to the second appointment; that one has a better claimant."""
    day = [appointment("a", 0, 60), appointment("b", 60, 120)]
    late, punctual = recording("r1", 35, 25, title=None), recording("r2", 62, 50)
    assert decide(late, *day).appointment_id is None
    assert links(match([punctual], day)) == {"r2": "b"}
    together = {d.conversation_id: d for d in match([late, punctual], day)}
    assert together["r2"].best is not None
    assert together["r2"].best.appointment_id == "b"
    assert together["r1"].best is not None
    assert together["r1"].best.appointment_id == "a"
    assert together["r1"].score > decide(late, *day).score


@pytest.mark.parametrize(("minutes", "second"), [(50, 60), (58, 60), (60, 60), (50, 57), (70, 75)])
def test_back_to_back_visits_each_recorded_link_by_time_alone(minutes: int, second: int) -> None:
    day = [appointment("a", 0, 60), appointment("b", 60, 120)]
    both = [recording("r1", 2, minutes - 2), recording("r2", second, 50)]
    assert links(match(both, day)) == {"r1": "a", "r2": "b"}


def test_a_candidate_that_another_recording_needs_more_is_called_taken() -> None:
    day = [appointment("a", 0, 60), appointment("b", 30, 90)]
    decisions = match([recording("r1", 18, 10), recording("r2", 32, 50)], day)
    losers = [r for d in decisions if d.conversation_id == "r1" for r in d.runners_up]
    assert [(r.appointment_id, r.reason) for r in losers] == [("b", Reason.TAKEN)]


def test_a_visit_recorded_in_two_parts_links_both() -> None:
    parts = [recording("r1", 2, 23, place=HOUSE), recording("r2", 25.2, 25, place=HOUSE)]
    decisions = match(parts, [appointment(place=HOUSE)])
    assert links(decisions) == {"r1": "a", "r2": "a"}
    second = decisions[1].evidence
    assert second
    assert second.part == 2


def test_recordings_that_overlap_do_not_share_an_appointment() -> None:
    linked = links(match([recording("r1", 0, 40), recording("r2", 10, 40)], [appointment()]))
    assert list(linked.values()).count("a") <= 1


def test_a_second_rep_may_record_the_same_appointment_at_the_same_time() -> None:
    shared = appointment(reps=("ann", "bob"))
    both = [recording("r1", 1, rep="ann"), recording("r2", 2, rep="bob")]
    assert links(match(both, [shared])) == {"r1": "a", "r2": "a"}


def test_a_cancelled_appointment_takes_nothing_and_is_named() -> None:
    decision = decide(recording(), appointment(cancelled=True))
    assert decision.outcome is Outcome.NONE
    assert decision.runners_up[0].reason is Reason.CANCELLED


def test_another_reps_appointment_is_no_candidate_by_time_alone() -> None:
    decision = decide(recording(), appointment(reps=("other",), place=HOUSE))
    assert (decision.outcome, decision.runners_up) == (Outcome.NONE, ())


def test_a_colleague_who_takes_over_is_found_at_the_house() -> None:
    theirs = appointment("a", reps=("ann",), place=HOUSE)
    own = appointment("b", 0, 60, reps=("bob",), place=ACROSS_TOWN)
    decision = decide(recording(start=3, rep="bob", place=HOUSE), theirs, own)
    assert decision.appointment_id == "a"
    assert decision.evidence
    assert decision.evidence.other_rep
    assert "it is in a colleague's calendar" in decision.evidence.words


def test_a_second_rep_who_is_not_in_the_calendar_links_beside_the_first() -> None:
    theirs = appointment("a", reps=("ann",), place=HOUSE)
    both = [recording("r1", 1, rep="ann", place=HOUSE), recording("r2", 2, rep="bob", place=HOUSE)]
    assert links(match(both, [theirs])) == {"r1": "a", "r2": "a"}


@pytest.mark.parametrize("kind", ["CALL", "EMAIL", "Task", "NOTE"])
def test_a_call_or_an_email_near_the_visit_takes_nothing(kind: str) -> None:
    visit = appointment("a", 10, place=HOUSE)
    call = replace(appointment("call", 0, 5, place=HOUSE), kind=kind)
    assert decide(recording(place=HOUSE), visit, call).appointment_id == "a"
    assert decide(recording(place=HOUSE), call).outcome is Outcome.NONE


def test_an_appointment_takes_recordings_at_its_new_time_once_it_is_rescheduled() -> None:
    before, later = appointment(place=HOUSE), recording(start=60 * 24 + 4, place=HOUSE)
    assert decide(later, before).outcome is Outcome.NONE
    moved = replace(before, starts_at=at(60 * 24), ends_at=at(60 * 25))
    assert decide(later, moved).appointment_id == "a"
    assert decide(recording(start=2), moved).outcome is Outcome.NONE


def test_of_an_appointment_rescheduled_under_a_new_id_the_new_one_links() -> None:
    old = appointment("old", place=HOUSE, customer="Ana Brandt", cancelled=True)
    new = appointment("new", 30, 90, place=HOUSE, customer="Ana Brandt")
    decision = decide(recording(start=5, place=HOUSE, title="Brandt roof"), old, new)
    assert decision.appointment_id == "new"
    assert [(lost.appointment_id, lost.reason) for lost in decision.runners_up] == [("old", Reason.CANCELLED)]


def test_of_two_copies_of_one_appointment_one_links_and_the_other_is_named() -> None:
    copies = (appointment("a", place=HOUSE), appointment("copy", place=HOUSE))
    decision = decide(recording(place=HOUSE), *copies)
    assert decision.outcome is Outcome.LINKED
    assert decision.best
    assert {decision.best.appointment_id, decision.runners_up[0].appointment_id} == {"a", "copy"}
    assert decision.runners_up[0].reason is Reason.SAME_VISIT


def test_a_reschedule_under_a_new_id_beside_the_old_row_links_to_the_row_that_fits() -> None:
    old = appointment("old", 0, 60, place=HOUSE, customer="Ana Brandt")
    new = replace(appointment("new", 30, 90, customer="Brandt, Ana"), project="Another deal")
    for start, row in ((3, "old"), (33, "new")):
        decision = decide(recording(start=start, place=HOUSE), old, new)
        assert decision.appointment_id == row
        assert decision.runners_up[0].reason is Reason.SAME_VISIT


def test_all_parts_of_a_visit_with_two_rows_link_to_one_of_them() -> None:
    rows = (appointment("x", 0, place=HOUSE, customer="Ana Brandt"), appointment("y", 15, 75, customer="Ana Brandt"))
    parts = [recording("r1", 2, 10, place=HOUSE), recording("r2", 13, 40, place=HOUSE)]
    assert len(set(links(match(parts, rows)).values()) - {None}) == 1


def test_a_row_that_a_person_chose_is_the_row_for_the_other_parts() -> None:
    rows = (appointment("x", 0, place=HOUSE, customer="Ana Brandt"), appointment("y", 5, 75, customer="Ana Brandt"))
    parts = [recording("r1", 2, 10, place=HOUSE), recording("r2", 13, 40, place=HOUSE)]
    for row in ("x", "y"):
        assert set(links(match(parts, rows, fixed={"r1": row})).values()) == {row}


@pytest.mark.parametrize("other", ["Lee Park", "Ana Brown"])
def test_two_customers_at_one_time_are_not_one_visit(other: str) -> None:
    rows = (appointment("x", customer="Ana Brandt"), appointment("y", customer=other))
    assert decide(recording(), *rows).outcome is Outcome.PROPOSED


def test_a_pocket_recording_is_proposed_and_does_not_cost_the_visit_its_link() -> None:
    both = [recording("pocket", -12, 1.5, place=HOUSE), recording("visit", 2, 50, place=HOUSE)]
    pocket, visit = match(both, [appointment(place=HOUSE)])
    assert visit.appointment_id == "a"
    assert pocket.outcome is Outcome.PROPOSED


def test_a_visit_in_three_parts_links_all_of_them() -> None:
    spans = ((2, 15), (17.2, 15), (32.4, 25))
    parts = [recording(f"r{n}", start, minutes, place=HOUSE) for n, (start, minutes) in enumerate(spans)]
    assert set(links(match(parts, [appointment(place=HOUSE)])).values()) == {"a"}


def test_a_part_recorded_elsewhere_is_not_believed_as_one_at_the_same_place() -> None:
    """The CRM has no address, so that only the phone can say it."""
    first, day = recording("r1", 2, 15, place=HOUSE), [appointment(customer="Ana Brandt")]
    here = match([first, recording("r2", 19, 15, place=HOUSE)], day)[1]
    there = match([first, recording("r2", 19, 15, place=ACROSS_TOWN)], day)[1]
    assert here.score > 0.9
    assert there.score < 0.8


def test_who_was_kept_by_the_visit_before_comes_late_to_the_next() -> None:
    """An hour late is believed where the recording before tells why."""
    day = [appointment("a", 0, 60), appointment("b", 75, 135), appointment("c", 140, 200, cancelled=True)]
    late = recording("r2", 125, 45)
    alone = match([late], day)[0]
    kept = match([recording("r1", 2, 108), late], day)[1]
    assert kept.best
    assert kept.best.appointment_id == "b"
    assert kept.score > alone.score


# --- fixed ----------------------------------------------------------------------------------------------


def test_a_fixed_pair_is_kept_whatever_speaks_against_it() -> None:
    far = appointment("far", 60 * 30, 60 * 31, reps=("other",), place=ANOTHER_CITY, cancelled=True)
    decision = match([recording(place=HOUSE)], [far, appointment("a", place=HOUSE)], fixed={"r": "far"})[0]
    assert (decision.outcome, decision.appointment_id, decision.score) == (Outcome.LINKED, "far", 1.0)
    assert decision.runners_up[0].reason is Reason.FIXED_ELSEWHERE


def test_a_fixed_pair_takes_the_appointment_from_the_others() -> None:
    day = [appointment("a")]
    free = links(match([recording("r1", 0, 40), recording("r2", 10, 40)], day, fixed={"r2": "a"}))
    assert free == {"r1": None, "r2": "a"}


def test_a_persons_link_is_kept_against_all_later_evidence() -> None:
    """A person linked it to `b`; then a transcript, a title and a moved appointment all speak for `a`."""
    ours = appointment("a", place=HOUSE, customer="Elena Munoz")
    theirs = appointment("b", 30, 90, place=ACROSS_TOWN, customer="Lee Hall")
    heard = replace(recording(place=HOUSE, title="Munoz"), transcript="Mrs. Munoz, hello")
    assert decide(heard, ours, theirs).appointment_id == "a"
    for later in ([ours, theirs], [ours, replace(theirs, cancelled=True)], [ours]):
        assert match([heard], later, fixed={"r": "b"})[0].appointment_id == "b"


def test_a_persons_unlink_is_kept_and_leaves_the_appointment_to_others() -> None:
    both = [recording("r1", 0, 20, place=HOUSE), recording("r2", 25, 30, place=HOUSE)]
    decisions = match(both, [appointment(place=HOUSE)], fixed={"r1": None})
    assert links(decisions) == {"r1": None, "r2": "a"}
    assert decisions[0].runners_up[0].reason is Reason.FIXED_ELSEWHERE


def test_fixed_to_none_stays_without_a_link() -> None:
    decision = match([recording()], [appointment()], fixed={"r": None})[0]
    assert (decision.outcome, decision.appointment_id) == (Outcome.NONE, None)


def test_fixed_to_an_appointment_that_was_not_given_is_kept() -> None:
    decision = match([recording()], [appointment()], fixed={"r": "elsewhere"})[0]
    assert decision.appointment_id == "elsewhere"


# --- what comes out -------------------------------------------------------------------------------------


def test_the_evidence_can_be_read() -> None:
    near = Place(HOUSE.latitude + 0.000315, HOUSE.longitude)
    decision = decide(recording(start=4, place=near), appointment(place=HOUSE))
    assert decision.evidence
    assert decision.evidence.words == (
        "started 4 minutes after the appointment's time",
        "35 m from the customer's address",
        "45 of 45 recorded minutes lie within the appointment",
        "only appointment of this rep within two hours",
    )
    assert decision.evidence.start_offset_s == pytest.approx(240)


def test_a_decision_can_be_kept_as_json() -> None:
    decision = decide(recording(), appointment(), appointment("b", 40, 100))
    kept = json.loads(json.dumps(asdict(decision)))
    assert kept["outcome"] == "LINKED"
    assert kept["runners_up"][0]["appointment_id"] == "b"


def test_nothing_gives_nothing() -> None:
    assert match([], []) == []
    assert match([], [appointment()]) == []
    assert match([recording()], [])[0].outcome is Outcome.NONE


def test_times_without_a_zone_and_doubled_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        match([Conversation("r", "rep", datetime(2026, 3, 2))], [])  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="same id"):
        match([], [appointment(), appointment()])


def test_in_an_overfull_calendar_nothing_is_linked() -> None:
    """Forty overlapping recordings and two hundred appointments of one rep. `bench/matching` measures the cost."""
    appointments = [appointment(f"a{i}", i * 0.9, i * 0.9 + 60) for i in range(200)]
    recordings = [recording(f"r{i}", i * 4, 30) for i in range(40)]
    decisions = match(recordings, appointments)
    assert len(decisions) == len(recordings)
    assert all(decision.outcome is not Outcome.LINKED for decision in decisions)
