"""Transcripts as JSON: a list of utterances, by the names that the usual tools give to their parts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fieldnote.errors import TranscriptError
from fieldnote.insight.lines_format import seconds
from fieldnote.insight.utterances import Utterance

_LISTS = (
    "utterances", "segments", "transcript", "transcripts", "monologues", "turns", "sentences", "entries",
    "messages", "items",
    "phrases", "conversation", "dialogue", "results", "data", "cues", "paragraphs",
)  # fmt: skip
# Compared without case, `_` and `-`.
_SPEAKER = (
    "speakername",
    "speakerlabel",
    "speaker",
    "speakertag",
    "name",
    "role",
    "participant",
    "author",
    "who",
    "user",
    "speakerid",
    "channel",
    "from",
)
_TEXT = (
    "text",
    "content",
    "transcript",
    "utterance",
    "message",
    "sentence",
    "displaytext",
    "value",
    "body",
    "words",
    "elements",
    "tokens",
)
_WORD = ("punctuatedword", "word", "text", "value", "content")
_START = (
    "start",
    "starttime",
    "startsec",
    "starts",
    "startseconds",
    "begin",
    "begintime",
    "offset",
    "timestamp",
    "time",
    "from",
    "ts",
)
_END = ("end", "endtime", "endsec", "ends", "endseconds", "stop", "finish", "to", "endts")
_MILLI = ("ms", "inmillis", "millis", "milliseconds", "msec", "inmilliseconds", "inms")
_SLOWEST = 0.4
"""Letters in a second of the slowest talk; below it, whole numbers are milliseconds."""

_HINT = (
    'write [{"speaker": "Rep", "text": "Good morning", "start": 0.0, "end": 1.5}, …] '
    'or {"utterances": [the same]}; times are seconds'
)


def read_json(text: str, name: str) -> list[Utterance]:
    """The utterances of a JSON text, or of JSON lines. Raises TranscriptError."""
    value = _parsed(text, name)
    items = _list_in(value)
    if items is None:
        raise TranscriptError(f"{name}: this JSON holds no list of utterances", hint=_HINT)
    names = _names(value)
    found = [_utterance(item, position, name) for position, item in enumerate(items)]
    return _in_seconds([replace(one, speaker=names.get(one.speaker, one.speaker)) for one in found if one.text])


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = _json_lines(text)
        if lines is None:
            raise TranscriptError(f"{name}:{error.lineno}: not JSON: {error.msg}", hint=_HINT) from error
        return lines


def _names(value: Any, depth: int = 0) -> dict[str, str]:
    """Siro's `speakerMap`, from the tags of the utterances to names."""
    if not isinstance(value, dict) or depth > 2:
        return {}
    known = value.get("speakerMap") or value.get("speaker_map")
    if isinstance(known, dict):
        pairs = [(str(tag), str(name)) for tag, name in known.items() if name]
        return dict(pairs) | {f"Speaker {tag}": name for tag, name in pairs}
    return _names(value.get("data"), depth + 1)


def _json_lines(text: str) -> list[Any] | None:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
        return None
    try:
        return [json.loads(line) for line in lines]
    except json.JSONDecodeError:
        return None


def _list_in(value: Any, depth: int = 0) -> list[Any] | None:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or depth > 3:
        return None
    for key in _LISTS:
        if (found := _list_in(value.get(key), depth + 1)) is not None:
            return found
    return None


def _utterance(item: Any, position: int, name: str) -> Utterance:
    where = f"{name}: utterance {position + 1}"
    if not isinstance(item, dict):
        raise TranscriptError(f"{where} is not an object", hint=_HINT)
    keys = {re.sub(r"[_\-\s]", "", str(key)).lower(): value for key, value in item.items()}
    text = next((keys[key] for key in _TEXT if keys.get(key) is not None), None)
    if text is None:
        raise TranscriptError(f"{where} has no text; it has {', '.join(map(str, item)) or 'nothing'}", hint=_HINT)
    start = _time(keys, _START, where)
    end = _time(keys, _END, where)
    length = _time(keys, ("duration",), where)
    if end is None and start is not None and length is not None:
        end = start + length
    return Utterance(_speaker(keys), " ".join(_text(text, where).split()), start, end)


def _speaker(keys: Mapping[str, Any]) -> str:
    for key in _SPEAKER:
        value = keys.get(key)
        if isinstance(value, dict):
            value = value.get("name") or value.get("displayName") or value.get("role") or value.get("id")
        if isinstance(value, str) and value.strip() and not (key == "from" and value[0].isdigit()):
            return f"Speaker {value.strip()}" if re.fullmatch(r"\d+|[A-Z]", value.strip()) else value.strip()
        if isinstance(value, int) and not isinstance(value, bool) and key != "from":
            return f"Speaker {value}"
    return ""


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        words = [_word(word) for word in value]
        if all(word is not None for word in words):
            return re.sub(r"\s+(?=[.,?!;:])", "", " ".join(word for word in words if word))
    raise TranscriptError(f"{where} has a text that is neither text nor a list of words", hint=_HINT)


def _word(word: Any) -> str | None:
    if isinstance(word, dict):
        word = next((word[key] for key in word if re.sub(r"[_\-]", "", key).lower() in _WORD), None)
    return word.strip() if isinstance(word, str) else None


def _time(keys: Mapping[str, Any], names: tuple[str, ...], where: str) -> float | None:
    """Seconds; from a key that says milliseconds, or a clock's text, converted."""
    for name in names:
        for ending in ("", *_MILLI):
            value = keys.get(name + ending)
            if value is not None and not (name == "from" and isinstance(value, str) and not value[:1].isdigit()):
                found = _number(value, where)
                return found / 1000 if ending else found
    return None


def _number(value: Any, where: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e11:
        return float(value)
    if isinstance(value, str):
        text = value.strip().removesuffix("s").strip()
        if re.fullmatch(r"\d+(?:\.\d+)?", text):
            return float(text)
        if re.fullmatch(r"(?:\d{1,3}:)?\d{1,3}:\d{2}(?:[.,]\d+)?", text):
            return seconds(text)
    raise TranscriptError(
        f"{where} has a time that cannot be read",
        hint='times are seconds (12.5), milliseconds under a name such as start_ms, or "00:01:12.5"',
    )


def _in_seconds(said: list[Utterance]) -> list[Utterance]:
    """Whole numbers that would make people talk impossibly slowly are milliseconds."""
    times = [time for one in said for time in (one.start, one.end) if time is not None]
    if len(times) < 2 or any(time != int(time) for time in times):
        return said
    length = max(times) - min(times)
    if length < 1000 or sum(len(one.text) for one in said) / length > _SLOWEST:
        return said
    return [
        Utterance(
            one.speaker,
            one.text,
            None if one.start is None else one.start / 1000,
            None if one.end is None else one.end / 1000,
        )
        for one in said
    ]
