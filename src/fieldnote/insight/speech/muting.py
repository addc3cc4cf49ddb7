"""Audio without the sound of redacted words. WAV is muted in place of its samples; other formats are encoded again."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

from fieldnote.insight.speech.decoding import UndecodableAudio, av_library, open_audio

Spans = Sequence[tuple[float, float]]
MARGIN: Final = 0.25
"""Seconds that are muted before and behind a span: times of words are not exact."""
_FORMATS: Final = {
    "mp3": ("mp3", "libmp3lame", "audio/mpeg"),
    "aac": ("adts", "aac", "audio/aac"),
    "m4a": ("mp4", "aac", "audio/mp4"),
    "webm": ("webm", "libopus", "audio/webm"),
}
"""By the kind of file: container, encoder, media type."""
_BLOCK: Final = 1 << 16


def mute(source: Path, into: Path, spans: Spans, media_type: str) -> str:
    """Write `source` without the sound of the spans, in seconds; the media type of the result.

    Raises UndecodableAudio, and ConfigError where the format needs the decoder and it is not installed.
    """
    wanted = merged(spans)
    kind = kind_of(media_type)
    if kind == "wav" and _mute_wav(source, into, wanted):
        return media_type
    return _encode(source, into, wanted, kind)


def kind_of(media_type: str) -> str:
    """`wav`, `mp3`, `aac`, `m4a` or `webm`."""
    name = media_type.casefold().partition(";")[0].strip()
    for word, kind in (
        ("wav", "wav"),
        ("webm", "webm"),
        ("mp4", "m4a"),
        ("m4a", "m4a"),
        ("aac", "aac"),
        ("adts", "aac"),
    ):
        if word in name:
            return kind
    return "mp3"


def merged(spans: Spans) -> list[tuple[float, float]]:
    """With their margins, in order, none overlapping."""
    kept: list[tuple[float, float]] = []
    for start, end in sorted((max(0.0, start - MARGIN), end + MARGIN) for start, end in spans):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def _mute_wav(source: Path, into: Path, spans: Spans) -> bool:
    """False for a WAV file that the standard library does not read, such as one with floats."""
    try:
        with wave.open(str(source), "rb") as sound, into.open("wb") as file:
            _copy(sound, file, spans)
    except (wave.Error, EOFError):
        return False
    return True


def _copy(sound: wave.Wave_read, file: IO[bytes], spans: Spans) -> None:
    rate, width = sound.getframerate(), sound.getsampwidth() * sound.getnchannels()
    silence = b"\x80" if sound.getsampwidth() == 1 else b"\0"
    with wave.open(file, "wb") as result:
        result.setparams(sound.getparams())
        place = 0
        while block := bytearray(sound.readframes(_BLOCK)):
            count = len(block) // width
            for start, end in spans:
                begin = min(max(0, int(start * rate) - place), count)
                stop = min(max(begin, int(end * rate) + 1 - place), count)
                block[begin * width : stop * width] = silence * ((stop - begin) * width)
            result.writeframesraw(bytes(block))
            place += count


def _encode(source: Path, into: Path, spans: Spans, kind: str) -> str:
    av: Any = av_library()
    container, encoder, media_type = _FORMATS.get(kind, _FORMATS["mp3"])
    try:
        with (
            open_audio(source) as sound,
            av.open(str(into), "w", format=container) as result,
        ):
            if not sound.streams.audio:
                raise UndecodableAudio("the file has no audio", hint="Send mp3, m4a, aac, wav or webm.")
            given = sound.streams.audio[0]
            rate = 48_000 if encoder == "libopus" else _rate(given.codec_context.sample_rate)
            stream = result.add_stream(encoder, rate=rate)
            stream.layout = "stereo" if (given.codec_context.channels or 1) > 1 else "mono"
            resampler = av.AudioResampler(format=stream.codec_context.format, layout=stream.layout, rate=rate)
            _pass_on(sound, given, resampler, stream, result, spans)
    except av.FFmpegError as error:
        raise UndecodableAudio(
            f"the audio cannot be muted: {type(error).__name__}", hint="Upload it as mp3, m4a, aac, wav or webm."
        ) from error
    return media_type


def _pass_on(sound: Any, given: Any, resampler: Any, stream: Any, result: Any, spans: Spans) -> None:
    av: Any = av_library()
    place = 0

    def write(frames: Sequence[Any]) -> None:
        nonlocal place
        for frame in frames:
            start, end = place / stream.rate, (place + frame.samples) / stream.rate
            if any(start < stop and begin < end for begin, stop in spans):
                _silence(frame)
            frame.pts = place
            place += frame.samples
            for packet in stream.encode(frame):
                result.mux(packet)

    for packet in sound.demux(given):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        for frame in frames:
            frame.pts = None
            write(resampler.resample(frame))
    write(resampler.resample(None))
    for packet in stream.encode(None):
        result.mux(packet)


def _silence(frame: Any) -> None:
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))


def _rate(given: int) -> int:
    """A rate that every encoder takes."""
    known = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
    return given if given in known else min(known, key=lambda one: (one < given, abs(one - given)))
