"""The daemon: webhooks over HTTP, schedules, and a stop that leaves nothing half done."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from typer.testing import CliRunner

from fieldnote.bridge import Bridge, Daemon, push_once
from fieldnote.bridge.daemon import daemon as daemon_module
from fieldnote.bridge.daemon import tasks
from fieldnote.bridge.daemon.http_body import read_body
from fieldnote.bridge.daemon.siro_webhooks import CONNECTIONS, open_receiver
from fieldnote.bridge.errors import StuckShutdown
from fieldnote.cli import bridge as bridge_commands
from fieldnote.cli import root
from fieldnote.cli.support.tls import warn_of_plain_http
from fieldnote.crm import Driver
from fieldnote.errors import ConfigError, CrmUnavailable, DatabaseError
from fieldnote.http_body import BodyRefused
from fieldnote.siro.errors import Unauthorized
from fieldnote.siro.webhooks import new_secret, sign
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.waiting import HANGS, eventually
from tests.workspace.test_slow_clients import self_signed

pytestmark = pytest.mark.slow

SECRET = new_secret()


def event(recording_id: str = "r1") -> bytes:
    body = {"eventType": "integrations.recordingLinked", "recordingId": recording_id}
    return json.dumps(body | {"recordingProcessed": True, "recordingLinked": True}).encode()


async def events(bridge: Bridge) -> list[Any]:
    async with bridge.engine.connect() as conn:
        return list(await conn.execute(text("select svix_id, handled_at from events order by svix_id")))


async def passes(bridge: Bridge, kind: str) -> int:
    """How many passes of a kind have ended."""
    async with bridge.engine.connect() as conn:
        ended = text("select count(*) from runs where kind = :kind and finished_at is not null")
        return int(await conn.scalar(ended, {"kind": kind}) or 0)


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with httpx2.AsyncClient(timeout=HANGS) as client:
        return (await client.post(f"{url}/hooks/siro", content=body, headers=headers)).status_code


async def test_a_start_pushes_and_pulls_and_a_webhook_brings_the_rest(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    async with opened(siro__webhook_secret=SECRET) as bridge, Daemon(bridge, port=0) as daemon:
        await eventually(lambda: "1" in stub.records["opportunities"])
        await eventually(lambda: ("GET", "/api-externalApi/v1/core/recordings") in stub.calls)
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$100"}, summary="s")
        now = datetime.now(UTC)
        assert await post(daemon.url, event(), sign(SECRET, "msg-1", now, event())) == 204
        await eventually(lambda: crm.deal(1, "budget_max") == 100 and len(crm.notes()) == 1)
        assert await post(daemon.url, event(), sign(SECRET, "msg-1", now, event())) == 204
        assert len(await events(bridge)) == 1
        async with httpx2.AsyncClient(timeout=HANGS) as client:
            assert (await client.get(f"{daemon.url}/health")).status_code == 200


async def test_what_is_no_webhook_of_siros_is_refused_and_not_stored(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    del crm, stub
    async with opened(siro__webhook_secret=[new_secret(), SECRET]) as bridge, Daemon(bridge, port=0) as daemon:
        now = datetime.now(UTC)
        good = sign(SECRET, "msg-1", now, event())
        assert await post(daemon.url, event(), {}) == 401
        assert await post(daemon.url, event(), sign(new_secret(), "msg-1", now, event())) == 401
        assert await post(daemon.url, event("r2"), good) == 401
        stale = now - timedelta(minutes=10)
        assert await post(daemon.url, event(), sign(SECRET, "msg-1", stale, event())) == 401
        large = event() + b" " * 70_000
        assert await post(daemon.url, large, sign(SECRET, "msg-1", now, large)) == 413
        assert await post(daemon.url, b"\xff\xfe", {**good}) == 401
        assert await post(daemon.url, b"[]", sign(SECRET, "msg-1", now, b"[]")) == 401
        assert await events(bridge) == []
        assert await post(daemon.url, event(), good) == 204


async def test_a_burst_of_webhooks_loses_none(crm: Crm, stub: StubSiro, opened: Opener, long: bool) -> None:
    count = 2000 if long else 200
    secret = {"siro__webhook_secret": SECRET, "push__every": "1h", "pull__every": "1h"}
    async with opened(**secret) as bridge, Daemon(bridge, port=0) as daemon:
        limits = httpx2.Limits(max_connections=count)
        async with httpx2.AsyncClient(limits=limits, timeout=HANGS) as client:
            now = datetime.now(UTC)

            async def send(number: int) -> int:
                body = event(f"b{number}")
                headers = sign(SECRET, f"msg-{number}", now, body)
                return (await client.post(f"{daemon.url}/hooks/siro", content=body, headers=headers)).status_code

            statuses = set(await asyncio.gather(*(send(number) for number in range(count))))
        assert statuses == {204}
        assert len(await events(bridge)) == count


async def test_a_burst_takes_no_connection_of_push_and_pull(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """Every connection of the receiver is taken, and the next webhooks wait, while the bridge's own are free."""
    del crm, stub
    secret = {"siro__webhook_secret": SECRET, "push__every": "1h", "pull__every": "1h"}
    async with opened(**secret) as bridge, open_receiver(bridge) as receiver, AsyncExitStack() as stack:
        for _ in range(CONNECTIONS):
            await stack.enter_async_context(receiver.transaction())
        waiting = asyncio.ensure_future(stack.enter_async_context(receiver.transaction()))
        assert (await push_once(bridge)).settled
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("bad", ["r\x00", "\ud83d", "r" * 201, "", "a\nb"], ids=repr)
async def test_an_id_that_no_database_can_hold_is_refused_for_good(
    crm: Crm, stub: StubSiro, opened: Opener, bad: str
) -> None:
    del crm, stub
    async with opened(siro__webhook_secret=SECRET) as bridge, Daemon(bridge, port=0) as daemon:
        body = event(bad)
        status = await post(daemon.url, body, sign(SECRET, "msg-1", datetime.now(UTC), body))
        assert 400 <= status < 500
        assert await events(bridge) == []


async def test_a_hook_of_the_crm_without_credentials_is_refused_before_its_body_is_read(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    del crm, stub
    async with opened(receiver={"crm_secret": "s3cret-s3cret-s3cret"}) as bridge, Daemon(bridge, port=0) as daemon:
        port = int(daemon.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /hooks/crm/engagements HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n")
        assert b" 401 " in await reader.readline()
        writer.close()


async def test_a_body_that_does_not_arrive_ends_in_its_time() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    request = Request({"type": "http", "headers": [], "method": "POST", "path": "/"}, never)
    with pytest.raises(BodyRefused) as refused:
        await read_body(request, largest=10, seconds=0.01)
    assert refused.value.status == 408


async def test_a_stopped_database_of_our_own_is_started_again(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first look at the schedules fails, as it does while the server is down; then the daemon starts it."""
    del crm, stub
    started: list[Path | None] = []

    def start(_: object, home: Path | None = None) -> str:
        started.append(home)
        return "postgresql://"

    monkeypatch.setattr("fieldnote.bridge.session.find_database_url", start)
    async with opened() as bridge:
        daemon = Daemon(replace(bridge, home=tmp_path), port=0)
        look = daemon._defer_due
        tries = iter([DatabaseError("down")])

        async def fail_once() -> float:
            if (error := next(tries, None)) is not None:
                raise error
            return await look()

        monkeypatch.setattr(daemon, "_defer_due", fail_once)
        async with daemon:
            await eventually(lambda: started == [tmp_path])


async def test_a_job_that_does_not_end_cannot_keep_the_daemon_from_stopping(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    del crm, stub
    monkeypatch.setattr("fieldnote.bridge.daemon.daemon._STOP_AGAIN", 0.05)
    release = asyncio.Event()

    async def deaf() -> None:
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()

    async with opened() as bridge:
        daemon = Daemon(bridge, port=0)  # never started: only its end is of interest
        daemon._tasks = [asyncio.create_task(asyncio.sleep(0)), asyncio.create_task(deaf())]
        with pytest.raises(StuckShutdown, match="did not end in time"):
            await daemon.__aexit__(None, None, None)
        release.set()
        await asyncio.gather(*daemon._tasks, return_exceptions=True)


async def test_without_a_secret_the_receiver_answers_503(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    del crm, stub
    async with opened() as bridge, Daemon(bridge, port=0) as daemon:
        assert not daemon.hears_webhooks
        assert await post(daemon.url, event(), sign(SECRET, "msg-1", datetime.now(UTC), event())) == 503


async def test_an_invalid_secret_is_an_error_at_start_up(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    del crm, stub
    async with opened(siro__webhook_secret="whsec_") as bridge:
        with pytest.raises(ConfigError, match="webhook_secret"):
            async with Daemon(bridge, port=0):
                pass


async def test_a_port_in_use_is_an_error_at_start_up(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    del crm, stub
    async with opened() as bridge, Daemon(bridge, port=0) as first:
        with pytest.raises(ConfigError, match="cannot listen"):
            async with Daemon(bridge, port=int(first.url.rsplit(":", 1)[1])):
                pass


async def test_a_start_waits_for_siro_and_the_crm_and_says_so(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a power cut, all of them start at once, and the daemon is the first."""
    monkeypatch.setattr(daemon_module, "_FIRST_PAUSE", 0.01)
    crm.add_deal(1)
    answers = iter([Response(status_code=503), Response(status_code=503), Response(status_code=429)])
    stub.chaos = lambda *_: next(answers, None)
    async with opened() as bridge:
        monkeypatch.setattr(type(bridge.crm), "identity", _late_crm(type(bridge.crm)))
        async with Daemon(bridge, port=0):
            await eventually(lambda: "1" in stub.records["opportunities"])
    said = [str(record.__dict__["reason"]) for record in caplog.records if record.msg == "waiting_for_siro_and_crm"]
    assert len(said) == 3, said  # one for each cause, however often it comes
    assert "the CRM is away" in said[0]
    assert "503" in said[1]
    assert [record.msg for record in caplog.records].count("daemon_goes_on") == 1


def _late_crm(driver: Any) -> property:
    known = driver.identity
    answers = iter([CrmUnavailable("the CRM is away")])

    def identity(crm: Driver) -> str:
        for error in answers:
            raise error
        name: str = known.fget(crm)
        return name

    return property(identity)


async def test_a_start_with_a_wrong_token_is_an_error_however_late_siro_answers(
    stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "_FIRST_PAUSE", 0.01)
    answers = iter([503, 401])
    stub.chaos = lambda *_: Response(status_code=next(answers))
    async with opened() as bridge:
        with pytest.raises(Unauthorized):
            async with Daemon(bridge, port=0):
                pass


async def test_schedules_come_again_and_once_for_two_daemons(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    changes: dict[str, Any] = {"push__every": "1s", "pull__every": "1h"}
    async with opened(**changes) as one, opened(**changes) as two, Daemon(one, port=0), Daemon(two, port=0):
        await eventually(lambda: "1" in stub.records["opportunities"])
        crm.add_deal(2, updated="2026-02-01 10:30:00")
        await eventually(lambda: "2" in stub.records["opportunities"])
        known = await deferred(one)
        await eventually(lambda: has_deferred(one, len(known) + 3))
        moments = (await deferred(one))[len(known) :]
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(moments))


async def deferred(bridge: Bridge) -> list[datetime]:
    """When pushes were put into the queue, by the database's clock."""
    statement = text(
        "select at from procrastinate_events e join procrastinate_jobs j on j.id = e.job_id "
        "where task_name = 'bridge.push' and e.type = 'deferred' order by at"
    )
    async with bridge.engine.connect() as conn:
        return list((await conn.scalars(statement)).all())


async def has_deferred(bridge: Bridge, count: int) -> bool:
    return len(await deferred(bridge)) >= count


async def test_a_failed_cycle_does_not_stop_the_next(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    async with opened(push__every="1s") as bridge:
        await push_once(bridge)
        before = await passes(bridge, "push")
        crm.execute("alter table deals rename to away")

        async def has_failed() -> bool:
            return await passes(bridge, "push") > before

        async with Daemon(bridge, port=0):
            await eventually(has_failed)
            crm.execute("alter table away rename to deals")
            crm.add_deal(2)
            await eventually(lambda: "2" in stub.records["opportunities"])


async def test_sigterm_stops_the_daemon_at_once_and_whole(
    crm: Crm, stub: StubSiro, write_config: Callable[..., Path], database_url: str, tmp_path: Path
) -> None:
    crm.add_deal(1)
    arguments = ["run", str(write_config()), str(tmp_path / "home"), database_url]
    command = [sys.executable, "-m", "tests.bridge.process", *arguments]
    process = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert (await asyncio.to_thread(process.stdout.readline)).startswith("http://")
    await eventually(lambda: "1" in stub.records["opportunities"])
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, HANGS) == 0
    process.stdout.close()


def test_a_warning_that_lasts_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    bridge: Any = type("Named", (), {"name": f"warned-{ago().timestamp()}"})()
    shown = []
    for warnings in (["a"], ["a"], ["a", "b", "b"], [], ["a"]):
        caplog.clear()
        tasks._warn("push_warning", bridge, warnings)
        shown.append([getattr(record, "reason", None) for record in caplog.records])
    assert shown == [["a"], [], ["b"], [], ["a"]]


async def test_the_receiver_serves_tls(stub: StubSiro, opened: Opener, tmp_path: Path) -> None:
    del stub
    cert, key = self_signed(tmp_path)
    trusted = ssl.create_default_context(cafile=str(cert))
    async with (
        opened(siro__webhook_secret=SECRET) as bridge,
        Daemon(bridge, port=0, tls=(cert, key)) as daemon,
        httpx2.AsyncClient(trust_env=False, verify=trusted, timeout=HANGS) as client,
    ):
        assert daemon.url.startswith("https://")
        assert (await client.get(f"{daemon.url}/health")).status_code == 200


@pytest.mark.parametrize(("host", "public_url", "warns"), [
    ("127.0.0.1", None, False), ("::1", None, False), ("localhost", None, False), ("127.9.9.9", None, False),
    ("0.0.0.0", None, True), ("::", None, True), ("10.0.0.5", None, True), ("hooks.acme.test", None, True),
    ("0.0.0.0", "https://hooks.acme.test", False), ("0.0.0.0", "http://hooks.acme.test", True),
])  # fmt: skip
def test_a_server_that_others_reach_without_tls_warns(
    host: str, public_url: str | None, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_of_plain_http(host, public_url)
    assert (f"listening on {host} without TLS" in capsys.readouterr().err) is warns


def test_run_warns_before_it_listens(write_config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_commands, "run_in_loop", lambda work: work.close())
    for arguments, warns in ((["--host", "0.0.0.0"], True), ([], False)):
        done = CliRunner().invoke(root.app, ["run", "--no-console", *arguments, "--config", str(write_config())])
        assert ("without TLS" in done.stderr) is warns, done.output
