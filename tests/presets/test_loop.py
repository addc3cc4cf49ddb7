"""The whole loop over each stand-in: both sides are equal in the end. The comparison reads the stand-in's own store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldnote.bridge import PushRequest, pull_once, push_once
from fieldnote.errors import ConfigError
from fieldnote.sandbox import SANDBOXES
from tests.bridge.stub_siro import ago
from tests.presets.hands import tomorrow
from tests.presets.loop import Loop, open_loop

pytestmark = pytest.mark.slow


@pytest.fixture(params=sorted(SANDBOXES))
def loop(request: pytest.FixtureRequest, tmp_path: Path, bridge_url: str) -> Iterator[Loop]:
    with open_loop(request.param, tmp_path, bridge_url) as opened:
        yield opened


async def test_both_sides_are_equal_after_all_that_people_do(loop: Loop) -> None:
    """One story; what moves a cursor in each CRM is second-hand, and the daily reading finds the rest."""
    hands, crm = loop.hands, loop.crm
    loop.written()
    logins = crm.tokens.issued
    deal, other = hands.deal_key(200), hands.deal_key(201)
    async with loop.opened() as bridge:
        assert (await push_once(bridge)).settled
        assert loop.differences() == []
        crm.clock.advance(2)
        added = hands.add(200, 1, tomorrow(9))
        hands.move(hands.visit_key(300), tomorrow(11))
        hands.assign(hands.visit_key(301), [2])
        hands.cancel(hands.visit_key(303))
        hands.close(201, won=True)
        assert (await push_once(bridge)).settled
        assert loop.differences() == []
        hands.delete(added)
        hands.assign(hands.visit_key(300), [2, 1])
        hands.relink(hands.visit_key(300), 202)
        hands.merge(102, 101)
        assert (await push_once(bridge, request=PushRequest(full=True))).settled
        assert loop.differences() == []

        said = {"Budget": "$45,000", "Timeline": "in spring"}
        loop.stub.record("r1", started_at=ago(hours=3), opportunity=deal, said=said, summary="They like it & <more>")
        loop.stub.record("r2", started_at=ago(hours=2), opportunity=other, said={"Budget": "$9,000"}, summary="Short")
        assert (await pull_once(bridge)).writes
        assert (hands.value(deal, hands.budget), hands.value(deal, hands.timeline)) == ("45000", "in spring")
        assert hands.value(other, hands.budget) == "9000"
        assert [len(hands.notes(one)) for one in (deal, other)] == [1, 1]
        crm.clock.advance(2)
        hands.edit(deal, hands.timeline, "only after the wedding")
        loop.stub.record("r3", started_at=ago(hours=1), opportunity=deal, said={"Timeline": "now"}, summary="Again")
        await pull_once(bridge)
        assert hands.value(deal, hands.timeline) == "only after the wedding"
        assert hands.value(deal, hands.budget) == "45000"
        assert len(hands.notes(deal)) == 2
        again = await pull_once(bridge)
        pushed = await push_once(bridge)
        assert (again.writes, pushed.settled, loop.differences()) == (0, True, [])
        loop.stub.forget_calls()
        await push_once(bridge)
        assert loop.stub.count("PUT") == 0
    assert crm.tokens.issued - logins == (0 if crm.name == "hubspot" else 1)  # for all readings and writes


async def test_a_visit_that_becomes_a_service_call_leaves_siro_and_comes_back(loop: Loop) -> None:
    hands = loop.hands
    loop.written()
    async with loop.opened() as bridge:
        for sales in (True, False, True):
            loop.crm.clock.advance(2)
            hands.retype(hands.visit_key(301), sales=sales)
            assert (await push_once(bridge)).settled
            assert bool(loop.stub.records["engagements"][hands.visit_key(301)].get("deletedAt")) is not sales
            assert loop.differences() == []


async def test_a_list_of_visits_that_fits_no_visit_deletes_nothing(loop: Loop) -> None:
    """Also where somebody renames the type in the CRM."""
    loop.written()
    async with loop.opened() as bridge:
        await push_once(bridge)
    before = dict(loop.stub.records["engagements"])
    text, [visit] = loop.path.read_text(), loop.hands.visits
    loop.path.write_text(re.sub(rf"visits: .*{visit}.*", "visits: [Another type]", text))
    async with loop.opened() as bridge:
        result = await push_once(bridge, request=PushRequest(full=True))
    assert not result.settled
    assert "nothing is deleted" in str(result)
    assert loop.stub.records["engagements"] == before


def test_init_ends_with_a_check_that_finds_nothing_wrong(loop: Loop) -> None:
    visits = [word for one in loop.hands.visits for word in ("--visits", one)]
    loop.stub.users = [{"id": "u1", "email": "maya@roofs.example"}, {"id": "u2", "email": "luis@roofs.example"}]
    status, said = loop.init("--yes", *visits, checks=True)
    assert "✗" not in said.replace("user token", ""), said
    assert "answers" in said
    assert "no cursor" not in said  # advice that nobody could follow
    assert status in {0, 1}
    text = loop.path.read_text()
    for secret in ("pat-sandbox", "sandbox-secret", "cs.sandbox", "ak.sandbox", loop.stub.token):
        assert secret not in text


LOGINS = {
    "hubspot": {"HUBSPOT_TOKEN": "wrong"},
    "salesforce": {
        "SALESFORCE_URL": "http://127.0.0.1:9", "SALESFORCE_CLIENT_ID": "x", "SALESFORCE_CLIENT_SECRET": "y"
    },
    "servicetitan": {
        "SERVICETITAN_TENANT": "1", "SERVICETITAN_CLIENT_ID": "x", "SERVICETITAN_CLIENT_SECRET": "y",
        "SERVICETITAN_APP_KEY": "z",
    },
}  # fmt: skip
"""For each CRM, wrong answers to the questions of the login."""
UNITS = {"servicetitan": ["777", ""]}
ZONES = {name: ["Mars/Base", "America/Denver"] for name in ("hubspot", "servicetitan")}


def _wrong_and_right(loop: Loop) -> list[str]:
    wrong, right = LOGINS[loop.crm.name], loop.crm.environment()
    [visit, *_] = loop.hands.visits
    return [
        "  ", *wrong.values(), "",  # the login with a blank answer, no token of Siro
        *(right[name] for name in wrong),  # after the CRM refused it
        "n", "No such kind, 1", visit.lower(), *UNITS.get(loop.crm.name, []), *ZONES.get(loop.crm.name, []),
        "nonsense", "nonsense=WON", "",  # stages
        "no such field", "1", "1", "-", "", "-",  # Budget; Timeline with Budget's field, then none; two more
    ]  # fmt: skip


def test_answers_that_end_too_early_end_the_dialog(loop: Loop) -> None:
    """In a script or a container: the question is named, nothing is asked for ever, and no file stays behind."""
    wrong, answers = LOGINS[loop.crm.name], _wrong_and_right(loop)
    for count in (0, len(wrong) + 1, len(answers) - 8, len(answers) - 1):
        with pytest.raises(ConfigError, match="needs a terminal") as refused:
            loop.init(answers="".join(f"{one}\n" for one in answers[:count]), unset=wrong)
        assert ("environment" in str(refused.value.hint)) == (count < len(wrong))
        assert list(loop.folder.glob("*fieldnote.yaml*")) == list(loop.folder.glob("f.env")) == []


def test_a_wrong_answer_is_asked_for_again(loop: Loop) -> None:
    """Nothing that a person typed is lost by a slip in a later answer."""
    wrong, right = LOGINS[loop.crm.name], loop.crm.environment()
    answers = _wrong_and_right(loop)
    status, said = loop.init(answers="\n".join(answers) + "\n", unset=wrong)
    assert status == 0, said
    for words in (
        "the answer is empty", "not in this account: 'No such kind'", "the answer is not NAME=VALUE: 'nonsense'",
        "not in this account: 'nonsense'", "not in this account: 'no such field'", "already takes Budget",
    ):  # fmt: skip
        assert words in said
    assert said.count("Signing in to") == 2
    text = loop.path.read_text()
    assert ("\npush: {}" in text, "Budget:" in text, "Timeline:" in text.split("pull:")[1]) == (True, True, False)
    kept = (loop.folder / "f.env").read_text()
    assert all(right[name] in kept for name in wrong)
    assert "wrong" not in kept


def test_nothing_is_pushed_until_a_person_says_which_visits_are_sales(loop: Loop) -> None:
    status, said = loop.init("--yes")
    assert status == 0, said
    assert "Nothing is pushed by this file" in said
    assert "\npush:" not in loop.path.read_text()


def test_where_siros_own_integration_is_active_the_file_only_pulls(loop: Loop) -> None:
    visits = [word for one in loop.hands.visits for word in ("--visits", one)]
    assert loop.init("--yes", "--native", "--connection-id", "c-1", *visits)[0] == 0
    text = loop.path.read_text()
    assert "\npush:" not in text
    assert 'integration_connection_id: "c-1"' in text
