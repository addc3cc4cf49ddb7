"""One JSON object as an utterance or a word, by the names that transcription tools give to keys."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from fieldnote.errors import TranscriptError
from fieldnote.insight.transcripts.clock import parse_time
from fieldnote.insight.transcripts.text import Warnings

Kind = Literal[
    "text", "start", "end", "duration", "span", "speaker", "speaker id", "channel", "like time", "like speaker", ""
]

HINT = (
    'write [{"speaker": "Rep", "text": "Good morning", "start": 0.0, "end": 1.5}, …] '
    'or {"utterances": [the same]}; times are seconds'
)
TIME_HINT = 'write times as seconds (12.5), as milliseconds under a name such as start_ms, or as "00:01:12.5"'

# In order of preference. Keys are compared without case, `_`, `-`, `.` and spaces.
_TEXT = (
    "text", "displaytext", "content", "transcript", "utterance", "message", "sentence", "spokentext", "punctuatedword",
    "word", "display", "value", "body", "rawtext", "caption", "line",
    "words", "elements", "tokens", "terms",
)  # fmt: skip
_SPEAKER = (
    "speakerdisplayname", "speakername", "speakerfullname", "displayname", "fullname", "participantname", "username",
    "speakerlabel", "speaker", "speakertag", "participant", "name", "participantrole", "speakerrole", "role", "author",
    "who", "user", "users", "talker", "person", "party", "sender", "from", "speakers", "voice", "speakeremail",
)  # fmt: skip
_SPEAKER_ID = ("speakerid", "participantid", "userid", "personid", "speakermodellabel", "speakerindex", "spk")
_CHANNEL = ("channel", "channellabel", "channeltag", "channelid", "channelindex", "track")
_START = (
    "start", "starttime", "startoffset", "starttimestamp", "startat", "startsat", "begin", "begintime", "beginoffset",
    "timebegin", "timestart", "audiostart", "offset", "timeoffset", "onset", "timestamp", "time", "timecode", "from",
    "ts", "startts", "t0", "tstart", "cuestart", "startpos", "bg",
)  # fmt: skip
_END = (
    "end", "endtime", "endoffset", "endtimestamp", "endat", "endsat", "stop", "stoptime", "timeend", "timestop",
    "audioend", "finish", "to", "until", "endts", "t1", "tend", "cueend", "endpos", "ed",
)  # fmt: skip
_DURATION = ("duration", "dur", "audioduration")
_SPAN = ("timestamps", "offsets", "timerange", "interval")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNITS = {
    "milliseconds": 1e-3, "millisecond": 1e-3, "millis": 1e-3, "msec": 1e-3, "msecs": 1e-3, "ms": 1e-3,
    "ticks": 1e-7, "microseconds": 1e-6, "micros": 1e-6, "us": 1e-6, "nanoseconds": 1e-9, "nanos": 1e-9, "ns": 1e-9,
    "seconds": 1.0, "second": 1.0, "secs": 1.0, "sec": 1.0, "s": 1.0,
}  # fmt: skip
_UNIT = re.compile(rf"(?P<base>.+?)(?:in)?(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})$")
_TIME_WORDS = _words(
    "at t time times timestamp start started starting begin began end ended ending stop offset onset ts ms millis sec "
    "secs seconds clock timecode"
)
_SPEAKER_WORDS = _words(
    "speaker speakers participant party person author username talker voice role agent caller sender spk diarization "
    "speakername"
)
# Words in keys about something else: when a record was made, or how sure the tool is.
_OTHER_WORDS = _words("created updated edited modified uploaded confidence count gender sentiment color score")
_NAMES_IN_A_SPEAKER = ("name", "displayname", "fullname", "speakername", "username", "label", "role", "email", "id")


@dataclass(slots=True)
class Time:
    """A time as the file has it."""

    value: float
    certain: bool
    """Whether it is seconds for certain; a bare number may be milliseconds."""


@dataclass(slots=True)
class Entry:
    """An utterance or a word, before units and speakers are settled."""

    text: str
    speaker: str = ""
    speaker_id: str = ""
    channel: str = ""
    start: Time | None = None
    end: Time | None = None


def normal(key: str) -> str:
    """A key without case, `_`, `-`, `.` and spaces."""
    return re.sub(r"[_\-\s.]", "", key[:200]).lower()


@lru_cache(maxsize=4096)
def classify(key: str) -> tuple[Kind, int, float | None]:
    """A key's meaning, its rank, and the size of its unit in seconds, if it names one."""
    name = normal(key)
    tables: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("text", _TEXT), ("speaker", _SPEAKER), ("speaker id", _SPEAKER_ID), ("channel", _CHANNEL),
        ("start", _START), ("end", _END), ("duration", _DURATION), ("span", _SPAN),
    )  # fmt: skip
    for kind, names in tables:
        if name in names:
            return kind, names.index(name), None
    if match := _UNIT.match(name):
        for kind, names in tables[4:7]:
            if match["base"] in names:
                return kind, names.index(match["base"]), _UNITS[match["unit"]]
    words = set(re.findall(r"[a-z]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1 \2", key[:200]).lower()))
    if words & _OTHER_WORDS:
        return "", 0, None
    if words & _TIME_WORDS:
        return "like time", 0, None
    return ("like speaker" if words & _SPEAKER_WORDS else ""), 0, None


def by_kind(item: dict[str, Any], warnings: Warnings) -> dict[Kind, tuple[Any, float | None]]:
    """The best value of each kind, with its unit. Unknown keys that look like a time or a speaker are reported."""
    best: dict[Kind, tuple[int, Any, float | None]] = {}
    for key, value in item.items():
        if value is None or value == "":
            continue
        kind, place, unit = classify(key)
        if kind in ("like time", "like speaker"):
            if value not in (False, [], {}):
                warnings.unread_keys[kind.removeprefix("like "), key] += 1
            continue
        if kind == "speaker" and normal(key) == "from" and _is_time(value):
            kind, place = "start", len(_START)
        if kind == "start" and isinstance(value, list | dict) and _span(value) is not None:
            kind = "span"
        if kind == "span" and _span(value) is None:
            warnings.unread_keys["time", key] += 1
            continue
        if kind and (kind not in best or place < best[kind][0]):
            best[kind] = place, value, unit
    return {kind: (value, unit) for kind, (_, value, unit) in best.items()}


def entry(item: dict[str, Any], where: str, warnings: Warnings) -> Entry | None:
    """A JSON object as an utterance; None if it has no text. Raises TranscriptError where a value cannot be read."""
    found = by_kind(item, warnings)
    if "text" not in found:
        return None
    text, first, last = _text(found["text"][0], where, warnings)
    start, end = _times(found, where)
    return Entry(
        text,
        speaker_of(found["speaker"][0], warnings) if "speaker" in found else "",
        speaker_of(found["speaker id"][0], warnings) if "speaker id" in found else "",
        speaker_of(found["channel"][0], warnings) if "channel" in found else "",
        start or (first.start if first else None),
        end or (last.end if last else None),
    )


def _times(found: dict[Kind, tuple[Any, float | None]], where: str) -> tuple[Time | None, Time | None]:
    start = to_time(*found["start"], where) if "start" in found else None
    end = to_time(*found["end"], where) if "end" in found else None
    if "span" in found and start is None and (span := _span(found["span"][0])) is not None:
        unit = found["span"][1]
        start = None if span[0] is None else to_time(span[0], unit, where)
        end = None if span[1] is None else to_time(span[1], unit, where)
    if end is None and start is not None and "duration" in found:
        length = to_time(*found["duration"], where)
        end = Time(start.value + length.value, start.certain and length.certain)
    return start, end


def _span(value: Any) -> tuple[Any, Any] | None:
    """Start and end of `[0.0, 4.0]`, `{"from": …, "to": …}`, and `[0.0, 0.4, 1.1]` with a time for each word."""
    if isinstance(value, list) and len(value) == 2 and all(one is None or _is_time(one) for one in value):
        return value[0], value[1]
    if isinstance(value, list) and value and all(_is_number(one) for one in value) and value == sorted(value):
        return value[0], (value[-1] if len(value) > 1 else None)
    if isinstance(value, dict):
        keys = {normal(str(key)): one for key, one in value.items()}
        for first, last in (("from", "to"), ("start", "end"), ("begin", "end")):
            if first in keys:
                return keys[first], keys.get(last)
    return None


def _is_time(value: Any) -> bool:
    if isinstance(value, str):
        return parse_time(value) is not None
    return _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def to_time(value: Any, unit: float | None, where: str) -> Time:
    """A time in seconds if its unit is known. Raises TranscriptError."""
    if isinstance(value, dict):
        keys = {normal(str(key)): one for key, one in value.items()}
        if "relative" in keys or "absolute" in keys:
            return to_time(keys.get("relative", keys.get("absolute")), None, where)
        if "seconds" in keys or "nanos" in keys:
            whole = to_time(keys.get("seconds", 0), 1.0, where).value
            return Time(whole + to_time(keys.get("nanos", 0), 1e-9, where).value, certain=True)
    if isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value < 1e19 and math.isfinite(value):
        return Time(max(float(value), 0.0) * (unit or 1.0), certain=unit is not None)
    if isinstance(value, str) and (parsed := parse_time(value)) is not None:
        if not parsed[1] and unit is not None:
            return Time(parsed[0] * unit, certain=True)
        return Time(*parsed)
    raise TranscriptError(f"{where} has a time that cannot be read: {str(value)[:60]!r}", hint=TIME_HINT)


def speaker_of(value: Any, warnings: Warnings) -> str:
    """A speaker as one line: `3` and `A` become `Speaker 3` and `Speaker A`."""
    if isinstance(value, list):
        return " and ".join(dict.fromkeys(filter(None, (speaker_of(one, warnings) for one in value[:5]))))
    if isinstance(value, dict):
        keys = {normal(str(key)): one for key, one in value.items()}
        value = next((keys[name] for name in _NAMES_IN_A_SPEAKER if keys.get(name) not in (None, "")), None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"Speaker {value:g}" if math.isfinite(value) and abs(value) < 1e15 else ""
    if not isinstance(value, str):
        return ""
    text = warnings.clean(value)
    return f"Speaker {text}" if re.fullmatch(r"\d+|[A-Z]", text) else text


def _text(value: Any, where: str, warnings: Warnings) -> tuple[str, Entry | None, Entry | None]:
    """The text, and the first and the last of its words where it is a list of them."""
    if isinstance(value, str):
        return warnings.clean(value), None, None
    if isinstance(value, list):
        words = [_word(word, where, warnings) for word in value]
        known = [word for word in words if word is not None]
        if len(known) == len(words):
            timed = [word for word in known if word.start is not None]
            ended = [word for word in known if word.end is not None]
            return join_words([word.text for word in known]), *(
                (timed[0] if timed else None), (ended[-1] if ended else None)
            )  # fmt: skip
    raise TranscriptError(f"{where} has a text that is neither text nor a list of words", hint=HINT)


def _word(value: Any, where: str, warnings: Warnings) -> Entry | None:
    if isinstance(value, str):
        return Entry(warnings.clean(value))
    return entry(value, where, warnings) if isinstance(value, dict) else None


def join_words(words: list[str]) -> str:
    """Words as a text, without spaces before punctuation marks."""
    parts: list[str] = []
    for word in words:
        if not word:
            continue
        if parts and word[0] not in ".,?!;:…%" and word not in ("'s", "n't", "'re", "'ll", "'ve", "'m", "'d"):
            parts.append(" ")
        parts.append(word)
    return "".join(parts)
