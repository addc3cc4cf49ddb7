"""A player gets the bytes that it asks for, whatever the storage behind the signed address does with ranges."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldnote.byte_ranges import ContentRange, read_content_range, read_range
from fieldnote.console.audio.answer import SoundAnswer
from fieldnote.console.audio.sounds import Sounds, origins
from fieldnote.console.audio.source import open_sound
from fieldnote.siro.errors import NotFound, SiroError
from fieldnote.siro.models import AudioUrl

STORAGE: Final = "http://storage.test:9000"
ADDRESS: Final = f"{STORAGE}/audio/file.webm?signature=secret"


@dataclass
class Storage:
    """Where the bytes are. It answers ranges in one of the ways that are seen in the wild."""

    content: bytes
    ways: frozenset[str] = frozenset()
    media_type: str = "audio/webm"
    good: set[str] = field(default_factory=lambda: {"secret"})
    asked: list[str | None] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append(headers.get("range"))
        status, extra, body = self._answer(headers.get("range"), scope["query_string"].decode())
        extra = {"content-type": self.media_type, **extra}
        if "no-length" not in self.ways:
            extra["content-length"] = str(len(body))
        await send({
            "type": "http.response.start", "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in extra.items()],
        })  # fmt: skip
        for start in range(0, len(body), 50_000):
            await send({"type": "http.response.body", "body": body[start : start + 50_000], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _answer(self, wanted: str | None, query: str) -> tuple[int, dict[str, str], bytes]:
        if not any(query == f"signature={one}" for one in self.good):
            return 403, {}, b"expired"
        size = len(self.content)
        if wanted == "bytes=-0" and "no-zero" in self.ways:
            return 500, {}, b""
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted or "")
        if found is None or "no-ranges" in self.ways:
            return 200, {}, self.content
        start = int(found[1]) if found[1] else max(0, size - int(found[2]))
        end = min(size, int(found[2]) + 1) if found[1] and found[2] else size
        if "short" in self.ways:
            end = min(end, start + 11)
        if start >= end:
            return 416, {} if "silent-416" in self.ways else {"content-range": f"bytes */{size}"}, b""
        if "wider" in self.ways:
            start = max(0, start - 5)
        return 206, {"content-range": f"bytes {start}-{end - 1}/{size}"}, self.content[start:end]


@dataclass
class Signing:
    """Siro, as far as signed addresses go."""

    answer: AudioUrl | SiroError = field(default_factory=lambda: AudioUrl(url=ADDRESS))
    calls: int = 0

    async def audio_url(self, recording_id: str) -> AudioUrl:
        self.calls += 1
        if isinstance(self.answer, SiroError):
            raise self.answer
        return self.answer


def player(sounds: Sounds, *, ended: Callable[[], None] = lambda: None) -> httpx2.AsyncClient:
    """The answer that a browser's player sees."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        answer = SoundAnswer(
            sounds.open("r1", read_range(headers.get("range"))),
            head=scope["method"] == "HEAD",
            ended=ended,
            stopping=asyncio.Event(),
        )
        await answer(scope, receive, send)

    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://console.test")


def sounds_of(storage: ASGIApp, signing: Signing | None = None) -> Sounds:
    transport = httpx2.ASGITransport(storage)
    return Sounds(signing or Signing(), origins(STORAGE), transport=transport)


def reference(content: bytes, header: str | None) -> tuple[int, bytes, str | None]:
    """RFC 9110 by hand: status, bytes, and Content-Range."""
    found = None if header is None else re.fullmatch(r"bytes=\s*(\d*)-(\d*)\s*", header, re.IGNORECASE)
    size = len(content)
    if found is None or not (found[1] or found[2]) or (found[1] and found[2] and int(found[2]) < int(found[1])):
        return 200, content, None
    if found[1]:
        start, stop = int(found[1]), int(found[2]) + 1 if found[2] else size
    else:
        start, stop = size - min(size, int(found[2])), size
    part = content[start:stop]
    if not part:
        return 416, b"", f"bytes */{size}"
    return 206, part, f"bytes {start}-{start + len(part) - 1}/{size}"


_NUMBERS = st.one_of(st.integers(0, 80), st.sampled_from([10**6, 10**14])).map(str)
_HEADERS = st.one_of(
    st.none(),
    st.builds("bytes={}-{}".format, st.one_of(st.just(""), _NUMBERS), st.one_of(st.just(""), _NUMBERS)),
    st.sampled_from([
        "bytes=0-0,2-3", "bytes=-", "bytes", "items=0-1", "bytes=a-b", "bytes=1-2-3", "bytes=--5", "bytes=+1-2", "",
        "BYTES=1-4", "bytes= 2-5", "bytes=0x1-5", "bytes=1e3-", "bytes=9999999999999999999-", "bytes=0-,",
    ]),
)  # fmt: skip
_WAYS = st.sampled_from([
    frozenset[str](), frozenset({"no-ranges"}), frozenset({"silent-416"}), frozenset({"wider"}),
    frozenset({"wider", "silent-416"}), frozenset({"no-zero"}),
])  # fmt: skip


@settings(max_examples=100)
@given(st.binary(max_size=70), _HEADERS, _WAYS)
@example(b"0123456789", "bytes=-0", frozenset({"no-zero"}))
@example(b"", "bytes=-0", frozenset({"no-zero"}))
def test_every_range_gives_the_slice_of_the_bytes(content: bytes, header: str | None, ways: frozenset[str]) -> None:
    async def ask() -> tuple[httpx2.Response, httpx2.Response]:
        headers = {} if header is None else {"range": header}
        async with player(sounds_of(Storage(content, ways))) as client:
            return await client.get("/", headers=headers), await client.head("/", headers=headers)

    answer, head = asyncio.run(ask())
    status, part, content_range = reference(content, header)
    assert (answer.status_code, answer.content) == (status, part)
    assert answer.headers.get("content-range") == content_range
    assert answer.headers["content-length"] == str(len(part))
    assert answer.headers["accept-ranges"] == "bytes"
    assert (head.status_code, head.content) == (status, b"")
    assert dict(head.headers) == dict(answer.headers)


@given(st.text(max_size=40))
def test_no_header_breaks_the_reading(header: str) -> None:
    read_range(header)
    read_content_range(header)


def test_a_content_range_that_contradicts_itself_is_not_read() -> None:
    assert read_content_range("bytes 2-4/9") == ContentRange(2, 5, 9)
    assert read_content_range("bytes */9") == ContentRange(None, None, 9)
    for wrong in ("bytes 4-2/9", "bytes 2-9/9", "items 2-4/9", "bytes 2-/9", "bytes */*x", None, "bytes 2-4/²"):
        assert read_content_range(wrong) is None


async def test_a_storage_that_sends_less_than_asked_says_so_to_the_player() -> None:
    content = bytes(range(60))
    async with player(sounds_of(Storage(content, frozenset({"short"})))) as client:
        answer = await client.get("/", headers={"range": "bytes=10-"})
    assert (answer.status_code, answer.content) == (206, content[10:21])
    assert answer.headers["content-range"] == "bytes 10-20/60"


async def test_an_address_that_has_ended_is_asked_for_again_once() -> None:
    storage, signing = Storage(b"sound"), Signing()
    sounds = sounds_of(storage, signing)
    async with player(sounds) as client:
        assert (await client.get("/")).content == b"sound"
        assert (await client.get("/")).content == b"sound"
        assert signing.calls == 1
        storage.good = {"fresh"}
        signing.answer = AudioUrl(url=f"{STORAGE}/audio/file.webm?signature=fresh")
        assert (await client.get("/")).content == b"sound"
        assert signing.calls == 2
        storage.good = set()
        answer = await client.get("/")
        assert (answer.status_code, signing.calls) == (404, 3)
        assert "signature" not in answer.text


async def test_an_address_is_not_used_close_to_its_end() -> None:
    signing = Signing(AudioUrl(url=ADDRESS, expiration=(time.time() + 5) * 1000))
    async with player(sounds_of(Storage(b"sound"), signing)) as client:
        await client.get("/")
        await client.get("/")
    assert signing.calls == 2


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (AudioUrl(error=True, error_message="none"), 404, "Siro has no sound of this recording."),
        (AudioUrl(url=None), 404, "Siro has no sound of this recording."),
        (NotFound("gone"), 404, "Siro does not have the recording any more."),
        (SiroError("it is down"), 502, "it is down"),
        (AudioUrl(url="http://10.0.0.1/audio"), 502, "leads inside a network"),
        (AudioUrl(url="http://169.254.169.254/latest/meta-data"), 502, "leads inside a network"),
        (AudioUrl(url="http://127.0.0.1:9/audio"), 502, "leads inside a network"),
        (AudioUrl(url="http://storage.test:9001/audio"), 502, "leads inside a network"),
        (AudioUrl(url="file:///etc/passwd"), 502, "leads inside a network"),
        (AudioUrl(url="http://[::1"), 502, "leads inside a network"),
    ],
)
async def test_what_siro_answers_instead_is_said_in_one_line(
    answer: AudioUrl | SiroError, status: int, words: str
) -> None:
    async with player(sounds_of(Storage(b"sound"), Signing(answer))) as client:
        found = await client.get("/")
    assert found.status_code == status
    assert words in found.text
    assert found.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("status", [302, 500, 204])
async def test_no_redirect_is_followed_and_no_failure_is_passed_on(status: int) -> None:
    async def storage(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"location", b"http://elsewhere.test/"), (b"set-cookie", b"a=b")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async with player(sounds_of(storage)) as client:
        answer = await client.get("/")
    assert answer.status_code == 502
    assert not {"location", "set-cookie"} & set(answer.headers)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("audio/mpeg", "audio/mpeg"), ("Audio/MP4; codecs=x", "audio/mp4"), ("binary/octet-stream", "audio/webm"),
        ("text/html", "audio/webm"), ("", "audio/webm"),
    ],
)  # fmt: skip
async def test_the_sound_is_never_served_as_a_page(given: str, shown: str) -> None:
    async with player(sounds_of(Storage(b"<script>", media_type=given))) as client:
        assert (await client.get("/")).headers["content-type"].replace("video", "audio") == shown


async def test_a_storage_that_stops_in_the_middle_does_not_look_whole() -> None:
    async def storage(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"50")]})
        await send({"type": "http.response.body", "body": b"only this"})

    bodies: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        bodies.append(message)

    async def receive() -> dict[str, object]:
        await asyncio.sleep(3600)
        return {}

    ended: list[bool] = []
    answer = SoundAnswer(
        sounds_of(storage).open("r1", None), head=False, ended=lambda: ended.append(True), stopping=asyncio.Event()
    )
    await answer({"type": "http", "method": "GET"}, receive, send)  # type: ignore[arg-type]
    assert b"".join(m.get("body", b"") for m in bodies) == b"only this"  # type: ignore[misc]
    assert bodies[-1].get("more_body") is True
    assert ended == [True]


async def test_a_player_that_goes_away_ends_the_fetch() -> None:
    left: list[str] = []

    @asynccontextmanager
    async def opened() -> AsyncIterator[object]:
        async with open_sound(
            ADDRESS, None, trusted=origins(STORAGE), transport=httpx2.ASGITransport(Storage(bytes(1_000_000)))
        ) as sound:
            yield sound
        left.append("closed")

    gone = asyncio.Event()
    sent: list[int] = []

    async def send(message: dict[str, object]) -> None:
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        sent.append(len(body))
        gone.set()
        await asyncio.sleep(0)

    async def receive() -> dict[str, str]:
        await gone.wait()
        return {"type": "http.disconnect"}

    answer = SoundAnswer(opened(), head=False, ended=lambda: left.append("ended"), stopping=asyncio.Event())  # type: ignore[arg-type]
    await answer({"type": "http", "method": "GET"}, receive, send)  # type: ignore[arg-type]
    assert left == ["closed", "ended"]
    assert sum(sent) < 1_000_000


def test_players_are_limited_by_session_and_in_all() -> None:
    sounds = sounds_of(Storage(b""))
    assert [sounds.begin("one") for _ in range(7)] == [True] * 6 + [False]
    sounds.end("one")
    assert sounds.begin("one")
    granted = sum(sounds.begin(f"session {number}") for number in range(500))
    assert granted == 64 - 6
