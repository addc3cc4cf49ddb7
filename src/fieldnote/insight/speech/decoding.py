"""Audio files as samples: 16 kHz, one array a channel, a block at a time, so that hours need little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fieldnote.errors import ConfigError, FieldnoteError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

RATE: Final = 16_000
"""Samples a second."""
MOST_CHANNELS: Final = 2
_DAY: Final = 24 * 3600


class UndecodableAudio(FieldnoteError):
    """The file is not audio that can be decoded."""


def decoded(path: Path) -> Iterator[Samples]:
    """Blocks of samples with the shape (channels, length), 1 or 2 channels. Raises UndecodableAudio."""
    av: Any = av_library()
    try:
        with open_audio(path) as container:
            if not container.streams.audio:
                raise UndecodableAudio("the file has no audio", hint="Send mp3, m4a, aac, wav or webm.")
            stream = container.streams.audio[0]
            channels = min(MOST_CHANNELS, stream.codec_context.channels or 1)
            layout = "stereo" if channels == 2 else "mono"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
            yield from _blocks(container, stream, resampler)
    except av.FFmpegError as error:
        raise UndecodableAudio(
            f"the audio cannot be decoded: {type(error).__name__}", hint="Send mp3, m4a, aac, wav or webm."
        ) from error


def _blocks(container: Any, stream: Any, resampler: Any) -> Iterator[Samples]:
    av: Any = av_library()
    count = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:  # a damaged packet takes no other with it
            continue
        for frame in frames:
            frame.pts = None
            for done in resampler.resample(frame):
                count += done.samples
                if count > _DAY * RATE:
                    raise UndecodableAudio("the audio is longer than a day", hint="Split it.")
                yield done.to_ndarray()
    for done in resampler.resample(None):
        yield done.to_ndarray()
    if not count:
        raise UndecodableAudio("the file has no sound", hint="Check the recorder.")


def open_audio(path: Path) -> Any:
    """The file opened by PyAV, whatever the bytes of its tags. Raises av.FFmpegError."""
    av: Any = av_library()
    before_19 = int(av.__version__.split(".")[0]) < 19  # from 19 on, PyAV itself takes tags that are not UTF-8
    return av.open(str(path), **({"metadata_errors": "ignore"} if before_19 else {}))


def av_library() -> Any:
    try:
        import av  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise ConfigError(
            "the decoder PyAV is not installed", hint='Install it: pip install "fieldnote[workspace,speech]".'
        ) from error
    return av
