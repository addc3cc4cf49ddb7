"""One conversation after the other, in a process of its own: `python -m fieldnote.insight.worker`.

A request is a line of JSON on standard input, its reply a line on standard output; the end of the input ends the
process. The server kills it at a deadline. It also limits its own processor time, so that it ends even where
the other side was killed first.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from fieldnote.insight.definitions import DEFAULTS, read_definitions
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.extract import extract_from
from fieldnote.insight.summary.answers import answers_of
from fieldnote.insight.summary.compose import steps_of, summarize_talk
from fieldnote.insight.talk.roles import Role
from fieldnote.insight.talk.turns import talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit

if sys.platform != "win32":
    import resource

PARTS: Final = ("extract", "summarize")
_NICENESS: Final = 5
"""Below the server that answers calls, on the same machine."""


def look_into(request: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of one conversation.

    `request` has `utterances`, `rep_name`, `started_at` (ISO 8601), `title`, `customer`, `prompts`, `definitions` (the
    defaults where it is missing), `roles` by label, and `parts`: `extract`, `summarize` or both. The reply has `found`
    with `values` by name and `steps` for the first part, `summary` and `answers` (one per prompt, in order) for the
    second, and `failed`: a part's error by its name.
    """
    utterances = [Utterance(**entry) for entry in request["utterances"]]
    definitions = read_definitions(request["definitions"]) if "definitions" in request else DEFAULTS
    roles = {label: Role(role) for label, role in request.get("roles", {}).items()}
    visit = Visit(
        datetime.fromisoformat(request["started_at"]),
        rep_name=request["rep_name"],
        customer=request["customer"],
        project=request["title"],
    )
    talk = talk_of(utterances, visit, roles)
    found = extract_from(talk, definitions)
    reply: dict[str, Any] = {"failed": {}}
    parts = request.get("parts", PARTS)
    if "extract" in parts:
        # A proposed value needs a person, and nobody confirms it in the workspace.
        reply["values"] = {one.name: one.value for one in found if not one.proposed}
        reply["found"] = [_shown(one) for one in found]
        reply["steps"] = steps_of(talk)
    if "summarize" in parts:
        try:
            summary = summarize_talk(talk, found)
            reply["summary"] = summary.text or f"{summary.title}."
            reply["answers"] = answers_of(request["prompts"], talk, found)
        except Exception as error:  # noqa: BLE001 - the values are kept all the same
            reply["failed"]["summarize"] = type(error).__name__
    return reply


def _shown(one: Extraction) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": one.value,
        "evidence": [quote.index for quote in one.quotes],
        "confidence": one.confidence,
        "proposed": one.proposed,
    }


def _reply_to(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        _limit_processor_time(request["deadline"])
        return look_into(request)
    except Exception as error:  # noqa: BLE001 - one transcript must not end the process
        return {"error": type(error).__name__}  # its message may quote the conversation


def _limit_processor_time(seconds: float) -> None:
    """The kernel kills the process if this request takes twice its deadline."""
    if sys.platform == "win32":
        return
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + 2 * seconds) + 1, resource.RLIM_INFINITY))


def main() -> None:
    """Answer requests until the input ends. Signals that stop the server are the server's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(_NICENESS)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(json.dumps(_reply_to(line)).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
