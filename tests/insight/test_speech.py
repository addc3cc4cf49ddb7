"""Speech to text: real speech, all formats, damaged files, a flat memory, endpoints, and the muting of words."""

from __future__ import annotations

import io
import json
import random
import struct
import threading
import wave
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("av")
pytest.importorskip("numpy")

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from fieldnote.errors import ConfigError
from fieldnote.insight.speech.decoding import RATE, decoded
from fieldnote.insight.speech.engines import Phrase, SpeechFailed, SpeechUnavailable, open_engine
from fieldnote.insight.speech.muting import mute
from fieldnote.insight.speech.pieces import are_separate, cut
from fieldnote.insight.speech.settings import Engine, SpeechSettings, speech_settings
from fieldnote.insight.speech.transcribe import transcribe
from fieldnote.insight.speech.worker import Worker
from tests.insight.speech import converted, error_rate, needs_speech, write

MEDIA: Final = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".webm": "audio/webm",
}
TWO_CITIES: Final = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it"
    " was the epoch of belief, it was the epoch of incredulity, it was the season of light, it was the season of"
    " darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing"
    " before us, we were all going direct to heaven, we were all going direct the other way - in short, the period was"
    " so far like the present period, that some of its noisiest authorities insisted on its being received, for good"
    " or for evil, in the superlative degree of comparison only."
)


class Tones:
    """An engine that hears where a channel is loud: quick, and exact."""

    longest = 2.0

    def transcribe(self, samples: Any) -> list[Phrase]:
        loud = np.flatnonzero(np.abs(samples) > 0.05)
        return [Phrase(loud[0] / RATE, loud[-1] / RATE, "tone")] if len(loud) else []


def tones(*spans: tuple[int, float, float], seconds: float = 6.0) -> Any:
    """Two channels, silent but for tones of (channel, start, end)."""
    samples = np.zeros((int(seconds * RATE), 2))
    at = np.arange(len(samples)) / RATE
    for channel, start, end in spans:
        inside = (at >= start) & (at < end)
        samples[inside, channel] = 12_000 * np.sin(2 * np.pi * (300 + 170 * channel) * at[inside])
    return samples.astype("<i2")


@needs_speech
@pytest.mark.slow
def test_human_speech_is_heard_with_few_errors() -> None:
    import moonshine_voice

    sound = Path(moonshine_voice.__file__).parent / "assets/two_cities.wav"
    found = transcribe(sound, open_engine(SpeechSettings(Engine.MOONSHINE)))
    heard = " ".join(one.text for one in found.utterances)
    rate = error_rate(heard, TWO_CITIES)
    print(f"word error rate {rate:.1%}")
    assert rate < 0.12, heard
    assert found.seconds == pytest.approx(44.4, abs=0.2)
    assert all(0 <= (one.start or 0) < (one.end or 0) <= 45 for one in found.utterances)


@pytest.mark.parametrize("suffix", list(MEDIA))
def test_each_format_is_decoded_and_each_channel_is_a_speaker(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    write(path, tones((0, 0.5, 1.5), (1, 2.5, 3.5), (0, 4.5, 5.5)))
    path = path if suffix == ".wav" else converted(path, suffix)
    found = transcribe(path, Tones())
    assert [one.speaker for one in found.utterances] == ["Channel 1", "Channel 2", "Channel 1"]
    assert [one.start for one in found.utterances] == pytest.approx([0.5, 2.5, 4.5], abs=0.15)
    assert found.seconds == pytest.approx(6.0, abs=0.2)


def test_tags_that_are_not_utf_8_keep_no_file_out(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    write(path, tones((0, 0.5, 1.5)))
    title = b"INAM" + struct.pack("<I", 6) + b"Caf\xe9\xff\x00"
    listed = b"LIST" + struct.pack("<I", 4 + len(title)) + b"INFO" + title
    sound = path.read_bytes()
    path.write_bytes(b"RIFF" + struct.pack("<I", len(sound) - 8 + len(listed)) + sound[8:36] + listed + sound[36:])
    assert [one.start for one in transcribe(path, Tones()).utterances] == pytest.approx([0.5], abs=0.15)
    mute(path, tmp_path / "muted", [(0.5, 1.5)], "audio/wav")
    assert np.abs(np.concatenate(list(decoded(tmp_path / "muted")), axis=1)).max() < 0.02
    mute(path, tmp_path / "muted.mp3", [(0.5, 1.5)], "audio/mpeg")
    assert np.abs(np.concatenate(list(decoded(tmp_path / "muted.mp3")), axis=1)).max() < 0.02


@pytest.mark.parametrize("suffix", list(MEDIA))
def test_the_sound_of_a_span_is_muted_and_the_rest_stays(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    write(path, tones((0, 0.5, 1.5), (1, 2.5, 3.5), (0, 4.5, 5.5)))
    path = path if suffix == ".wav" else converted(path, suffix)
    into = tmp_path / "muted"
    media_type = mute(path, into, [(2.5, 3.5)], MEDIA[suffix])
    assert media_type == MEDIA[suffix]
    whole = np.concatenate(list(decoded(into)), axis=1)
    at = np.arange(whole.shape[1]) / RATE
    assert np.abs(whole[:, (at > 2.4) & (at < 3.6)]).max() < 0.02
    assert np.abs(whole[0, (at > 0.7) & (at < 1.3)]).max() > 0.2
    assert np.abs(whole[0, (at > 4.7) & (at < 5.3)]).max() > 0.2
    assert whole.shape[1] / RATE == pytest.approx(6.0, abs=0.3)


@given(
    lengths=st.lists(st.integers(1, 5000), min_size=1, max_size=30),
    longest=st.floats(0.05, 1.0),
    channels=st.integers(1, 2),
)
def test_pieces_are_the_whole_in_order_and_none_is_too_long(lengths: list[int], longest: float, channels: int) -> None:
    dice = np.random.default_rng(sum(lengths))
    blocks = [dice.normal(0, 0.1, (channels, length)).astype(np.float32) for length in lengths]
    pieces = list(cut(iter(blocks), longest))
    joined = np.concatenate([np.stack(one.channels) for one in pieces], axis=1)
    assert np.array_equal(joined, np.concatenate(blocks, axis=1))
    assert all(0 < one.seconds <= longest + 1e-9 for one in pieces)
    starts = np.cumsum([0, *(len(one.channels[0]) for one in pieces)])[:-1] / RATE
    assert [one.start for one in pieces] == pytest.approx(list(starts))


def test_two_microphones_in_one_room_are_not_two_speakers() -> None:
    sound = tones((0, 0.5, 1.5), (0, 2.5, 3.0), (0, 4.5, 5.5)).astype(np.float32).T / 32768
    room = np.stack([sound[0], np.roll(sound[0], 37) * 0.6])
    apart = tones((0, 0.5, 1.5), (1, 2.5, 3.5)).astype(np.float32).T / 32768
    assert not are_separate(iter([room[:, :40_000], room[:, 40_000:]]))
    assert not are_separate(iter([sound]))
    assert not are_separate(iter([sound[:1]]))
    assert are_separate(iter([apart[:, :1234], apart[:, 1234:]]))


def _damaged(dice: random.Random, whole: bytes) -> Iterator[bytes]:
    yield from (b"", b"RIFF", b"ID3", b"\0" * 5000, b"hello", dice.randbytes(3000), whole[:37], b"\xff\xfb\x90" * 400)
    for _ in range(12):
        content = bytearray(whole)
        for _ in range(dice.randrange(1, 60)):
            content[dice.randrange(len(content))] = dice.randrange(256)
        yield bytes(content[: dice.randrange(1, len(content))])


@pytest.mark.parametrize("suffix", list(MEDIA))
def test_a_damaged_file_is_an_answer_with_a_reason_or_a_shorter_transcript(
    suffix: str, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldnote.insight.speech.engines.open_engine", lambda _: Tones())
    whole = tmp_path / "talk.wav"
    write(whole, tones((0, 0.5, 1.5), (1, 2.0, 2.5), seconds=3.0))
    whole = whole if suffix == ".wav" else converted(whole, suffix)
    worker, path = Worker(), tmp_path / "damaged"
    speech = SpeechSettings(Engine.MOONSHINE).as_request()
    for content in _damaged(random.Random(f"{seed} {suffix}"), whole.read_bytes()):
        path.write_bytes(content)
        heard = worker.reply_to(json.dumps({"path": str(path), "speech": speech}).encode(), lambda _: None)
        assert set(heard) in ({"utterances", "seconds"}, {"error", "reason"}), heard
        muting = {"path": str(path), "into": str(tmp_path / "into"), "mute": [[0, 1]], "media_type": MEDIA[suffix]}
        muted = worker.reply_to(json.dumps(muting).encode(), lambda _: None)
        assert set(muted) in ({"media_type"}, {"error", "reason"}), muted


def test_progress_is_reported_and_a_file_without_speech_has_no_words(tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    write(path, np.zeros((RATE * 5, 1), dtype="<i2"))
    seen: list[float] = []
    found = transcribe(path, Tones(), seen.append)
    assert found.utterances == ()
    assert seen == sorted(seen)
    assert seen[-1] == found.seconds == 5.0


class Transcriptions:
    """An endpoint with a scripted answer."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (200, b"{}")
        self.seen: list[tuple[str, bytes]] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                double.seen.append((self.headers.get("authorization", ""), body))
                status, content = double.answer
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def endpoint() -> Iterator[Transcriptions]:
    made = Transcriptions()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_an_endpoint_gets_a_wav_file_and_the_key_and_its_times_stay_within_the_piece(endpoint: Transcriptions) -> None:
    engine = open_engine(SpeechSettings(Engine.ENDPOINT, base_url=endpoint.url, model="m", api_key=SecretStr("k3y")))
    samples = np.sin(np.arange(RATE * 2) / 20).astype(np.float32)
    segments = [
        {"start": -1, "end": 0.5, "text": " Hello  there "},
        {"start": 1, "end": 99, "text": "you"},
        {"text": " "},
    ]
    endpoint.answer = (200, json.dumps({"text": "x", "segments": segments}).encode())
    assert engine.transcribe(samples) == [Phrase(0.0, 0.5, "Hello there"), Phrase(1.0, 2.0, "you")]
    [(authorization, body)] = endpoint.seen
    assert authorization == "Bearer k3y"
    with wave.open(io.BytesIO(body[body.index(b"RIFF") :])) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (RATE, 1)
    endpoint.answer = (200, b'{"text": "only text"}')
    assert engine.transcribe(samples) == [Phrase(0.0, 2.0, "only text")]


WRONG: Final = (
    (500, b"", SpeechUnavailable),
    (429, b"", SpeechUnavailable),
    (401, b'{"error": "secret k3y"}', SpeechFailed),
    (404, b"", SpeechFailed),
    (307, b"", SpeechFailed),
    (200, b"", SpeechFailed),
    (200, b"<html>", SpeechFailed),
    (200, b'{"segments": "x"}', SpeechFailed),
    (200, b'{"segments": [{"start": "soon"}]}', SpeechFailed),
)


def test_an_endpoint_that_fails_is_an_error_that_quotes_nothing(endpoint: Transcriptions) -> None:
    engine = open_engine(SpeechSettings(Engine.ENDPOINT, base_url=endpoint.url, api_key=SecretStr("k3y")))
    for status, content, kind in WRONG:
        endpoint.answer = (status, content)
        with pytest.raises(kind) as caught:
            engine.transcribe(np.zeros(RATE, dtype=np.float32))
        assert "k3y" not in str(caught.value)


def test_the_engine_is_the_operators_choice(tmp_path: Path) -> None:
    assert speech_settings({}) is None
    assert speech_settings({"FIELDNOTE_SPEECH": " off "}) is None
    there = speech_settings({"FIELDNOTE_SPEECH": "http://localhost:1/v1", "FIELDNOTE_SPEECH_KEY": "k3y"})
    assert there is not None
    assert (there.engine, "k3y" in repr(there)) == (Engine.ENDPOINT, False)
    for wrong in ("moonshin", "/nowhere", "http://", str(tmp_path)):
        with pytest.raises(ConfigError):
            speech_settings({"FIELDNOTE_SPEECH": wrong})
    (tmp_path / "model.bin").write_bytes(b"no model")
    if find_spec("faster_whisper") is None:
        return
    chosen = speech_settings({"FIELDNOTE_SPEECH": str(tmp_path)})
    assert chosen is not None
    with pytest.raises(ConfigError, match="cannot be loaded"):
        open_engine(chosen)
