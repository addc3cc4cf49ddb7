"""A history of recordings goes in from a file."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.typed import typed
from tests.workspace.house import JOHN, START, House
from tests.workspace.test_linking import linked

Batch = Callable[..., Any]
FULL = {
    "id": "r-1",
    "user": JOHN,
    "startedAt": "2026-02-15T07:03:00-07:00",
    "durationSeconds": 3300.5,
    "title": "Smith kitchen",
    "latitude": 43.6,
    "longitude": -116.2,
    "appointmentId": None,
    "opportunityId": None,
    "transcript": "John: What is your budget?\nMary: Forty thousand dollars.",
}


def line(**changes: Any) -> dict[str, Any]:
    """A line with what it must have."""
    return {"user": JOHN, "startedAt": START.isoformat(), "durationSeconds": 3300} | changes


@pytest.fixture
def batch(house: House, tmp_path: Path) -> Batch:
    """Give a file of these lines to the command: its status, what it printed line by line, and its complaint."""

    async def give(*lines: dict[str, Any] | str) -> tuple[int, list[Any], str]:
        file = tmp_path / "history.jsonl"
        file.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines) + "\n")
        environment = os.environ | {
            "FIELDNOTE_WORKSPACE_DATABASE_URL": house.workspace.database_url,
            "FIELDNOTE_HOME": str(tmp_path / "home"),
        }
        words = ["workspace", "record", "--batch", str(file)]
        status, out, err = await asyncio.to_thread(typed, words, folder=tmp_path, environment=environment)
        return status, [json.loads(said) for said in out.splitlines()], err

    return give


async def test_each_line_becomes_a_recording_and_is_named_by_its_number(house: House, batch: Batch) -> None:
    await house.api.visit()
    status, printed, err = await batch(FULL, "", line(startedAt="2026-03-01T10:00:00Z"))
    assert (status, err) == (0, "")
    assert [list(one) for one in printed] == [["line", "recordingId"]] * 2
    assert [one["line"] for one in printed] == [1, 3]
    first, second = (one["recordingId"] for one in printed)
    assert await linked(house, first) == "a-1"
    recording = await house.api.get(f"/v1/core/recordings/{first}", showEntityExtractions="true")
    assert recording["createdAt"].startswith("2026-02-15T14:03:00")
    assert (recording["title"], recording["durationInMilliseconds"]) == ("Smith kitchen", 3_300_500)
    assert (recording["latitude"], recording["longitude"]) == (43.6, -116.2)
    assert "Budget" in {item["name"] for item in recording["entityExtractions"]}
    silent = await house.api.get(f"/v1/core/recordings/{second}", showSummary="true")
    assert silent["isProcessingDone"]


async def test_the_same_file_again_adds_nothing(house: House, batch: Batch) -> None:
    lines = [line(id=f"r-{n}", startedAt=(START + timedelta(days=n)).isoformat()) for n in range(3)]
    first, again = await batch(*lines), await batch(*lines, line(id="r-1"))
    assert [one["recordingId"] for one in again[1]] == [
        *(one["recordingId"] for one in first[1]),
        first[1][1]["recordingId"],
    ]
    assert len(await house.rows("select 1 from recordings")) == 3


async def test_a_line_may_name_the_appointment_and_the_deal(house: House, batch: Batch) -> None:
    await house.api.visit("456", at=START + timedelta(days=30), opportunity={"externalId": "o-1"})
    _, printed, _ = await batch(line(appointmentId=456.0), line(opportunityId=" o-1 "))
    explained = [await house.explain(one["recordingId"]) for one in printed]
    assert [(one.appointment, one.opportunity) for one in explained] == [("456", "o-1"), (None, "o-1")]
    assert [one.source for one in explained] == ["DIRECT", "DIRECT"]


@pytest.mark.parametrize(
    "transcript",
    [
        "Mary: Forty thousand dollars.",
        "WEBVTT\n\n00:00.000 --> 00:02.000\n<v Mary>Forty thousand dollars.",
        [{"speaker": "Mary", "text": "Forty thousand dollars.", "start": 0, "end": 2}],
        {"utterances": [{"speaker": "Mary", "text": "Forty thousand dollars."}]},
        "said.txt",
    ],
)
async def test_a_transcript_is_text_or_utterances_or_a_file(
    house: House, batch: Batch, tmp_path: Path, transcript: Any
) -> None:
    (tmp_path / "said.txt").write_text("Mary: Forty thousand dollars.")
    status, _, err = await batch(line(transcript=transcript))
    assert status == 0, err
    [row] = await house.rows("select utterances from recording_utterances")
    assert [(said["speaker"], said["text"]) for said in row[0]] == [("Mary", "Forty thousand dollars.")]


BAD: tuple[tuple[dict[str, Any] | str, str], ...] = (
    ("{", "is not JSON"),
    ("[]", "is not an object"),
    (line(user=None), "user is wrong"),
    ({"user": JOHN}, "startedAt is missing"),
    (line(startedAt="yesterday"), "startedAt is wrong"),
    (line(startedAt="2026-02-15T14:00:00"), "startedAt has no time zone"),
    (line(durationSeconds=0), "durationSeconds is wrong"),
    (line(durationSeconds=None), "durationSeconds is missing, and there is no transcript"),
    (line(latitude=91, longitude=0), "latitude is wrong"),
    (line(latitude=1), "latitude and longitude belong together"),
    (line(tittle="x"), "tittle is not a known field; did you mean 'title'?"),
    (line(id="x" * 501), "an id is empty or longer than 500"),
    (line(transcript="none.txt"), "transcript 'none.txt' cannot be read"),
    (line(transcript=[{"speaker": "Mary"}]), "transcript: utterance 1 has no text"),
    (line(appointmentId=5001.5), "appointmentId is not an id: 5001.5"),
    (line(opportunityId=True), "opportunityId is not an id: True"),
    (line(latitude=True, longitude=0), "latitude is true or false, not a number"),
    (line(startedAt=1771164000), "startedAt is not a time as text: 1771164000"),
    ('{"user": "a", "user": "b"}', "has the key 'user' twice"),
    (line(transcript=5), "transcript is neither text, a list nor an object"),
    (line(transcript="a\0.txt"), "transcript 'a\\x00.txt' is not a file's name"),
    (line(transcript="\ud800.vtt"), "transcript '\\ud800.vtt' is not a file's name"),
    (line(user="a\0b"), "a title, user or id has a NUL character"),
    (line(title="half \ud83d"), "a title, user or id has a NUL character or half of a surrogate pair"),
    (line(id="r\0"), "a title, user or id has a NUL character"),
)


async def test_bad_lines_are_named_and_nothing_is_stored(house: House, batch: Batch) -> None:
    status, printed, err = await batch(line(), *(bad for bad, _ in BAD), line())
    assert (status, printed) == (1, [])
    for number, (_, complaint) in enumerate(BAD, 2):
        assert f"history.jsonl:{number}: {complaint}" in err
    assert "nothing was stored" in err
    assert await house.rows("select 1 from recordings") == []


@pytest.mark.parametrize("name", ["../said.txt", "{root}/said.txt", "link.txt"])
async def test_a_line_names_no_file_outside_its_folder(house: House, batch: Batch, tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "said.txt").write_text("Mary: private.")
    (tmp_path / "link.txt").symlink_to(tmp_path.parent / "said.txt")
    status, _, err = await batch(line(transcript=name.format(root=tmp_path.parent)))
    assert status == 1
    assert "outside the folder" in err
    assert await house.rows("select 1 from recordings") == []


async def test_a_user_that_there_is_not_is_named_by_the_first_line_and_nothing_is_stored(
    house: House, batch: Batch
) -> None:
    nobody = line(user="nobody@acme.test")
    status, _, err = await batch(line(), nobody, nobody)
    assert status == 1
    assert "history.jsonl:2: the workspace has no user 'nobody@acme.test'" in err
    assert await house.rows("select 1 from recordings") == []


async def test_all_bad_lines_are_named_at_once(batch: Batch) -> None:
    _, _, err = await batch(*["{"] * 60)
    assert "history.jsonl:1: " in err
    assert "history.jsonl:50: " in err
    assert "10 more bad lines" in err


async def test_batch_excludes_other_options(house: House, tmp_path: Path) -> None:
    words = ["workspace", "record", "--batch", "x.jsonl", "--title", "x"]
    status, _, err = typed(words, folder=tmp_path, environment={"FIELDNOTE_HOME": str(tmp_path / "home")})
    assert (status, "--batch cannot be combined" in err) == (1, True)
