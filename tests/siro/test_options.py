"""Options of a client and of single calls, and the headers of answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fieldnote.errors import ConfigError
from fieldnote.siro import (
    AsyncSiro,
    BadResponse,
    CallOptions,
    Invalid,
    NotFound,
    RateLimited,
    Response,
    RetryPolicy,
    Siro,
    SiroError,
    SiroUnavailable,
    Unreachable,
    WebhookRejected,
)
from fieldnote.siro.models import CrmObject, EngagementSync
from tests.siro.conftest import World
from tests.siro.server import Reply, Request, as_json, serving

Make = Callable[..., AsyncSiro]
IDENTITY = as_json({"organizationId": "org-1", "tokenId": "t"}, 200, **{"x-request-id": "req-1", "X-Plan": "gold"})


async def test_the_headers_of_each_answer_can_be_seen(client: Make) -> None:
    replies = iter([Reply(503, headers={"retry-after": "0"}), IDENTITY])
    seen: list[Response] = []
    async with serving(lambda _: next(replies)) as server, client(server.url, on_response=seen.append) as siro:
        await siro.auth.caller_identity()
    assert [(each.method, each.path, each.status) for each in seen] == [
        ("GET", "/v1/core/auth/caller-identity", 503), ("GET", "/v1/core/auth/caller-identity", 200),
    ]  # fmt: skip
    assert seen[0].headers["Retry-After"] == "0"
    assert (seen[1].headers["x-plan"], seen[1].headers["X-Request-Id"]) == ("gold", "req-1")
    assert "gold" not in repr(seen)


@pytest.mark.parametrize(
    ("reply", "kind", "status"),
    [
        (as_json({"error": "no"}, 404, **{"x-plan": "gold"}), NotFound, 404),
        (as_json({"error": "no"}, 422, **{"x-plan": "gold"}), Invalid, 422),
        (as_json({"error": "slow"}, 429, **{"x-plan": "gold"}), RateLimited, 429),
        (as_json({"error": "no"}, 500, **{"x-plan": "gold"}), SiroUnavailable, 500),
        (Reply(200, b"<html>", {"x-plan": "gold"}), BadResponse, 200),
        (as_json({"organizationId": ["x"]}, 200, **{"x-plan": "gold"}), BadResponse, 200),
    ],
)
async def test_an_error_has_the_status_and_headers_of_its_answer(
    client: Make, reply: Reply, kind: type[SiroError], status: int
) -> None:
    once = RetryPolicy(attempts=1)
    async with serving(lambda _: reply) as server, client(server.url, policy=once) as siro:
        with pytest.raises(kind) as caught:
            await siro.auth.caller_identity()
    assert caught.value.status == status
    assert caught.value.headers is not None
    assert caught.value.headers["X-Plan"] == "gold"
    assert "gold" not in f"{caught.value} {caught.value!r} {caught.value.call!r}"


async def test_an_error_without_an_answer_has_no_status(client: Make) -> None:
    async with serving(lambda _: IDENTITY) as server:
        url = server.url
    async with client(url, policy=RetryPolicy(attempts=1)) as siro:
        with pytest.raises(Unreachable) as caught:
            await siro.auth.caller_identity()
    assert (caught.value.status, caught.value.headers) == (None, None)
    assert WebhookRejected("no").status is None


# --- options of single calls ----------------------------------------------------------------------------


async def test_some_calls_can_have_other_options_than_their_client(client: Make, world: World) -> None:
    def handler(request: Request) -> Reply:
        return IDENTITY if request.headers.get("x-trace") == "7" else Reply(503)

    async with serving(handler) as server, client(server.url) as siro:
        other = siro.with_options(policy=RetryPolicy(attempts=2), headers={"X-Trace": "8"})
        with pytest.raises(SiroUnavailable):
            await other.auth.caller_identity()
        assert len(server.seen) == 2
        await siro.with_options(headers={"X-Trace": "7"}).auth.caller_identity()
        assert server.seen[-1].headers["x-trace"] == "7"
        with pytest.raises(SiroUnavailable):
            await siro.auth.caller_identity()
        assert "x-trace" not in server.seen[-1].headers
        assert len(server.seen) == 2 + 1 + 6
        assert siro.totals == other.totals
        assert siro.totals.calls == 9


async def test_options_are_kept_by_further_options_and_a_view_closes_nothing() -> None:
    async with serving(lambda _: IDENTITY) as server:
        seen: list[Response] = []
        async with AsyncSiro(token="t", base_url=server.url) as siro:
            async with siro.with_options(on_response=seen.append) as noisy:
                await noisy.with_options(timeout=50).auth.caller_identity()
            await siro.auth.caller_identity()
    assert len(seen) == 1


async def test_a_minted_token_is_shared_with_the_calls_of_other_options(client: Make) -> None:
    def handler(request: Request) -> Reply:
        if request.method == "POST":
            return as_json({"accessToken": "user-token", "accessTokenId": "i"}, 201)
        return as_json({"data": []})

    async with serving(handler) as server, client(server.url) as siro:
        await siro.extractions.list("r")
        await siro.with_options(timeout=90).extractions.list("r")
    assert [request.method for request in server.seen] == ["POST", "GET", "GET"]


@pytest.mark.parametrize("wrong", [0, -1, -0.5, float("nan"), float("inf"), True, "5"])
@pytest.mark.parametrize("name", ["timeout", "deadline"])
def test_an_impossible_timeout_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be above 0"):
        Siro(token="t", **{name: wrong})
    with pytest.raises(ConfigError, match=f"{name} must be above 0"):
        Siro(token="t").with_options(**{name: wrong})


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer x"}, {"x-siro-auth-token": "x"}, {"x": "a\nb"}, {"x y": "1"}, {"x": "é"}]
)
def test_a_header_that_cannot_be_set_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="header"):
        CallOptions(headers=headers)


# --- dicts for models -----------------------------------------------------------------------------------


async def test_a_dict_is_taken_wherever_a_model_is(client: Make) -> None:
    visit = {"external_id": "a", "account": {"external_id": "b"}, "engagement_users": [{"external_id": "u"}]}
    wire = {"externalId": "a", "account": {"externalId": "b"}, "engagementUsers": [{"externalId": "u"}]}

    def handler(request: Request) -> Reply:
        one = {"id": "1", "externalId": "a"}
        return as_json({"data": [one] if isinstance(request.json, list) else one})

    async with serving(handler) as server, client(server.url) as siro:
        await siro.engagements.sync(visit)  # type: ignore[arg-type]
        await siro.engagements.sync(wire)  # type: ignore[arg-type]
        await siro.engagements.sync_batch([visit, EngagementSync(external_id="c"), wire])  # type: ignore[list-item]
        await siro.opportunities.sync_batch([{"external_id": "d", "amount": 5}])
        with pytest.raises(ValueError, match="color"):
            await siro.engagements.sync_batch([{"external_id": "a", "color": "red"}])  # type: ignore[list-item]
        with pytest.raises(TypeError, match="not both"):
            await siro.engagements.sync({"external_id": "a"}, subject="b")
    assert [request.json for request in server.seen] == [
        wire, wire, [wire, {"externalId": "c"}, wire], [{"externalId": "d", "amount": 5}],
    ]  # fmt: skip


async def test_an_upload_takes_dicts_for_its_crm_objects(client: Make, tmp_path: Any) -> None:
    file = tmp_path / "call.mp3"
    file.write_bytes(b"abc")

    def handler(request: Request) -> Reply:
        if request.path.endswith("access-token"):
            return as_json({"accessToken": "t", "accessTokenId": "i"}, 201)
        if request.path.endswith("signed-urls"):
            url = f"http://{request.headers['host']}/put"
            return as_json({"data": {"uploadUrl": url, "downloadUrl": "https://x.example/f", "uploadHeaders": {}}})
        return as_json({"data": {"recordingId": "r"}})

    objects = [{"object_id": "a", "object_type": "Opportunity"}, CrmObject(object_id="b", object_type="Account")]
    async with serving(handler) as server, client(server.url) as siro:
        given: dict[str, Any] = {"started_at": "2026-02-15T14:00:00Z", "user_id": "u", "crm_objects": objects}
        await siro.recordings.upload(file, **given)
    assert server.seen[-1].json["crmObjects"] == [
        {"objectId": "a", "objectType": "Opportunity"}, {"objectId": "b", "objectType": "Account"},
    ]  # fmt: skip
