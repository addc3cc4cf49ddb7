"""Rates that are learned from a history, and the measure of the matcher on one."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from random import Random

import pytest

from bench.matching.second.adapter import appointments_of, conversations_of
from bench.matching.second.habits import Disorder
from bench.matching.second.records import Year
from bench.matching.second.year import make
from fieldnote.cli.match import print_evaluation
from fieldnote.json_form import to_json
from fieldnote.matching import (
    ENOUGH,
    MODEL_VERSION,
    USUAL,
    Appointment,
    Conversation,
    Outcome,
    Place,
    Rates,
    evaluate,
    learn,
    match,
)
from tests.matching.test_match import HOUSE, appointment, recording

SEED = 20270101


@cache
def year(seed: int = SEED, factor: float = 1.0) -> Year:
    return make(seed, reps=8, days=50, disorder=Disorder().scaled(factor))


@cache
def learned() -> Rates:
    return learn(conversations_of(year()), appointments_of(year()))


def test_few_recordings_teach_nothing() -> None:
    assert learn([recording()], [appointment()]) is USUAL


@pytest.mark.slow
def test_the_order_of_a_history_does_not_change_what_is_learned() -> None:
    conversations, appointments = conversations_of(year()), appointments_of(year())
    Random(1).shuffle(conversations)
    Random(2).shuffle(appointments)
    assert learn(conversations, appointments) == learned()


def test_rates_are_shares_whatever_is_learned() -> None:
    for one in fields(Rates):
        value = getattr(learned(), one.name)
        if hasattr(value, "shares"):
            assert sum(value.shares) == pytest.approx(1)
            assert min(value.shares) > 0
        elif one.name in ("title_visit", "title_stray", "title_curb"):
            assert sum(value.values()) == pytest.approx(1, abs=0.01)


def test_rates_survive_the_way_through_json() -> None:
    kept = json.loads(json.dumps(learned().as_json()))
    again = Rates.from_json(kept)
    assert again is not None
    assert again.as_json() == learned().as_json()
    assert Rates.from_json(kept | {"version": MODEL_VERSION - 1}) is None


def test_an_organization_without_strays_is_learned_to_have_few() -> None:
    tidy = year(factor=0)
    rates = learn(conversations_of(tidy), appointments_of(tidy))
    assert rates.strays_per_minute < learned().strays_per_minute / 2
    assert rates.after < learned().after / 2


def test_a_rep_who_names_every_customer_is_believed_less_with_another_name_in_the_title() -> None:
    """The other rep writes anything."""
    conversations, appointments = [], []
    for n in range(ENOUGH):
        for rep in ("careful", "careless"):
            day = 24 * 60 * n
            name = f"Ana Name{chr(97 + n % 26)}{chr(97 + n // 26)}x"
            appointments.append(appointment(f"{rep}{n}", day, day + 60, reps=(rep,), place=HOUSE, customer=name))
            title = name if rep == "careful" else "Something Else"
            conversations.append(recording(f"{rep}{n}", day + 2, 50, rep=rep, place=HOUSE, title=title))
    rates = learn(conversations, appointments)
    scores = {}
    for rep in ("careful", "careless"):
        planned = appointment("a", 0, 60, reps=(rep,), customer="Ana Brandt")
        made = recording("r", 25, 50, rep=rep, title="Something Else")
        scores[rep] = match([made], [planned], rates=rates)[0]
    assert scores["careless"].score > scores["careful"].score
    assert f"judged by rates learned from {rates.learned_from:,} recordings of the organization" in (
        getattr(scores["careless"].evidence, "words", ())
    )


def test_links_of_people_teach_more_than_guesses() -> None:
    """Each day a recording by the curb follows, and people always gave it to the visit."""
    conversations, appointments = [], []
    fixed: dict[str, str | None] = {}
    for n in range(ENOUGH):
        day = 24 * 60 * n
        appointments.append(appointment(f"a{n}", day, day + 60, place=HOUSE))
        conversations.append(recording(f"first{n}", day + 2, 40, place=HOUSE))
        conversations.append(recording(f"second{n}", day + 60, 12, place=HOUSE))
        fixed |= {f"first{n}": f"a{n}", f"second{n}": f"a{n}"}
    by_people = learn(conversations, appointments, fixed=fixed)
    alone = learn(conversations, appointments)
    assert by_people.after < alone.after
    assert max(by_people.part_after) > max(alone.part_after)


def _house(day: int) -> Place:
    return Place(HOUSE.latitude + day % 23 / 100, HOUSE.longitude + day // 23 / 100)


def _history_with_notes(every: int) -> tuple[list[Conversation], list[Appointment]]:
    """A visit a day. Before some of them the rep dictates a note in the car, of one to three minutes."""
    appointments, conversations = [], []
    for n in range(ENOUGH):
        day = 24 * 60 * n
        house = _house(n)
        appointments.append(appointment(f"a{n}", day, day + 60, place=house))
        conversations.append(recording(f"visit{n}", day + 2, 35 + n % 30, place=house))
        if n % every == 0:
            length = 1 + n // every % 5 / 2
            conversations.append(recording(f"note{n}", day - 1 - length, length, place=house))
    return conversations, appointments


@pytest.mark.parametrize(("every", "at_least"), [(4, 0.1), (8, 0.05)])
def test_notes_before_visits_are_learned_and_not_linked(every: int, at_least: float) -> None:
    conversations, appointments = _history_with_notes(every)
    rates = learn(conversations, appointments)
    assert rates.ahead > at_least
    decisions = match(conversations, appointments, rates=rates)
    assert {d.conversation_id[:4] for d in decisions if d.outcome is Outcome.LINKED} == {"visi"}
    assert sum(d.outcome is Outcome.LINKED for d in decisions) == ENOUGH


@pytest.mark.parametrize("length", [10, 14, 20, 30])
@pytest.mark.parametrize("pause", [1, 3, 6])
def test_no_drive_follows_a_note_before_a_visit(length: float, pause: float) -> None:
    """The recording after it is the visit, although it begins at the curb where the recording before was."""
    curb = Place(HOUSE.latitude + 0.0008, HOUSE.longitude)
    note, visit = recording("note", -2 - pause, 2, place=curb), recording("visit", 0, length, place=curb)
    rates = replace(USUAL, ahead=0.15)
    found = {one.conversation_id: one for one in match([note, visit], [appointment(place=HOUSE)], rates=rates)}
    assert found["note"].outcome is not Outcome.LINKED
    assert found["visit"].none_score < 0.1
    assert found["visit"].score > 0.85


def test_a_few_short_parts_are_no_notes() -> None:
    """An organization without notes has some short parts, which look the same."""
    assert learned().ahead == learned().knock == 0
    conversations, appointments = _history_with_notes(100)
    assert learn(conversations, appointments).ahead == 0


def test_knocks_at_closed_doors_are_learned_and_not_linked() -> None:
    appointments, conversations = [], []
    for n in range(ENOUGH + 100):
        day = 24 * 60 * n
        house = _house(n)
        appointments.append(appointment(f"a{n}", day, day + 60, place=house))
        length = 35 + n % 30 if n % 6 else 1 + n // 6 % 6 / 2
        conversations.append(recording(f"{'visit' if n % 6 else 'knock'}{n}", day + 2, length, place=house))
    rates = learn(conversations, appointments)
    assert rates.knock > 0.05
    linked = [d.conversation_id for d in match(conversations, appointments, rates=rates) if d.appointment_id]
    assert {key[:5] for key in linked} == {"visit"}
    assert len(linked) == 500


@pytest.mark.slow
def test_wrong_rates_cost_little_once_a_history_corrects_them() -> None:
    halved = replace(USUAL, strays_per_minute=USUAL.strays_per_minute / 2, after=USUAL.after / 2, stale=USUAL.stale / 2)
    corrected = learn(conversations_of(year()), appointments_of(year()), prior=halved)
    right, wrong = (_measured(rates) for rates in (learned(), corrected))
    assert wrong[0] >= right[0] - 0.002
    assert wrong[1] >= right[1] - 0.015


def _measured(rates: Rates) -> tuple[float, float]:
    """Precision and recall of links in the second world, where they can be decided."""
    visits, takes = {row.key: row.visit for row in year().rows}, {take.key: take for take in year().takes}
    linked = right = belong = 0
    for decision in match(conversations_of(year()), appointments_of(year()), rates=rates):
        take = takes[decision.conversation_id]
        if take.undecidable:
            continue
        belong += take.visit is not None
        if decision.outcome is Outcome.LINKED:
            linked += 1
            right += visits[decision.appointment_id or ""] == take.visit
    return right / linked, right / belong


def test_in_a_second_world_links_are_right_and_many() -> None:
    precision, recall = _measured(learned())
    assert precision >= 0.99
    assert recall >= 0.9


def test_two_days_around_a_recording_decide_as_the_whole_history_does() -> None:
    """So it does not matter which piece of the history is looked at, or when."""
    conversations, appointments = conversations_of(year()), appointments_of(year())
    whole = {one.conversation_id: one for one in match(conversations, appointments, rates=learned())}
    for one in Random(3).sample(conversations, 15):
        near = timedelta(hours=20)
        made = [other for other in conversations if abs(other.starts_at - one.starts_at) < near]
        planned = [row for row in appointments if abs(row.starts_at - one.starts_at) < near + timedelta(hours=12)]
        decided = {each.conversation_id: each for each in match(made, planned, rates=learned())}[one.id]
        assert decided.appointment_id == whole[one.id].appointment_id
        assert decided.score == pytest.approx(whole[one.id].score, abs=0.01)


# --- evaluation -----------------------------------------------------------------------------------------


def test_a_history_is_measured_by_its_known_links() -> None:
    world = year()
    row_of = {row.visit: row.key for row in world.rows}
    truth = {take.key: row_of.get(take.visit or "") for take in world.takes[::2] if not take.undecidable}
    found = evaluate(conversations_of(world), appointments_of(world), truth, rates=learned())
    assert found.overall.recordings == len(truth)
    assert found.overall.belong == sum(row is not None for row in truth.values())
    assert found.overall.precision is not None
    assert found.overall.precision >= 0.99
    assert sum(one.guesses for one in found.calibration) == found.overall.guessed
    assert found.threshold is not None
    assert {kind.kind for kind in found.kinds} >= {"belongs to no appointment", "further part", "no coordinates"}
    assert json.loads(json.dumps(to_json(found)))["overall"]["recordings"] == len(truth)


def test_the_threshold_is_the_lowest_with_enough_precision() -> None:
    day = 24 * 60
    planned = [appointment(f"a{n}", n * day, n * day + 60, place=HOUSE) for n in range(100)]
    made = [recording(f"r{n}", n * day + 2, place=HOUSE) for n in range(100)]
    right = {f"r{n}": f"a{n}" for n in range(100)}
    found = evaluate(made, planned, right, rates=USUAL)
    assert (found.overall.precision, found.overall.recall, found.recall_at_threshold) == (1, 1, 1)
    wrong = right | {f"r{n}": None for n in range(50)}
    found = evaluate(made, planned, wrong, rates=USUAL)
    assert (found.overall.precision, found.threshold) == (0.5, None)


def test_either_row_of_a_visit_is_right_and_nothing_known_is_nothing_measured() -> None:
    planned = [appointment("a", customer="Ana Brandt"), appointment("copy", customer="Ana Brandt")]
    for row in ("a", "copy"):
        assert evaluate([recording()], planned, {"r": row}, rates=USUAL).overall.guessed_right == 1
    assert evaluate([recording()], planned, {}, rates=USUAL).overall.recordings == 0


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (0, "No recording of the last year has a link that a person or a deep link made."),
        (49, "49 guesses are too few for a threshold: at least 50 are needed."),
        (60, "99.5 % of the best guesses are right from a chance of"),
    ],
)
def test_the_printed_measure_says_what_a_small_history_can_show(
    known: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    day = 24 * 60
    planned = [appointment(f"a{n}", n * day, n * day + 60, place=HOUSE) for n in range(60)]
    made = [recording(f"r{n}", n * day + 2, place=HOUSE) for n in range(60)]
    print_evaluation(evaluate(made, planned, {f"r{n}": f"a{n}" for n in range(known)}, rates=USUAL))
    printed = capsys.readouterr().out
    assert said in printed
    assert (f"The matcher makes {known} links by itself; 0 of them are wrong." in printed) is (known > 0)
