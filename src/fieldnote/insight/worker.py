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

from fieldnote.insight import Utterance, answers, extract, next_steps, summarize

if sys.platform != "win32":
    import resource

_NICENESS: Final = 5
"""Below the server that answers calls, on the same machine."""


def look_into(request: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of one conversation.

    `request` has `utterances`, `rep_name`, `started_at` (ISO 8601), `title`, `customer` and `prompts`. The reply has
    `values` by name, `summary`, `answers` (one per prompt, in order) and `steps`.
    """
    utterances = [Utterance(**entry) for entry in request["utterances"]]
    rep_name = request["rep_name"]
    found = extract(utterances, rep_name=rep_name, started_at=datetime.fromisoformat(request["started_at"]))
    return {
        "values": {extraction.name: extraction.value for extraction in found},
        "summary": summarize(
            utterances, found, title=request["title"], customer=request["customer"], rep_name=rep_name
        ),
        "answers": answers(request["prompts"], utterances, found, rep_name=rep_name),
        "steps": list(next_steps(utterances, rep_name=rep_name)),
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
