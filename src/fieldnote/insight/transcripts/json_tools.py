"""The JSON exports of named tools, whose shapes a reader of keys alone would misread.

Each reader returns None if the file is not its tool's. Exports that are a plain list of utterances need none: Teams,
Fireflies, OpenAI Whisper, WhisperX, Rev AI, Recall.ai.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from fieldnote.errors import TranscriptError
from fieldnote.insight.transcripts.json_entries import Entry, entry, normal, speaker_of, to_time
from fieldnote.insight.transcripts.json_lists import best_of, covers, grouped, rescale
from fieldnote.insight.transcripts.text import Warnings, letters

Json: TypeAlias = dict[str, Any]
_MS = (1e-3,)


def tool_entries(root: Json, warnings: Warnings) -> list[Entry] | None:
    """The entries of an export by a named tool; None if no tool is recognized. Raises TranscriptError."""
    for tool, read in _TOOLS:
        found = read(root, tool, warnings)
        if found is not None:
            if not any(one.text for one in found):
                raise refusal(warnings, tool, "has no words", "export the transcript itself, once it is complete")
            return found
    return None


def refusal(warnings: Warnings, tool: str, problem: str, hint: str) -> TranscriptError:
    """The error for an export that is recognized and cannot be read."""
    return TranscriptError(f"{warnings.name}: this {tool} export {problem}", hint=hint)


def _objects(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _entries(items: Any, tool: str, warnings: Warnings) -> list[Entry]:
    found = []
    for position, item in enumerate(_objects(items), 1):
        one = entry(item, f"{warnings.name}: {tool} entry {position}", warnings)
        if one is not None:
            found.append(one)
    return found


def _get(item: Json, *names: str) -> Any:
    """A value by its name, in camel case or snake case."""
    for key, value in item.items():
        if normal(key) in names and value is not None:
            return value
    return None


# --- Amazon Transcribe -----------------------------------------------------------------------------------------------


def _aws(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    results = root.get("results")
    if "TranscriptionJob" in root:
        raise refusal(warnings, tool, "has the job and not its transcript", "download its TranscriptFileUri")
    if (
        not isinstance(results, dict)
        or not ({"audio_segments", "items"} & set(results))
        or "transcripts" not in results
    ):
        return None
    joined = " ".join(_string(one.get("transcript")) for one in _objects(results.get("transcripts")))
    if channels := _objects(_object(results.get("channel_labels")).get("channels")):
        words = [
            replace(word, channel=_string(channel.get("channel_label")))
            for channel in channels
            for word in _aws_words(_objects(channel.get("items")), {}, warnings)
        ]
        by_channel = [
            one for name in dict.fromkeys(word.channel for word in words)
            for one in grouped([word for word in words if word.channel == name])
        ]  # fmt: skip
        return best_of([by_channel], joined, tool, warnings)
    segments = _entries(results.get("audio_segments"), tool, warnings)
    items = _objects(results.get("items"))
    words = grouped(_aws_words(items, _aws_speakers(results), warnings))
    # Segments of older jobs name no speaker, while the words do.
    by_speaker = [one for one in (segments, words) if any(part.speaker for part in one)]
    return best_of([*by_speaker, segments, words], joined, tool, warnings)


def _aws_speakers(results: Json) -> dict[str, str]:
    """The speaker of each word, by the word's start."""
    segments = _objects(_object(results.get("speaker_labels")).get("segments"))
    return {
        str(item.get("start_time")): _string(item.get("speaker_label") or segment.get("speaker_label"))
        for segment in segments
        for item in _objects(segment.get("items"))
    }


def _aws_words(items: list[Json], speakers: dict[str, str], warnings: Warnings) -> list[Entry]:
    found = list[Entry]()
    for item in items:
        choices = _objects(item.get("alternatives"))
        text = warnings.clean(_string(choices[0].get("content"))) if choices else ""
        if not text:
            continue
        where = f"{warnings.name}: word {len(found) + 1}"
        start, end = item.get("start_time"), item.get("end_time")
        speaker = _string(item.get("speaker_label")) or speakers.get(str(start), "")
        if not speaker and start is None and found:
            speaker = found[-1].speaker  # punctuation marks have neither time nor speaker
        found.append(
            Entry(
                text,
                speaker_of(speaker, warnings),
                start=None if start is None else to_time(start, 1.0, where),
                end=None if end is None else to_time(end, 1.0, where),
            )
        )
    return found


# --- whisper.cpp -----------------------------------------------------------------------------------------------------


def _whisper_cpp(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    segments = _objects(root.get("transcription"))
    if not segments or not any("offsets" in one or "timestamps" in one for one in segments):
        return None
    found = []
    for position, segment in enumerate(segments, 1):
        offsets = _object(segment.get("offsets"))
        if offsets:
            rest = {key: value for key, value in segment.items() if key not in ("offsets", "timestamps", "tokens")}
            one = entry(
                rest | {"start_ms": offsets.get("from"), "end_ms": offsets.get("to")},
                f"{warnings.name}: segment {position}",
                warnings,
            )
        else:
            one = entry(segment, f"{warnings.name}: segment {position}", warnings)
        if one is not None:
            unknown = one.speaker in ("?", "(speaker ?)")
            found.append(replace(one, speaker="") if unknown else one)
    return found


# --- Deepgram --------------------------------------------------------------------------------------------------------


def _deepgram(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    results = _object(root.get("results"))
    channels = _objects(results.get("channels"))
    if not channels:
        return None
    found = list[Entry]()
    joined = []
    for number, channel in enumerate(channels):
        choices = _objects(channel.get("alternatives"))
        if not choices:
            continue
        text = _string(choices[0].get("transcript"))
        joined.append(text)
        lists = [
            _deepgram_paragraphs(choices[0], tool, warnings),
            grouped(_entries(choices[0].get("words"), tool, warnings)),
        ]
        with_speakers = [one for one in lists if any(part.speaker for part in one)]
        part = best_of([*with_speakers, *lists], text, tool, warnings)
        found += [replace(one, channel=str(number)) for one in part]
    whole = " ".join(joined)
    said = _entries(results.get("utterances"), tool, warnings)
    speakers = any(one.speaker for one in said) or not any(one.speaker for one in found)
    return said if said and speakers and covers(said, whole) else found


def _deepgram_paragraphs(choice: Json, tool: str, warnings: Warnings) -> list[Entry]:
    found = []
    for paragraph in _objects(_object(choice.get("paragraphs")).get("paragraphs")):
        sentences = _entries(paragraph.get("sentences"), tool, warnings)
        speaker = speaker_of(paragraph.get("speaker"), warnings)
        found += [replace(one, speaker=speaker) for one in grouped(sentences)] if sentences else []
    return found


# --- AssemblyAI ------------------------------------------------------------------------------------------------------


def _assemblyai(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    marks = {"audio_duration", "audio_url", "acoustic_model", "language_model", "audio_channels"} & set(root)
    if not marks and not ("words" in root and "status" in root and "text" in root):
        return None
    status = _string(root.get("status"))
    if status and status != "completed" and not _string(root.get("text")):
        raise refusal(warnings, tool, f"is not complete: status {status[:40]!r}", "export it once it is completed")
    if not ({"text", "utterances", "words"} & set(root)):
        return None
    said = rescale(_entries(root.get("utterances"), tool, warnings), _MS)
    words = grouped(rescale(_entries(root.get("words"), tool, warnings), _MS))
    found = best_of([said, words], _string(root.get("text")), tool, warnings)
    length = root.get("audio_duration")
    if len(found) == 1 and found[0].end is None and isinstance(length, int | float) and length > 0:
        found = [replace(found[0], end=to_time(length, 1.0, f"{warnings.name}: audio_duration"))]
    return found


# --- Gong ------------------------------------------------------------------------------------------------------------


def _gong(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    calls = _objects(root.get("callTranscripts"))
    if not calls and "callId" in root and isinstance(root.get("transcript"), list):
        calls = [root]
    if not calls:
        return None
    if len(calls) > 1:
        raise refusal(warnings, tool, f"has {len(calls)} calls", "write one call of callTranscripts to a file")
    found = list[Entry]()
    for monologue in _objects(calls[0].get("transcript")):
        speaker = speaker_of(monologue.get("speakerId"), warnings)
        sentences = rescale(_entries(monologue.get("sentences"), tool, warnings), _MS)
        found += [replace(one, speaker=speaker) for one in sentences]
    return grouped(found)


# --- Zoom ------------------------------------------------------------------------------------------------------------


def _zoom(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    timeline = _objects(root.get("timeline"))
    if not timeline or not any("ts" in one for one in timeline):
        return None
    if not any("text" in one for one in timeline):
        raise refusal(warnings, f"{tool} timeline", "has no words", "give the audio transcript (.vtt) of the recording")
    return _entries(timeline, tool, warnings)


# --- Otter -----------------------------------------------------------------------------------------------------------


def _otter(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    speech = _object(root.get("speech")) or root
    segments = _objects(speech.get("transcripts"))
    if not any("start_offset" in one and "transcript" in one for one in segments):
        return None
    # Offsets are samples of audio, 16,000 a second; some exports convert them to milliseconds.
    return rescale(_entries([_without(one, "alignment") for one in segments], tool, warnings), (1 / 16_000, 1e-3))


def _without(item: Json, *keys: str) -> Json:
    return {key: value for key, value in item.items() if key not in keys}


# --- Google Speech-to-Text -------------------------------------------------------------------------------------------


def _google(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    results = _google_results(root)
    if not results or not any(_get(_choice(one), "transcript", "words") is not None for one in results):
        return None
    parts = [(one, _google_words(one, tool, warnings)) for one in results]
    last = parts[-1][1]
    spoken = sum(letters(_string(_choice(one).get("transcript"))) for one, _ in parts[:-1])
    earlier = any(word.speaker for _, words in parts[:-1] for word in words)
    repeats = any(word.speaker for word in last) and sum(letters(word.text) for word in last) >= spoken
    if len(parts) > 1 and repeats and not earlier:
        return grouped(last)  # with diarization, the last result repeats all words with their speakers
    found = list[Entry]()
    for result, words in parts:
        text = _string(_choice(result).get("transcript"))
        channel = _get(result, "channeltag")
        part = best_of([grouped(words)], text, tool, warnings)
        if part and part[0].end is None and (end := _get(result, "resultendtime", "resultendoffset")) is not None:
            part = [*part[:-1], replace(part[-1], end=to_time(end, None, f"{warnings.name}: result"))]
        found += [replace(one, channel="" if channel is None else str(channel)) for one in part]
    return found


def _choice(result: Json) -> Json:
    choices = _objects(result.get("alternatives"))
    return choices[0] if choices else {}


def _google_words(result: Json, tool: str, warnings: Warnings) -> list[Entry]:
    words = _entries(_choice(result).get("words"), tool, warnings)
    return [replace(word, speaker="") if word.speaker == "Speaker 0" else word for word in words]


def _google_results(root: Json) -> list[Json]:
    """The results of a response, an operation, or a batch of one file."""
    for holder in (root, _object(root.get("response")), _object(root.get("transcript"))):
        results = holder.get("results")
        if isinstance(results, list) and any("alternatives" in one for one in _objects(results)):
            return [one for one in _objects(results) if "alternatives" in one]
        if isinstance(results, dict) and len(results) == 1:
            file = _object(next(iter(results.values())))
            for inner in (file, _object(file.get("inlineResult")), _object(file.get("inline_result"))):
                if found := _google_results({"results": _object(inner.get("transcript")).get("results")}):
                    return found
    return []


# --- Speechmatics ----------------------------------------------------------------------------------------------------


def _speechmatics(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    results = _objects(root.get("results"))
    if not any(one.get("type") in ("word", "punctuation") and "content" in _choice(one) for one in results):
        return None
    words = [_without(one, "alternatives", "type") | _choice(one) for one in results]
    return grouped(_entries(words, tool, warnings))


# --- Azure Speech ----------------------------------------------------------------------------------------------------


def _azure(root: Json, tool: str, warnings: Warnings) -> list[Entry] | None:
    phrases = _objects(_get(root, "recognizedphrases"))
    if phrases:
        return [one for phrase in phrases for one in _azure_phrase(phrase, tool, warnings)]
    if "combinedPhrases" in root and isinstance(root.get("phrases"), list):
        return rescale(_entries(root["phrases"], tool, warnings), _MS)
    return None


def _azure_phrase(phrase: Json, tool: str, warnings: Warnings) -> Iterator[Entry]:
    choices = _objects(_get(phrase, "nbest"))
    text = next((text for choice in choices[:1] for key in ("display", "itn", "maskedITN", "lexical")
                 if (text := _string(_get(choice, normal(key))))), _string(phrase.get("text")))  # fmt: skip
    if not text:
        return
    yield from _entries([_in_ticks(_without(phrase, "nBest", "NBest")) | {"text": text}], tool, warnings)


def _in_ticks(item: Json) -> Json:
    """Whole numbers under `offset` and `duration` are ticks of 100 ns."""
    return {
        f"{key}InTicks" if normal(key) in ("offset", "duration") and isinstance(value, int) else key: value
        for key, value in item.items()
    }


def azure_events(items: list[Any], warnings: Warnings) -> list[Entry] | None:
    """The results of Azure's speech SDK, one object each; None if they are not."""
    events = _objects(items)
    if len(events) != len(items) or not all(
        {"offset", "duration"} <= {normal(key) for key in one}
        and ({"displaytext", "recognitionstatus", "nbest"} & {normal(key) for key in one})
        for one in events
    ):
        return None
    found = []
    for event in events:
        choices = _objects(_get(event, "nbest"))
        text = _string(_get(event, "displaytext")) or (_string(_get(choices[0], "display")) if choices else "")
        plain = _in_ticks(
            {key: value for key, value in event.items() if normal(key) not in ("nbest", "displaytext", "text")}
        )
        found += _entries([plain | {"text": text or _string(_get(event, "text"))}], "Azure Speech", warnings)
    return found


_TOOLS: tuple[tuple[str, Callable[[Json, str, Warnings], list[Entry] | None]], ...] = (
    ("Amazon Transcribe", _aws),
    ("whisper.cpp", _whisper_cpp),
    ("Deepgram", _deepgram),
    ("AssemblyAI", _assemblyai),
    ("Gong", _gong),
    ("Zoom", _zoom),
    ("Otter", _otter),
    ("Speechmatics", _speechmatics),
    ("Google Speech-to-Text", _google),
    ("Azure Speech", _azure),
)
