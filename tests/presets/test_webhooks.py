"""HubSpot's webhooks, signed by the stand-in, over a socket into the receiver."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from fieldnote.bridge import Bridge, Daemon, push_once
from fieldnote.bridge.daemon.crm_events import why_not_authentic
from fieldnote.bridge.daemon.crm_registration import register
from fieldnote.config import ApiWebhooks, Config, load
from fieldnote.errors import ConfigError
from fieldnote.sandbox.hubspot import SECRET, TOKEN, HubSpotStandIn
from fieldnote.sandbox.hubspot.webhooks import signature, signed_headers
from tests.bridge.test_daemon import passes
from tests.presets.hands import tomorrow
from tests.presets.loop import Loop, open_loop
from tests.waiting import HANGS, eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def loop(tmp_path: Path, bridge_url: str) -> Iterator[Loop]:
    with open_loop("hubspot", tmp_path, bridge_url) as opened:
        yield opened


def portal(loop: Loop) -> HubSpotStandIn:
    assert isinstance(loop.crm, HubSpotStandIn)
    return loop.crm


def with_webhooks(loop: Loop, port: int) -> Config:
    loop.written()
    text = loop.path.read_text().replace("push: {}", "push: {every: 1 hour}")
    settings = f"  webhook_secret: {SECRET}\n  webhook_token: {TOKEN}\n  app_id: 7\n  webhooks: {{wait: 1 second}}\n"
    text = text.replace("  driver: hubspot\n", f"  driver: hubspot\n{settings}")
    loop.path.write_text(f"{text}\nreceiver: {{public_url: 'http://127.0.0.1:{port}'}}\n")
    return load(loop.path, loop.environment)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(loop: Loop) -> AsyncIterator[tuple[Bridge, Daemon]]:
    port = free_port()
    async with loop.opened(with_webhooks(loop, port)) as bridge, Daemon(bridge, port=port) as daemon:
        await eventually(lambda: passes(bridge, "push"))
        yield bridge, daemon


async def test_an_event_brings_a_change_at_once_and_the_poll_closes_the_gap_of_a_lost_one(loop: Loop) -> None:
    crm, hands = portal(loop), loop.hands
    async with running(loop) as (bridge, daemon):
        wanted = bridge.config.crm.webhooks
        assert wanted is not None
        assert wanted.registration is not None
        count = len(wanted.registration.wanted)
        await eventually(lambda: _registered(crm, count))
        assert crm.webhooks.address == f"{daemon.url}/hooks/crm"
        crm.clock.advance(2)
        crm.webhooks.doubled = True
        hands.move(hands.visit_key(300), tomorrow(11))
        assert await asyncio.to_thread(crm.webhooks.deliver) > 0
        assert crm.webhooks.statuses == [204, 204]
        await eventually(lambda: _equal(loop))
        crm.webhooks.address = None  # nobody hears of the next one
        hands.move(hands.visit_key(301), tomorrow(12))
        assert loop.differences()
        assert (await push_once(bridge, max_wait=30)).settled
        assert loop.differences() == []


async def _registered(crm: HubSpotStandIn, count: int) -> bool:
    return len(crm.subscriptions.all) == count


async def _equal(loop: Loop) -> bool:
    return loop.differences() == []


async def test_a_delivery_that_hubspot_did_not_sign_is_refused(loop: Loop) -> None:
    async with running(loop) as (_, daemon):
        address, body = f"{daemon.url}/hooks/crm", json.dumps([{"objectId": 1}]).encode()
        good = dict(signed_headers(portal(loop), SECRET, address, body))
        old = str(int(good["X-HubSpot-Request-Timestamp"]) - 301_000)
        cases: dict[int, list[Mapping[str, str]]] = {
            401: [
                {}, {**good, "X-HubSpot-Signature-v3": "x"}, signed_headers(portal(loop), "other", address, body),
                signed_headers(portal(loop), SECRET, "https://elsewhere.example/hooks/crm", body),
                {"X-HubSpot-Request-Timestamp": old,
                 "X-HubSpot-Signature-v3": signature(SECRET, "POST", address, body, old)},
                {**good, "X-HubSpot-Request-Timestamp": "soon"},
            ],
            204: [good, good],
        }  # fmt: skip
        async with httpx2.AsyncClient(timeout=HANGS) as client:
            for status, headers in ((status, one) for status, found in cases.items() for one in found):
                answer = await client.post(address, content=body, headers=dict(headers))
                assert answer.status_code == status, (headers, answer.text)
            twice = [*good.items(), ("X-HubSpot-Signature-v3", "x")]
            assert (await client.post(address, content=body, headers=twice)).status_code == 400
            changed = await client.post(address, content=body + b" ", headers=good)
            broken = b"no json"
            headers = dict(signed_headers(portal(loop), SECRET, address, broken))
            refused = await client.post(address, content=broken, headers=headers)
        assert (changed.status_code, refused.status_code) == (401, 400)


async def test_a_subscription_that_was_turned_off_is_turned_on_and_a_persons_own_stays(loop: Loop) -> None:
    crm = portal(loop)
    own = crm.subscriptions.add({"eventType": "contact.creation", "active": False})
    async with loop.opened(with_webhooks(loop, 1)) as bridge:
        made = await asyncio.to_thread(register, bridge)
        first = next(one for one in crm.subscriptions.all.values() if one["eventType"] == "deal.creation")
        crm.subscriptions.change(first["id"], {"active": False})
        assert await asyncio.to_thread(register, bridge) == 1
        assert await asyncio.to_thread(register, bridge) == 0
    assert len(crm.subscriptions.all) == made + 1
    assert crm.subscriptions.all[first["id"]]["active"]
    assert crm.subscriptions.all[own["id"]] == own


def test_a_secret_needs_the_address_that_the_signature_covers(loop: Loop) -> None:
    with_webhooks(loop, 1)
    loop.path.write_text(loop.path.read_text().split("\nreceiver:")[0])
    with pytest.raises(ConfigError, match=r"set receiver\.public_url"):
        load(loop.path, loop.environment)


def test_without_a_secret_no_signature_is_right() -> None:
    webhooks, now = ApiWebhooks(signature="s", timestamp="t"), datetime.now(UTC)
    sent = str(int(now.timestamp() * 1000))
    headers = {"s": signature("", "POST", "http://x/hooks/crm", b"[]", sent), "t": sent}
    assert why_not_authentic(webhooks, "http://x/hooks/crm", b"[]", headers, now) is not None
