"""One file of audio after the other, in a process of its own: `python -m fieldnote.insight.speech.worker`.

A request is a line of JSON: `path`, `speech` (as `SpeechSettings.as_request`), `mute` (spans, in the place of
`speech`). Lines with `progress`, in seconds, come before the reply. The server kills the process if no line comes
within the deadline.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from pydantic import SecretStr

from fieldnote.errors import FieldnoteError
from fieldnote.insight.speech.muting import mute
from fieldnote.insight.speech.settings import Engine, SpeechSettings

if TYPE_CHECKING:
    from fieldnote.insight.speech.engines import Transcriber

_NICENESS: Final = 10
"""Below the server, and below extraction."""


class Worker:
    """Keeps its engine loaded."""

    def __init__(self) -> None:
        self._loaded: tuple[str, Transcriber] | None = None

    def reply_to(self, line: bytes, on_progress: Callable[[float], None]) -> dict[str, Any]:
        """The reply. An error's words are this program's own, and quote no speech."""
        try:
            request = json.loads(line)
            path = Path(request["path"])
            if "mute" in request:
                spans = [(float(start), float(end)) for start, end in request["mute"]]
                return {"media_type": mute(path, Path(request["into"]), spans, request["media_type"])}
            # Muting a WAV file needs none of the optional packages.
            from fieldnote.insight.speech.transcribe import transcribe  # noqa: PLC0415

            found = transcribe(path, self._engine(request["speech"]), on_progress)
            return {"utterances": [asdict(one) for one in found.utterances], "seconds": found.seconds}
        except FieldnoteError as error:
            return {"error": type(error).__name__, "reason": error.message}
        except Exception as error:  # noqa: BLE001 - one file must not end the process
            return {"error": type(error).__name__}

    def _engine(self, given: Mapping[str, Any]) -> Transcriber:
        from fieldnote.insight.speech.engines import open_engine  # noqa: PLC0415 - as above

        name = json.dumps(given, sort_keys=True)
        if self._loaded is None or self._loaded[0] != name:
            key = given["api_key"]
            settings = SpeechSettings(
                Engine(given["engine"]),
                given["folder"],
                given["base_url"],
                given["model"],
                SecretStr(key) if key else None,
                given["timeout"],
            )
            self._loaded = (name, open_engine(settings))
        return self._loaded[1]


def main() -> None:
    """Answer requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(_NICENESS)
    # Libraries print to the standard output: replies have one of their own.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin.buffer:
        _send(replies, worker.reply_to(line, lambda seconds: _send(replies, {"progress": seconds})))


def _send(into: TextIO, reply: Mapping[str, Any]) -> None:
    into.write(json.dumps(reply) + "\n")
    into.flush()


if __name__ == "__main__":
    main()
