"""The calls of the quickstart, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from fieldnote.errors import ConfigError
from fieldnote.siro import AsyncListing, AsyncSiro, EngagementSync, MissingCredential, RepeatedPage, SiroSettings
from fieldnote.siro.models import Recording
from tests.siro.server import Reply, Request, as_json, serving

Make = Callable[..., AsyncSiro]
START = datetime(2026, 2, 15, 14, tzinfo=UTC)
ENGAGEMENT = {
    "id": "eng-123",
    "externalId": "appt-456",
    "recordingId": "rec-1",
    "engagementType": "appointment",
}


async def test_an_engagement_is_sent_as_the_quickstart_has_it(client: Make) -> None:
    async with serving(lambda _: as_json({"data": ENGAGEMENT})) as server, client(server.url) as siro:
        answer = await siro.engagements.sync(
            external_id="appt-456",
            start_time=START,
            end_time=START.replace(hour=15),
            subject="Smith Kitchen Remodel Consultation",
            engagement_type={"activity_type": "MEETING", "name": "meeting"},
            engagement_users=[{"external_id": "rep-123", "email": "[email protected]", "name": "John Sales"}],
            account={"external_id": "account-789"},
            opportunity={"external_id": "opp-101"},
        )
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("PUT", "/api-externalApi/v1/integrations/sync/engagements")
    assert seen.headers["authorization"] == "Bearer org-token-1"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"].startswith("fieldnote/")
    assert seen.json == {
        "externalId": "appt-456",
        "startTime": "2026-02-15T14:00:00Z",
        "endTime": "2026-02-15T15:00:00Z",
        "subject": "Smith Kitchen Remodel Consultation",
        "engagementType": {"activityType": "MEETING", "name": "meeting"},
        "engagementUsers": [{"externalId": "rep-123", "email": "[email protected]", "name": "John Sales"}],
        "account": {"externalId": "account-789"},
        "opportunity": {"externalId": "opp-101"},
    }
    assert (answer.id, answer.external_id, answer.recording_id) == ("eng-123", "appt-456", "rec-1")


async def test_an_opportunity_is_sent_as_the_quickstart_has_it(client: Make) -> None:
    async with (
        serving(lambda _: as_json({"id": "o", "externalId": "opp-101"})) as server,
        client(server.url) as siro,
    ):
        await siro.opportunities.sync(
            external_id="opp-101",
            name="Smith Kitchen Remodel",
            amount=45000.0,
            closed_at=datetime(2026, 3, 1, tzinfo=UTC),
            disposition="WON",
            account={"external_id": "account-789"},
        )
    assert server.seen[0].body.decode().count("45000,") == 1  # not 45000.0
    assert server.seen[0].json == {
        "externalId": "opp-101",
        "name": "Smith Kitchen Remodel",
        "amount": 45000,
        "closedAt": "2026-03-01T00:00:00Z",
        "disposition": "WON",
        "account": {"externalId": "account-789"},
    }


@pytest.mark.parametrize("envelope", [True, False])
async def test_both_shapes_of_an_answer_are_read(client: Make, *, envelope: bool) -> None:
    parts = [{"id": "summary-001", "name": "AI Summary", "content": "Text"}]
    rows = [
        {
            "id": "x",
            "recordingId": "rec-1",
            "extraction": [
                {"name": "Budget", "value": "$40,000 - $50,000"},
                {"name": "Rooms", "value": ["kitchen", 2, None, True], "mappings": None},
            ],
            "status": "SOMETHING_NEW",
        }
    ]
    answers: dict[str, object] = {
        "/api-externalApi/v1/integrations/engagements/eng-123": ENGAGEMENT,
        "/api-externalApi/v1/core/recordings/rec-1/summaries": parts,
        "/v1/core/entities/extractions/rec-1": rows,
        "/api-externalApi/v1/core/oauth/apps/app-1/access-token": {"accessToken": "t", "accessTokenId": "i"},
    }

    def handler(request: Request) -> Reply:
        answer = answers[request.path]
        return as_json({"data": answer} if envelope else answer)

    async with serving(handler) as server, client(server.url) as siro:
        engagement = await siro.engagements.get("eng-123")
        summaries = await siro.recordings.summaries("rec-1")
        extractions = await siro.extractions.list("rec-1")
    assert engagement.external_id == "appt-456"
    assert [(part.name, part.content) for part in summaries] == [("AI Summary", "Text")]
    assert [(item.name, item.value) for item in extractions[0].extraction] == [
        ("Budget", "$40,000 - $50,000"),
        ("Rooms", ["kitchen", 2, None, True]),
    ]
    assert extractions[0].status == "SOMETHING_NEW"


async def test_mobile_events_are_read_flat_and_nested(client: Make) -> None:
    first, second = (
        {"id": str(i), "eventCode": "appStateChange", "event": {"value": "active"}, "userId": "u"} for i in (1, 2)
    )
    pages = {None: {"data": [[first]], "cursor": "next"}, "next": {"data": [second], "cursor": None}}

    def handler(request: Request) -> Reply:
        return as_json(pages[dict(request.query).get("cursor")])

    async with serving(handler) as server, client(server.url) as siro:
        events = [event.id async for event in siro.mobile_events.list(event_codes=["appStateChange", "x"])]
    assert events == ["1", "2"]
    assert server.seen[0].query == (
        ("eventCodeIn", "appStateChange"),
        ("eventCodeIn", "x"),
        ("pageSize", "100"),
    )


async def test_oauth_apps_and_tokens_are_made(client: Make) -> None:
    answers = {
        "/api-externalApi/v1/core/oauth/apps": {"appName": "F", "clientID": "c/1", "clientSecret": "s"},
        "/api-externalApi/v1/core/oauth/apps/c/1/access-token": {"accessToken": "t", "accessTokenId": "i"},
    }
    async with serving(lambda r: as_json(answers[r.path], 201)) as server, client(server.url) as siro:
        app = await siro.oauth.create_app(app_name="F", owner="u", organization_id="o")
        assert app.client_secret is not None
        token = await siro.oauth.create_access_token(
            app.client_id, client_secret=app.client_secret, user_id="u", scope="read"
        )
    assert token.access_token.get_secret_value() == "t"
    assert server.seen[0].json == {"appName": "F", "owner": "u", "organizationId": "o"}
    assert server.seen[1].json == {"clientSecret": "s", "userId": "u", "scope": "read"}


async def test_a_list_of_recordings_goes_to_its_end_and_can_be_resumed(client: Make) -> None:
    def handler(request: Request) -> Reply:
        at = int(dict(request.query).get("cursor", "0"))
        recordings = [{"id": f"r{n}", "crm": None, "links": {"web": {"self": f"https://x/{n}"}}} for n in (at, at + 1)]
        return as_json({"data": recordings, "cursor": str(at + 2) if at < 4 else None})

    async with serving(handler) as server, client(server.url) as siro:
        listing = siro.recordings.list(updated_since=START, show_crm_links=True, is_summary_done=False)
        found = [recording async for recording in listing]
        pages = [page async for page in siro.recordings.list(cursor="2").pages()]
    assert [recording.id for recording in found] == ["r0", "r1", "r2", "r3", "r4", "r5"]
    assert found[5].web_url == "https://x/5"
    assert server.seen[1].query == (
        ("updatedAt:gte", "2026-02-15T14:00:00Z"),
        ("isSummaryDone", "false"),
        ("showCrmLinks", "true"),
        ("pageSize", "25"),
        ("cursor", "2"),
    )
    assert [page.cursor for page in pages] == ["4", None]


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"], ["a", "b", "c", "d", "e"]])
async def test_a_page_that_comes_again_is_an_error_without_duplicates(client: Make, cursors: list[str]) -> None:
    """Whether the cursor comes again, or the same page under ever new cursors."""
    answers = iter(cursors)
    distinct = len(set(cursors)) < len(cursors)

    def handler(request: Request) -> Reply:
        name = dict(request.query).get("cursor", "first") if distinct else "same"
        return as_json({"data": [{"id": f"r-{name}"}], "cursor": next(answers)})

    found: list[str] = []
    async with serving(handler) as server, client(server.url) as siro:
        with pytest.raises(RepeatedPage, match="GET /v1/core/recordings"):
            await _drain(siro.recordings.list(), found)
    assert found
    assert len(found) == len(set(found))


async def _drain(listing: AsyncListing[Recording], found: list[str]) -> None:
    async for recording in listing:
        found.append(recording.id)  # noqa: PERF401 - what came before an error counts


async def test_utterances_are_read_over_their_pages_with_a_user_token(client: Make) -> None:
    def line(n: int) -> dict[str, object]:
        times = {"startTimeInMillis": n * 1000, "endTimeInMillis": n * 1000 + 900}
        return {"speakerTag": str(n), "utterance": f"words {n}", "redacted": False, **times}

    def handler(request: Request) -> Reply:
        if request.method == "POST":
            return as_json({"accessToken": "user-token", "accessTokenId": "i"}, 201)
        at = int(dict(request.query).get("cursor", "0"))
        data = {"isLowDataMode": False, "speakerMap": {str(at): f"Speaker {at}"}, "utterances": [line(at)]}
        return as_json({"data": data, "cursor": at + 1 if at < 2 else None, "pageSize": 1})

    async with serving(handler) as server, client(server.url) as siro:
        transcript = await siro.recordings.utterances("rec-1")
    assert [item.utterance for item in transcript.utterances] == ["words 0", "words 1", "words 2"]
    assert transcript.speaker_map == {"0": "Speaker 0", "1": "Speaker 1", "2": "Speaker 2"}
    assert server.seen[1].headers["x-siro-auth-token"] == "user-token"
    assert "authorization" not in server.seen[1].headers


async def test_the_error_for_a_missing_credential_names_the_setting() -> None:
    async with AsyncSiro(token="t", user_id="u") as siro:
        assert not siro.has_user_credentials
        with pytest.raises(MissingCredential) as caught:
            await siro.extractions.list("rec-1")
    assert "SIRO_CLIENT_ID, SIRO_CLIENT_SECRET" in str(caught.value.hint)
    assert "SIRO_USER_ID" not in str(caught.value.hint)
    assert str(caught.value.call) == "GET /v1/core/entities/extractions/rec-1"
    async with AsyncSiro() as siro:
        with pytest.raises(MissingCredential, match="SIRO_TOKEN"):
            await siro.auth.caller_identity()
        assert siro.totals.calls == 0


async def test_invalid_requests_are_refused_before_sending() -> None:
    async with AsyncSiro(token="t", base_url="http://127.0.0.1:9") as siro:
        with pytest.raises(ValidationError, match="flavor"):
            await siro.engagements.sync(external_id="a", flavor="red")  # type: ignore[call-arg]
        with pytest.raises(ValidationError, match="zone"):
            await siro.engagements.sync(external_id="a", start_time=datetime(2026, 2, 15))  # noqa: DTZ001
        with pytest.raises(TypeError, match="not both"):
            await siro.engagements.sync(EngagementSync(external_id="a"), subject="b")
        for wrong in ("", ".", ".."):
            with pytest.raises(ValueError, match="must be an id"):
                await siro.recordings.get(wrong)
        assert siro.totals.calls == 0


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/", " "])
def test_addresses_work_with_and_without_version_and_slash(tail: str) -> None:
    environ = {
        "SIRO_BASE_URL": f"https://example.com/api{tail}",
        "SIRO_API_URL": f"https://api.example.com{tail}",
    }
    settings = SiroSettings.from_env(environ)
    assert (settings.base_url, settings.api_url) == ("https://example.com/api", "https://api.example.com")


def test_the_default_addresses_are_siros() -> None:
    settings = SiroSettings.from_env({"SIRO_TOKEN": " abc \n", "SIRO_BASE_URL": ""})
    assert settings.base_url == "https://functions.siro.ai/api-externalApi"
    assert settings.api_url == "https://api.siro.ai"
    assert settings.token is not None
    assert settings.token.get_secret_value() == "abc"
    assert "abc" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    ["siro.ai", "ftp://siro.ai", "http://", "https://user:pa55@siro.ai", "https://siro.ai/?a=b",
     "http://a b", "http://[", "http://h:port", "/v1"],
)  # fmt: skip
def test_a_wrong_address_is_named_by_its_setting_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="SIRO_API_URL") as caught:
        SiroSettings.from_env({"SIRO_API_URL": url})
    assert "pa55" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "tökèn"])
def test_an_invalid_secret_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigError, match="SIRO_TOKEN") as caught:
        AsyncSiro(token=token)
    assert token not in str(caught.value)


async def test_ids_stay_one_segment_of_the_path(client: Make) -> None:
    async with serving(lambda _: as_json(ENGAGEMENT)) as server, client(server.url) as siro:
        await siro.engagements.get("a/../b?c#d %2F")
    assert server.seen[0].path == "/api-externalApi/v1/integrations/engagements/a/../b?c#d %2F"
    assert json.dumps(server.seen[0].query) == "[]"
