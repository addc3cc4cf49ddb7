"""Files that a careless reader takes very long for, each of a size that is given. Also read by bench/transcripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

_CUE = "00:00:01.000 --> 00:00:02.000\n"


def _aws(size: int) -> str:
    item = {"alternatives": [{"content": "hi"}], "start_time": "1", "end_time": "2"}
    return json.dumps({"results": {"items": [item] * size, "transcripts": [{"transcript": "hi " * size}]}})


def _strings(size: int) -> str:
    return json.dumps([{"text": "hi", "start": "1" * size}, {"text": " " * size + ".", "name": ":" * size}])


def _nested(size: int) -> str:
    value: Any = [{"text": "hi", "start": 1}] * size
    for _ in range(5):
        value = {"data": value, "other": [{"name": "x"}] * size}
    return json.dumps(value)


HOSTILE: dict[str, Callable[[int], str]] = {
    "cues without words": lambda n: _CUE * n,
    "numbers only": lambda n: "WEBVTT\n\n" + "1\n" * n + _CUE + "hi",
    "blank lines": lambda n: "WEBVTT\n" + "\n" * n + _CUE + "hi",
    "comments": lambda n: "WEBVTT\n\n" + "NOTE\n\n" * n + _CUE + "hi",
    "open voices": lambda n: "WEBVTT\n\n" + _CUE + "<v " * n,
    "open tags": lambda n: "WEBVTT\n\n" + _CUE + "hi " + "<a" * n,
    "open braces": lambda n: _CUE + "hi " + "{\\" * n,
    "settings": lambda n: _CUE.strip() + " a:b" * n + " !\nhi",
    "half a timing": lambda n: _CUE + "00:" * n + " --> " * n,
    "words between identifiers": lambda n: (_CUE + "a\n\nb\n") * n,
    "spaces": lambda n: "A" + " " * n + "B: hi\nA: hi\n",
    "one long utterance": lambda n: "A: hi\nB: hi\nA: hi\n" + "more\n" * n,
    "one long cue": lambda n: _CUE + "A: hi\n" + (_CUE + "and more\n") * n,
    "brackets": lambda n: "[(" * n + ": hi\nA: hi\n",
    "colons": lambda n: "a:" * n + "\nA: hi\n",
    "times": lambda n: "0:0:" * n + "\nA: hi\n",
    "entities": lambda n: _CUE + "hi " + "&#" * n,
    "many labels": lambda n: "".join(f"Name {i}: hi\n" for i in range(n)),
    "json keys": lambda n: json.dumps([{"text": "hi"} | {f"time{i}": 1 for i in range(n)}]),
    "json lists": lambda n: json.dumps({f"k{i}": [{"text": "hi", "start": i}] for i in range(n)}),
    "json objects in objects": _nested,
    "json words": _aws,
    "json strings": _strings,
}
