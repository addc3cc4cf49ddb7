"""Conversations as sound, made by espeak-ng: each speaker has a voice and a channel."""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

RATE: Final = 16_000
VOICES: Final = ("en-us+m3", "en-us+f2")
needs_speech: Final = pytest.mark.skipif(
    find_spec("moonshine_voice") is None or find_spec("av") is None, reason="the extra speech is not installed"
)
needs_voices: Final = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def spoken(text: str, voice: str, folder: Path) -> NDArray[np.int16]:
    """One sentence at 16 kHz."""
    made = folder / "one.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", "140", "-w", str(made), text], check=True, capture_output=True)
    with wave.open(str(made)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.float64)
        rate = sound.getframerate()
    at = np.arange(0, len(samples), rate / RATE)
    return np.interp(at, np.arange(len(samples)), samples).astype("<i2")


def conversation(said: Sequence[tuple[int, str]], into: Path, *, channels: int = 2) -> Path:
    """A WAV file of turns, each by the speaker of this number; half a second lies between two."""
    pause = np.zeros((RATE // 2, channels), dtype="<i2")
    parts = [pause]
    for speaker, text in said:
        voice = spoken(text, VOICES[speaker], into.parent)
        part = np.zeros((len(voice), channels), dtype="<i2")
        part[:, speaker % channels] = voice
        parts += [part, pause]
    write(into, np.concatenate(parts))
    return into


def write(path: Path, samples: NDArray[np.int16]) -> None:
    """A WAV file of samples with the shape (length, channels)."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(samples.shape[1])
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.astype("<i2").tobytes())


def converted(path: Path, suffix: str) -> Path:
    """The same sound in another format, by PyAV."""
    av: Any = pytest.importorskip("av")
    codecs = {
        ".mp3": ("mp3", "libmp3lame"),
        ".m4a": ("mp4", "aac"),
        ".aac": ("adts", "aac"),
        ".webm": ("webm", "libopus"),
    }
    container, codec = codecs[suffix]
    made = path.with_suffix(suffix)
    with av.open(str(path)) as source, av.open(str(made), "w", format=container) as result:
        rate = 48_000 if codec == "libopus" else RATE
        stream = result.add_stream(codec, rate=rate)
        stream.layout = "stereo" if source.streams.audio[0].channels == 2 else "mono"
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=stream.layout, rate=rate)
        for frame in source.decode(audio=0):
            frame.pts = None
            for done in resampler.resample(frame):
                result.mux(stream.encode(done))
        for done in resampler.resample(None):
            result.mux(stream.encode(done))
        result.mux(stream.encode(None))
    return made


def error_rate(heard: str, truth: str) -> float:
    """Words that were inserted, left out or taken for others, by the words of the truth."""
    a, b = _words(heard), _words(truth)
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1] / len(b)


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
