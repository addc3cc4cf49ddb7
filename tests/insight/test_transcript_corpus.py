"""Transcripts as tools write them: a corpus of files with their right results, and made-up talks.

`tests/data/transcripts/NAME.right` has the utterances of NAME (speaker, text, start, end) and the beginnings of its
warnings, or the beginning of the error that refuses it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldnote.errors import TranscriptError
from fieldnote.insight import LARGEST_TRANSCRIPT, Utterance, load_transcript, read_transcript
from tests.insight.transcript_hostile import HOSTILE
from tests.insight.transcript_writers import FORMATS

CORPUS = Path(__file__).parents[1] / "data" / "transcripts"
FILES = sorted(path for path in CORPUS.iterdir() if path.suffix != ".right")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_is_read_as_the_file_beside_it_says(path: Path) -> None:
    right = json.loads(path.with_name(f"{path.name}.right").read_text(encoding="utf-8"))
    if "refused" in right:
        with pytest.raises(TranscriptError) as caught:
            load_transcript(path.read_bytes(), name=path.name)
        assert right["refused"] in caught.value.message
        assert caught.value.hint
        return
    found = load_transcript(path.read_bytes(), name=path.name)
    assert [[one.speaker, one.text, one.start, one.end] for one in found.utterances] == right["utterances"]
    assert len(found.warnings) == len(right.get("warnings", []))
    for warning, beginning in zip(found.warnings, right.get("warnings", []), strict=True):
        assert warning.startswith(f"{path.name}: {beginning}")


def test_the_corpus_is_large_enough_and_whole() -> None:
    assert len(FILES) >= 40
    assert {path.name for path in CORPUS.glob("*.right")} == {f"{path.name}.right" for path in FILES}


SPEAKERS = (
    "John Sales", "Maria Silva", "maria da silva", "will smith", "joao de souza", "+1 303-***-0142", "(303) 555-0199",
    "Speaker 1", "SPEAKER_00", "customer", "José Núñez", "李伟", "O'Neil (rep)", "Dr. A. Jones", "an nguyen",
)  # fmt: skip
SENTENCE = "we want the roof done before summer and my wife agrees about forty thousand dollars for new windows"
WORDS = SENTENCE.split()
PEOPLE = st.lists(st.sampled_from(SPEAKERS), min_size=2, max_size=4, unique=True)
SAID = st.lists(st.sampled_from(WORDS), min_size=3, max_size=25)
ENDS = st.sampled_from(".?!")
PAUSE = st.integers(1, 40)


@st.composite
def talks(draw: st.DrawFn) -> list[Utterance]:
    """A talk whose speakers alternate; each utterance is one sentence."""
    people = draw(PEOPLE)
    talk, now, last = list[Utterance](), draw(st.integers(0, 40)) / 4, ""
    for _ in range(draw(st.integers(2, 12))):
        speaker = draw(st.sampled_from([one for one in people if one != last]))
        words = draw(SAID)
        length = max(1.0, len(words) // 3)
        talk.append(Utterance(speaker, " ".join(words).capitalize() + draw(ENDS), now, now + length))
        now += length + draw(PAUSE) / 4
        last = speaker
    # A speaker who speaks once looks like a chapter title, so each of the first two speaks again.
    for speaker in (talk[0].speaker, talk[1].speaker):
        if talk[-1].speaker != speaker:
            talk.append(Utterance(speaker, "That is all.", now, now + 1.0))
            now += 2.0
    return talk


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40)
@given(talk=talks(), seed=st.integers(0, 2**32))
def test_a_talk_is_read_back_from_each_format(name: str, talk: list[Utterance], seed: int) -> None:
    form = FORMATS[name]
    text = form.write(talk, Random(seed))
    expected = talk
    if form.numbered:
        order = list(dict.fromkeys(one.speaker for one in talk))
        first = next((one.speaker for one in read_transcript(text.encode())), "")
        tag = {number: _tag(first, number) for number in range(len(order))}
        expected = [replace(one, speaker=tag[order.index(one.speaker)]) for one in talk]
    if not form.speakers:
        expected = [replace(one, speaker="") for one in expected]
    if not form.ends:
        expected = [replace(one, end=None) for one in expected]
    found = load_transcript(text.encode(), name="talk")
    assert found.utterances == expected, text
    assert found.warnings == ()


def _tag(first: str, number: int) -> str:
    """The label of a speaker by the label of the first one: `Speaker A`, `Speaker 0`, `spk_0`."""
    return f"{first[:-1]}{chr(ord(first[-1]) + number)}"


@pytest.mark.parametrize("name", [name for name in FORMATS if name.startswith(("vtt", "srt", "lines"))])
@settings(max_examples=40)
@given(talk=talks(), seed=st.integers(0, 2**32))
def test_no_word_is_lost_and_no_speaker_gets_the_words_of_another(name: str, talk: list[Utterance], seed: int) -> None:
    """Also where labels are dropped at random, so that their evidence is thin."""
    random = Random(seed)
    some = [one if random.random() < 0.7 else replace(one, speaker="") for one in talk]
    text = FORMATS[name].write(some, random)
    found = read_transcript(text.encode())
    said = "".join(one.text for one in found).replace(" ", "")
    for one in talk:
        assert one.text.replace(" ", "") in said, text
    for label in {one.speaker for one in some if one.speaker}:
        for one in found:
            assert not one.speaker or f"{label}: " not in one.text, text


POISON = ("\0", "\ud800", "\udfff", "\ud83d")


@pytest.mark.parametrize("poison", POISON, ids=ascii)
@pytest.mark.parametrize("key", ["text", "speaker", "start"])
def test_what_cannot_be_stored_is_replaced_or_refused(poison: str, key: str) -> None:
    item: dict[str, Any] = {"speaker": "Rep", "text": "Good morning", "start": "1.5"}
    item[key] = f"{item[key]}{poison}x"
    data = json.dumps([item]).encode()
    if key == "start":
        with pytest.raises(TranscriptError, match="has a time that cannot be read"):
            load_transcript(data, name="talk.json")
        return
    found = load_transcript(data, name="talk.json")
    assert "\ufffd" in f"{found.utterances[0].speaker}{found.utterances[0].text}"
    assert poison not in f"{found.utterances[0].speaker}{found.utterances[0].text}"
    assert "replaced 1 characters that cannot be stored" in found.warnings[0]


@pytest.mark.parametrize(
    "form",
    ["A: {}\nB: hi\n", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v {}>hi\n", "1\n00:00:01,000 --> 00:00:02,000\n{}\n"],
)
def test_poison_in_text_is_replaced_or_refused(form: str) -> None:
    for poison in POISON:
        found = load_transcript(form.format(f"x{poison}y"), name="talk")
        assert poison not in "".join(one.speaker + one.text for one in found.utterances)
    with pytest.raises(TranscriptError, match="binary data"):
        load_transcript(form.format("x\0y").encode())
    with pytest.raises(TranscriptError, match="is not UTF-8"):
        load_transcript(form.format("x\ud800y").encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"A: {'x' * 1_000_001}\n", "talk:1: line longer than 1,000,000 characters"),
        ("A: hi\nB: ho\n" * 25_001, "has more than 50,000 utterances"),
        ("A: hi\nB: ho\n" + f"{'word ' * 1000}\n" * 401, "has more than 2,000,000 characters of words"),
        (json.dumps([{"speaker": "x" * 201, "text": "hi"}]), "utterance 1 has a speaker of more than 200"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"text": "hi", "start": ' + "1" * 5000 + "}]", "too many digits"),
        ('{"text": ' * 100_000, "nested too deeply"),
    ],
    ids=["line", "utterances", "words", "speaker", "list depth", "digits", "object depth"],
)  # fmt: skip
def test_what_is_too_large_is_refused(text: str, said: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(text.encode(), name="talk")
    assert said in caught.value.message
    assert caught.value.hint


@given(st.lists(st.sampled_from(["word ", "end. ", "really? ", "x" * 1400, "\u3002"]), min_size=200, max_size=600))
@settings(max_examples=30)
def test_a_long_utterance_becomes_several_with_the_same_words(parts: list[str]) -> None:
    text = "".join(parts).strip()
    item = {"speaker": "Rep", "text": text, "start": 1.0, "end": 900.0}
    found = read_transcript(json.dumps([item]).encode())
    assert "".join(one.text for one in found).replace(" ", "") == text.replace(" ", "")
    assert all(0 < len(one.text) <= 1500 and one.speaker == "Rep" for one in found)
    assert (found[0].start, found[-1].end) == (1.0, 900.0)
    assert [one.start for one in found[1:]] == [None] * (len(found) - 1)


def test_keys_are_printed_without_control_characters() -> None:
    key = "start\x1b[2J\ud800 time"
    [warning] = load_transcript(json.dumps([{"text": "hi", key: 1}])).warnings
    assert warning == 'transcript: "start\ufffd[2J\ufffd time" looks like a time and is not read'
    with pytest.raises(TranscriptError, match="it has start\ufffd"):
        read_transcript(json.dumps([{key: 1}]).encode())


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(TranscriptError, match="larger than 32 MiB"):
        read_transcript(b"x" * (LARGEST_TRANSCRIPT + 1))


@pytest.mark.parametrize("name", HOSTILE)
def test_the_steps_grow_with_the_size_of_the_file(name: str) -> None:
    """Twice the file takes at most about twice the calls. bench/transcripts measures the time, also inside calls."""
    small, large = (_calls(HOSTILE[name](size)) for size in (1000, 2000))
    assert large <= 2.3 * small + 500


def _calls(text: str) -> int:
    count = 0

    def step(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(step)
    try:
        read_transcript(text.encode())
    except TranscriptError:
        pass
    finally:
        sys.setprofile(before)
    return count
