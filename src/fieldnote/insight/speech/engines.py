"""The engines, behind one interface: samples of one channel become phrases with times."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx2
import numpy as np
from pydantic import BaseModel, ValidationError

from fieldnote.errors import ConfigError, FieldnoteError, Transient
from fieldnote.insight.speech.decoding import RATE
from fieldnote.insight.speech.settings import Engine, SpeechSettings

if TYPE_CHECKING:
    from fieldnote.insight.speech.decoding import Samples

_LONGEST_ANSWER: Final = 8_000_000


@dataclass(frozen=True, slots=True)
class Phrase:
    """A few words."""

    start: float
    """Seconds since the beginning of the samples."""
    end: float
    text: str


class Transcriber(Protocol):
    """An engine that is loaded."""

    longest: float
    """Seconds of a piece."""

    def transcribe(self, samples: Samples) -> list[Phrase]:
        """The phrases of one channel, in order."""


class SpeechFailed(FieldnoteError):
    """The engine gave no usable text."""


class SpeechUnavailable(SpeechFailed, Transient):
    """The endpoint cannot be reached, is too slow, or is busy."""


def open_engine(settings: SpeechSettings) -> Transcriber:
    """Load an engine. Raises ConfigError."""
    match settings.engine:
        case Engine.MOONSHINE:
            return _Moonshine()
        case Engine.WHISPER:
            return _Whisper(settings.folder)
        case Engine.ENDPOINT:
            return _Endpoint(settings)


class _Moonshine:
    longest = 30.0

    def __init__(self) -> None:
        from moonshine_voice.moonshine_api import ModelArch  # noqa: PLC0415 - an optional package
        from moonshine_voice.transcriber import Transcriber as Native  # noqa: PLC0415 - it loads a library of 40 MB
        from moonshine_voice.utils import get_model_path  # noqa: PLC0415 - as above

        self._native: Any = Native(str(get_model_path("tiny-en")), ModelArch.TINY, options={"identify_speakers": False})

    def transcribe(self, samples: Samples) -> list[Phrase]:
        found = self._native.transcribe_without_streaming(samples.tolist(), RATE)
        return [
            Phrase(line.start_time, line.start_time + line.duration, " ".join(line.text.split()))
            for line in found.lines
            if line.text.strip()
        ]


class _Whisper:
    longest = 30.0

    def __init__(self, folder: str) -> None:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an optional package

        try:
            self._model: Any = WhisperModel(folder, device="cpu", compute_type="int8", local_files_only=True)
        except (RuntimeError, ValueError, OSError) as error:
            raise ConfigError(
                f"the speech model cannot be loaded: {folder}: {type(error).__name__}",
                hint="Give a folder with a Whisper model in CTranslate2's format.",
            ) from error

    def transcribe(self, samples: Samples) -> list[Phrase]:
        segments, _ = self._model.transcribe(samples, condition_on_previous_text=False, vad_filter=False)
        return [Phrase(one.start, one.end, " ".join(one.text.split())) for one in segments if one.text.strip()]


class _Segment(BaseModel):
    start: float = 0.0
    end: float = 0.0
    text: str = ""


class _Answer(BaseModel):
    text: str = ""
    segments: list[_Segment] | None = None


class _Endpoint:
    longest = 300.0

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        key = settings.api_key
        headers = {} if key is None else {"authorization": f"Bearer {key.get_secret_value()}"}
        # No redirects: the key goes to the operator's endpoint only.
        self._http = httpx2.Client(timeout=settings.timeout, headers=headers, follow_redirects=False)

    def transcribe(self, samples: Samples) -> list[Phrase]:
        form = {"model": self._settings.model, "response_format": "verbose_json", "temperature": "0"}
        url = f"{self._settings.base_url.rstrip('/')}/audio/transcriptions"
        try:
            answer = self._http.post(url, data=form, files={"file": ("audio.wav", _wav(samples), "audio/wav")})
        except httpx2.InvalidURL as error:
            raise SpeechFailed("the speech endpoint's address is not a URL", hint="Check FIELDNOTE_SPEECH.") from error
        except httpx2.HTTPError as error:
            raise SpeechUnavailable(
                f"the speech endpoint is unavailable: {type(error).__name__}", hint="Look at its health."
            ) from error
        if answer.status_code in {408, 409, 425, 429} or answer.status_code >= 500:
            raise SpeechUnavailable(
                f"the speech endpoint is unavailable: HTTP {answer.status_code}", hint="Look at its health."
            )
        if answer.status_code != 200:
            raise SpeechFailed(
                f"the speech endpoint rejected the request: HTTP {answer.status_code}",
                hint="Check its address, key and model name.",
            )
        return _phrases(answer.content, len(samples) / RATE)


def _phrases(content: bytes, seconds: float) -> list[Phrase]:
    """Phrases within the piece, whatever times the endpoint gives. Raises SpeechFailed."""
    try:
        answer = _Answer.model_validate_json(content[:_LONGEST_ANSWER])
    except ValidationError as error:
        raise SpeechFailed(
            "the speech endpoint's answer is not a transcription",
            hint="Use an endpoint that speaks the OpenAI transcription API.",
        ) from error
    segments = answer.segments or [_Segment(start=0.0, end=seconds, text=answer.text)]
    found = []
    for one in segments:
        start = min(max(0.0, one.start), seconds)
        end = min(max(start, one.end), seconds)
        if text := " ".join(one.text.split()):
            found.append(Phrase(start, end, text))
    return found


def _wav(samples: Samples) -> bytes:
    into = io.BytesIO()
    with wave.open(into, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return into.getvalue()
