"""The public functions: fields, quotes, summaries, evidence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldnote.demo.conversations import CONVERSATIONS, Conversation, load
from fieldnote.insight import FIELDS, Quote, Utterance, extract, find_quote, read_transcript, summarize
from fieldnote.insight.summary.compose import MOST_WORDS
from fieldnote.insight.words import word_count

_WORDS = [
    "what", "is", "your", "budget", "when", "forty", "fifty", "thousand", "to", "-", ",", ".", "?", "no", "wait",
    "spring", "my", "wife", "i", "decide", "worried", "about", "in", "may", "$", "5", "%", "the", "week", "of",
    "next", "and", "a", "hundred", "\u0130", "\u00e9", "both",
]  # fmt: skip


def talk(text: str) -> list[Utterance]:
    return read_transcript(text.encode())


def value(text: str, field: str, **options: object) -> str | None:
    found = extract(talk(text), **options)  # type: ignore[arg-type]
    return next((one.value for one in found if one.name == field), None)


def test_fields_come_in_their_order_with_their_evidence() -> None:
    said = talk("Rep: What's the budget?\nBob: About forty.\nRep: And when?\nBob: In the spring.")
    found = extract(said)
    assert [(one.name, one.value) for one in found] == [("Budget", "Around $40,000"), ("Timeline", "Spring")]
    assert found[0].quotes == (Quote(0, "What's the budget?"), Quote(1, "About forty."))


def test_the_same_words_from_the_rep_are_a_price_and_no_budget() -> None:
    assert value("Rep: It would be about forty thousand.\nBob: Okay.", "Budget") is None
    assert value("Dana: I'd spend forty thousand.\nBob: Really?", "Budget", rep_name="Dana Whitlock") is None


def test_who_sells_is_known_without_labels() -> None:
    text = (
        "Ann: Come in.\nJoe: Hi, I'm Joe with Peak Roofing. Did you have a budget in mind?\n"
        "Ann: Twenty thousand.\nJoe: Great, I'm at nineteen five."
    )
    assert value(text, "Budget") == "$20,000"


def test_a_transcript_without_speakers_still_gives_its_answers() -> None:
    text = (
        "Hi, I'm Joe with Peak Roofing.\nCome in.\nWhat is your budget for the roof?\nWe have about twenty thousand.\n"
    )
    assert value(text, "Budget") == "Around $20,000"


def test_day_of_the_conversation_gives_a_season_its_year() -> None:
    text = "Rep: When would you like it done?\nBob: In the spring."
    assert value(text, "Timeline", started_at=datetime(2025, 11, 3, 17, tzinfo=UTC)) == "Spring 2026"


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation.key)
@pytest.mark.parametrize("day", ["2026-01-31", "2026-07-04", "2026-12-28"])
def test_the_demos_conversations_give_what_a_person_would_write(conversation: Conversation, day: str) -> None:
    started_at = datetime.fromisoformat(day).replace(hour=16, tzinfo=UTC)
    said = read_transcript(conversation.read("Dana Whitlock"), name=conversation.file)
    assert 40 <= len(said) <= 120
    found = {one.name: one.value for one in extract(said, rep_name="Dana Whitlock", started_at=started_at)}
    assert found == conversation.expected_at(started_at)


def test_the_demos_conversations_are_of_all_formats_and_lack_some_fields() -> None:
    assert {conversation.file.rpartition(".")[2] for conversation in load()} == {"txt", "json", "vtt", "srt"}
    assert {field for conversation in load() for field in FIELDS if field not in conversation.expected} >= {
        "Budget", "Timeline", "Decision Maker",
    }  # fmt: skip
    assert all(conversation.customer_name.split()[1].encode() in conversation.read() for conversation in load())


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda conversation: conversation.key)
def test_a_summary_is_a_readable_note_of_what_was_said(conversation: Conversation) -> None:
    said = read_transcript(conversation.read("Dana"), name=conversation.file)
    found = extract(said, rep_name="Dana")
    note = summarize(said, found, title=conversation.trade, customer=conversation.customer_name, rep_name="Dana")
    assert 20 <= word_count(note) <= MOST_WORDS
    assert all(one.value in note for one in found if one.name != "Objections")
    spoken = " ".join(utterance.text for utterance in said).replace('"', "'")
    assert all(_bare(quoted) in _bare(spoken) for quoted in note.split('"')[1::2])


def _bare(text: str) -> str:
    return text.replace("...", "").rstrip(" .,;").replace(";", ",")


def test_a_short_talk_has_a_short_summary() -> None:
    said = talk("Rep: Hello?\nBob: Wrong number.")
    assert summarize(said, extract(said)) == "Customer: Hello? Wrong number."
    assert summarize([], [], customer="Bob", title="Gutters") == "Gutters, Bob."


def test_a_quote_is_found_whatever_its_case_and_signs() -> None:
    said = talk("Rep: What's the budget?\nBob: Well \u2014 we\u2019d say about forty, forty-five.\nRep: ok")
    assert find_quote(said, "We'd say about forty") == Quote(1, said[1].text)
    assert find_quote(said, "would say forty or forty-five") == Quote(1, said[1].text)
    assert find_quote(said, "the neighbor's fence") is None
    assert find_quote(said, " ") is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Rep", "Bob", "Ann", ""]),
            st.lists(
                st.sampled_from(_WORDS),
                max_size=14,
            ).map(" ".join),
        ),
        max_size=10,
    )
)  # fmt: skip
def test_any_words_can_be_extracted_from_and_summarized(said: list[tuple[str, str]]) -> None:
    utterances = [Utterance(speaker, text) for speaker, text in said]
    found = extract(utterances, started_at=datetime(2026, 2, 28, tzinfo=UTC))
    assert all(one.value.strip() and one.quotes for one in found)
    assert summarize(utterances, found)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("It comes to eighteen thousand.", "Eighteen thousand? That's too much."),
        ("What's your budget?", "Ha, a million dollars."),
        ("When was the roof put on?", "In the spring of 2004."),
        ("Our deposit is five hundred.", "OK, five hundred."),
        ("The electric bill?", "Two hundred dollars a month."),
        ("How old is it?", "My sister decided on hers in June, she paid nine thousand."),
    ],
)
def test_what_says_nothing_about_this_sale_gives_no_value(asked: str, said: str) -> None:
    found = extract(talk(f"Rep: {asked}\nBob: {said}"), rep_name="Rep")
    assert [one for one in found if one.name != "Objections"] == []
