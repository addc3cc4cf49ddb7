"""Faults of Siro and of the network, over a real socket."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from fieldnote.errors import Terminal, Transient
from fieldnote.siro import (
    AsyncSiro,
    BadResponse,
    Forbidden,
    Invalid,
    NotFound,
    RetryPolicy,
    SiroError,
    SiroUnavailable,
    Unauthorized,
    wire,
)
from tests.siro.conftest import World
from tests.siro.server import Handler, Reply, Request, as_json, serving
from tests.waiting import HANGS, eventually

Make = Callable[..., AsyncSiro]
IDENTITY = as_json({"organizationId": "org-1", "tokenId": "t"})
ENGAGEMENT = as_json({"data": {"id": "e", "externalId": "a"}})
PAGE = b"<!DOCTYPE html><html><head><title>\n Access denied </title></head><body>1010</body></html>"


def script(*replies: Reply) -> Handler:
    """One reply after the other; the last one stays."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    "fault",
    [
        Reply(500),
        Reply(503, PAGE),
        as_json({"error": "slow down"}, 429),
        Reply(reset=True),
        Reply(200, b'{"organizationId": "org-1"}', cut_after=9),
        Reply(200, b'{"organizationId": "org'),
    ],
    ids=["500", "503", "429", "reset", "cut off", "truncated JSON"],
)
async def test_a_repeatable_call_survives_a_fault(client: Make, world: World, fault: Reply) -> None:
    async with serving(script(fault, fault, IDENTITY)) as server, client(server.url) as siro:
        assert (await siro.auth.caller_identity()).organization_id == "org-1"
        assert (siro.totals.calls, siro.totals.retries, siro.totals.waits) == (3, 2, 2)
    assert [wait.attempt for wait in world.waits] == [1, 2]
    assert world.waits[1].seconds == 2 * world.waits[0].seconds
    assert siro.totals.seconds_waited == sum(wait.seconds for wait in world.waits)


async def test_a_put_is_repeated_with_the_same_body(client: Make) -> None:
    async with (
        serving(script(Reply(502), Reply(reset=True), ENGAGEMENT)) as server,
        client(server.url) as siro,
    ):
        await siro.engagements.sync(external_id="a", subject="b")
    assert [seen.json for seen in server.seen] == [{"externalId": "a", "subject": "b"}] * 3


@pytest.mark.parametrize("fault", [Reply(500), Reply(reset=True), Reply(201, b"{")])
async def test_a_post_that_may_have_been_carried_out_is_not_repeated(client: Make, fault: Reply) -> None:
    async with serving(script(fault)) as server, client(server.url) as siro:
        with pytest.raises(SiroError):
            await siro.oauth.create_app(app_name="a", owner="b", organization_id="c")
    assert len(server.seen) == 1


async def test_a_post_refused_by_the_rate_limit_is_repeated(client: Make) -> None:
    app = as_json({"appName": "a", "clientID": "c", "clientSecret": "s"}, 201)
    async with serving(script(as_json({"error": "limit"}, 429), app)) as server, client(server.url) as siro:
        assert (await siro.oauth.create_app(app_name="a", owner="b", organization_id="c")).client_id == "c"
    assert len(server.seen) == 2


async def test_a_lasting_fault_ends_after_six_attempts(client: Make, world: World) -> None:
    async with serving(lambda _: Reply(500)) as server, client(server.url) as siro:
        with pytest.raises(SiroUnavailable, match="GET /v1/core/auth/caller-identity answered 500"):
            await siro.auth.caller_identity()
    assert len(server.seen) == 6
    assert [wait.seconds for wait in world.waits] == [0.5, 1, 2, 4, 8]


async def test_a_rate_limit_is_waited_out_for_its_minute(client: Make, world: World) -> None:
    async with (
        serving(script(*[as_json({"error": "limit"}, 429)] * 5, IDENTITY)) as server,
        client(server.url) as siro,
    ):
        await siro.auth.caller_identity()
    assert [wait.seconds for wait in world.waits] == [5, 10, 20, 30, 30]


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 8), ("0", 1), ("Fri, 13 Feb 2026 16:26:50 GMT", 11), ("soon", 5), ("-3", 5)]
)
async def test_retry_after_is_respected(client: Make, world: World, header: str, seconds: float) -> None:
    fault = as_json({}, 429, **{"retry-after": header})
    async with serving(script(fault, IDENTITY)) as server, client(server.url) as siro:
        await siro.auth.caller_identity()
    assert [wait.seconds for wait in world.waits] == [seconds]


async def test_a_retry_after_beyond_patience_is_not_waited_for(client: Make, world: World) -> None:
    async with (
        serving(script(as_json({}, 503, **{"retry-after": "3600"}))) as server,
        client(server.url) as siro,
    ):
        with pytest.raises(SiroUnavailable):
            await siro.auth.caller_identity()
    assert world.waits == []


async def test_silence_is_a_timeout(client: Make) -> None:
    silent = asyncio.Event()
    once, often = RetryPolicy(attempts=1), RetryPolicy(attempts=100)

    async def answer(_: Request) -> Reply:
        if len(server.seen) == 2:
            await silent.wait()
        return IDENTITY

    # The first call opens the connection: on a busy machine that may take longer than the short time-out.
    async with serving(answer) as server, client(server.url, policy=once) as siro:
        await siro.auth.caller_identity()
        with pytest.raises(SiroUnavailable, match="no answer in time"):
            await siro.with_options(timeout=0.15).auth.caller_identity()
        silent.set()
    silent.clear()
    async with serving(answer) as server, client(server.url, policy=often) as siro:
        await siro.auth.caller_identity()
        assert (await siro.with_options(timeout=0.15).auth.caller_identity()).token_id == "t"
        assert siro.totals.retries > 0
        silent.set()


async def test_an_unreachable_host_is_named(client: Make) -> None:
    async with serving(lambda _: IDENTITY) as server:
        url = server.url
    async with client(url) as siro:
        with pytest.raises(SiroUnavailable) as caught:
            await siro.auth.caller_identity()
    assert url.removeprefix("http://") in str(caught.value.hint)


async def test_an_endless_answer_is_refused(client: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER", 1000)
    once = RetryPolicy(attempts=1)
    async with serving(lambda _: Reply(200, b" " * 5000)) as server, client(server.url, policy=once) as siro:
        with pytest.raises(BadResponse, match="longer than 1000 bytes"):
            await siro.auth.caller_identity()


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (as_json({"error": "no such engagement"}, 404), NotFound, "answered 404: no such engagement"),
        (as_json({"code": 404, "message": "unknown path"}, 404), NotFound, "unknown path"),
        (as_json("just text", 400), Invalid, "just text"),
        (as_json({"error": "bad token"}, 401), Unauthorized, "bad token"),
        (Reply(403, PAGE), Forbidden, "a web page (Access denied)"),
        (Reply(302, b"", {"location": "https://x"}), SiroError, "answered 302"),
        (Reply(418, b"\xff\xfe"), SiroError, "answered 418: no message"),
        (as_json([1, 2], 409), Invalid, "no message"),
        (as_json({"error": {"message": "inner"}}, 400), Invalid, "inner"),
        (as_json({"name": "ZodError", "issues": "none"}, 422), Invalid, "no message"),
    ],
)
async def test_each_documented_error_has_siros_words(
    client: Make, reply: Reply, kind: type[SiroError], words: str
) -> None:
    async with serving(lambda _: reply) as server, client(server.url) as siro:
        with pytest.raises(kind) as caught:
            await siro.engagements.get("e-1")
    error = caught.value
    assert words in str(error)
    assert isinstance(error, Terminal)
    assert not isinstance(error, Transient)
    assert error.call is not None
    assert str(error.call) == "GET /v1/integrations/engagements/e-1"
    assert error.call.status == reply.status
    assert len(server.seen) == 1


async def test_a_refused_payload_names_its_fields_and_the_call_its_id(client: Make) -> None:
    issues = [
        {"code": "invalid_type", "path": ["account", "addresses", 0, "zip"], "message": "Required"},
        {"code": "custom", "path": [], "message": "no"},
        "odd",
    ]
    reply = as_json({"name": "ZodError", "issues": issues}, 422, **{"x-request-id": "req-9"})
    async with serving(lambda _: reply) as server, client(server.url) as siro:
        with pytest.raises(Invalid) as caught:
            await siro.engagements.sync(external_id="a", subject="planted-subject")
    text = "answered 422: account.addresses.0.zip: Required; payload: no (request req-9)"
    assert str(caught.value) == f"PUT /v1/integrations/sync/engagements {text}"
    assert [issue.path for issue in caught.value.issues] == ["account.addresses.0.zip", "payload"]
    assert caught.value.call is not None
    assert caught.value.call.request_id == "req-9"
    assert caught.value.call.payload == {"externalId": "a", "subject": "planted-subject"}
    assert "planted" not in repr(caught.value.call)


async def test_an_answer_of_another_shape_is_named_without_its_values(client: Make) -> None:
    reply = as_json({"data": [{"id": "r", "latitude": "planted-words"}], "cursor": None})
    async with serving(lambda _: reply) as server, client(server.url) as siro:
        with pytest.raises(BadResponse, match=r"0\.latitude: .*number") as caught:
            _ = [recording async for recording in siro.recordings.list()]
    assert "planted" not in str(caught.value)
    assert len(server.seen) == 1


# --- user tokens ----------------------------------------------------------------------------------------


class Minting:
    """Mints numbered tokens; only the newest is good."""

    def __init__(self, mint_fault: Reply | None = None) -> None:
        self.minted = 0
        self.good = {"token-1"}
        self.mint_fault = mint_fault

    async def __call__(self, request: Request) -> Reply:
        if request.method == "POST":
            await asyncio.sleep(0.02)
            if self.mint_fault:
                return self.mint_fault
            self.minted += 1
            return as_json({"accessToken": f"token-{self.minted}", "accessTokenId": "i"}, 201)
        if request.headers["x-siro-auth-token"] not in self.good:
            return as_json({"error": "expired"}, 401)
        return as_json({"data": []})


async def test_twenty_tasks_share_one_minted_token(client: Make) -> None:
    minting = Minting()
    async with serving(minting) as server, client(server.url) as siro:
        await asyncio.gather(*(siro.extractions.list(f"r{n}") for n in range(20)))
    assert minting.minted == 1
    (mint,) = [seen for seen in server.seen if seen.method == "POST"]
    assert mint.json == {"clientSecret": "app-secret-1", "userId": "user-1", "scope": "read"}
    assert mint.headers["authorization"] == "Bearer org-token-1"


async def test_an_expired_token_is_replaced_once_for_all_tasks(client: Make) -> None:
    minting = Minting()
    async with serving(minting) as server, client(server.url) as siro:
        await siro.extractions.list("r")
        minting.good = {"token-2"}
        await asyncio.gather(*(siro.extractions.list(f"r{n}") for n in range(20)))
    assert minting.minted == 2


async def test_a_token_is_replaced_before_it_expires(client: Make, world: World) -> None:
    minting = Minting()
    minting.good = {"token-1", "token-2"}
    async with serving(minting) as server, client(server.url) as siro:
        await siro.extractions.list("r")
        world.now += 15.8 * 3600
        await siro.extractions.list("r")
        world.now += 180
        await siro.extractions.list("r")
    assert [s.headers.get("x-siro-auth-token") for s in server.seen if s.method == "GET"] == [
        "token-1", "token-1", "token-2",
    ]  # fmt: skip


async def test_a_token_that_is_never_accepted_raises_unauthorized(client: Make) -> None:
    minting = Minting()
    minting.good = set()
    async with serving(minting) as server, client(server.url) as siro:
        with pytest.raises(Unauthorized):
            await siro.extractions.list("r")
    assert minting.minted == 2


async def test_a_failed_mint_fails_all_waiting_calls_and_not_the_next(client: Make) -> None:
    minting = Minting(mint_fault=as_json({"error": "wrong secret"}, 403))
    async with serving(minting) as server, client(server.url) as siro:
        results = await asyncio.gather(*(siro.extractions.list(f"r{n}") for n in range(5)), return_exceptions=True)
        assert all(isinstance(result, Forbidden) for result in results)
        assert len(server.seen) == 1
        minting.mint_fault = None
        await siro.extractions.list("r")


async def test_a_canceled_task_does_not_block_the_token_of_others(client: Make) -> None:
    minting = Minting()
    minting.good = {"token-1", "token-2"}
    async with serving(minting) as server, client(server.url) as siro:
        tasks = [asyncio.create_task(siro.extractions.list(f"r{n}")) for n in range(3)]
        await eventually(lambda: server.seen)
        tasks[0].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [(), ()]


# --- secrets --------------------------------------------------------------------------------------------

PLANTED = (
    "planted-token",
    "planted-secret",
    "planted-minted",
    "planted-subject",
    "planted-answer",
    "planted-query",
)


@pytest.mark.parametrize("fault", [
    as_json({"error": "no", "echo": "planted-answer"}, 401), Reply(500, b"planted-answer"), Reply(reset=True),
    Reply(200, b"planted-answer"), as_json({"data": {"id": ["planted-answer"]}}), Reply(403, PAGE),
])  # fmt: skip
async def test_no_secret_and_no_payload_is_shown_anywhere(
    client: Make, caplog: pytest.LogCaptureFixture, fault: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    def handler(request: Request) -> Reply:
        if request.path.endswith("access-token"):
            return as_json({"accessToken": "planted-minted", "accessTokenId": "i"}, 201)
        return fault

    secrets = {"token": "planted-token", "client_secret": "planted-secret"}
    async with serving(handler) as server, client(server.url, **secrets) as siro:
        calls: list[Awaitable[object]] = [
            siro.engagements.sync(external_id="a", subject="planted-subject"),
            siro.extractions.list("r"),
            anext(siro.recordings.list(cursor="planted-query").pages()),
        ]
        for call in calls:
            try:
                await call
            except SiroError as error:
                shown += [str(error), repr(error), repr(error.call), str(error.hint)]
                shown += traceback.format_exception(error)
        shown += [repr(siro), repr(siro.settings), repr(siro.totals)]
    shown += [record.getMessage() + repr(record.__dict__) for record in caplog.records]
    assert len(shown) > 10
    found = [(secret, text) for secret in PLANTED for text in shown if secret in text]
    assert found == []


async def test_an_error_keeps_the_payload_for_a_report_but_not_the_secret_in_it(client: Make) -> None:
    async with serving(lambda _: as_json({"error": "no"}, 403)) as server, client(server.url) as siro:
        with pytest.raises(Forbidden) as caught:
            await siro.extractions.list("r")
    assert caught.value.call is not None
    assert caught.value.call.payload == {"clientSecret": "***", "userId": "user-1", "scope": "read"}


async def test_many_tasks_share_the_connections(client: Make) -> None:
    async def slowly(_: Request) -> Reply:
        await asyncio.sleep(0.005)
        return IDENTITY

    async with serving(slowly) as server, client(server.url) as siro:
        found = await asyncio.gather(*(siro.auth.caller_identity() for _ in range(200)))
    assert {identity.organization_id for identity in found} == {"org-1"}
    assert (siro.totals.calls, siro.totals.retries) == (200, 0)


async def test_the_http_librarys_log_of_others_stays(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="httpx2")  # the command line, in another test, may have set it higher
    async with serving(lambda _: IDENTITY) as server, httpx2.AsyncClient(timeout=HANGS) as http:
        await http.get(server.url)
    assert any(record.name == "httpx2" for record in caplog.records)
