"""Transcripts of every format: the content decides the format, and errors name the line."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.errors import TranscriptError
from fieldnote.insight import Utterance, duration_of, read_transcript


def pairs(data: bytes | str) -> list[tuple[str, str]]:
    return [(u.speaker, u.text) for u in read_transcript(data.encode() if isinstance(data, str) else data)]


TALK = [("Rep", "What is the budget?"), ("Bob", "About forty.")]


@pytest.mark.parametrize(
    "text",
    [
        "Rep: What is the budget?\nBob: About forty.\n",
        "\ufeffRep: What is the budget?\r\n\r\nBob: About\r\nforty.\r\n",
        "[00:01:23] Rep: What is the budget?\n[00:01:27] Bob: About forty.",
        "00:12 Rep: What is the budget?\n00:15 Bob: About forty.",
        "Rep (00:12): What is the budget?\nBob (00:15): About forty.",
        "Rep  0:12\nWhat is the budget?\n\nBob  0:15\nAbout forty.\n",
        "**Rep:** What is the budget?\n**Bob:** About forty.",
        "Date: May 4\nParticipants: two\n\nRep: What is the budget?\nBob: About forty.",
        """WEBVTT

NOTE by the tool

STYLE
::cue { color: red }

1
00:00:01.000 --> 00:00:02.000 align:start
<v Rep>What is the budget?</v>

00:02.500 --> 00:04.000
<v Bob>About <b>forty</b>.
""",
        """WEBVTT

00:00.000 --> 00:01.000
Rep: What is
the budget?

00:01.000 --> 00:02.000
Bob: About

00:02.000 --> 00:03.000
forty.
""",
        """1
00:00:01,000 --> 00:00:02,000
Rep: What is the budget?

2
00:00:03,000 --> 00:00:04,000
Bob: About forty.
""",
        "WEBVTT\n\n00:00.000 --> 00:02.000\n<v Rep>What is the budget? <v Bob>About forty.\n",
    ],
)
def test_lines_and_cues_of_every_kind_are_the_same_talk(text: str) -> None:
    assert pairs(text) == TALK


@pytest.mark.parametrize(
    "value",
    [
        [{"speaker": "Rep", "text": "What is the budget?"}, {"speaker": "Bob", "text": "About forty."}],
        {"utterances": [
            {"speakerName": "Rep", "content": "What is the budget?"}, {"role": "Bob", "transcript": "About forty."}]},
        {"results": {"utterances": [
            {"name": "Rep", "text": "What is the budget?"}, {"speaker": {"name": "Bob"}, "text": "About forty."}]}},
        [{"speaker": "Rep", "words": [{"word": word} for word in ("What", "is", "the", "budget", "?")]},
         {"speaker": "Bob", "words": ["About", "forty."]}],
        {"data": {"speakerMap": {"0": "Rep", "1": "Bob"}, "utterances": [
            {"speakerTag": "0", "utterance": "What is the budget?", "startTimeInMillis": 0, "endTimeInMillis": 1500},
            {"speakerTag": "1", "utterance": "About forty.", "startTimeInMillis": 2000, "endTimeInMillis": 3000}]}},
    ],
)  # fmt: skip
def test_json_by_the_names_of_usual_tools(value: object) -> None:
    assert pairs(json.dumps(value)) == TALK


def test_json_lines() -> None:
    assert (
        pairs('{"speaker": "Rep", "text": "What is the budget?"}\n{"speaker": "Bob", "text": "About forty."}\n') == TALK
    )


def test_utf_16_with_and_without_its_mark() -> None:
    text = "Rep: What is the budget?\nBob: About forty."
    assert pairs(text.encode("utf-16")) == pairs(text.encode("utf-16-le")) == TALK


@pytest.mark.parametrize(
    ("item", "start", "end"),
    [
        ({"start": 1.5, "end": 4}, 1.5, 4.0),
        ({"startTime": "00:01:02.5", "endTime": "1:05"}, 62.5, 65.0),
        ({"start_ms": 1500, "end_ms": 4000}, 1.5, 4.0),
        ({"startTime": "12.5s", "duration": 2}, 12.5, 14.5),
        ({"offset": 3}, 3.0, None),
    ],
)
def test_times_in_every_unit_are_seconds(item: dict[str, object], start: float, end: float | None) -> None:
    assert read_transcript(json.dumps([{"text": "Hello", **item}]).encode()) == [Utterance("", "Hello", start, end)]


def test_whole_numbers_that_no_talk_could_fill_are_milliseconds() -> None:
    value = [
        {"text": "Hello there, come on in.", "start": 0, "end": 1800},
        {"text": "Thanks a lot.", "start": 2000, "end": 3200},
    ]
    assert duration_of(read_transcript(json.dumps(value).encode())) == 3.2


@pytest.mark.parametrize("rate", [0.08, 0.2, 0.39, 1, 12, 40])
def test_the_unit_of_whole_numbers_is_the_one_that_people_could_speak_in(rate: float) -> None:
    """Letters in a second. An entry with long pauses is slow; nothing is faster than speech."""
    words = "Thanks a lot, we like it that way and want it soon."
    long = max(1, round(len(words) / rate))
    count = 2 + 1200 // long
    for unit in (1, 1000) if rate >= 1 else (1,):
        times = [(number * (long + 1) * unit, (number * (long + 1) + long) * unit) for number in range(count)]
        value = [{"text": words, "start": start, "end": end} for start, end in times]
        assert duration_of(read_transcript(json.dumps(value).encode())) == times[-1][1] / unit


def test_what_is_no_speaker_stays_in_the_words() -> None:
    assert pairs("Rep: So\nBob: I want one thing: quiet\nand here is why: my wife\nRep: ok") == [
        ("Rep", "So"), ("Bob", "I want one thing: quiet and here is why: my wife"), ("Rep", "ok"),
    ]  # fmt: skip


def test_speakers_with_roles_in_brackets_and_lower_case() -> None:
    assert pairs("Speaker 1 (rep): hi\nspeaker 2: hello\nspeaker 2: again\nSpeaker 1 (rep): bye")[0] == (
        "Speaker 1 (rep)",
        "hi",
    )
    assert pairs("rep: hi\ncustomer: hello") == [("rep", "hi"), ("customer", "hello")]


def test_text_without_any_speaker_is_one_utterance_a_line() -> None:
    assert pairs("hello there\nhi, how are you") == [("", "hello there"), ("", "hi, how are you")]


def test_duration_is_the_last_time_that_is_known() -> None:
    assert duration_of(read_transcript(b"[00:10] A: x\n[01:02:03] B: y")) == 3723
    assert duration_of(read_transcript(b"A: x\nB: y")) is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \r\n ", "is empty"),
        (b"WEBVTT\n\nNOTE nothing\n", "no words"),
        (b"[]", "no words"),
        (b'{"a": 1}', "no list of utterances"),
        (b'[{"speaker": "A"}]', "utterance 1 has no text; it has speaker"),
        (b'[{"text": "x"},\n {"text": }]', "talk.json:2: not JSON"),
        (b'[{"text": "x", "start": "soon"}]', "utterance 1 has a time"),
        (b"[1, 2]", "utterance 1 is not an object"),
        (b"A: hello\nB: caf\xe9", "talk.json:2: byte 0xe9"),
        (b"A: hello\nB: \x00\x01", "talk.json:2: this is binary"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"WEBVTT\n\n00:00.000 --> 00:0x.000\nhi", "talk.json:3: cannot read the times"),
    ],
)
def test_an_error_says_what_and_where_and_how_to_fix_it(data: bytes, said: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(data, name="talk.json")
    assert said in caught.value.message
    assert caught.value.hint


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_any_bytes_are_a_transcript_or_an_error_that_says_so(data: bytes) -> None:
    with suppress(TranscriptError):
        assert all(utterance.text for utterance in read_transcript(data))
