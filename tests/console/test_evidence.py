"""A summary on a page, and the names of runs and tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.bridge.board.conversations import Conversation, Line, Listed
from fieldnote.console.evidence import Paragraph, hear
from fieldnote.console.parts.plain_names import OTHER, largest_stores, stored_as

_LISTED = Listed("r", datetime(2026, 11, 29, tzinfo=UTC), 1, "written", False, None, None, None, None, None, None, True)


def _heard(summary: str, *lines: str) -> tuple[Paragraph, ...]:
    found = Conversation(
        listed=_LISTED,
        readable=True,
        deleted_at_siro=False,
        purged_at=None,
        forgotten_at=None,
        web_url=None,
        has_sound=None,
        summary=(("AI Summary", summary),),
        extractions=(),
        lines=tuple(Line("Ann", line, None, None) for line in lines),
        links=(),
        found_link=None,
        fields=(),
    )
    return hear(found).summary[0][1]


_PIECES = st.sampled_from(
    [
        "Budget: $18,000.",
        "Who decides: Both do.",
        "They will mind the door.",
        "At 10:30 it is.",
        '"No." Then "Yes."',
        "Note:this",
        "\n",
        "*",
        "Ok?",
    ]
)


@given(st.lists(_PIECES | st.text(max_size=12), max_size=12))
def test_no_word_of_a_summary_is_lost(pieces: list[str]) -> None:
    summary = " ".join(pieces)
    shown = " ".join(
        f"{f'{one.about}: ' if one.about else ''}{' '.join(sentence.text for sentence in one.sentences)}"
        for one in _heard(summary)
    )
    assert shown.split() == summary.split()


def test_each_thing_has_a_paragraph_and_its_words_are_found() -> None:
    found = _heard("Budget: Up to $30,000. Next: The rep calls. He will bring a slab.", "We can go up to $30,000.")
    assert [one.about for one in found] == ["Budget", "Next"]
    assert [sentence.text for sentence in found[1].sentences] == ["The rep calls.", "He will bring a slab."]


@pytest.mark.parametrize("name", ["sent", "board_days", "call_places", "procrastinate_jobs", "recording_transcripts"])
def test_the_largest_tables_have_a_name_for_people(name: str) -> None:
    assert stored_as(name) != OTHER
    assert "_" not in stored_as(name)


@given(st.lists(st.tuples(st.text(max_size=20), st.integers(0, 1000)), max_size=10))
def test_no_byte_is_lost(tables: list[tuple[str, int]]) -> None:
    assert sum(size for _, size in largest_stores(tables)) == sum(size for _, size in tables)
