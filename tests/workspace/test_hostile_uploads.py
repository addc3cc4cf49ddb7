"""Files of audio that are not what they say, or lie in their header: nothing fails, and nothing outside is touched."""

from __future__ import annotations

import random
import struct
from datetime import timedelta
from pathlib import Path

from fieldnote.workspace.audio_store import length_of
from tests.workspace.house import House
from tests.workspace.test_uploads import RECORDINGS, URLS, registered, send, urls, writer

_MOST = 2**32 - 1


def wav(*, channels: int = 1, rate: int = 8000, bits: int = 16, there: int = 100, claimed: int | None = None) -> bytes:
    """A WAV file of `there` bytes of sound, which claims to have `claimed`."""
    form = struct.pack("<HHIIHH", 1, channels, rate, 0, channels * bits // 8 & 0xFFFF, bits)
    sound = b"data" + struct.pack("<I", there if claimed is None else claimed) + bytes(there)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + sound
    return b"RIFF" + struct.pack("<I", len(body) if claimed is None else claimed) + body


LIARS = [
    wav(rate=1, bits=8, claimed=_MOST), wav(rate=0), wav(channels=0), wav(bits=0), wav(bits=1), wav(channels=65_535),
    wav(rate=_MOST), wav(there=0), wav(claimed=0), wav()[:30], b"RIFF", b"RIFF\xff\xff\xff\xffWAVE" + b"LIST" * 20,
]  # fmt: skip


def test_a_header_never_says_more_than_the_file_has(tmp_path: Path, seed: int) -> None:
    chance, file = random.Random(seed), tmp_path / "a.wav"
    cases = list(LIARS)
    for _ in range(1_500):
        mutated = bytearray(chance.choice(LIARS[:-3]))
        for _ in range(chance.randint(1, 6)):
            mutated[chance.randrange(min(60, len(mutated)))] = chance.randrange(256)
        cases.append(bytes(mutated[: chance.randint(0, len(mutated))]))
    for case in cases:
        file.write_bytes(case)
        length = length_of(file)
        assert length is None or timedelta(0) <= length <= timedelta(seconds=len(case)), case
    file.write_bytes(wav(rate=1000, bits=8, there=2500))
    assert length_of(file) == timedelta(seconds=2.5)


async def test_files_that_are_something_else_are_stored_as_audio_and_never_as_a_page(house: House) -> None:
    admin = await writer(house, house.organization.admin_id)
    page = b"<script>alert(1)</script>" * 10
    bomb = b"\x1f\x8b\x08\x00" + bytes(200)
    for sound, kind in ((page, "audio/mpeg"), (bomb, "audio/aac"), *((one, "audio/wav") for one in LIARS[:6])):
        given = await urls(admin, sound, kind)
        assert (await send(given, sound, **{"Content-Encoding": "gzip"})).status_code == 200
        recording_id = await registered(admin, given["downloadUrl"])
        recording = await house.api.get(f"{RECORDINGS}/{recording_id}")
        assert 0 <= recording.get("durationInMilliseconds", 0) <= 86_400_000
        heard = (await admin("POST", f"{RECORDINGS}/{recording_id}/signedUrl", json={})).json()["data"]["url"]
        answer = await admin.client.get(heard)
        assert (answer.content, answer.headers["content-type"]) == (sound, kind)
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_only_names_of_audio_get_an_address(house: House) -> None:
    admin = await writer(house, house.organization.admin_id)
    kinds = (
        "text/html", "audio/mpeg; charset=x", "audio/mpeg\r\nx: y", "../mp3", "mp3/../../x", "audio/wav\0", "", " ",
        "a" * 9999,
    )  # fmt: skip
    for kind in kinds:
        assert (await admin("POST", URLS, json={"fileType": kind, "fileSize": 5})).status_code == 422, kind
    for size in (0, -1, 2**31, 2**63, 10**30, 1.5, True):
        answer = await admin("POST", URLS, json={"fileType": "mp3", "fileSize": size})
        assert answer.status_code == (200 if size == 2**31 else 422), size


async def test_paths_in_an_address_reach_no_file(house: House) -> None:
    admin = await writer(house, house.organization.admin_id)
    given = await urls(admin)
    query = given["downloadUrl"].partition("?")[2]
    own = house.organization.id
    for path in (
        "../secret.key", "..%2F..%2Fsecret.key", f"{own}/..%2F..%2Fsecret.key", f"{own}/%2Fetc%2Fpasswd", f"{own}/%00",
        f"..%2F{own}/x", f"{own}/..", "%2e%2e/%2e%2e",
    ):  # fmt: skip
        for method in ("GET", "PUT"):
            answer = await admin.client.request(method, f"{house.server.url}/audio/{path}?{query}")
            assert answer.status_code in {403, 404, 405}, path
        body = {"fileUrl": f"{house.server.url}/audio/{path}?{query}", "fileType": "audio/mpeg"}
        assert (await admin("POST", f"{RECORDINGS}/upload", json=body)).status_code == 422
