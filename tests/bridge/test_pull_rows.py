"""Rows that a real CRM asks more of: ids that the application makes, constants, times, the rep, extension tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fieldnote.bridge import pull_once, push_once
from fieldnote.bridge.setup.checks.findings import Level
from fieldnote.bridge.setup.checks.targets import check_targets
from fieldnote.config import load
from fieldnote.errors import ConfigError
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago

TABLES = (
    "create table parents (name varchar(30) primary key)",
    "insert into parents values ('Opportunities')",
    (
        "create table crm_notes (id char(36) not null primary key, short_id varchar(17) not null, body text, "
        "deal_id integer, about varchar(30) not null references parents (name), assigned_user_id varchar(36) not null, "
        "kind varchar(10) not null check (kind in ('Call', 'Visit')), created_at timestamp not null)"
    ),
    "create table deals_cstm (id_c integer not null primary key, budget_c integer, origin_c varchar(20) not null)",
)
SET: dict[str, Any] = {
    "id": {"uuid": True},
    "short_id": {"uuid": 17},
    "about": "Opportunities",
    "assigned_user_id": {"rep": True},
    "kind": "Visit",
    "created_at": {"now": True},
}
NOTE = {"table": "crm_notes", "record": "deal_id", "body": "body"}


def target(**note: Any) -> dict[str, Any]:
    fields = {"Budget": {"to": "budget_c", "as": "money.max"}}
    extension = {"table": "deals_cstm", "key": "id_c", "missing": "insert", "set": {"origin_c": "siro"}}
    return {"opportunity": {**extension, "fields": fields, "note": NOTE | note}}


@BOTH
async def test_a_note_and_a_missing_extension_row_get_all_that_the_crm_needs(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    for statement in TABLES:
        crm.execute(statement)
    async with opened(pull=target(set=SET)) as bridge:
        crm.add_deal(1)
        crm.add_appointment(1, deal=1)
        await push_once(bridge)
        assert [finding.text for finding in check_targets(bridge) if finding.level is Level.BAD] == []
        said = {"Budget": "$5"}
        for number in (1, 2):
            stub.record(
                f"r{number}", started_at=ago(hours=number), engagement="1", opportunity="1", said=said, summary="s"
            )
        result = await pull_once(bridge)
        assert result.settled, result.problems
        assert crm.execute("select * from deals_cstm") == [(1, 5, "siro")]
        rows = crm.execute("select id, short_id, about, assigned_user_id, kind, created_at from crm_notes")
        assert len({UUID(row[0]) for row in rows}) == 2
        assert {len(row[1]) for row in rows} == {17}
        assert {row[2:5] for row in rows} == {("Opportunities", "1", "Visit")}
        assert all(row[5] for row in rows)
        assert (await pull_once(bridge)).writes == 0


async def test_a_missing_row_has_the_rep_of_the_deals_latest_visit(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """The pushed payload of the deal itself names no rep."""
    crm.execute("create table deals_cstm (id_c integer primary key, budget_c integer, owner_id integer not null)")
    extension = {"table": "deals_cstm", "key": "id_c", "missing": "insert", "set": {"owner_id": {"rep": True}}}
    fields = {"Budget": {"to": "budget_c", "as": "money.max"}}
    async with opened(pull={"opportunity": {**extension, "fields": fields}}) as bridge:
        crm.add_deal(1)
        crm.add_appointment(1, deal=1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=1), engagement="1", opportunity="1", said={"Budget": "$5"})
        assert (await pull_once(bridge)).settled
    assert crm.execute("select * from deals_cstm") == [(1, 5, 1)]


@BOTH
async def test_a_row_that_the_crm_does_not_take_is_a_refusal_in_the_crms_words(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    """It is not called a missing record: the missing row is what should have been added."""
    crm.execute("create table deals_cstm (id_c integer primary key, budget_c integer, owner_id integer not null)")
    extension = {"table": "deals_cstm", "key": "id_c", "missing": "insert"}
    fields = {"Budget": {"to": "budget_c", "as": "money.max"}}
    async with opened(pull={"opportunity": {**extension, "fields": fields}}) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$5"}, summary="s")
        problem = (await pull_once(bridge)).problems[0]
        assert problem.state == "refused"
        assert "no row could be added to deals_cstm" in str(problem.reason)
        assert "owner_id" in str(problem.reason)
        crm.execute("alter table deals_cstm add column spare integer")
        crm.execute("alter table deals_cstm drop column owner_id")
        assert (await pull_once(bridge)).settled
    assert crm.execute("select id_c, budget_c from deals_cstm") == [(1, 5)]


@BOTH
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": None}, "needs id"),
        ({"created_at": None, "kind": None}, "kind, created_at"),
        ({"kind": "Mail"}, "set.kind"),
        ({"about": "Nowhere"}, "parents has no row"),
        ({"shortid": "x"}, "set.shortid"),
        ({"short_id": {"uuid": True}}, "set.short_id"),
    ],
)
async def test_check_says_what_a_new_note_lacks(crm: Crm, opened: Opener, change: dict[str, Any], words: str) -> None:
    for statement in TABLES:
        crm.execute(statement)
    wanted = {name: value for name, value in (SET | change).items() if value is not None}
    async with opened(pull=target(set=wanted)) as bridge:
        found = [finding for finding in check_targets(bridge) if finding.level is Level.BAD]
        assert any(words in finding.text for finding in found), found


@pytest.mark.parametrize(
    ("columns", "note", "words", "level"),
    [
        ("headline varchar(80) not null, body text", {"title": "headline"}, None, None),
        ("headline varchar(80) not null, body text", {}, "needs headline", Level.BAD),
        ("body text, ref varchar(41)", {"key": "ref"}, "siro:00000000", Level.BAD),
        ("body text, ref varchar(43)", {"key": "ref"}, None, None),
        ("body text, ref varchar(43)", {"key": "ref", "name": "steps"}, "siro:00000000", Level.BAD),
        ("body text, ref integer", {"key": "ref"}, "crm_memos.ref", Level.BAD),
        ("body varchar(255)", {}, "crm_memos.body", Level.HINT),
        ("body varchar(4000)", {}, None, None),
        ("body text check (length(body) <= 500)", {}, "crm_memos.body", Level.HINT),
    ],
)
async def test_check_says_whether_key_title_and_summary_have_their_column(
    crm: Crm, opened: Opener, columns: str, note: dict[str, Any], words: str | None, level: Level | None
) -> None:
    crm.execute(f"create table crm_memos (id integer primary key, deal_id integer, {columns})")
    crm.execute("create table deals_cstm (id_c integer not null primary key, budget_c integer, origin_c varchar(20))")
    wanted = target(**note, table="crm_memos")
    async with opened(pull=wanted) as bridge:
        found = [finding for finding in check_targets(bridge) if finding.level is not Level.GOOD]
    if words is None:
        assert found == []
    else:
        assert [(words in finding.text, finding.level) for finding in found] == [(True, level)], found


async def test_no_extension_row_is_made_for_a_record_that_was_not_pushed(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    for statement in TABLES:
        crm.execute(statement)
    async with opened(pull=target(set=SET)) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$5"}, summary=None)
        await pull_once(bridge)
        stub.record("r2", started_at=ago(hours=2), opportunity="9", said={"Budget": "$5"}, summary=None)
        stub.recordings["r2"]["crm"]["integrationConnectionId"] = stub.recordings["r1"]["crm"][
            "integrationConnectionId"
        ]
        result = await pull_once(bridge)
        assert [(item.record, item.state) for item in result.problems] == [("9", "record_missing")]
        assert [row[0] for row in crm.execute("select id_c from deals_cstm")] == [1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"set": {"body": "x"}}, "fills itself"),
        ({"set": {"id": {"uuid": True, "now": True}}}, "exactly one"),
        ({"set": {"id": {"uuid": 3}}}, "id"),
        ({"set": {"id": {}}}, "exactly one"),
    ],
)
def test_a_wrong_value_of_another_column_is_refused(
    write_config: Any, given: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        load(write_config(pull=target(**given)))
    assert words in str(refused.value)
