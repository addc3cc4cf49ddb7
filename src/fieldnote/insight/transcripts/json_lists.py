"""From JSON entries to utterances: which list has them, who speaks, which unit the times have."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from fieldnote.errors import TranscriptError
from fieldnote.insight.transcripts.json_entries import HINT, TIME_HINT, Entry, Time, classify, entry, join_words, normal
from fieldnote.insight.transcripts.text import Warnings, letters, shown
from fieldnote.insight.utterances import Utterance

_LISTS = (
    "utterances", "segments", "transcript", "transcripts", "monologues", "turns", "sentences", "entries", "messages",
    "items", "phrases", "conversation", "dialogue", "results", "data", "cues", "paragraphs", "chunks", "words",
)  # fmt: skip
_NESTED = ("sentences", "segments", "utterances", "phrases", "paragraphs", "lines", "transcripts", "transcript")
_DEEPEST = 6
_MOST_LISTS = 200
_SLOWEST = 0.4
"""Letters in a second of the slowest speech; below it, whole numbers without ends are milliseconds."""
_SLOWEST_IN_MS = 0.06
"""Letters in a millisecond of impossibly fast speech; below it, whole numbers with ends are milliseconds.

An entry may hold a long pause, but nobody says 60 letters in a second.
"""
_UNKNOWN = 0.0004
"""Letters in a unit of time, below which the unit is smaller than milliseconds."""
_PAUSE = 2.0
_LONGEST = 600
_COVERED = 0.9
"""The share of the words of a file that a list must have, to be read instead of the joined text."""
_ENDINGS = (".", "?", "!", "\u3002", "\uff1f", "\uff01")


@dataclass(frozen=True, slots=True)
class _Candidate:
    key: str
    items: list[Any]
    letters: int
    speakers: bool
    times: bool


def generic_entries(value: Any, warnings: Warnings) -> list[Entry]:
    """The entries of the list that has all words and, if one has them, speakers and times. Raises TranscriptError."""
    if isinstance(value, list) and not (len(value) == 1 and _has_lists(value[0])):
        return _entries(value, warnings, "")
    candidates = list[_Candidate]()
    _collect(value[0] if isinstance(value, list) else value, "", 0, candidates)
    if not candidates:
        raise TranscriptError(f"{warnings.name}: this JSON has no list of utterances", hint=HINT)
    most = max(one.letters for one in candidates)
    whole = [one for one in candidates if one.letters >= _COVERED * most]
    best = max(whole, key=lambda one: (one.speakers + one.times, -_place(one.key), -len(one.items)))
    return _entries(best.items, warnings, "")


def _has_lists(value: Any) -> bool:
    """Whether an object has no text of its own and lists that may have it."""
    return (
        isinstance(value, dict)
        and not any(classify(str(key))[0] == "text" and isinstance(one, str) for key, one in value.items())
        and any(isinstance(one, dict | list) for one in value.values())
    )


def _place(key: str) -> int:
    name = normal(key)
    return _LISTS.index(name) if name in _LISTS else len(_LISTS)


def _collect(value: Any, key: str, depth: int, found: list[_Candidate]) -> None:
    if depth > _DEEPEST or len(found) >= _MOST_LISTS:
        return
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, dict | list):
                _collect(one, str(name), depth + 1, found)
    elif isinstance(value, list) and value and any(isinstance(one, dict) for one in value):
        if candidate := _candidate(key, value):
            found.append(candidate)
        elif len(value) == 1:
            _collect(value[0], key, depth + 1, found)
    elif key.lower() in _LISTS[:7] and isinstance(value, list) and not found:
        found.append(_Candidate(key, value, 0, speakers=False, times=False))


def _candidate(key: str, items: list[Any]) -> _Candidate | None:
    """A list as far as its quality can be judged; None if most of its items have no words."""
    probe = Warnings("")
    total, with_text, speakers, times = 0, 0, False, False
    for item in items:
        if not isinstance(item, dict):
            return None
        try:
            parts = _item_entries(item, "", probe)
        except TranscriptError:
            parts = [Entry("unreadable")]
        with_text += bool(parts)
        total += sum(letters(part.text) for part in parts)
        speakers = speakers or any(part.speaker or part.speaker_id for part in parts)
        times = times or any(part.start for part in parts)
    return _Candidate(key, items, total, speakers, times) if with_text * 2 > len(items) else None


def _entries(items: list[Any], warnings: Warnings, what: str) -> list[Entry]:
    found = list[Entry]()
    for position, item in enumerate(items, 1):
        where = f"{warnings.name}: {what}utterance {position}"
        if not isinstance(item, dict):
            raise TranscriptError(f"{where} is not an object", hint=HINT)
        parts = _item_entries(item, where, warnings)
        if not parts and not _silent(item):
            keys = ", ".join(shown(key) for key in list(item)[:20]) or "nothing"
            raise TranscriptError(f"{where} has no text; it has {keys}", hint=HINT)
        found.extend(parts)
    return found


def _silent(item: dict[str, Any]) -> bool:
    """Whether an entry has a key for words with nothing in it."""
    return any(classify(str(key))[0] == "text" for key in item)


def _item_entries(item: dict[str, Any], where: str, warnings: Warnings) -> list[Entry]:
    """One object as an utterance, or as several where it has a list of sentences."""
    for key, nested in item.items():
        if (
            normal(str(key)) in _NESTED
            and isinstance(nested, list)
            and nested
            and all(isinstance(one, dict) for one in nested)
        ):
            parts = [part for one in nested if (part := entry(one, where, warnings)) is not None]
            if not parts:
                continue
            outer = entry(
                {"text": "outer"} | {k: v for k, v in item.items() if k != key and classify(str(k))[0] != "text"},
                where,
                warnings,
            )
            if outer is None:
                continue
            return [
                replace(
                    part,
                    speaker=part.speaker or outer.speaker,
                    speaker_id=part.speaker_id or outer.speaker_id,
                    channel=part.channel or outer.channel,
                )
                for part in parts
            ]
    one = entry(item, where, warnings)
    return [] if one is None else [one]


def names_by_id(value: Any) -> dict[str, str]:
    """The names of speakers by their ids, from lists such as `speakers`, `parties` and Siro's `speakerMap`."""
    found: dict[str, str] = {}
    _collect_names(value, 0, found)
    return found


def _collect_names(value: Any, depth: int, found: dict[str, str]) -> None:
    if depth > 3:
        return
    if isinstance(value, list):
        for one in value[:20] if depth else value[:1]:
            _collect_names(one, depth + 1, found)
        return
    if not isinstance(value, dict):
        return
    for key, one in value.items():
        if normal(str(key)) == "speakermap" and isinstance(one, dict):
            found.update({str(tag): str(name) for tag, name in one.items() if name and isinstance(name, str)})
        elif normal(str(key)) in ("speakers", "parties", "participants", "attendees", "users") and isinstance(
            one, list
        ):
            for person in one[:200]:
                if isinstance(person, dict):
                    _add_person(person, found)
        elif isinstance(one, dict) or (isinstance(one, list) and len(one) < 3):
            _collect_names(one, depth + 1, found)


def _add_person(person: dict[str, Any], found: dict[str, str]) -> None:
    keys = {normal(str(key)): one for key, one in person.items()}
    name = next(
        (
            keys[key]
            for key in ("name", "speakername", "displayname", "fullname", "username")
            if isinstance(keys.get(key), str) and keys[key].strip()
        ),
        None,
    )
    if name is None:
        return
    for key in ("speakerid", "id", "userid", "participantid", "speakertag", "tag", "label", "speakerlabel", "index"):
        if isinstance(keys.get(key), str | int) and not isinstance(keys[key], bool):
            found.setdefault(str(keys[key]), name)


def grouped(words: Sequence[Entry]) -> list[Entry]:
    """Words as utterances: one speaker each, up to the end of a sentence that a pause follows."""
    named = any(word.speaker or word.channel for word in words)
    groups = list[list[Entry]]()
    length = 0
    for word in words:
        last = groups[-1][-1] if groups else None
        if (
            last is None
            or (_who(word) != _who(last) if word.speaker or word.start else False)
            or _breaks(last, word, named=named, length=length)
        ):
            groups.append([])
            length = 0
        groups[-1].append(word)
        length += len(word.text) + 1
    return [
        replace(
            group[0],
            text=join_words([word.text for word in group]),
            start=next((word.start for word in group if word.start), None),
            end=next((word.end for word in reversed(group) if word.end), None),
        )
        for group in groups
    ]


def _who(word: Entry) -> tuple[str, str, str]:
    return word.speaker, word.speaker_id, word.channel


def _breaks(last: Entry, word: Entry, *, named: bool, length: int) -> bool:
    if not last.text.endswith(_ENDINGS):
        return False
    if not named or length > _LONGEST:
        return True
    return bool(last.end and word.start and word.start.value - last.end.value >= _PAUSE)


def covers(entries: Sequence[Entry], joined: str) -> bool:
    """Whether the entries have the words of the joined text."""
    return sum(letters(one.text) for one in entries) >= _COVERED * letters(joined)


def best_of(lists: Sequence[list[Entry]], joined: str, tool: str, warnings: Warnings) -> list[Entry]:
    """The first list that has all words of the joined text; else the text itself, without speakers and times."""
    for entries in lists:
        if entries and covers(entries, joined):
            return entries
    if any(lists) and joined.strip():
        warnings.add(
            f"this {tool} export has speakers and times for a part of its words only; all words are read without them"
        )
    text = warnings.clean(joined)
    return [Entry(text)] if text else next((entries for entries in lists if entries), [])


def utterances(entries: Sequence[Entry], names: dict[str, str], warnings: Warnings) -> list[Utterance]:
    """The utterances, with times in seconds and in order, where all have them. Raises TranscriptError."""
    said = [one for one in entries if one.text]
    scale = _scale(said, warnings.name)
    speakers = _speakers(said, names)
    found = [
        Utterance(speaker, one.text, _seconds(one.start, scale), _seconds(one.end, scale))
        for one, speaker in zip(said, speakers, strict=True)
    ]
    wrong = sum(one.start is not None and one.end is not None and one.end < one.start for one in found)
    if wrong:
        warnings.add(f"{wrong} utterances end before they start; their ends are not read")
        found = [
            replace(one, end=None) if one.start is not None and one.end is not None and one.end < one.start else one
            for one in found
        ]
    if all(one.start is not None for one in found):
        found.sort(key=lambda one: one.start or 0.0)
    return found


def _seconds(time: Time | None, scale: float) -> float | None:
    if time is None:
        return None
    return round(time.value if time.certain else time.value * scale, 6)


def _speakers(said: Sequence[Entry], names: dict[str, str]) -> list[str]:
    """The speaker of each entry: name, else id, else channel where there are several."""
    channels = {one.channel for one in said if one.channel}
    spoken = [_named(one, names) for one in said]
    on = defaultdict[str, set[str]](set)
    for one, speaker in zip(said, spoken, strict=True):
        on[speaker].add(one.channel)
    if len(channels) < 2:
        return spoken
    found = []
    for one, speaker in zip(said, spoken, strict=True):
        channel = one.channel.removeprefix("Speaker ")
        channel = f"Channel {channel}" if channel.isdigit() else channel
        if not speaker:
            found.append(channel)
        else:  # numbers of speakers start again on each channel
            found.append(f"{speaker} ({channel.lower()})" if len(on[speaker]) > 1 and channel else speaker)
    return found


def _named(one: Entry, names: dict[str, str]) -> str:
    for label in (one.speaker, one.speaker_id):
        tag = label.removeprefix("Speaker ")
        if label and (name := names.get(label) or names.get(tag)):
            return name
    return one.speaker or one.speaker_id


def _scale(said: Sequence[Entry], name: str) -> float:
    """The unit of the times that do not name one, in seconds: by how fast people would speak."""
    bare = [one for one in said if one.start is not None and not one.start.certain]
    values = [time.value for one in bare for time in (one.start, one.end) if time is not None and not time.certain]
    if len(values) < 2 or max(values) - min(values) < 1000 or any(value != int(value) for value in values):
        return 1.0
    if min(values) > 1e9:  # since 1970
        return 1.0 if max(values) < 1e11 else 1e-3 if max(values) < 1e14 else 1e-6
    rate = _rate(bare)
    if rate is None or rate >= (_SLOWEST_IN_MS if any(one.end for one in bare) else _SLOWEST):
        return 1.0
    if rate < _UNKNOWN:
        raise TranscriptError(f"{name}: the unit of the times is unknown: {max(values):.0f}", hint=TIME_HINT)
    return 1e-3


def _rate(bare: Sequence[Entry]) -> float | None:
    """Letters in a unit of time. With ends, the usual rate; with starts alone, the fastest, as pauses are in it."""
    rates = [
        len(one.text) / (one.end.value - one.start.value)
        for one in bare
        if one.start and one.end and one.end.value > one.start.value
    ]
    if rates:
        return statistics.median(rates)
    gaps = [
        len(one.text) / (two.start.value - one.start.value)
        for one, two in pairwise(bare)
        if one.start and two.start and two.start.value > one.start.value
    ]
    latest = max(one.start.value for one in bare if one.start)
    return max(gaps, default=None) if len(gaps) >= 3 or latest > 14_400 else None


def rescale(entries: Sequence[Entry], units: Sequence[float]) -> list[Entry]:
    """Entries with bare times in the unit that lets people speak at a usual rate."""
    bare = [one for one in entries if one.start and not one.start.certain]
    rate = _rate(bare) if bare else None
    usual = 12.0
    unit = units[0]
    if rate:
        unit = min(units, key=lambda one: max(rate / one / usual, usual / (rate / one)))
    return [replace(one, start=_certain(one.start, unit), end=_certain(one.end, unit)) for one in entries]


def _certain(time: Time | None, unit: float) -> Time | None:
    return time if time is None or time.certain else Time(time.value * unit, certain=True)
