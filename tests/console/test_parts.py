"""The pictures as numbers: funnel and timeline."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.bridge.review.typed_values import hint_for, problem_of
from fieldnote.bridge.status.funnel import APART, Stage, by_day, by_week, funnel, stage_of, states_from
from fieldnote.bridge.status.states import STATES, State
from fieldnote.bridge.status.visit_counts import Count
from fieldnote.bridge.status.visits import Visit
from fieldnote.config.schema import FieldSettings, Kind
from fieldnote.console.pages.tonight import figures as tonight_figures
from fieldnote.console.parts.columns import HEIGHT, TONES, columns, split
from fieldnote.console.parts.timeline import LANE, timeline
from fieldnote.console.state_words import label, tone
from fieldnote.mapping.values import Unconvertible, convert

DENVER = ZoneInfo("America/Denver")
DAY = date(2026, 11, 29)


def _visit(key: str, rep: str | None, starts: datetime | None, length: timedelta, customer: str | None) -> Visit:
    return Visit(
        key=key,
        day=DAY,
        starts_at=starts,
        ends_at=None if starts is None else starts + length,
        since=starts or datetime.now(UTC),
        rep_id=rep,
        rep=rep,
        rep_email=None,
        subject=None,
        customer=customer,
        deal_id=None,
        account_id=None,
        state=State.WRITTEN,
        recordings=1,
    )


counts = st.lists(st.tuples(st.sampled_from(State), st.integers(0, 1000)), max_size=30)


@given(counts)
def test_a_funnel_only_narrows_and_loses_nobody(given_counts: list[tuple[State, int]]) -> None:
    made = funnel(given_counts)
    numbers = [step.number for step in made.steps]
    assert numbers == sorted(numbers, reverse=True)
    assert made.expected + sum(number for _, number in made.apart) == sum(number for _, number in given_counts)
    for step, following in pairwise(made.steps):
        assert step.number - following.number == sum(number for _, number in step.left)
        assert step.share is None or 0 <= step.share <= 1


def test_each_state_of_an_appointment_is_in_the_funnel_or_apart() -> None:
    for state, meaning in STATES.items():
        if meaning.appointment is not None:
            assert (state in APART) is (stage_of(state) is None)
    assert set(states_from(Stage.EXPECTED)) == set(State) - set(APART)
    assert states_from(Stage.WRITTEN) == (State.WRITTEN,)


visits = st.lists(
    st.builds(
        _visit,
        st.uuids().map(str),
        st.sampled_from(["Ann", "Bo", None]),
        st.none()
        | st.integers(-2000, 3000).map(
            lambda minutes: datetime(2026, 11, 29, tzinfo=DENVER) + timedelta(minutes=minutes)
        ),
        st.integers(-60, 3000).map(lambda minutes: timedelta(minutes=minutes)),
        st.none() | st.text(max_size=40),
    ),
    max_size=20,
)


@given(visits)
def test_every_visit_is_a_block_inside_the_picture_and_none_covers_another(given_visits: list[Visit]) -> None:
    drawn = timeline(
        sorted(given_visits, key=lambda one: one.starts_at or datetime.min.replace(tzinfo=UTC)),
        DAY,
        DENVER,
        datetime(2026, 11, 29, 12, tzinfo=DENVER),
    )
    blocks = [block for row in drawn.rows for block in row.blocks]
    assert len(blocks) + len(drawn.untimed) == len(given_visits)
    assert drawn.now is not None
    for row in drawn.rows:
        for block in row.blocks:
            assert 0 <= block.x <= block.x + block.width <= 100.02
            assert 0 <= block.y <= row.height - LANE
        for lane in {block.y for block in row.blocks}:
            ends = sorted((block.x, block.x + block.width) for block in row.blocks if block.y == lane)
            assert all(before[1] <= after[0] + 0.05 for before, after in pairwise(ends))


def test_a_name_is_never_cut_within_a_word() -> None:
    start = datetime(2026, 11, 29, 12, tzinfo=DENVER)
    short = _visit("1", "Ann", start, timedelta(minutes=45), "Bartholomew Featherstonehaugh")
    middle = _visit("2", "Ann", start + timedelta(hours=2), timedelta(minutes=75), "Bartholomew Diaz")
    long = _visit("3", "Ann", start + timedelta(hours=4), timedelta(hours=3), "Bartholomew Diaz")
    drawn = timeline([short, middle, long], DAY, DENVER, start)
    assert [block.label for block in drawn.rows[0].blocks] == ["", "Diaz", "Bartholomew Diaz"]


def test_each_state_has_a_word_and_a_tone() -> None:
    for state in State:
        assert label(state)
        assert tone(state) in {"good", "move", "warn", "bad", "calm"}


def _counts(numbers: list[tuple[int, int]]) -> list[Count]:
    return [Count(DAY + timedelta(days=days), "1", "Ann", State.WRITTEN, number) for days, number in numbers]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 50)), max_size=40), st.integers(0, 60))
def test_days_and_weeks_cover_a_period_without_gaps_and_count_the_same(
    numbers: list[tuple[int, int]], length: int
) -> None:
    last = DAY + timedelta(days=length)
    counted = [item for item in _counts(numbers) if item.day <= last]
    total = sum(item.number for item in counted)
    for periods in (by_day(counted, DAY, last), by_week(counted, DAY, last)):
        assert (periods[0].first, periods[-1].last) == (DAY, last)
        assert all(one.last + timedelta(days=1) == following.first for one, following in pairwise(periods))
        assert sum(period.funnel.expected for period in periods) == total
        for column in columns([period.funnel for period in periods]):
            assert sum(part.size for part in column.parts) <= HEIGHT + 0.1


@given(counts)
def test_a_bar_has_each_counted_appointment_in_the_tone_of_its_state(given_counts: list[tuple[State, int]]) -> None:
    expected: Counter[str] = Counter()
    for state, number in given_counts:
        if state not in APART:
            expected[tone(state)] += number
    assert dict(split(funnel(given_counts))) == {name: expected[name] for name in TONES}


@given(st.lists(st.sampled_from(State), max_size=40))
def test_the_figures_of_tonight_add_up_to_the_visits(states: list[State]) -> None:
    found = [replace(_visit(str(number), "r", None, timedelta(), None), state=one) for number, one in enumerate(states)]
    first, *others = tonight_figures(found)
    assert first.number == len(found) == sum(one.number for one in others)
    for one in others:  # the list that a figure opens has just as many
        assert one.number == sum(states.count(state) for state in one.states)


def test_a_rep_whose_name_changed_is_one_row() -> None:
    starts = datetime(2026, 11, 29, 16, tzinfo=UTC)
    older = replace(_visit("1", "7", starts, timedelta(hours=1), "Ann"), rep="Kim Old")
    newer = replace(_visit("2", "7", starts + timedelta(hours=2), timedelta(hours=1), "Bo"), rep="Kim New")
    other = replace(_visit("3", "8", starts, timedelta(hours=1), "Cy"), rep="Kim New")
    rows = timeline([older, newer, other], DAY, ZoneInfo("UTC"), starts).rows
    assert [(row.rep, len(row.blocks)) for row in rows] == [("Kim New", 2), ("Kim New", 1)]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("typed", ["abc", "5 or 6", "?", "1.234", "next to nothing", "$1,000 or $2,000", "x" * 600])
def test_a_typed_value_that_does_not_fit_is_answered_in_a_sentence(kind: Kind, typed: str) -> None:
    settings = FieldSettings.model_validate(
        {"to": "x", "as": kind.value, **({"choices": {"a": "Won", "b": "Lost"}} if kind is Kind.CHOICE else {})}
    )
    converted = convert(typed, kind, on=DAY, choices=settings.choices)
    assert hint_for(settings).startswith("Enter ")
    assert kind.value not in hint_for(settings) or "." not in kind.value
    if isinstance(converted, Unconvertible):
        problem = problem_of(typed, converted.reason)
        assert len(problem) < 150
        assert re.search(r"' (is|has|names|may) \w|' is not clear: (its?|the) ", problem), problem


def test_the_sentences_of_typed_values() -> None:
    assert problem_of("abc", "there is no amount in it") == "'abc' has no amount"
    assert problem_of("abc", "it is not one exact number") == "'abc' is not one exact number"
