"""The commands, as processes: started, stopped, killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from fieldnote.workspace import NewRecording, add_recording, add_webhook, find_organization, open_workspace
from tests.siro.server import Reply, serving
from tests.typed import typed
from tests.waiting import HANGS, until
from tests.workspace.house import JOHN, SAID, START

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(workspace_url: str, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"FIELDNOTE_WORKSPACE_DATABASE_URL": workspace_url, "FIELDNOTE_HOME": str(tmp_path / "home")}


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fieldnote", "workspace", *arguments]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def run(environment: dict[str, str], *arguments: str, status: int = 0) -> Any:
    """Standard output as JSON; what was said on standard error, where it fails."""
    ended, out, err = typed(["workspace", *arguments], folder=Path.cwd(), environment=environment)
    assert ended == status, err
    return json.loads(out) if status == 0 else err


@pytest.fixture
def acme(environment: dict[str, str]) -> Any:
    return run(environment, "init", "--org", "Acme", "--admin", "ann@acme.test", "--json")


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[str]) -> None:
    def answers() -> bool:
        assert process.poll() is None, process.communicate(timeout=HANGS)
        try:
            httpx2.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=HANGS)
        except httpx2.HTTPError:
            return False
        return True

    until(answers)


def stop(process: subprocess.Popen[str], number: signal.Signals = signal.SIGKILL) -> tuple[int, str]:
    process.send_signal(number)
    _, err = process.communicate(timeout=HANGS)
    return process.returncode, err


async def test_the_commands_of_a_new_user(environment: dict[str, str], acme: dict[str, str], tmp_path: Path) -> None:
    assert set(acme) == {"organizationId", "adminUserId", "token", "integrationConnectionId"}
    user = await asyncio.to_thread(run, environment, "user", "add", "--email", JOHN, "--name", "John Sales", "--json")
    assert user["email"] == JOHN
    hook = await asyncio.to_thread(run, environment, "webhook", "add", "--url", "http://127.0.0.1:9/", "--json")
    assert set(hook) == {"id", "secret"}
    transcript = tmp_path / "said.txt"
    transcript.write_text("John: What is your budget?\nMary: Forty thousand dollars.\n")
    arguments = ["record", "--transcript", str(transcript), "--user", JOHN, "--started-at", "2026-02-15T14:00:00Z"]
    first = await asyncio.to_thread(run, environment, *arguments, "--id", "k", "--json")
    assert set(first) == {"recordingId"}
    assert await asyncio.to_thread(run, environment, *arguments, "--id", "k", "--json") == first
    for wrong, said in (
        (["--lat", "1"], "--lat and --lon belong together"),
        (["--duration", "nan"], "is not a length"),
        (["--org", "Nobody"], "there is no organization 'Nobody'"),
    ):
        err = await asyncio.to_thread(run, environment, *arguments, *wrong, status=1)
        assert said in err
        assert "hint:" in err
        assert "Traceback" not in err
    again = await asyncio.to_thread(run, environment, "init", "--org", "Acme", "--admin", "x@acme.test", status=1)
    assert "there is an organization 'Acme' already" in again


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_stop_ends_well(
    environment: dict[str, str], port: int, number: signal.Signals
) -> None:
    process = start(environment, "serve", "--port", str(port))
    await_port(port, process)
    assert stop(process, number) == (0, "")


def test_a_taken_port_is_said(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        err = run(environment, "serve", "--port", str(port), status=1)
    assert f"cannot listen on 127.0.0.1:{port}" in err
    assert "--port" in err
    assert "Traceback" not in err


_UNFINISHED = """
select (select count(*) from recordings where processed_at is null)
     + (select count(*) from webhook_deliveries where state <> 'delivered')
"""


async def test_a_server_killed_while_it_works_leaves_everything_whole(
    environment: dict[str, str],
    acme: dict[str, str],
    workspace_url: str,
    seed: int,
    long: bool,
    port: int,
    tmp_path: Path,
) -> None:
    chance = random.Random(seed)
    home = tmp_path / "home"
    count = 12
    async with (
        open_workspace(database_url=workspace_url, home=home) as workspace,
        serving(lambda _: Reply(200)) as receiver,
    ):
        organization = await find_organization(workspace.engine, acme["organizationId"])
        await add_webhook(workspace.engine, workspace.box, organization.id, url=receiver.url)
        for n in range(count):
            at = START + timedelta(days=n)
            new = NewRecording(user_email="ann@acme.test", utterances=SAID * 30, started_at=at)
            await add_recording(workspace, organization.id, new)
        for _ in range(20 if long else 1):
            process = start(environment, "serve", "--port", "0")
            await asyncio.sleep(chance.uniform(1.5, 3.5))
            await asyncio.to_thread(stop, process)
        process = start(environment, "serve", "--port", str(port))
        try:
            await asyncio.to_thread(await_port, port, process)
            await _until_finished(workspace_url)
        finally:
            assert (await asyncio.to_thread(stop, process, signal.SIGTERM))[0] == 0
    with psycopg.connect(workspace_url, options="-c search_path=workspace") as connection:
        for table in ("extractions", "extraction_values", "summaries", "webhook_messages", "webhook_deliveries"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (count,), table
        assert connection.execute("select distinct status from extractions").fetchall() == [("SUCCESS",)]
    messages = [request.headers["svix-id"] for request in receiver.seen]
    assert len(set(messages)) == count


async def _until_finished(url: str) -> None:
    async with (
        asyncio.timeout(HANGS),
        await psycopg.AsyncConnection.connect(url, options="-c search_path=workspace") as connection,
    ):
        while (await (await connection.execute(_UNFINISHED)).fetchone()) != (0,):
            await connection.commit()
            await asyncio.sleep(0.1)
