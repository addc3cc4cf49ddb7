"""Writing back through a web API: with an ETag and without one, under faults, and never over a person's change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from fieldnote.config import load
from fieldnote.crm import open_driver
from fieldnote.crm.types import Driver, NoteTarget, Outcome, Place, Record
from fieldnote.errors import ConfigError, CrmRefused, CrmUnavailable
from tests.crm.rest_write_server import SECRET, TOKEN, Fault, WriteCrm, serving

DEAL = Record("deals", "id", "7")
KINDS = pytest.mark.parametrize("kind", ["flat", "nested"])
NOTES = {
    "flat": NoteTarget("notes", "deal_id", "text", "external_key"),
    "nested": NoteTarget("notes", "deal_id", "text"),
}

Open = Callable[..., Driver]


@pytest.fixture
def api() -> Iterator[WriteCrm]:
    with serving() as running:
        running.deals["7"] = {"id": 7, "budget_max": None, "objections": "price", "stage": "open"}
        yield running


@pytest.fixture
def opened(api: WriteCrm, tmp_path: Path) -> Iterator[Open]:
    drivers: list[Driver] = []

    def open_it(kind: str, **columns: Any) -> Driver:
        section = getattr(api, kind)(**columns)
        (tmp_path / "fieldnote.yaml").write_text(yaml.safe_dump({"version": 1, "crm": section}))
        place = Place("test", tmp_path, "postgresql://nobody@127.0.0.1:1/none", tmp_path / "home")
        drivers.append(open_driver(load(tmp_path / "fieldnote.yaml", {}).crm, place))
        return drivers[-1]

    yield open_it
    for driver in drivers:
        driver.close()


@KINDS
def test_a_field_is_written_where_it_holds_what_was_expected_and_left_where_it_does_not(
    api: WriteCrm, opened: Open, kind: str
) -> None:
    driver = opened(kind, budget_max={"type": "number"})
    assert driver.read(DEAL, ("budget_max", "objections")) == {"budget_max": None, "objections": "price"}
    done = driver.write_if(DEAL, "budget_max", expected=None, new="45000.00")
    assert (done.outcome, done.before, done.after) == (Outcome.APPLIED, None, 45000)
    assert api.deals["7"] == {"id": 7, "budget_max": 45000, "objections": "price", "stage": "open"}
    calls = api.count("PATCH")
    assert driver.write_if(DEAL, "budget_max", expected=None, new=1).outcome is Outcome.CHANGED
    assert driver.write_if(DEAL, "budget_max", expected="45000", new=45000.0).outcome is Outcome.APPLIED
    assert api.count("PATCH") == calls
    assert driver.write_if(DEAL, "objections", expected="price", new=" trimmed ").after == "trimmed"
    assert driver.write_if(DEAL, "objections", expected="trimmed", new=None).after is None
    gone = replace(DEAL, key="8/../7")
    assert driver.read(gone, ("stage",)) is None
    assert driver.write_if(gone, "stage", expected=None, new="x").outcome is Outcome.MISSING


def test_a_person_who_saves_between_reading_and_writing_is_not_overwritten_where_the_api_has_etags(
    api: WriteCrm, opened: Open
) -> None:
    api.before_write = lambda: api.deals["7"].update(objections="typed by Ann")
    done = opened("flat").write_if(DEAL, "objections", expected="price", new="ours")
    assert (done.outcome, done.after, api.deals["7"]["objections"]) == (Outcome.CHANGED, "typed by Ann", "typed by Ann")


def test_values_are_one_to_a_field_by_its_type_or_else_by_what_they_are(opened: Open) -> None:
    driver = opened("flat", day={"type": "date"})
    assert driver.same("deals", "budget_max", 45000, "45000.00")
    assert not driver.same("deals", "stage", "45000", "45000.00")
    assert driver.same("deals", "day", "2026-03-01", "2026-03-01T00:00:00")
    assert not driver.same("deals", "stage", None, "")


@pytest.mark.parametrize(
    ("column", "settings", "value", "message"),
    [
        ("stage", {"length": 3, "type": "text"}, "a word of the customer", "deals.stage holds 3 characters"),
        ("stage", {"choices": ["won", "lost"]}, "customer", "deals.stage takes one of won, lost"),
        ("stage", {"required": True}, None, "deals.stage must not be empty"),
        ("stage", {"read_only": True}, "customer", "deals.stage is read only"),
        ("budget_max", {"type": "integer"}, "a customer", "deals.budget_max holds numbers"),
        ("nothing", None, "customer", "deals has no field 'nothing'"),
    ],
)
def test_what_the_field_does_not_take_is_refused_before_it_is_sent(
    api: WriteCrm, opened: Open, column: str, settings: Any, value: object, message: str
) -> None:
    driver = opened("flat", **({column: settings} if settings else {}))
    with pytest.raises(CrmRefused) as caught:
        driver.write_if(DEAL, column, expected=api.deals["7"].get(column), new=value)
    assert caught.value.message.startswith(message)
    assert "customer" not in str(caught.value)
    assert api.count("PATCH") == 0


def test_the_apis_own_words_are_shown_and_the_value_never(api: WriteCrm, opened: Open) -> None:
    with pytest.raises(CrmRefused) as caught:
        opened("flat").write_if(DEAL, "budget_max", expected=None, new="Herr Kowalski, 0171 5551234")
    said = caught.value.message
    assert said == "PATCH 127.0.0.1/v1/deals/7: the CRM refuses (422): budget_max cannot be … …, … …"
    api.faults[("PATCH", 2)] = Fault(403, body={"message": "no right to write"})
    with pytest.raises(CrmRefused, match="no right to write") as forbidden:
        opened("flat").write_if(DEAL, "stage", expected="open", new="x")
    assert TOKEN not in str(forbidden.value)


def test_calls_wait_as_long_as_the_crm_says_and_a_write_is_never_sent_twice_blindly(
    api: WriteCrm, opened: Open
) -> None:
    driver = opened("flat")
    api.faults = {("GET", 1): Fault(503), ("GET", 2): Fault(429, {"Retry-After": "0"}), ("PATCH", 1): Fault(429)}
    assert driver.write_if(DEAL, "stage", expected="open", new="won").outcome is Outcome.APPLIED
    assert api.count("PATCH") == 2
    api.faults = {("PATCH", 3): Fault(silent=True)}
    with pytest.raises(CrmUnavailable, match="no answer"):
        driver.write_if(DEAL, "stage", expected="won", new="lost")
    assert (api.count("PATCH"), api.deals["7"]["stage"]) == (3, "lost")
    api.faults = {("GET", api.count("GET") + 1): Fault(429, {"Retry-After": "3600"})}
    with pytest.raises(CrmUnavailable, match="busy"):
        driver.read(DEAL, ("stage",))


def test_a_token_that_ended_is_fetched_again(api: WriteCrm, opened: Open) -> None:
    driver = opened("nested")
    assert driver.read(DEAL, ("stage",)) == {"stage": "open"}
    api.tokens += 1  # the CRM takes another one from now on
    assert driver.write_if(DEAL, "stage", expected="open", new="won").outcome is Outcome.APPLIED
    assert api.tokens == 3


@KINDS
def test_a_note_is_made_once_found_by_its_key_and_changed_only_where_it_is_as_expected(
    api: WriteCrm, opened: Open, kind: str
) -> None:
    driver, target = opened(kind), NOTES[kind]
    driver.insert_note(target, "7", "siro:other", "another conversation")
    assert driver.find_note(target, "7", "siro:r1").outcome is Outcome.MISSING
    made = driver.insert_note(target, "7", "siro:r1", "They like blue.")
    assert (made.outcome, made.body) == (Outcome.APPLIED, "They like blue.")
    again = driver.insert_note(target, "7", "siro:r1", "They like red.")
    assert (again.outcome, again.body, len(api.notes)) == (Outcome.CHANGED, "They like blue.", 2)
    assert driver.find_note(target, "8", "siro:r1").outcome is Outcome.MISSING
    done = driver.update_note_if(target, "7", "siro:r1", expected="They like blue.", body="They like red.")
    assert (done.outcome, done.body) == (Outcome.APPLIED, "They like red.")
    stale = driver.update_note_if(target, "7", "siro:r1", expected="They like blue.", body="x")
    assert (stale.outcome, stale.body) == (Outcome.CHANGED, "They like red.")
    assert ("[fieldnote siro:r1]" in api.notes[1]["text"]) is (kind == "nested")


@KINDS
def test_a_note_whose_answer_was_lost_is_not_doubled(api: WriteCrm, opened: Open, kind: str) -> None:
    driver = opened(kind)
    api.faults = {("POST", 1 if kind == "flat" else 2): Fault(silent=True)}
    with pytest.raises(CrmUnavailable):
        driver.insert_note(NOTES[kind], "7", "siro:r1", "They like blue.")
    assert driver.insert_note(NOTES[kind], "7", "siro:r1", "They like blue.").outcome is Outcome.CHANGED
    assert len(api.notes) == 1


def test_a_person_who_edits_a_note_between_search_and_write_is_not_overwritten_where_notes_have_etags(
    api: WriteCrm, opened: Open
) -> None:
    driver = opened("flat")
    driver.insert_note(NOTES["flat"], "7", "siro:r1", "ours")
    api.before_write = lambda: api.notes[0].update(text="typed by Ann")
    done = driver.update_note_if(NOTES["flat"], "7", "siro:r1", expected="ours", body="ours again")
    assert (done.outcome, done.body) == (Outcome.CHANGED, "typed by Ann")


def test_a_file_that_writes_without_saying_how_is_refused_with_what_is_missing(api: WriteCrm, tmp_path: Path) -> None:
    path = tmp_path / "fieldnote.yaml"
    section = api.flat()
    pull = {"lead": {"table": "leads", "key": "id", "fields": {"Budget": "b"}}}
    path.write_text(yaml.safe_dump({"version": 1, "crm": section, "pull": pull}))
    with pytest.raises(ConfigError, match=r"pull\.lead, and crm\.writing\.records\.leads\.read is missing"):
        load(path, {})
    section["writing"]["records"]["deals"]["write"]["path"] = "deals/{id}"
    path.write_text(yaml.safe_dump({"version": 1, "crm": section}))
    with pytest.raises(ConfigError, match=r"has \{id\} in records\.deals\.write, where these placeholders are known"):
        load(path, {})
    assert SECRET not in path.read_text()
