"""Notes say what speakers said in the third person and in figures, and claim nothing that was not said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fieldnote.insight.definitions import DEFAULTS
from fieldnote.insight.evaluation.book import read_book
from fieldnote.insight.local.extract import extract_from
from fieldnote.insight.readers.money import amounts
from fieldnote.insight.summary.compose import MOST_WORDS, is_supported, summarize_talk
from fieldnote.insight.summary.reported import reported
from fieldnote.insight.talk.turns import Talk, talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from fieldnote.insight.words import fold, word_count

_BOOK = Path(__file__).parents[1] / "data" / "book"
_TUESDAY = datetime(2026, 4, 14, 15, tzinfo=UTC)


def _talk(*said: tuple[str, str]) -> Talk:
    return talk_of([Utterance(speaker, text) for speaker, text in said], Visit(_TUESDAY, rep_name="Dana Ruiz"))


@pytest.mark.parametrize(
    ("speaker", "said", "wanted"),
    [
        ("Tom", "Well, um, I can put in four thousand of my my own.", "They can put in $4,000 of their own"),
        ("Tom", "We're not signing tonight.", "They are not signing tonight"),
        ("Tom", "I'd like a porch.", "They would like a porch"),
        ("Tom", "I'd paid you in full.", "They had paid the rep in full"),
        ("Tom", "Can you bend the hinge back?", "Can the rep bend the hinge back?"),
        ("Tom", "You bring the ticket and we pay.", "The rep brings the ticket and they pay"),
        ("Tom", "The roof has four hundred nails.", "The roof has four hundred nails"),
        ("Tom", "I bought it for sixty dollars.", "They bought it for $60"),
        ("Tom", "We're away until the twentieth of September.", "They are away until September 20"),
        ("Tom", "It broke on Sunday.", "It broke on Sunday"),
        ("Tom", "Every Thursday I will be at choir.", "Every Thursday they will be at choir"),
        ("Tom", "We go fifty-fifty on the fence.", "They go fifty-fifty on the fence"),
        ("Dana Ruiz", "The reading is six one.", "The reading is six one"),
        ("Dana Ruiz", "You call eight one one.", "They call eight one one"),
        ("Dana Ruiz", "I'll text you Friday.", "The rep will text them Friday, April 17"),
        ("Dana Ruiz", "You can pay your deposit by check.", "They can pay their deposit by check"),
        ("Dana Ruiz", "I have it at nineteen thousand four hundred.", "The rep has it at $19,400"),
        ("Dana Ruiz", "I don't think it leaks.", "The rep does not think it leaks"),
        ("Dana Ruiz", "I pull the permit.", "The rep pulls the permit"),
        ("Dana Ruiz", "I'll have you out by noon.", "The rep will have them out by noon"),
        ("Dana Ruiz", "They quit selling you the straps.", "They quit selling them the straps"),
        ("Dana Ruiz", "Then it's a thousand dollar credit.", "It's a $1,000 credit"),
        ("Dana Ruiz", "So nine thousand fifty.", "$9,050"),
        ("Dana Ruiz", "So nine thousand fifty dollars.", "$9,050"),
        ("Dana Ruiz", "Have you seen the roof?", "Have they seen the roof?"),
        ("Dana Ruiz", "I can have you on for Friday.", "The rep can have them on for Friday, April 17"),
        ("Dana Ruiz", "It's a fourteen three SEER2.", "It's a fourteen three SEER2"),
        ("Tom", "I had them done in two thousand and eighteen.", "They had them done in two thousand and eighteen"),
        ("Tom", "It was two thousand and eighteen dollars.", "It was $2,018"),
        ("Tom", "Do you take the check first?", "Does the rep take the check first?"),
        ("Tom", "And you tear up the azaleas?", "The rep tears up the azaleas?"),
    ],
)
def test_a_sentence_is_reported(speaker: str, said: str, wanted: str) -> None:
    talk = _talk(("Dana Ruiz", "Hi."), ("Tom", "Hi."), (speaker, said))
    assert reported(talk, talk.sentences[-1]) == wanted


def test_a_bare_number_means_thousands_only_beside_an_amount_of_its_size() -> None:
    offer = ("Dana Ruiz", "That comes to twenty-eight.")
    alone, beside = _talk(offer), _talk(("Dana Ruiz", "The other one was twenty-eight thousand."), offer)
    assert reported(alone, alone.sentences[-1]) == "That comes to twenty-eight"
    assert reported(beside, beside.sentences[-1]) == "That comes to $28,000"


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("For what, eighteen hundred square feet?", "Seventeen fifty"),
        ("What year was it built?", "Seventeen fifty"),
        ("How long is that wall, in feet?", "Seventeen fifty"),
        ("What monthly payment would feel comfortable?", "$1,750"),
        ("How much did you pay for the fifty feet?", "$1,750"),
        ("I quoted you the price for forty feet.", "$1,750"),
    ],
)
def test_the_answer_to_a_question_about_a_measure_is_no_amount(asked: str, wanted: str) -> None:
    price = ("Dana Ruiz", "The whole price is nineteen thousand four hundred dollars.")
    talk = _talk(price, ("Dana Ruiz", asked), ("Tom", "Seventeen fifty."))
    assert reported(talk, talk.sentences[-1]) == wanted


def test_every_statement_of_the_book_is_supported_and_the_note_is_short() -> None:
    statements = 0
    for case in read_book(_BOOK / "more")[::5]:
        talk = talk_of(case.utterances, case.visit)
        note = summarize_talk(talk, extract_from(talk, DEFAULTS))
        assert word_count(note.text) <= MOST_WORDS, case.id
        for one in note.statements:
            assert is_supported(talk, one), (case.id, one)
            said = {money.high for quote in one.quotes for money in amounts(fold(quote.text))}
            figures = {money.high for money in amounts(fold(one.text)) if "$" in one.text and money.certain}
            assert all(one in said or one / 1000 in said for one in figures), (case.id, figures - said)
        statements += len(note.statements)
    assert statements > 50


def test_a_lead_opens_each_group_once() -> None:
    case = read_book(_BOOK / "train")[0]
    talk = talk_of(case.utterances, case.visit)
    note = summarize_talk(talk, extract_from(talk, DEFAULTS))
    leads = [one.lead for one in note.statements]
    assert len(leads) > len(set(leads))
    assert all(note.text.count(f"{lead}: ") == 1 for lead in set(leads))
