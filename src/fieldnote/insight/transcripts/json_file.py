"""Transcripts as JSON or JSON lines: the exports of named tools, or a list of utterances."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fieldnote.errors import TranscriptError
from fieldnote.insight.transcripts.json_entries import HINT, Entry, by_kind, classify, normal
from fieldnote.insight.transcripts.json_lists import generic_entries, names_by_id, utterances
from fieldnote.insight.transcripts.json_tools import azure_events, tool_entries
from fieldnote.insight.transcripts.text import Warnings
from fieldnote.insight.utterances import Utterance

_WRAPPERS = ("data", "transcript", "result", "response", "speech", "transcription", "body", "payload")
_TEXTS = ("text", "transcript", "transcription", "content", "vtt", "srt")
_DEEPEST = 3


def read_json(text: str, warnings: Warnings, read_text: Callable[[str, Warnings], list[Utterance]]) -> list[Utterance]:
    """The utterances of a JSON text, or of JSON lines; `read_text` reads a whole transcript in a string of it.

    Raises TranscriptError.
    """
    value = _parse(text, warnings.name)
    if (whole := _whole_text(value, warnings)) is not None:
        return read_text(whole, warnings)
    entries = _entries(value, warnings)
    if not any(one.speaker or one.speaker_id for one in entries):
        for root in _roots(value):
            _report_speakers_apart(root, warnings)
    return utterances(entries, names_by_id(value), warnings)


def _report_speakers_apart(root: dict[str, Any], warnings: Warnings) -> None:
    """Report lists of who speaks when, beside words that name nobody."""
    for key, items in root.items():
        if classify(key)[0] not in ("speaker", "like speaker") or not isinstance(items, list):
            continue
        if any(isinstance(one, dict) and any(classify(name)[0] == "start" for name in one) for one in items[:20]):
            warnings.unread_keys["speaker", key] += 1


def _whole_text(value: Any, warnings: Warnings) -> str | None:
    """The text of a file that has nothing else: `{"text": "Rep: Good morning…"}`."""
    roots = _roots(value)
    if (
        isinstance(value, list)
        or not roots
        or any(isinstance(one, list) and one for root in roots for one in root.values())
    ):
        return None
    root = roots[-1]
    texts = [one for key, one in root.items() if normal(key) in _TEXTS and isinstance(one, str) and one.strip()]
    others = any(classify(key)[0] in ("start", "end", "speaker", "speaker id") for key in root)
    if len(texts) != 1 or others or texts[0].lstrip().startswith(("{", "[")):
        return None
    by_kind(root, warnings)  # reports keys that are not read
    return texts[0]


def _entries(value: Any, warnings: Warnings) -> list[Entry]:
    if isinstance(value, list) and value and (found := azure_events(value, warnings)) is not None:
        return found
    for root in _roots(value):
        if (found := tool_entries(root, warnings)) is not None:
            return found
    _refuse_several(value, warnings)
    return generic_entries(value, warnings)


def _roots(value: Any) -> list[dict[str, Any]]:
    """The object, and the objects that it wraps under a usual name."""
    found = list[dict[str, Any]]()
    for _ in range(_DEEPEST):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            break
        found.append(value)
        inner = [one for key, one in value.items() if normal(key) in _WRAPPERS and isinstance(one, dict | list)]
        if not inner:
            break
        value = inner[0]
    return found


def _refuse_several(value: Any, warnings: Warnings) -> None:
    """Refuse a list of meetings: the words of several would become one conversation."""
    for root in _roots(value):
        for key, items in root.items():
            if normal(key) not in ("transcripts", "meetings", "calls", "conversations", "recordings"):
                continue
            if isinstance(items, list) and len(items) > 1 and all(_is_conversation(one) for one in items):
                raise TranscriptError(
                    f"{warnings.name}: {len(items)} conversations under {key!r}",
                    hint="give a file for each conversation",
                )


def _is_conversation(value: Any) -> bool:
    names = {"sentences", "utterances", "segments", "transcript", "monologues"}
    return isinstance(value, dict) and any(
        normal(key) in names and isinstance(one, list) and one and isinstance(one[0], dict) and "word" not in one[0]
        for key, one in value.items()
    )


def _parse(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = _json_lines(text)
        if lines is None:
            raise TranscriptError(f"{name}:{error.lineno}: not JSON: {error.msg}", hint=HINT) from error
        return lines
    except RecursionError:
        raise TranscriptError(f"{name}: this JSON is nested too deeply", hint=HINT) from None
    except ValueError:  # Python refuses to read numbers of more than 4,300 digits
        raise TranscriptError(f"{name}: this JSON has a number with too many digits", hint=HINT) from None


def _json_lines(text: str) -> list[Any] | None:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
        return None
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return None
