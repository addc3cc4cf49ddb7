"""`fieldnote check`, as far as it looks at what Siro knows of the CRM."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from fieldnote.bridge import push_once
from fieldnote.bridge.setup.checks import Level, check_all
from fieldnote.config.values import Duration, in_words
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago


async def test_fields_that_siros_administrator_chose_are_proposed(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    stub.record("r1", started_at=ago(hours=1), said={"Budget": "$5", "Roof Age": "12", "Lender": "a bank", "Pets": "2"})
    chosen = {"Budget": "Opportunity", "Roof Age": "Deals", "Lender": "Finance_Case__c"}
    for item in stub.recordings["r1"]["entityExtractions"]:
        model = chosen.get(item["name"])
        item["mappings"] = (
            [{"crmModelName": model, "crmFieldName": f"{item['name'].replace(' ', '_')}__c"}] if model else None
        )
    async with opened() as bridge:
        found = [finding async for finding in check_all(bridge) if finding.subject == "mappings"]
    texts = {finding.text: finding.fix for finding in found}
    rest = "and the file does not use it"
    assert texts == {
        f"Siro's administrator chose Deals.Roof_Age__c for the extraction 'Roof Age', {rest}": (
            "add to pull.opportunity.fields: Roof Age: {to: Roof_Age__c, as: text, policy: propose}"
        ),
        f"Siro's administrator chose Finance_Case__c.Lender__c for the extraction 'Lender', {rest}": (
            "add to the fields of that record: Lender: {to: Lender__c, as: text, policy: propose}"
        ),
    }
    assert {finding.level for finding in found} == {Level.HINT}


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_an_address_for_alerts_that_nobody_knows_is_named_without_its_secret(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async def alerts(*addresses: str) -> list[tuple[str, str]]:
        async with opened(alerts=list(addresses)) as bridge:
            found = [finding async for finding in check_all(bridge) if finding.subject == "alerts"]
        return [(finding.level, finding.text) for finding in found]

    assert await alerts("json://localhost:9/hook") == [("good", "Apprise knows every address; nothing was sent")]
    [(level, text)] = await alerts("json://localhost:9/hook", "carrier-pigeon://user:hunter2@roof")
    assert (level, "alerts[1] is not a valid Apprise URL" in text, "hunter2" in text) == ("bad", True, False)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            ["2026-02-01T10:00:00", "2026-02-01 10:00:00", "2026-02-02 10:00:00"],
            "1 of 3 rows have another kind of updated_at",
        ),
        (["", "2026-02-01 10:00:00"], "1 of 2 rows have another kind of updated_at"),
        (["01/02/2026", "15/02/2026"], "do not sort by time, such as '15/02/2026'"),
        (["2026-02-01 10:00:00", "2026-02-01 10:00:00.5"], None),
    ],
)
async def test_a_cursor_of_several_kinds_is_named(
    crm: Crm, stub: StubSiro, opened: Opener, values: list[str], said: str | None
) -> None:
    del stub
    for key, value in enumerate(values, 1):
        crm.add_deal(key, updated=value)
    async with opened() as bridge:
        found = [item.text for item in [f async for f in check_all(bridge)] if item.subject == "push.opportunities"]
    assert any(said in text for text in found) if said else not any("updated_at" in text for text in found), found


async def test_a_value_that_a_push_cannot_send_is_no_good_sample(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """A NUL, a key that two rows have, and bytes among the keys: `check` names what `push` would leave out."""
    del stub
    crm.execute("create table odd (id, name text)")
    crm.execute("insert into odd values (1, 'a' || char(0) || 'b'), ('2', 'x'), ('2 ', 'y'), (x'0102', 'z'), (3, 'ok')")
    changes: dict[str, Any] = {"push": {"opportunities": {"table": "odd", "key": "id", "map": {"name": "name"}}}}
    async with opened(**changes, pull=None) as bridge:
        found = [item async for item in check_all(bridge) if item.level is Level.BAD]
        texts = " | ".join(item.text for item in found)
        assert "column name: the text has a NUL character" in texts
        assert "the keys '2' and '2 ' are one id, 2" in texts
        assert "id = b'\\x01\\x02' is not an id" in texts
        result = (await push_once(bridge)).streams[0]
        assert (result.sent, result.unmapped) == (1, 3)


async def test_warnings_of_a_file_are_those_of_the_push(
    crm: Crm, stub: StubSiro, opened: Opener, tmp_path: Path
) -> None:
    del crm, stub
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "deals.csv").write_text("sep=;\nid;name\n1;Roof\n2;Siding\nTotal: 2 rows\n")
    os.utime(folder / "deals.csv", (1_700_000_000, 1_700_000_000))
    changes: dict[str, Any] = {
        "crm": {"driver": "files", "folder": str(folder)},
        "push": {"opportunities": {"query": "select * from deals", "key": "id", "map": {"name": "name"}}},
    }
    async with opened(**changes, pull=None) as bridge:
        texts = [item.text async for item in check_all(bridge) if item.subject == "push.opportunities"]
        assert "deals.csv: line 5, a footer, is skipped" in texts
        assert "deals.csv: line 1, 'sep=;', is skipped" in texts
        assert "2 sample rows can be mapped" in texts
        assert (await push_once(bridge)).streams[0].read == 2


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(minutes=10), "10 minutes"),
        (timedelta(hours=1, minutes=30), "1 hour 30 minutes"),
        (timedelta(days=1), "1 day"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=90.5), "1 minute 30.5 seconds"),
    ],
)
def test_a_duration_is_written_as_the_file_may_have_it(length: timedelta, words: str) -> None:
    assert in_words(length) == words
    assert TypeAdapter(Duration).validate_python(words) == length
