"""Speak conversations of the demo: `python -m scripts.demo_audio`.

For each one it writes `src/fieldnote/demo/audio/<key>.webm`, and `<key>.json` with the start and end of each utterance
in seconds. The voices are those of Debian's `libflite1`, which its `ffmpeg` speaks with. Run it again after a change
of a conversation's words; a test compares the number of utterances.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import wave
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fieldnote.demo.audio import FOLDER, SPOKEN, rep_of
from fieldnote.demo.conversations import CONVERSATIONS, Conversation
from fieldnote.insight import Utterance, read_transcript

_RATE: Final = 16_000
_PAUSE: Final = 0.35
"""Seconds between two speakers."""
_INTERRUPTED: Final = 0.05
_VOICES: Final = {"Dale": ("rms", 1.0), "Mrs. Thackeray": ("slt", 0.84)}
"""A voice of flite, and its pitch: there is one woman's voice, for two women."""
_REP: Final = ("slt", 1.04)
_BITS: Final = 7_500
"""A second. A telephone's quality: both files together stay below 400 kB."""
_SPEED: Final = 1.12


def main() -> int:
    """Write the files of each conversation that has a sound."""
    for story in CONVERSATIONS:
        if story.key in SPOKEN:
            seconds, size = _speak(story)
            print(f"{story.key}: {seconds:.0f} s, {size:,} bytes")
    return 0


def _speak(story: Conversation) -> tuple[float, int]:
    said = read_transcript(story.read(rep_of(story.key)), name=story.file)
    out = Path(str(FOLDER))
    with TemporaryDirectory() as folder:
        pieces = [_voice(utterance, Path(folder, f"{number}.wav")) for number, utterance in enumerate(said)]
        whole = Path(folder, "whole.wav")
        times = _join(said, pieces, whole)
        sound = out / f"{story.key}.webm"
        _run(
            "-i", str(whole), "-af", "loudnorm=I=-18,lowpass=f=7000", "-ar", str(_RATE), "-c:a", "libopus",
            "-b:a", str(_BITS), "-application", "voip", "-frame_duration", "60", "-map_metadata", "-1",
            "-fflags", "+bitexact", "-flags", "+bitexact", "-cues_to_front", "1", str(sound),
        )  # fmt: skip
    (out / f"{story.key}.json").write_text(json.dumps(times) + "\n", encoding="utf-8")
    return times[-1][1], sound.stat().st_size


def _voice(utterance: Utterance, into: Path) -> bytes:
    """The samples of one utterance."""
    words = into.with_suffix(".txt")
    words.write_text(re.sub("—+", ", ", utterance.text).strip(" ,"), encoding="utf-8")
    voice, pitch = _VOICES.get(utterance.speaker, _REP)
    spoken = f"flite=textfile={words}:voice={voice}"
    pitched = f"asetrate={round(_RATE * pitch)},aresample={_RATE},atempo={_SPEED / pitch:.3f}"
    _run("-f", "lavfi", "-i", spoken, "-af", pitched, "-ar", str(_RATE), "-ac", "1", str(into))
    with wave.open(str(into), "rb") as sound:
        return sound.readframes(sound.getnframes())


def _join(said: list[Utterance], pieces: list[bytes], into: Path) -> list[tuple[float, float]]:
    """Write all samples with the pauses between them; the start and end of each utterance in seconds."""
    times: list[tuple[float, float]] = []
    position = 0
    with wave.open(str(into), "wb") as sound:
        sound.setparams((1, 2, _RATE, 0, "NONE", "not compressed"))
        for utterance, samples in zip(said, pieces, strict=True):
            pause = round((_INTERRUPTED if utterance.text.startswith("—") else _PAUSE) * _RATE)
            sound.writeframes(bytes(2 * pause) + samples)
            start, position = position + pause, position + pause + len(samples) // 2
            times.append((round(start / _RATE, 2), round(position / _RATE, 2)))
    return times


def _run(*options: str) -> None:
    subprocess.run(["ffmpeg", "-y", "-nostdin", "-loglevel", "error", *options], check=True)


if __name__ == "__main__":
    sys.exit(main())
