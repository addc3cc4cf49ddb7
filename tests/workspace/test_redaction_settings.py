"""An organization's further redaction: names, streets and phones that the CRM's records know."""

from __future__ import annotations

from typing import Any, Final

import pytest

from fieldnote.errors import WorkspaceError
from fieldnote.insight import Utterance
from fieldnote.workspace.domain.insight.redaction import Redacts, set_redacts, settings_of
from tests.workspace.house import House

SAID: Final = (
    Utterance("John Sales", "Good morning, Mrs. Thackeray, so this is 12 Maple Street?", 0.0, 3.0),
    Utterance("Customer", "Yes, Ruth Thackeray. Call me at 303 555 0142. We can spend 15000 dollars.", 4.0, 7.0),
    Utterance("John Sales", "Maple Street is lovely.", 8.0, 9.0),
)
ACCOUNT: Final = {
    "externalId": "acc-1",
    "name": "Ruth Thackeray",
    "addresses": [{"street": "12 Maple Street", "city": "Denver", "state": "CO", "zip": "80201", "country": "US"}],
}


async def said_in(house: House, recording_id: str) -> tuple[str, Any]:
    [row] = await house.rows(
        "select utterances, redacted from recording_utterances where recording_id::text = :id", id=recording_id
    )
    return " ".join(one["text"] for one in row.utterances), row.redacted


async def choose(house: House, *kinds: str) -> None:
    async with house.workspace.engine.begin() as conn:
        await set_redacts(conn, house.organization.id, kinds)


async def test_names_streets_and_phones_go_where_the_organization_wants_it_and_matching_has_read_them(
    house: House,
) -> None:
    await house.api.visit(account=ACCOUNT)
    plain = await house.record(said=SAID, appointment_id="a-1")
    assert "Thackeray" in (await said_in(house, plain))[0]
    await choose(house, "names", "streets", "phones")
    mine = await house.record(said=SAID, appointment_id="a-1")
    text, spans = await said_in(house, mine)
    for word in ("Ruth", "Thackeray", "Maple", "555"):
        assert word not in text
    assert "15000 dollars" in text
    assert spans == [[0.0, 3.0], [4.0, 7.0], [8.0, 9.0]]
    await house.settle()
    for table in ("summaries", "extraction_values", "followups", "webhook_messages"):
        rows = await house.rows(f"select to_jsonb(t) as row from {table} t where to_jsonb(t)::text like '%hackeray%'")
        assert not [one for one in rows if mine in str(one.row)], table
    explained = await house.explain(mine)
    assert explained.appointment == "a-1"


async def test_an_unknown_kind_is_refused(house: House) -> None:
    with pytest.raises(WorkspaceError, match="unknown kind"):
        await choose(house, "names", "faces")


def test_odd_records_make_no_names() -> None:
    odd: list[dict[str, Any]] = [
        {"name": None, "addresses": None},
        {"name": 7, "addresses": ["x", None, {"street": 5}, {"street": "  "}]},
        {"firstName": "Al", "lastName": "  ", "addresses": [{"street": "5 Elm Way"}]},
        {},
    ]
    found = settings_of(odd, list(Redacts))
    assert (found.names, found.streets, found.phones) == ((), ("5 Elm Way", "Elm Way"), True)
    assert settings_of(odd, []).streets == ()
