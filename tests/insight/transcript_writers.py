"""Writes a talk in each format, with the freedom that the format leaves, to read it back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from fieldnote.insight import Utterance

Talk = Sequence[Utterance]


@dataclass(frozen=True)
class Format:
    """A format, and the parts of an utterance that it keeps."""

    write: Callable[[Talk, Random], str]
    speakers: bool = True
    ends: bool = True
    numbered: bool = False
    """Whether it has numbers in the place of names: `Speaker 0`, in the order of appearance."""


def _clock(seconds: float | None, fraction: str = ".", *, hours: bool = True) -> str:
    whole, milliseconds = divmod(round((seconds or 0) * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    front = f"{hour:02}:" if hours or hour else ""
    return f"{front}{minute:02}:{second:02}{fraction}{milliseconds:03}"


def _wrap(text: str, random: Random, *, blank_lines: bool) -> list[str]:
    """The text on one line or more, perhaps with a blank line inside."""
    lines, line = [], list[str]()
    for word in text.split():
        line.append(word)
        if random.random() < 0.15:
            lines += [" ".join(line), *([""] if blank_lines and random.random() < 0.3 else [])]
            line = []
    return [*lines, *([" ".join(line)] if line else [])]


def _cues(
    talk: Talk,
    random: Random,
    *,
    fraction: str,
    words: Callable[[Utterance, list[str]], list[str]],
    identifiers: Callable[[int, Utterance], list[str]],
) -> list[str]:
    lines = list[str]()
    for number, one in enumerate(talk, 1):
        settings = random.choice(["", "", " align:start position:0%"]) if fraction == "." else ""
        lines += identifiers(number, one)
        lines.append(f"{_clock(one.start, fraction)} --> {_clock(one.end, fraction)}{settings}")
        lines += [""] * random.choice([0, 0, 0, 1])
        lines += words(one, _wrap(one.text, random, blank_lines=True))
        lines += [""] * random.choice([0, 1, 1, 2])
    return lines


def _identifiers(random: Random) -> Callable[[int, Utterance], list[str]]:
    kind = random.choice(["none", "number", "uuid"])
    first = random.choice([0, 1])
    if kind == "number":
        return lambda number, _: [str(number - 1 + first)]
    if kind == "uuid":
        return lambda number, _: [f"8b1c6d0e-2f67-4b15-9f0e-5a7f6e1d2c3b/{number}-0"]
    return lambda _number, _one: []


def _header(random: Random) -> list[str]:
    header = random.choice([["WEBVTT"], ["WEBVTT - Visit"], ["WEBVTT", "Kind: captions", "Language: en"]])
    return header + [""] * random.choice([0, 1, 2])


def _labeled(one: Utterance, lines: list[str]) -> list[str]:
    return [f"{one.speaker}: {lines[0]}" if one.speaker else lines[0], *lines[1:]]


def _end_of_line(lines: list[str], random: Random) -> str:
    return random.choice(["\n", "\r\n", "\r"]).join(lines) + random.choice(["", "\n"])


def vtt_labels(talk: Talk, random: Random) -> str:
    lines = _cues(talk, random, fraction=".", words=_labeled, identifiers=_identifiers(random))
    return _end_of_line(_header(random) + lines, random)


def vtt_voices(talk: Talk, random: Random) -> str:
    close = random.choice(["", "</v>"])

    def words(one: Utterance, lines: list[str]) -> list[str]:
        if not one.speaker:
            return lines
        return [f"<v {one.speaker}>{lines[0]}", *lines[1:-1], *([lines[-1] + close] if len(lines) > 1 else [])]

    return _end_of_line(
        _header(random) + _cues(talk, random, fraction=".", words=words, identifiers=_identifiers(random)), random
    )


def vtt_names_as_identifiers(talk: Talk, random: Random) -> str:
    """With blank lines between cues only: without them a name could be words."""
    lines = list[str]()
    for one in talk:
        lines += [one.speaker] if one.speaker else []
        lines += [f"{_clock(one.start)} --> {_clock(one.end)}", *_wrap(one.text, random, blank_lines=True)]
        lines += [""] * random.choice([1, 2])
    return _end_of_line([*_header(random), *([""] if random.random() < 0.5 else []), *lines], random)


def srt_labels(talk: Talk, random: Random) -> str:
    lines = _cues(talk, random, fraction=",", words=_labeled, identifiers=lambda number, _: [str(number)])
    return _end_of_line(lines, random)


def vtt_without_speakers(talk: Talk, random: Random) -> str:
    lines = _cues(talk, random, fraction=".", words=lambda _, lines: lines, identifiers=_identifiers(random))
    return _end_of_line(_header(random) + lines, random)


def text_lines(talk: Talk, random: Random) -> str:
    lines = list[str]()
    for one in talk:
        wrapped = _wrap(one.text, random, blank_lines=True)
        lines += [f"[{_clock(one.start)}] {one.speaker}{':' if one.speaker else ''} {wrapped[0]}", *wrapped[1:]]
    return _end_of_line(lines, random)


def _json(value: Any, random: Random) -> str:
    return json.dumps(value, indent=random.choice([None, 1]), ensure_ascii=random.choice([True, False]))


def _words(one: Utterance, make: Callable[[str, float, float], dict[str, Any]]) -> list[dict[str, Any]]:
    """The words of an utterance, with times that share it equally."""
    words = one.text.split()
    start, end = one.start or 0.0, one.end or 0.0
    step = (end - start) / len(words)
    ends = [start + step * (index + 1) for index in range(len(words) - 1)] + [end]
    return [make(word, start + step * index, ends[index]) for index, word in enumerate(words)]


def _numbers(talk: Talk) -> list[int]:
    order = list(dict.fromkeys(one.speaker for one in talk))
    return [order.index(one.speaker) for one in talk]


def teams(talk: Talk, random: Random) -> str:
    return _json({"version": "1.0.0", "type": "Transcript", "entries": [
        {"id": f"e/{n}", "speakerDisplayName": one.speaker, "speakerId": f"{n}@tenant", "text": one.text,
         "startOffset": _clock(one.start) + "0000", "endOffset": _clock(one.end) + "0000", "confidence": 0.9}
        for n, one in enumerate(talk)]}, random)  # fmt: skip


def aws(talk: Talk, random: Random) -> str:
    speakers = [f"spk_{number}" for number in _numbers(talk)]
    items = [
        item | {"speaker_label": who}
        for one, who in zip(talk, speakers, strict=True)
        for item in _words(one, _aws_word)
    ]
    results: dict[str, Any] = {"transcripts": [{"transcript": " ".join(one.text for one in talk)}], "items": items}
    if random.random() < 0.5:
        results["audio_segments"] = [
            {
                "id": n,
                "transcript": one.text,
                "start_time": str(one.start),
                "end_time": str(one.end),
                "speaker_label": who,
            }
            for n, (one, who) in enumerate(zip(talk, speakers, strict=True))
        ]
    return _json({"jobName": "j", "status": "COMPLETED", "results": results}, random)


def _aws_word(word: str, start: float, end: float) -> dict[str, Any]:
    choices = [{"content": word, "confidence": "1.0"}]
    return {"type": "pronunciation", "start_time": str(start), "end_time": str(end), "alternatives": choices}


def whisper_cpp(talk: Talk, random: Random) -> str:
    segments = [
        {
            "timestamps": {"from": _clock(one.start, ","), "to": _clock(one.end, ",")},
            "offsets": {"from": _in(one.start, 1000), "to": _in(one.end, 1000)},
            "text": f" {one.text}",
        }
        for one in talk
    ]
    return _json({"result": {"language": "en"}, "transcription": segments}, random)


def _in(seconds: float | None, unit: int) -> int:
    return round((seconds or 0) * unit)


def deepgram(talk: Talk, random: Random) -> str:
    speakers = _numbers(talk)
    words = [
        word | {"speaker": who} for one, who in zip(talk, speakers, strict=True) for word in _words(one, _deepgram_word)
    ]
    choice: dict[str, Any] = {"transcript": " ".join(one.text for one in talk), "words": words}
    if random.random() < 0.5:
        choice["paragraphs"] = {
            "paragraphs": [
                {"sentences": [{"text": one.text, "start": one.start, "end": one.end}], "speaker": who}
                for one, who in zip(talk, speakers, strict=True)
            ]
        }
    results: dict[str, Any] = {"channels": [{"alternatives": [choice]}]}
    if random.random() < 0.5:
        results["utterances"] = [
            {"transcript": one.text, "start": one.start, "end": one.end, "speaker": who, "channel": 0, "words": []}
            for one, who in zip(talk, speakers, strict=True)
        ]
    return _json({"metadata": {"channels": 1}, "results": results}, random)


def _deepgram_word(word: str, start: float, end: float) -> dict[str, Any]:
    return {"word": word.lower(), "punctuated_word": word, "start": start, "end": end}


def _milliseconds(one: Utterance) -> dict[str, Any]:
    return {"text": one.text, "start": _in(one.start, 1000), "end": _in(one.end, 1000)}


def assemblyai(talk: Talk, random: Random) -> str:
    said = [_milliseconds(one) | {"speaker": chr(65 + n)} for one, n in zip(talk, _numbers(talk), strict=True)]
    text = " ".join(one.text for one in talk)
    return _json({"id": "x", "status": "completed", "audio_duration": 9000, "text": text, "utterances": said}, random)


def gong(talk: Talk, random: Random) -> str:
    monologues = [
        {"speakerId": str(number), "topic": None, "sentences": [_milliseconds(one)]}
        for one, number in zip(talk, _numbers(talk), strict=True)
    ]
    return _json({"callTranscripts": [{"callId": "1", "transcript": monologues}]}, random)


def zoom(talk: Talk, random: Random) -> str:
    timeline = [
        {"text": one.text, "ts": _clock(one.start), "end_ts": _clock(one.end), "users": [{"username": one.speaker}]}
        for one in talk
    ]
    return _json({"type": "zoom_transcript", "timeline": timeline}, random)


def fireflies(talk: Talk, random: Random) -> str:
    sentences = [
        {"index": n, "speaker_name": one.speaker, "text": one.text, "start_time": one.start, "end_time": one.end}
        for n, one in enumerate(talk)
    ]
    return _json(random.choice([sentences, {"data": {"transcript": {"id": "t", "sentences": sentences}}}]), random)


def otter(talk: Talk, random: Random) -> str:
    names = list(dict.fromkeys(one.speaker for one in talk))
    segments = [
        {
            "transcript": one.text,
            "start_offset": _in(one.start, 16_000),
            "end_offset": _in(one.end, 16_000),
            "speaker_id": names.index(one.speaker),
            "speaker_model_label": None,
        }
        for one in talk
    ]
    speakers = [{"id": n, "speaker_name": name} for n, name in enumerate(names)]
    return _json({"speech": {"speakers": speakers, "transcripts": segments}}, random)


def google(talk: Talk, random: Random) -> str:
    v2 = random.random() < 0.5
    start, end, tag = ("startOffset", "endOffset", "speakerLabel") if v2 else ("startTime", "endTime", "speakerTag")
    plain = [
        _words(one, lambda word, begins, ends: {"word": word, start: f"{begins}s", end: f"{ends}s"}) for one in talk
    ]
    spoken = [
        [word | {tag: str(number + 1) if v2 else number + 1} for word in words]
        for words, number in zip(plain, _numbers(talk), strict=True)
    ]
    repeated = not v2 and random.random() < 0.5
    results: list[dict[str, Any]] = [
        {"alternatives": [{"transcript": one.text, "words": words}]}
        for one, words in zip(talk, plain if repeated else spoken, strict=True)
    ]
    if repeated:
        results.append({"alternatives": [{"words": [word for words in spoken for word in words]}]})
    return _json({"results": results}, random)


def azure(talk: Talk, random: Random) -> str:
    batch = random.random() < 0.5
    phrases = list[dict[str, Any]]()
    for one, number in zip(talk, _numbers(talk), strict=True):
        start, length = one.start or 0.0, (one.end or 0.0) - (one.start or 0.0)
        if batch:
            times: dict[str, Any] = {
                "offset": f"PT{start}S",
                "duration": f"PT{length}S",
                "offsetInTicks": _in(start, 10**7),
            }
            words: dict[str, Any] = {"nBest": [{"lexical": one.text.lower(), "display": one.text}]}
        else:
            times = {"offsetMilliseconds": _in(start, 1000), "durationMilliseconds": _in(length, 1000)}
            words = {"text": one.text}
        phrases.append({"channel": 0, "speaker": number} | times | words)
    if batch:
        return _json({"combinedRecognizedPhrases": [], "recognizedPhrases": phrases}, random)
    return _json({"combinedPhrases": [{"text": "…"}], "phrases": phrases}, random)


FORMATS = {
    "vtt labels": Format(vtt_labels),
    "vtt voices": Format(vtt_voices),
    "vtt names as identifiers": Format(vtt_names_as_identifiers),
    "vtt without speakers": Format(vtt_without_speakers, speakers=False),
    "srt": Format(srt_labels),
    "lines": Format(text_lines, ends=False),
    "Teams": Format(teams),
    "Amazon Transcribe": Format(aws, numbered=True),
    "whisper.cpp": Format(whisper_cpp, speakers=False),
    "Deepgram": Format(deepgram, numbered=True),
    "AssemblyAI": Format(assemblyai, numbered=True),
    "Gong": Format(gong, numbered=True),
    "Zoom": Format(zoom),
    "Fireflies": Format(fireflies),
    "Otter": Format(otter),
    "Google": Format(google, numbered=True),
    "Azure": Format(azure, numbered=True),
}
