"""A method's totals on a folder of conversations."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from fieldnote.insight.evaluation.book import Case, read_book
from fieldnote.insight.evaluation.scores import Totals, add_case
from fieldnote.insight.llm.client import ChatClient
from fieldnote.insight.llm.errors import LlmError
from fieldnote.insight.llm.extract import MemoryStore, extract_by_llm
from fieldnote.insight.llm.settings import LlmSettings
from fieldnote.insight.local.embeddings import Embedder
from fieldnote.insight.local.extract import extract_from
from fieldnote.insight.summary.compose import summarize_talk
from fieldnote.insight.talk.turns import Talk, talk_of

TOTALS_ONLY = "heldout"
"""A folder of this name keeps its conversations to itself: no failure in it is listed, so nobody tunes on it."""


def evaluate_local(folder: Path, model_folder: Path | None = None) -> Totals:
    """The local method, with sentence embeddings where a model folder is given; raises ConfigError."""
    book = read_book(folder)
    embedder = Embedder(model_folder) if model_folder is not None else None
    totals = Totals()
    for case in book:
        talk = _talk(case)
        began = time.process_time()
        found = extract_from(talk, case.all_definitions, embedder)
        note = summarize_talk(talk, found)
        totals.seconds += time.process_time() - began
        add_case(totals, case, found, note.text, _roles(talk))
    return _without_details(totals, folder)


async def evaluate_llm(folder: Path, settings: LlmSettings) -> Totals:
    """A language model; a conversation that it gives no usable answer to counts as empty and is listed by its error."""
    totals = Totals()
    book = read_book(folder)
    async with ChatClient(settings) as client:
        for case in book:
            talk = _talk(case)
            began = time.monotonic()
            try:
                result = await extract_by_llm(client, settings, talk, case.all_definitions, MemoryStore())
            except LlmError as error:
                totals.errors[type(error).__name__] = totals.errors.get(type(error).__name__, 0) + 1
                add_case(totals, case, (), "", _roles(talk))
                continue
            totals.seconds += time.monotonic() - began
            totals.calls += result.cost.calls
            totals.tokens += result.cost.tokens
            totals.dropped += result.dropped
            add_case(totals, case, result.extractions, result.summary.text, _roles(talk))
    return _without_details(totals, folder)


def _talk(case: Case) -> Talk:
    return talk_of(case.utterances, case.visit)


def _roles(talk: Talk) -> dict[str, str]:
    return {label: assigned.role.value for label, assigned in talk.roles.items()}


def _without_details(totals: Totals, folder: Path) -> Totals:
    if TOTALS_ONLY in _names(folder):
        totals.failures.clear()
    return totals


def _names(folder: Path) -> Sequence[str]:
    inside = [path.name for path in folder.rglob("*") if path.is_dir()]
    return [*folder.resolve().parts, *inside]
