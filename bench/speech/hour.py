"""An hour of human speech up to its transcript: wall time, processor time, memory. `python -m bench.speech.hour`.

The audio is the reading that moonshine-voice carries, again and again. Exits with 1 if an hour takes more than `MOST`.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import wave
from pathlib import Path

import moonshine_voice

from fieldnote.insight.speech.decoding import decoded
from fieldnote.insight.speech.engines import open_engine
from fieldnote.insight.speech.settings import Engine, SpeechSettings, speech_settings
from fieldnote.insight.speech.transcribe import transcribe
from tests.insight.speech import error_rate
from tests.insight.test_speech import TWO_CITIES

MOST = 360.0
"""Seconds for an hour, on two cores."""


def repeated(source: Path, into: Path, minutes: float) -> int:
    """Write the source so often that it lasts so long; how often."""
    with wave.open(str(source)) as sound, wave.open(str(into), "wb") as result:
        result.setparams(sound.getparams())
        whole = sound.readframes(sound.getnframes())
        times = max(1, round(60 * minutes * sound.getframerate() / sound.getnframes()))
        for _ in range(times):
            result.writeframes(whole)
    return times


def main() -> int:
    """Print one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes: float = parser.parse_args().minutes
    settings = speech_settings() or SpeechSettings(Engine.MOONSHINE)
    source = Path(moonshine_voice.__file__).parent / "assets/two_cities.wav"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hour.wav")
        times = repeated(source, path, minutes)
        began = time.perf_counter()
        samples = sum(block.shape[1] for block in decoded(path))
        decoding = time.perf_counter() - began
        engine = open_engine(settings)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        began, cpu = time.perf_counter(), time.process_time()
        found = transcribe(path, engine)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    wrong = (
        error_rate(" ".join(one.text for one in found.utterances), " ".join([TWO_CITIES] * times)) if times < 9 else -1
    )
    print(
        f"{settings.engine.value}: {found.seconds / 60:.1f} minutes of audio, {samples:,} samples decoded in"
        f" {decoding:.1f} s; transcribed in {wall:.0f} s wall, {cpu:.0f} s CPU; memory {before} MB, then {after} MB;"
        f" {len(found.utterances):,} utterances" + (f"; word error rate {wrong:.1%}" if wrong >= 0 else "")
    )
    return int(wall * 3600 / found.seconds > MOST)


if __name__ == "__main__":
    sys.exit(main())
