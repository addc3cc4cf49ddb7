"""Properties of any day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldnote.matching import Appointment, Conversation, Outcome, Place, match, place_distance_m
from tests.matching.days import make_world

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
REPS = ("ann", "bob")

moments = st.integers(0, 600).map(lambda minutes: START + timedelta(minutes=minutes))
places = st.none() | st.builds(Place, st.sampled_from((39.7, 39.71, 39.9, 0.0)), st.sampled_from((-104.9, -105.0, 0.0)))


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Conversation], list[Appointment]]:
    conversations = [
        Conversation(
            f"r{i}",
            draw(st.sampled_from(REPS)),
            draw(moments),
            timedelta(minutes=draw(minutes)),
            draw(places),
        )
        for i in range(draw(st.integers(1, 7)))
    ]
    appointments = [_appointment(draw, f"a{i}") for i in range(draw(st.integers(0, 7)))]
    return conversations, appointments


minutes = st.integers(0, 120)


def _appointment(draw: st.DrawFn, key: str) -> Appointment:
    start = draw(moments)
    end = draw(st.none() | st.integers(-10, 300).map(lambda length: start + timedelta(minutes=length)))
    reps = frozenset(draw(st.sets(st.sampled_from(REPS), min_size=1)))
    return Appointment(key, reps, start, end, draw(places), cancelled=draw(st.booleans()))


@settings(max_examples=60, deadline=None)
@given(days(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    day: tuple[list[Conversation], list[Appointment]], dice: Random
) -> None:
    conversations, appointments = day
    shuffled, mixed = list(conversations), list(appointments)
    dice.shuffle(shuffled)
    dice.shuffle(mixed)
    expected = {decision.conversation_id: decision for decision in match(conversations, appointments)}
    got = match(shuffled, mixed)
    assert [decision.conversation_id for decision in got] == [conversation.id for conversation in shuffled]
    assert {decision.conversation_id: decision for decision in got} == expected


@settings(max_examples=60, deadline=None)
@given(days())
def test_only_open_appointments_of_the_rep_or_at_the_very_place_are_linked_or_proposed(
    day: tuple[list[Conversation], list[Appointment]],
) -> None:
    conversations, appointments = day
    by_id = {appointment.id: appointment for appointment in appointments}
    for conversation, decision in zip(conversations, match(*day), strict=True):
        if decision.best:
            chosen = by_id[decision.best.appointment_id]
            meters = place_distance_m(conversation.place, chosen.place)
            assert conversation.rep_id in chosen.rep_ids or (meters is not None and meters < 250)
            assert decision.best.evidence.other_rep == (conversation.rep_id not in chosen.rep_ids)
            assert not chosen.cancelled


@settings(max_examples=60, deadline=None)
@given(days())
def test_scores_are_probabilities_and_share_one(day: tuple[list[Conversation], list[Appointment]]) -> None:
    for decision in match(*day):
        scores = [decision.none_score, decision.score, *(r.score for r in decision.runners_up)]
        assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)
        assert sum(scores) <= 1 + 1e-6
        assert (decision.outcome is Outcome.LINKED) == (decision.appointment_id is not None)


@settings(max_examples=60, deadline=None)
@given(days(), st.sampled_from((-3, 3)))
def test_an_appointment_days_away_changes_nothing(
    day: tuple[list[Conversation], list[Appointment]], days_away: int
) -> None:
    conversations, appointments = day
    far = Appointment("far", frozenset(REPS), START + timedelta(days=days_away))
    assert match(conversations, [*appointments, far]) == match(conversations, appointments)


@settings(max_examples=60, deadline=None)
@given(days(), st.data())
def test_fixed_pairs_are_kept(day: tuple[list[Conversation], list[Appointment]], data: st.DataObject) -> None:
    conversations, appointments = day
    targets = st.sampled_from([None, "unknown", *(appointment.id for appointment in appointments)])
    fixed = data.draw(st.dictionaries(st.sampled_from([c.id for c in conversations]), targets))
    decided = {d.conversation_id: d.appointment_id for d in match(conversations, appointments, fixed=fixed)}
    assert {key: decided[key] for key in fixed} == fixed


@settings(max_examples=60, deadline=None)
@given(days())
def test_overlapping_recordings_of_a_rep_never_link_to_one_appointment(
    day: tuple[list[Conversation], list[Appointment]],
) -> None:
    spans: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for conversation, decision in zip(day[0], match(*day), strict=True):
        if decision.appointment_id:
            end = conversation.starts_at + (conversation.duration or timedelta())
            spans.setdefault((conversation.rep_id, decision.appointment_id), []).append((conversation.starts_at, end))
    for own in spans.values():
        own.sort()
        for before, after in pairwise(own):
            assert after[0] >= before[1] - timedelta(minutes=1)


@pytest.mark.slow
def test_on_two_thousand_recordings_of_disorderly_days_links_are_right_and_many() -> None:
    world = make_world(2000, seed=20260302)
    decisions = match(world.conversations, world.appointments)
    linked = [decision for decision in decisions if decision.outcome is Outcome.LINKED]
    right = sum(world.truth[decision.conversation_id] == decision.appointment_id for decision in linked)
    assert len(decisions) >= 2000
    assert right / len(linked) >= 0.99
    assert right / sum(truth is not None for truth in world.truth.values()) >= 0.9
