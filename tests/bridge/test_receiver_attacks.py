"""Strangers and odd clients at the receiver: each is answered or loses its connection; nothing is kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, Daemon
from fieldnote.http_deadlines import Deadlines
from fieldnote.siro.webhooks import new_secret, sign
from tests.bridge.conftest import Opener
from tests.bridge.stub_siro import StubSiro
from tests.slow_client import until_closed
from tests.waiting import HANGS

SIRO = new_secret()
CRM = "a secret of the CRM's hooks"
WORDS = "the garage door of Mary Smith"
KINDS = ("siro", "crm")


@pytest.fixture
async def daemon(opened: Opener, stub: StubSiro) -> AsyncIterator[Daemon]:
    del stub
    settings: dict[str, Any] = {"receiver": {"crm_secret": CRM}, "push__every": "1 hour", "pull__every": "1 hour"}
    async with opened(siro__webhook_secret=SIRO, **settings) as bridge, Daemon(bridge, port=0) as running:
        yield running


def body_of(kind: str) -> bytes:
    event = {"eventType": "integrations.recordingLinked", "recordingId": "r1", "recordingProcessed": True}
    event |= {"recordingLinked": True, "title": WORDS}
    return json.dumps(event if kind == "siro" else {"id": 1, "name": WORDS}).encode()


def proof_of(kind: str, body: bytes, *, ago: int = 0, siro: str = SIRO, crm: str = CRM) -> dict[str, str]:
    now = datetime.now(UTC).timestamp() - ago
    if kind == "siro":
        return sign(siro, "message-1", datetime.fromtimestamp(now, UTC), body)
    signed = f"{int(now)}.".encode() + body
    digest = hmac.new(crm.encode(), signed, hashlib.sha256).hexdigest()
    return {"x-fieldnote-signature": f"sha256={digest}", "x-fieldnote-timestamp": str(int(now))}


def path_of(kind: str) -> str:
    return "/hooks/siro" if kind == "siro" else "/hooks/crm/opportunities"


def without(headers: dict[str, str], part: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if part not in name}


Forge = Callable[[str, bytes], tuple[bytes, dict[str, str]]]
FORGED: dict[str, Forge] = {
    "no proof": lambda _, body: (body, {}),
    "another secret": lambda kind, body: (body, proof_of(kind, body, siro=new_secret(), crm="another secret, as long")),
    "too old": lambda kind, body: (body, proof_of(kind, body, ago=400)),
    "in the future": lambda kind, body: (body, proof_of(kind, body, ago=-400)),
    "another body": lambda kind, body: (body.replace(b"1", b"2"), proof_of(kind, body)),
    "a byte more": lambda kind, body: (body + b" ", proof_of(kind, body)),
    "no signature": lambda kind, body: (body, without(proof_of(kind, body), "signature")),
    "an empty signature": lambda kind, body: (
        body, {name: "" if "signature" in name else value for name, value in proof_of(kind, body).items()},
    ),
    "a signature of nothing": lambda kind, body: (body, proof_of(kind, b"")),
    "another time": lambda kind, body: (
        body, {name: "9" * 10 if "timestamp" in name else value for name, value in proof_of(kind, body).items()},
    ),
    "no known token": lambda _, body: (body, {"authorization": "Bearer not the secret, but long"}),
    "an empty token": lambda _, body: (body, {"authorization": "Bearer"}),
    "the other kind's proof": lambda kind, body: (body, proof_of("crm" if kind == "siro" else "siro", body)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_forged_and_replayed_hooks_are_refused_and_leave_nothing(
    daemon: Daemon, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with httpx2.AsyncClient(trust_env=False, base_url=daemon.url, timeout=HANGS) as client:
        for name, forge in FORGED.items():
            body, headers = forge(kind, body_of(kind))
            answer = await client.post(path_of(kind), content=body, headers=headers)
            assert answer.status_code == 401, name
            assert WORDS not in answer.text
        assert await kept(daemon.bridge) == (0, 0)
        body = body_of(kind)
        headers = proof_of(kind, body)
        answers = [await client.post(path_of(kind), content=body, headers=headers) for _ in range(3)]
        # Within its five minutes Siro's event is stored once, and a hook of the CRM is refused from the second time on.
        assert [one.status_code for one in answers] == ([204, 204, 204] if kind == "siro" else [202, 409, 409])
        left = await kept(daemon.bridge)
        assert left == (1, 0) if kind == "siro" else left in {(0, 1), (0, 0)}  # the row may have been read by now
    for record in (one for one in caplog.records if one.name.startswith(("fieldnote", "uvicorn"))):
        shown = f"{record.getMessage()} {record.__dict__}"
        assert not any(secret in shown for secret in (SIRO, CRM, WORDS)), record


async def test_a_dated_signature_is_good_once_for_all_receivers_and_streams(daemon: Daemon) -> None:
    body = body_of("crm")
    used = proof_of("crm", body)
    async with (
        Daemon(daemon.bridge, port=0) as second,  # as another process, or the same one after a restart
        httpx2.AsyncClient(trust_env=False, base_url=daemon.url, timeout=HANGS) as client,
        httpx2.AsyncClient(trust_env=False, base_url=second.url, timeout=HANGS) as other,
    ):
        assert (await client.post(path_of("crm"), content=body, headers=used)).status_code == 202
        assert (await client.post(path_of("crm"), content=body, headers=used)).status_code == 409
        assert (await other.post(path_of("crm"), content=body, headers=used)).status_code == 409
        assert (await other.post("/hooks/crm/engagements", content=body, headers=used)).status_code == 409
        second_body = body.replace(b"1", b"2")
        once = proof_of("crm", second_body)
        racing = [
            one.post(path_of("crm"), content=second_body, headers=once) for one in (client, other) for _ in "abcd"
        ]
        assert sorted(one.status_code for one in await asyncio.gather(*racing)) == [202, *[409] * 7]
        bad = b"not JSON"
        headers = proof_of("crm", bad)
        assert (await client.post(path_of("crm"), content=bad, headers=headers)).status_code == 400
    async with daemon.bridge.engine.begin() as conn:
        assert await conn.scalar(text("select count(*) from hook_proofs")) == 2
        await conn.execute(text("update hook_proofs set good_until = now() - interval '1 second'"))
    async with httpx2.AsyncClient(trust_env=False, base_url=daemon.url, timeout=HANGS) as client:
        third_body = body.replace(b"1", b"3")
        headers = proof_of("crm", third_body)
        assert (await client.post(path_of("crm"), content=third_body, headers=headers)).status_code == 202
    async with daemon.bridge.engine.begin() as conn:  # those that are too old by now are gone
        assert await conn.scalar(text("select count(*) from hook_proofs")) == 1


async def kept(bridge: Bridge) -> tuple[int, int]:
    async with bridge.engine.connect() as conn:
        events, hooks = [await conn.scalar(text(f"select count(*) from {table}")) for table in ("events", "hooks")]
    return int(events or 0), int(hooks or 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("twice", ["signature", "timestamp", "id", "authorization"])
async def test_a_proof_that_comes_twice_is_refused(daemon: Daemon, kind: str, twice: str) -> None:
    body = body_of(kind)
    good = {"authorization": f"Bearer {CRM}", **proof_of(kind, body)} if kind == "crm" else proof_of(kind, body)
    names = [name for name in good if twice in name]
    if not names:
        return
    lines = [*good.items(), *((name, good[name]) for name in names)]
    async with httpx2.AsyncClient(trust_env=False, base_url=daemon.url, timeout=HANGS) as client:
        answer = await client.post(path_of(kind), content=body, headers=lines)
    assert answer.status_code == 400


async def answer_to(daemon: Daemon, *pieces: bytes, pause: float = 0.05) -> bytes:
    """All that the receiver answers to these pieces, until it closes the connection."""
    return await until_closed(daemon.url, *pieces, pause=pause)


def head(kind: str, *lines: str) -> bytes:
    return "\r\n".join((f"POST {path_of(kind)} HTTP/1.1", "Host: x", "Connection: close", *lines, "", "")).encode()


@pytest.mark.parametrize("kind", KINDS)
async def test_slow_and_greedy_clients_lose_their_connection_and_others_are_served(
    daemon: Daemon, kind: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadlines, "headers_within", 1.5)
    monkeypatch.setattr(Deadlines, "body_within", 1.5)
    body = body_of(kind)
    proof = [f"{name}: {value}" for name, value in proof_of(kind, body).items()]
    start = head(kind, *proof, f"Content-Length: {len(body)}")
    assert await answer_to(daemon) == b""
    assert await answer_to(daemon, *(bytes([one]) for one in start[:60])) == b""
    assert await answer_to(daemon, start, *(bytes([one]) for one in body)) == b""
    huge = head(kind, *proof, "Content-Length: 99999999999")
    assert b" 413 " in await answer_to(daemon, huge)
    endless = head(kind, *proof, "Transfer-Encoding: chunked")
    assert b" 413 " in await answer_to(daemon, endless, *[b"10000\r\n" + b"a" * 65536 + b"\r\n"] * 40, pause=0)
    both = head(kind, *proof, "Content-Length: 5", "Transfer-Encoding: chunked")
    assert b" 20" not in (await answer_to(daemon, both, b"0\r\n\r\n"))[:13]
    stranger = head(kind, "Content-Length: 900000")
    assert (await answer_to(daemon, stranger)).startswith(b"HTTP/1.1 401")  # no byte of the body was read
    many = head(kind, *(f"X-{number}: a" for number in range(5_000)))
    assert b" 20" not in (await answer_to(daemon, many))[:13]
    assert "Traceback" not in capfd.readouterr().err
    assert await kept(daemon.bridge) == (0, 0)


async def test_hundreds_of_idle_connections_keep_no_webhook_out(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadlines, "headers_within", 2.0)
    port = int(daemon.url.rpartition(":")[2])
    idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
    body = body_of("siro")
    async with httpx2.AsyncClient(trust_env=False, base_url=daemon.url, timeout=HANGS) as client:
        healths = asyncio.gather(*(client.get("/health") for _ in range(100)))
        assert (await client.post("/hooks/siro", content=body, headers=proof_of("siro", body))).status_code == 204
        assert {answer.status_code for answer in await healths} == {200}
    for reader, writer in idle:
        async with asyncio.timeout(HANGS):
            assert await reader.read() == b""  # its deadline has passed
        writer.close()


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b"[" * 100_000, b'{"id": ' + b"9" * 5_000 + b"}", b'{"id": 1e999}', b'{"id": NaN}',
    b"\xff\xfe",
    b'{"id": "a\\u0000b"}', b'{"id": "\\ud800"}', b'{"id": {"a": 1}}', b'{"id": [1, [2]]}', b'{"ids": "abc"}',
    b'{"id": true}', b'{"id": ""}', b'{"id": "' + b"a" * 5_000 + b'"}', b'[{"id": 1}, 2]', b'{"ids": [null]}',
])  # fmt: skip
async def test_odd_bodies_of_a_known_sender_get_a_reason(daemon: Daemon, body: bytes) -> None:
    async with httpx2.AsyncClient(trust_env=False, base_url=daemon.url, timeout=HANGS) as client:
        answer = await client.post(path_of("crm"), content=body, headers={"authorization": f"Bearer {CRM}"})
        assert answer.status_code in {202, 400, 422}, answer.text
        if answer.status_code == 202:
            assert (await kept(daemon.bridge))[1] == answer.json()["accepted"]
        try:
            headers = sign(SIRO, "odd", datetime.now(UTC), body)
        except UnicodeDecodeError:
            headers = proof_of("siro", b"x")
        assert (await client.post("/hooks/siro", content=body, headers=headers)).status_code in {400, 401, 413}
