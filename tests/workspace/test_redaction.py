"""A secret that is said in a recording is in no table of the workspace, and in none of its answers."""

from __future__ import annotations

import json

from fieldnote.db.workspace_tables import metadata
from fieldnote.insight import Utterance
from fieldnote.workspace.domain.recordings.transcripts import set_transcript
from tests.workspace.house import House

SAID = (
    Utterance("John Sales", "How do you want to pay?", 0.0, 2.0),
    Utterance("Mary Smith", "My card number is 4111 1111 1111 1111, and the gate code is 84417.", 3.0, 9.0),
    Utterance("Mary Smith", "Our budget is forty thousand dollars.", 10.0, 12.0),
)
SECRETS = ("4111", "84417")


async def contents(house: House) -> str:
    names = [table.name for table in metadata.sorted_tables] + ["procrastinate_jobs"]
    return json.dumps([row[0] for name in names for row in await house.rows(f"select t::text from {name} t")])


async def test_a_secret_of_a_transcript_is_stored_nowhere(house: House) -> None:
    recording_id = await house.record(said=SAID)
    await house.settle()
    kept = await contents(house)
    assert "forty thousand" in kept
    assert "[card]" in kept
    assert not any(secret in kept for secret in SECRETS)
    shown = await house.api.get(f"/v1/core/recordings/{recording_id}", showSummary="true", showEntityExtractions="true")
    assert not any(secret in json.dumps(shown) for secret in SECRETS)


async def test_a_secret_of_a_later_transcript_is_stored_nowhere(house: House) -> None:
    recording_id = await house.record()
    await set_transcript(house.workspace, house.organization.id, recording_id, SAID)
    await house.settle()
    kept = await contents(house)
    assert "[card]" in kept
    assert not any(secret in kept for secret in SECRETS)
