"""Readiness, desired values, ownership, held state and note texts: pure, so without a database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.bridge.pull import readiness
from fieldnote.bridge.pull.desired import Contribution, contribution, desired
from fieldnote.bridge.pull.note_text import digest, note_body
from fieldnote.bridge.pull.ownership import Evidence, judge
from fieldnote.bridge.pull.readiness import Readiness
from fieldnote.bridge.push.prefetch import in_pieces
from fieldnote.bridge.recording import (
    Extraction,
    Link,
    Model,
    Ownership,
    RecordingSnapshot,
    RowStatus,
    Section,
    Stage,
    merge,
    without_words,
)
from fieldnote.bridge.sent_visits import Visit, visit_of
from fieldnote.config import FieldSettings, Kind

NOON = datetime(2026, 2, 15, 12, tzinfo=UTC)
LINK = Link(Model.OPPORTUNITY, "7", "siro-7")
WHOLE = RecordingSnapshot(
    id="r",
    user_id="u",
    started_at=NOON,
    updated_at=NOON,
    processed=True,
    summary_done=True,
    extraction_done=True,
    integration_connection_id="ours",
    links=(LINK,),
    title="Kitchen",
    web_url="https://app.siro.ai/r",
    summary=(Section("Summary", "They like blue."),),
    extractions=(Extraction("Budget", "$5"),),
)


# --- readiness


def test_by_organization_token_the_recordings_flag_decides() -> None:
    assert readiness.field(WHOLE, " budget")[0] is Readiness.READY
    assert readiness.field(WHOLE, "Timeline")[0] is Readiness.SILENT
    assert readiness.field(replace(WHOLE, extraction_done=False), "Budget")[0] is Readiness.WAITING


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (RowStatus.SUCCESS, Readiness.READY),
        (RowStatus.SYNCED, Readiness.READY),
        (RowStatus.IN_PROGRESS, Readiness.WAITING),
        (RowStatus.FAIL, Readiness.FAILED),
    ],
)
def test_by_user_token_each_extraction_has_a_status_of_its_own(status: RowStatus, wanted: Readiness) -> None:
    held = replace(WHOLE, extraction_done=False, extractions=(Extraction("Budget", "$5", status),))
    assert readiness.field(held, "Budget")[0] is wanted


@pytest.mark.parametrize("value", [None, "", "  ", [], ["", None]])
def test_an_empty_value_says_nothing(value: object) -> None:
    held = replace(WHOLE, extractions=(Extraction("Budget", value),))
    assert readiness.field(held, "Budget")[0] is Readiness.SILENT


def test_a_note_waits_for_the_summary_alone() -> None:
    assert readiness.summary(replace(WHOLE, extraction_done=False)) is Readiness.READY
    assert readiness.summary(replace(WHOLE, summary_done=False)) is Readiness.WAITING
    assert readiness.summary(replace(WHOLE, summary=())) is Readiness.SILENT


@pytest.mark.parametrize(
    ("change", "ownership", "hours", "wanted"),
    [
        ({}, Ownership.OURS, 1, Stage.COMPLETE),
        ({"processed": False}, Ownership.OURS, 1, Stage.PROCESSING),
        ({"processed": False}, Ownership.OURS, 4, Stage.STUCK),
        ({"processed": False, "updated_at": NOON + timedelta(hours=3)}, Ownership.OURS, 5, Stage.PROCESSING),
        ({"links": ()}, Ownership.OWNERSHIP_UNKNOWN, 1, Stage.UNLINKED),
        ({}, Ownership.OWNERSHIP_UNKNOWN, 1, Stage.OWNERSHIP_UNKNOWN),
        ({}, Ownership.OTHER_CONNECTION, 1, Stage.OTHER_CONNECTION),
        ({}, Ownership.SHARED_RECORD, 1, Stage.SHARED_RECORD),
        ({"summary_done": False}, Ownership.OURS, 47, Stage.WAITING),
        ({"summary_done": False}, Ownership.OURS, 49, Stage.INCOMPLETE),
        ({"deleted": True}, Ownership.OURS, 1, Stage.DELETED),
    ],
)
def test_each_stage(change: dict[str, Any], ownership: Ownership, hours: int, wanted: Stage) -> None:
    assert readiness.stage(replace(WHOLE, **change), ownership, NOON + timedelta(hours=hours)) is wanted


# --- desired values

said = st.builds(
    lambda index, hour, value, clear: Contribution(
        f"r{index}",
        NOON + timedelta(hours=hour),
        value,
        value if clear else None,
        None if clear else "unclear",
    ),
    st.integers(0, 50),
    st.integers(0, 5),
    st.sampled_from(["a", "b", "c"]),
    st.booleans(),
)


@given(st.lists(said, unique_by=lambda item: item.recording_id), st.booleans(), st.randoms())
def test_the_order_of_arrival_does_not_matter(items: list[Contribution], append: bool, dice: Any) -> None:
    shuffled = list(items)
    dice.shuffle(shuffled)
    assert desired(items, append=append) == desired(shuffled, append=append)


@given(st.lists(said, unique_by=lambda item: item.recording_id))
def test_the_latest_that_can_be_converted_wins_and_a_later_one_is_asked_about(items: list[Contribution]) -> None:
    found = desired(items, append=False)
    clear = [item for item in items if item.problem is None]
    if clear:
        latest = max(clear, key=lambda item: (item.started_at, item.recording_id))
        assert found.source == latest
    if found.unconverted is not None and found.source is not None:
        assert found.unconverted.started_at >= found.source.started_at


def test_append_takes_each_once_in_the_order_of_the_conversations() -> None:
    parts = [Contribution(str(n), NOON + timedelta(hours=n), w, w) for n, w in enumerate(["a", "b", "a"])]
    assert desired(reversed(parts), append=True).value == "a\nb"


def test_a_month_counts_from_the_conversations_day_on_the_customers_clock() -> None:
    held = replace(WHOLE, started_at=datetime(2026, 2, 1, 3, tzinfo=UTC))  # still January in Denver
    settings = FieldSettings(to="start_by", kind=Kind.DATE_FIRST)
    said = Extraction("Start", "next month")
    assert contribution(held, said, settings, "America/Denver").value == "2026-02-01"
    assert contribution(held, said, settings, None).value == "2026-03-01"


# --- whose record it is


def link(**changes: Any) -> Evidence:
    facts: dict[str, Any] = {"named": "x", "own": "x", "siro_id": "s", "pushed_id": "s", "other": False, "pushed": True}
    return Evidence(**facts | changes)


@pytest.mark.parametrize(
    ("links", "wanted"),
    [
        ([link()], Ownership.OURS),
        ([link(pushed_id=None)], Ownership.OURS),
        ([link(named="y")], Ownership.OTHER_CONNECTION),
        ([link(pushed_id="other")], Ownership.OTHER_CONNECTION),
        ([link(), link(pushed_id="other")], Ownership.OTHER_CONNECTION),
        ([link(own=None, pushed_id=None)], Ownership.OWNERSHIP_UNKNOWN),
        ([link(other=True)], Ownership.SHARED_RECORD),
        ([link(other=True, pushed=False, pushed_id=None)], Ownership.OTHER_CONNECTION),
        ([link(other=True, pushed=False, pushed_id=None, named=None, own=None)], Ownership.OTHER_CONNECTION),
        ([link(), link(other=True, pushed=False, pushed_id=None)], Ownership.SHARED_RECORD),
    ],
)
def test_whose_a_link_is(links: list[Evidence], wanted: Ownership) -> None:
    assert judge(links) is wanted


def test_a_link_proves_itself_by_siros_own_id() -> None:
    assert link(own=None).proves
    assert not link(pushed_id=None).proves
    assert not link(pushed_id="other").proves
    assert not link(other=True).proves


# --- what is held


def test_a_null_never_replaces_what_is_held() -> None:
    poor = replace(WHOLE, links=(), integration_connection_id=None, title=None, summary=(), extractions=())
    assert merge(WHOLE, poor, alone=False) == WHOLE


def test_only_a_recording_read_by_itself_says_that_it_is_not_linked() -> None:
    alone = merge(WHOLE, replace(WHOLE, links=()), alone=True)
    assert (alone.links, alone.detached) == (WHOLE.links, True)
    assert not merge(WHOLE, replace(WHOLE, links=()), alone=False).detached
    assert merge(alone, replace(WHOLE, links=()), alone=False).detached
    assert merge(alone, WHOLE, alone=False) == WHOLE
    never = replace(WHOLE, links=())
    assert merge(never, never, alone=True) == never


def test_what_was_purged_in_siro_stays_held() -> None:
    purged = replace(WHOLE, purged_at=NOON, extractions=(), summary=())
    assert merge(WHOLE, purged, alone=True).extractions == WHOLE.extractions


def test_a_place_goes_with_the_words() -> None:
    here = replace(WHOLE, latitude=39.7, longitude=-104.9)
    assert merge(here, replace(here, latitude=None, longitude=None), alone=True).latitude == 39.7
    purged = merge(here, replace(here, purged_at=NOON), alone=True)
    assert (purged.latitude, purged.longitude) == (None, None)
    assert without_words(here).latitude is None


def test_rows_with_a_status_are_not_replaced_by_a_list_without() -> None:
    rows = replace(WHOLE, extractions=(Extraction("Budget", "$9", RowStatus.SUCCESS),))
    assert merge(rows, WHOLE, alone=False).extractions == rows.extractions


# --- notes


def test_a_note_says_who_when_what_and_where_to_listen() -> None:
    assert (note_body(WHOLE, Visit("Ann Lee", "Smith"), "America/Denver") or "").splitlines() == [
        "Siro: Kitchen",
        "Rep: Ann Lee | Customer: Smith | 2026-02-15 05:00 America/Denver",
        "",
        "They like blue.",
        "",
        "Recording: https://app.siro.ai/r",
    ]


def test_a_rep_who_was_taken_off_is_not_named() -> None:
    users = [{"name": "Ann", "deletedAt": "2026-01-01T00:00:00Z"}, {"name": "Bo", "deletedAt": None}]
    assert visit_of({"engagementUsers": users, "account": {"name": "Smith"}}) == Visit("Bo", "Smith")


@given(st.text(alphabet="ab \n", max_size=30))
def test_what_a_crm_does_to_line_ends_is_no_edit(body: str) -> None:
    assert digest(body) == digest(body.replace("\n", "\r\n") + "\r\n")


async def test_a_waiting_task_has_a_turn_while_many_rows_are_worked_on() -> None:
    turns: list[int] = []
    seen: list[int] = []

    async def other() -> None:
        while True:
            turns.append(len(seen))
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    async for piece in in_pieces(range(1000)):
        seen += piece
    beside.cancel()
    assert seen == list(range(1000))
    assert len(set(turns)) >= 5
