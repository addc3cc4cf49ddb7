"""An erasure leaves no word, name, place or sound of what it is about, and says what remains."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from fieldnote.db.workspace_tables import SECURED, metadata
from fieldnote.errors import WorkspaceError
from fieldnote.insight import Utterance
from fieldnote.workspace import Operator, add_webhook
from fieldnote.workspace.domain.erasure import Receipt, forget
from fieldnote.workspace.domain.erasure_sql import ERASE_CRM, ERASE_RECORDINGS, ERASE_USER, NOT_PERSONAL
from scripts.stored_columns import PERSONAL, WORDS, listed
from tests.stored_words import columns_with
from tests.workspace.house import JOHN, START, House
from tests.workspace.test_comments import comment
from tests.workspace.test_uploads import register, sent
from tests.workspace.test_user_recordings import id_of, token_of

OPERATOR: Final = Operator("root", "Ann")
SECRETS: Final = ("Zyxwick", "zyx@home.test", "3035550177", "Quagmire", "39.7411", "-104.9922", "zyx-key")
"""Texts that are the customer's alone."""
CUSTOMER: Final[dict[str, Any]] = {
    "account": {
        "externalId": "c-1", "name": "Mary Zyxwick", "latitude": 39.7411, "longitude": -104.9922,
        "emailAddresses": ["zyx@home.test"], "phoneNumbers": ["+1 (303) 555-0177"],
        "addresses": [{"street": "1 Quagmire St", "city": "Denver", "state": "CO", "zip": "80202", "country": "US"}],
    },
    "contact": {
        "externalId": "p-1", "firstName": "Mary", "lastName": "Zyxwick", "emailAddresses": ["ZYX@home.test "],
        "phoneNumbers": ["303-555-0177"],
    },
    "opportunity": {"externalId": "o-1", "name": "Zyxwick roof"},
}  # fmt: skip
SAID: Final = (
    Utterance("John Sales", "Mrs. Zyxwick, what budget do you have in mind?", 0.0, 3.0),
    Utterance("Mary Zyxwick", "Forty thousand dollars for Quagmire Street. My husband decides.", 4.0, 7.0),
    Utterance("John Sales", "I'll send you the Zyxwick quote on Friday.", 8.0, 9.0),
)
PLACE: Final = (39.7411, -104.9922)


async def furnish(house: House) -> tuple[str, str]:
    """A customer with a recording that has everything; and another customer's. Their recordings."""
    await add_webhook(house.workspace.engine, house.workspace.box, house.organization.id, url="http://127.0.0.1:9/")
    await house.api.visit(subject="Visit at Zyxwick", **CUSTOMER)
    recording = await house.record(said=SAID, place=PLACE, key="zyx-key", title="Zyxwick, 1 Quagmire St")
    other_visit = {"externalId": "c-2", "name": "Bob Other", "emailAddresses": ["bob@home.test"]}
    await house.api.visit("a-2", at=START + timedelta(days=1), account=other_visit, opportunity={"externalId": "o-2"})
    other = await house.record(at=START + timedelta(days=1), key="other")
    await house.settle()
    john = await token_of(house, await id_of(house, JOHN))
    await comment(john, recording, text="Zyxwick will sign.")
    changes = {"id": recording, "notes": "Zyxwick", "consentSignatureBase64": "Zyxwick"}
    assert (await john("PATCH", "/v1/core/recordings", json=changes)).status_code == 200
    await house.api("PUT", "/v1/integrations/briefs", json={
        "externalId": "b-1", "jobId": "1", "appointmentId": "a-1", "tenantId": "1", "technicianId": "1",
        "audioUrl": "x", "message": "Zyxwick",
    })  # fmt: skip
    await house.settle()
    return recording, other


async def traces(house: House) -> dict[str, set[str]]:
    """The customer's texts in any table of the workspace, jobs included."""
    names = [table.name for table in SECURED if table.name != "audit_events"] + ["procrastinate_jobs"]
    found = {}
    for name in names:
        rows = json.dumps([row[0] for row in await house.rows(f"select t::text from {name} t")])
        if texts := {text for text in SECRETS if text.lower() in rows.lower()}:
            found[name] = texts
    return found


async def erase(house: House, **what: Any) -> Receipt:
    return await forget(house.workspace, house.organization, by=OPERATOR, **what)


def test_every_table_is_erased_or_has_a_reason_not_to_be() -> None:
    known = {*ERASE_RECORDINGS, *ERASE_CRM, *ERASE_USER, *NOT_PERSONAL, "audio_files"}
    known |= {"comments"}  # they go with their thread
    assert {table.name for table in metadata.sorted_tables} == known


@pytest.mark.parametrize("what", [
    {"account": "c-1"}, {"person": "zyx@home.test"}, {"person": "+1 303.555.0177"}, {"person": "ZYX@HOME.test"},
])  # fmt: skip
async def test_no_trace_of_a_customer_is_left_and_the_others_are_as_they_were(
    house: House, what: dict[str, str]
) -> None:
    recording, other = await furnish(house)
    before = await traces(house)
    assert {"recording_utterances", "accounts", "contacts", "summaries", "comments", "briefs"} <= before.keys()
    receipt = await erase(house, **what)
    assert await traces(house) == {}
    assert receipt.recordings == [recording]
    assert receipt.erased["recording_utterances"] == receipt.erased["accounts"] == 1
    assert {"the CRM", "backups", "bridges"} <= {one.where for one in receipt.remains}
    assert receipt.by == "Ann (root)"
    admin = await token_of(house, house.organization.admin_id)
    shown = (await admin.get(f"/v1/core/recordings/{recording}"))["data"]
    assert (shown["title"], "latitude" in shown) == ("Erased recording", False)
    assert (await admin.get(f"/v1/core/recordings/{recording}/utterances"))["data"]["utterances"] == []
    assert (await admin.get(f"/v1/core/recordings/{other}/utterances"))["data"]["utterances"] != []
    event = await house.rows("select operator, acting_as, targets from audit_events where action like 'forget%'")
    assert (event[0].operator, event[0].acting_as, recording in event[0].targets) == ("root", "Ann", True)
    again = await erase(house, account="c-1") if "account" in what else None
    assert again is None or again.erased.get("recording_utterances") is None


async def test_a_customers_words_are_only_in_the_columns_that_are_listed(house: House) -> None:
    await furnish(house)
    listing = {f"{table}.{column}" for schema, table, column in listed(WORDS, PERSONAL) if schema == "workspace"}
    found = await columns_with(house.rows, "workspace", SECRETS, without=["audit_events"])
    assert {"recording_utterances.utterances", "summaries.content", "accounts.fields"} <= found
    assert found - listing == set()


@pytest.mark.parametrize("by_key", [True, False])
async def test_a_recording_is_erased_and_its_customer_stays(house: House, by_key: bool) -> None:
    recording, _ = await furnish(house)
    receipt = await erase(house, recording="zyx-key" if by_key else recording)
    left = await traces(house)
    assert left.keys() <= {"accounts", "contacts", "opportunities", "engagements", "briefs"}
    assert receipt.recordings == [recording]


async def test_a_dry_run_reports_the_same_and_changes_nothing(house: House) -> None:
    recording, _ = await furnish(house)
    before = await traces(house)
    planned = await erase(house, account="c-1", dry_run=True)
    assert await traces(house) == before
    assert await house.rows("select 1 from audit_events where action like 'forget%'") == []
    done = await erase(house, account="c-1")
    assert (planned.erased, planned.recordings) == (done.erased, [recording])


async def test_a_protected_recording_is_left_unless_it_is_asked_for(house: House) -> None:
    recording, _ = await furnish(house)
    john = await token_of(house, await id_of(house, JOHN))
    await john("PATCH", "/v1/core/recordings", json={"id": recording, "doNotDelete": True})
    receipt = await erase(house, account="c-1")
    assert (receipt.recordings, receipt.protected) == ([], [recording])
    assert any("doNotDelete" in one.what for one in receipt.remains)
    assert "recording_utterances" in await traces(house)
    assert (await erase(house, recording=recording, even_protected=True)).recordings == [recording]
    assert await traces(house) == {}


async def test_the_sound_goes_too(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    recording = (await register(admin, await sent(admin))).json()["data"]["recordingId"]
    [[file_id]] = await house.rows("select id::text from audio_files")
    kept = [path for path in _audio(house) if file_id in path.name]
    assert kept
    assert (await erase(house, recording=recording, dry_run=True)).erased["audio"] == 1
    assert kept[0].exists()
    assert (await erase(house, recording=recording)).erased["audio"] == 1
    assert not [path for path in _audio(house) if file_id in path.name]


def _audio(house: House) -> list[Any]:
    from pathlib import Path

    return [path for path in Path(house.workspace.audio.url).rglob("*") if path.is_file()]


async def test_of_a_user_words_and_name_go_and_their_tokens_end(house: House) -> None:
    recording, _ = await furnish(house)
    john = await token_of(house, await id_of(house, JOHN))
    receipt = await erase(house, person=JOHN)
    assert receipt.erased["users"] == receipt.erased["comments"] == 1
    assert (await john("GET", "/v1/core/recordings")).status_code == 401
    rows = str(await house.rows("select u::text, c::text from users u, crm_users c"))
    assert JOHN not in rows
    assert "John Sales" not in rows
    assert recording in {one["id"] for one in await house.api.recordings()}
    assert any("that this user made" in one.what for one in receipt.remains)


@pytest.mark.parametrize("what", [
    {"recording": str(uuid4())}, {"account": "nobody"}, {"person": "nobody@home.test"}, {"person": "5550100"},
])  # fmt: skip
async def test_nothing_known_is_an_error(house: House, what: dict[str, str]) -> None:
    with pytest.raises(WorkspaceError, match="no data stored for"):
        await erase(house, **what)


@pytest.mark.parametrize("what", [{}, {"recording": " "}, {"account": "a", "person": "b"}, {"person": "a\0b"}])
async def test_what_is_erased_is_named_once(house: House, what: dict[str, str]) -> None:
    with pytest.raises(WorkspaceError, match="specify one of"):
        await erase(house, **what)


async def test_another_organizations_data_is_out_of_reach(house: House) -> None:
    recording, _ = await furnish(house)
    other, _ = await house.another()
    attempts: list[dict[str, Any]] = [{"recording": recording}, {"account": "c-1"}, {"person": "zyx@home.test"}]
    for what in attempts:
        with pytest.raises(WorkspaceError, match="no data stored for"):
            await forget(house.workspace, other, by=OPERATOR, **what)
