"""The daemon tells the addresses under `alerts` what has changed: once, and nothing of a customer's."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from fieldnote.bridge import Daemon, pull_once, push_once
from fieldnote.bridge.status.alerts import watch
from fieldnote.errors import ConfigError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.waiting import eventually

# Apprise still looks for a module that Python 3.13 has no more.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")]


class Post(ThreadingHTTPServer):
    """An address that accepts messages."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.letters: list[dict[str, Any]] = []
        self.status = 200

    @property
    def address(self) -> str:
        return f"json://user:hunter2@127.0.0.1:{self.server_port}/secret"

    @property
    def titles(self) -> list[str]:
        return [letter["title"].partition("default ")[2] for letter in self.letters]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Post)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()
        if self.server.status == 200:
            self.server.letters.append(json.loads(body))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_change_is_sent_once_and_so_is_the_recovery(
    crm: Crm, stub: StubSiro, opened: Opener, post: Post
) -> None:
    crm.add_deal(1)
    stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"}, summary="secret words")
    async with opened(alerts=[post.address]) as bridge, opened(alerts=[post.address]) as other:
        await push_once(bridge)
        await pull_once(bridge)
        assert not await watch(bridge), "there is no problem, and there was no message"
        token, stub.token = stub.token, "another"
        assert await watch(bridge)
        assert not await watch(bridge)
        assert not await watch(other), "another process knows the last message"
        stub.token = token
        assert await watch(other)
        assert not await watch(bridge)
    assert post.titles == ["needs attention", "is OK again"]
    assert "the organization token fails or will fail soon: Siro refuses it" in (post.letters[0]["message"])
    assert "secret words" not in json.dumps(post.letters)


async def test_a_message_that_no_address_accepts_is_sent_at_the_next_look(
    crm: Crm, stub: StubSiro, opened: Opener, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    crm.add_deal(1)
    caplog.set_level(logging.DEBUG)
    async with opened(alerts={"to": post.address}) as bridge:
        await push_once(bridge)
        stub.token, post.status = "another", 500
        assert not await watch(bridge)
        post.status = 200
        assert await watch(bridge)
    assert post.titles == ["needs attention"]
    assert "hunter2" not in caplog.text
    assert "/secret" not in caplog.text, "many services have their secret in the path"


async def test_the_daemon_looks_by_itself(crm: Crm, stub: StubSiro, opened: Opener, post: Post) -> None:
    crm.add_deal(1)
    async with opened(alerts={"to": [post.address], "every": "1s"}) as bridge, Daemon(bridge, port=0):
        await eventually(lambda: "1" in stub.records["opportunities"])
        token, stub.token = stub.token, "another"
        await eventually(lambda: post.titles == ["needs attention"])
        stub.token = token
        await eventually(lambda: post.titles == ["needs attention", "is OK again"])


async def test_an_invalid_address_is_an_error_at_start_up_that_does_not_print_it(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    del crm, stub
    async with opened(alerts=["json://localhost", "carrier-pigeon://hunter2"]) as bridge:
        with pytest.raises(ConfigError, match=r"alerts\[1\] is not a valid") as error:
            async with Daemon(bridge, port=0):
                pass
    assert "hunter2" not in str(error.value)
