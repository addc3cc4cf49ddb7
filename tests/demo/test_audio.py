"""The sound of the demo's conversations: the files in the repository agree with the words."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fieldnote.demo import audio, names
from fieldnote.demo.contractor import make
from fieldnote.demo.conversations import CONVERSATIONS
from fieldnote.demo.state import DEFAULT_SEED
from fieldnote.insight import read_transcript
from tests.demo.test_crm import DAY

_STORIES = {story.key: story for story in CONVERSATIONS}


@pytest.mark.parametrize("key", audio.SPOKEN)
def test_each_utterance_has_its_time_in_the_file(key: str) -> None:
    story = _STORIES[key]
    said = read_transcript(story.read(audio.rep_of(key)), name=story.file)
    timed = audio.with_times(key, said)

    assert [one.text for one in timed] == [one.text for one in said]
    spans = [(one.start or 0.0, one.end or 0.0) for one in timed]
    assert all(0 <= start < end for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert audio.length_of(key).total_seconds() == spans[-1][1]
    for one, (start, end) in zip(timed, spans, strict=True):
        letters_a_second = len(one.text) / (end - start)
        assert 3 < letters_a_second < 30, one.text


@pytest.mark.parametrize("key", audio.SPOKEN)
def test_the_demo_plays_these_conversations_by_the_rep_who_speaks_in_the_file(key: str) -> None:
    visits = [visit for visit in make(DAY, DEFAULT_SEED, CONVERSATIONS).visits if visit.conversation_key == key]

    assert visits
    assert all(audio.sound_of(key, visit.rep_name) is not None for visit in visits)
    stranger = next(name for name in names.REPS if name != audio.rep_of(key))
    assert audio.sound_of(key, stranger) is None


def test_the_files_are_webm_and_small() -> None:
    files = [(audio.FOLDER / f"{key}.webm").read_bytes() for key in audio.SPOKEN]

    assert all(content.startswith(b"\x1a\x45\xdf\xa3") for content in files)
    assert all(b"OpusHead" in content for content in files)
    assert sum(map(len, files)) < 400_000
