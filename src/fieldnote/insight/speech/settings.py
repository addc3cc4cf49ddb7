"""The operator's choice of an engine. A tenant can neither see nor change it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from fieldnote.errors import ConfigError

VARIABLE: Final = "FIELDNOTE_SPEECH"
MODEL_VARIABLE: Final = "FIELDNOTE_SPEECH_MODEL"
KEY_VARIABLE: Final = "FIELDNOTE_SPEECH_KEY"
_INSTALL: Final = 'Install it: pip install "fieldnote[workspace,speech]".'


class Engine(StrEnum):
    """The engine that turns speech into text."""

    MOONSHINE = "moonshine"
    """English, with the weights that its package carries."""
    WHISPER = "faster-whisper"
    """Any Whisper model in a folder, in CTranslate2's format."""
    ENDPOINT = "endpoint"
    """Any endpoint that speaks the OpenAI transcription API."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """An engine and its place."""

    engine: Engine
    folder: str = ""
    """The model folder of faster-whisper."""
    base_url: str = ""
    """The endpoint up to and with its version: `http://localhost:8000/v1`."""
    model: str = "whisper-1"
    api_key: SecretStr | None = None
    timeout: float = 300.0
    """Seconds for one piece of audio."""

    def as_request(self) -> dict[str, object]:
        """For the speech process. It holds the key: it must not be logged."""
        key = None if self.api_key is None else self.api_key.get_secret_value()
        return {
            "engine": self.engine.value,
            "folder": self.folder,
            "base_url": self.base_url,
            "model": self.model,
            "api_key": key,
            "timeout": self.timeout,
        }


def speech_settings(environment: Mapping[str, str] = os.environ) -> SpeechSettings | None:
    """As FIELDNOTE_SPEECH says: `moonshine`, a model folder, or an address; None without it. Raises ConfigError."""
    given = environment.get(VARIABLE, "").strip()
    if given in {"", "off"}:
        return None
    if given.startswith(("http://", "https://")):
        if not urlsplit(given).hostname:
            raise ConfigError(f"{VARIABLE} is not a web address: {given!r}", hint="Write http://localhost:8000/v1.")
        key = environment.get(KEY_VARIABLE)
        model = environment.get(MODEL_VARIABLE, "whisper-1")
        return _decoding(
            SpeechSettings(Engine.ENDPOINT, base_url=given, model=model, api_key=SecretStr(key) if key else None)
        )
    if given == Engine.MOONSHINE:
        if find_spec("moonshine_voice") is None:
            raise ConfigError("moonshine-voice is not installed", hint=_INSTALL)
        return _decoding(SpeechSettings(Engine.MOONSHINE))
    if not (Path(given) / "model.bin").is_file():
        raise ConfigError(
            f"{VARIABLE} is neither moonshine, nor an address, nor a folder with model.bin: {given!r}",
            hint="Set it to one of these, or to off.",
        )
    if find_spec("faster_whisper") is None:
        raise ConfigError("faster-whisper is not installed", hint=_INSTALL)
    return _decoding(SpeechSettings(Engine.WHISPER, folder=given))


def _decoding(settings: SpeechSettings) -> SpeechSettings:
    if find_spec("av") is None:
        raise ConfigError("the decoder PyAV is not installed", hint=_INSTALL)
    return settings
