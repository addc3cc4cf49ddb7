"""Hooks of the CRM: one record, at once, beside any push."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from fastapi.responses import JSONResponse
from sqlalchemy import text

from fieldnote.bridge import Bridge, Daemon, push_once
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro
from tests.bridge.test_daemon import passes
from tests.waiting import HANGS, eventually

pytestmark = pytest.mark.slow

SECRET = "a secret of some length"
TOKEN = {"authorization": f"Bearer {SECRET}"}
SETTINGS: dict[str, Any] = {"receiver": {"crm_secret": SECRET}, "push__every": "1 hour"}


async def post(daemon: Daemon, stream: str, body: Any, headers: dict[str, str] | None = None) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with httpx2.AsyncClient(timeout=HANGS) as client:
        return await client.post(f"{daemon.url}/hooks/crm/{stream}", content=content, headers=headers or TOKEN)


async def all_hooks_ended(bridge: Bridge) -> bool:
    open_jobs = "select from procrastinate_jobs where task_name = 'bridge.hooked' and status in ('todo', 'doing')"
    async with bridge.engine.connect() as conn:
        return bool(await conn.scalar(text(f"select not exists ({open_jobs})")))


async def test_one_changed_record_arrives_without_any_push(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """How soon is for `bench/push`. Here the next push is an hour away, and one call sends the one record."""
    crm.add_deal(1)
    crm.add_deal(2)
    async with opened(**SETTINGS) as bridge, Daemon(bridge, port=0) as daemon:
        await eventually(lambda: passes(bridge, "push"))
        crm.execute("update deals set name = 'Bath' where id in (1, 2)")
        stub.forget_calls()
        assert (await post(daemon, "opportunities", {"id": 2})).status_code == 202
        await eventually(lambda: stub.records["opportunities"]["2"]["name"] == "Bath")
        assert stub.count("PUT") == 1
        assert stub.records["opportunities"]["1"]["name"] != "Bath"
        assert await passes(bridge, "push") == 1
        assert (await push_once(bridge)).settled
        stub.forget_calls()
        assert (await push_once(bridge)).calls == 0


async def test_a_record_overtakes_a_long_push_and_is_not_overwritten_by_it(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    for key in range(1, 61):
        crm.add_deal(key)
    stub.delay = 0.3
    async with opened(**SETTINGS, push__batch=2) as bridge, Daemon(bridge, port=0) as daemon:
        await eventually(lambda: len(stub.records["opportunities"]) > 2)
        crm.execute("update deals set name = 'Bath' where id = 60")
        assert (await post(daemon, "opportunities", {"ids": ["60"]})).status_code == 202
        await eventually(lambda: len(stub.records["opportunities"]) == 60)
        await eventually(lambda: stub.records["opportunities"]["60"]["name"] == "Bath")
        stub.delay = 0
        assert (await push_once(bridge)).settled
        assert stub.records["opportunities"]["60"]["name"] == "Bath"
        stub.forget_calls()
        assert (await push_once(bridge)).calls == 0


async def test_a_posted_row_counts_only_until_the_crm_has_it(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    row = {"id": 7, "name": "Early", "amount": "5.00", "stage": "open", "updated_at": "2026-02-01 10:00:00"}
    async with opened(**SETTINGS) as bridge, Daemon(bridge, port=0) as daemon:
        assert (await post(daemon, "opportunities", row)).status_code == 202
        await eventually(lambda: "7" in stub.records["opportunities"])
        crm.add_deal(7, "Late")
        assert (await post(daemon, "opportunities", row)).status_code == 202
        await eventually(lambda: stub.records["opportunities"]["7"]["name"] == "Late")
        assert (await push_once(bridge)).settled


async def test_what_siro_does_not_take_now_is_left_to_the_next_push(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    async with opened(**SETTINGS) as bridge, Daemon(bridge, port=0) as daemon:
        await eventually(lambda: "1" in stub.records["opportunities"])
        stub.fault = lambda method, *_: JSONResponse({"error": "down"}, 503) if method == "PUT" else None
        crm.execute("update deals set name = 'Bath' where id = 1")
        stub.forget_calls()
        await post(daemon, "opportunities", {"id": 1})
        await eventually(lambda: stub.count("PUT") > 0)
        await eventually(lambda: all_hooks_ended(bridge))
        stub.fault = None
        assert (await push_once(bridge)).settled
    assert stub.records["opportunities"]["1"]["name"] == "Bath"


async def test_a_signature_proves_a_hook_as_a_token_does(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    body = json.dumps({"id": 1}).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    async with opened(**SETTINGS) as bridge, Daemon(bridge, port=0) as daemon:
        signed = {"x-fieldnote-signature": f"sha256={digest}"}
        assert (await post(daemon, "opportunities", body, signed)).status_code == 202
        assert (await post(daemon, "opportunities", body + b" ", signed)).status_code == 401


async def test_a_dated_signature_ends_and_an_undated_one_brings_no_row(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    row = {"id": 7, "name": "Replayed", "amount": "5.00", "stage": "open", "updated_at": "2026-02-01 10:00:00"}
    body = json.dumps(row).encode()

    def signed(at: int | None) -> dict[str, str]:
        text = body if at is None else f"{at}.".encode() + body
        proof = {"x-fieldnote-signature": "sha256=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()}
        return proof if at is None else proof | {"x-fieldnote-timestamp": str(at)}

    now = int(datetime.now(UTC).timestamp())
    async with opened(**SETTINGS) as bridge, Daemon(bridge, port=0) as daemon:
        for at in (now - 400, now + 400, 0):
            assert (await post(daemon, "opportunities", body, signed(at))).status_code == 401
        undated_with_time = signed(None) | {"x-fieldnote-timestamp": str(now)}
        assert (await post(daemon, "opportunities", body, undated_with_time)).status_code == 401
        for at_text in ("", "x", "-1", "9" * 30):
            odd = signed(now) | {"x-fieldnote-timestamp": at_text}
            assert (await post(daemon, "opportunities", body, odd)).status_code == 401
        assert (await post(daemon, "opportunities", body, signed(None))).status_code == 202
        await eventually(lambda: all_hooks_ended(bridge))
        assert "7" not in stub.records["opportunities"]
        assert (await post(daemon, "opportunities", body, signed(now))).status_code == 202
        await eventually(lambda: "7" in stub.records["opportunities"])


BAD: list[tuple[str, bytes, dict[str, str], int]] = [
    ("opportunities", b'{"id": 1}', {"authorization": "Bearer wrong"}, 401),
    ("opportunities", b'{"id": 1}', {"authorization": "Bearer"}, 401),
    ("opportunities", b'{"id": 1}', {"x-fieldnote-signature": "sha256="}, 401),
    ("deals", b'{"id": 1}', TOKEN, 404),
    ("opportunities", b"{", TOKEN, 400),
    ("opportunities", b"\xff", TOKEN, 400),
    ("opportunities", b"{}", TOKEN, 422),
    ("opportunities", b'{"id": true}', TOKEN, 422),
    ("opportunities", b'{"id": "a\\u0000b"}', TOKEN, 422),
    ("opportunities", b"[]", TOKEN, 422),
    ("opportunities", b'"' + b"x" * 1_100_000 + b'"', TOKEN, 413),
]


async def test_a_bad_hook_is_refused_and_nothing_is_stored(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(**SETTINGS) as bridge, Daemon(bridge, port=0) as daemon:
        for stream, body, headers, status in BAD:
            assert (await post(daemon, stream, body, headers)).status_code == status, body[:40]


async def test_without_a_secret_no_hook_is_taken(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge, Daemon(bridge, port=0) as daemon:
        assert (await post(daemon, "opportunities", {"id": 1})).status_code == 503
