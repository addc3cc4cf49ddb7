"""Fields and summary of a conversation by a language model. A value that the evidence does not support is dropped."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fieldnote.insight.check import check
from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import VERSION, Extraction, Method
from fieldnote.insight.llm.answer import Answered, AnsweredField, Unusable, read_answer
from fieldnote.insight.llm.client import ChatClient, Cost
from fieldnote.insight.llm.errors import LlmBadAnswer, LlmBudgetSpent
from fieldnote.insight.llm.pieces import merge, pieces
from fieldnote.insight.llm.prompt import PROMPT_VERSION, messages, repair, schema
from fieldnote.insight.llm.settings import LlmSettings
from fieldnote.insight.summary.compose import MOST_WORDS, Summary, is_supported, title_of
from fieldnote.insight.summary.statements import Part, Statement
from fieldnote.insight.talk.turns import Talk, Turn
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import word_count


class Store(Protocol):
    """Where answers and the day's tokens are kept. The workspace keeps them with the recording, and erases them."""

    async def answer(self, key: str) -> str | None:
        """The answer of before to exactly this request, as JSON."""

    async def keep_answer(self, key: str, answer: str) -> None:
        """Keep an answer."""

    async def tokens_today(self) -> int:
        """The tokens that the organization has spent today."""

    async def spend(self, tokens: int) -> None:
        """Count tokens."""


@dataclass(slots=True)
class MemoryStore:
    """A store for one process: evaluation and tests."""

    answers: dict[str, str] = field(default_factory=dict)
    tokens: int = 0

    async def answer(self, key: str) -> str | None:
        return self.answers.get(key)

    async def keep_answer(self, key: str, answer: str) -> None:
        self.answers[key] = answer

    async def tokens_today(self) -> int:
        return self.tokens

    async def spend(self, tokens: int) -> None:
        self.tokens += tokens


@dataclass(frozen=True, slots=True)
class LlmResult:
    """The supported part of an answer, and its cost."""

    extractions: tuple[Extraction, ...]
    summary: Summary
    dropped: int
    """Values and statements that their evidence does not support."""
    cost: Cost


async def extract_by_llm(
    client: ChatClient, settings: LlmSettings, talk: Talk, definitions: Sequence[Definition], store: Store
) -> LlmResult:
    """One call for each piece, from the store where the same was asked before; raises LlmError."""
    cost = Cost()
    key = _key(settings, talk, definitions)
    known = await store.answer(key)
    if known is not None:
        answered = Answered.model_validate_json(known)
    else:
        answered = await _ask(client, settings, talk, definitions, store, cost)
        await store.keep_answer(key, answered.model_dump_json())
    return _supported(talk, definitions, answered, cost)


async def _ask(
    client: ChatClient,
    settings: LlmSettings,
    talk: Talk,
    definitions: Sequence[Definition],
    store: Store,
    cost: Cost,
) -> Answered:
    if await store.tokens_today() >= settings.daily_tokens:
        raise LlmBudgetSpent(
            "the organization's tokens of this day are spent", hint="Raise the daily budget, or wait until tomorrow."
        )
    until = time.monotonic() + settings.deadline
    try:
        parts = pieces(talk.turns, settings.piece_characters, settings.overlap)
        found = [await _ask_piece(client, talk, part, definitions, cost, until) for part in parts]
    finally:
        await store.spend(cost.tokens)
    return merge(found, definitions)


async def _ask_piece(
    client: ChatClient, talk: Talk, turns: Sequence[Turn], definitions: Sequence[Definition], cost: Cost, until: float
) -> Answered:
    asked = messages(turns, definitions, talk.visit)
    wanted = schema(definitions)
    known = {turn.index for turn in turns}
    text = await client.ask(asked, wanted, cost, until=until)
    try:
        return read_answer(text, definitions, known)
    except Unusable as problem:
        again = [
            *asked,
            {"role": "assistant", "content": text[:20_000]},
            {"role": "user", "content": repair(str(problem))},
        ]
    text = await client.ask(again, wanted, cost, until=until)
    try:
        return read_answer(text, definitions, known)
    except Unusable as problem:
        raise LlmBadAnswer(
            f"the language model's answer does not fit the schema: {problem}",
            hint="Use a model or a server that follows JSON schemas.",
        ) from None


def _key(settings: LlmSettings, talk: Talk, definitions: Sequence[Definition]) -> str:
    """The content of a request: another endpoint, model, prompt, definition or word is another key."""
    content = [PROMPT_VERSION, settings.base_url, settings.model, settings.piece_characters, settings.overlap]
    fields = [one.as_json() for one in definitions]
    said = [[turn.index, turn.role.value, turn.speaker, turn.text] for turn in talk.turns]
    visit = [str(talk.visit.day), talk.visit.rep_name, talk.visit.customer, talk.visit.project]
    return hashlib.sha256(json.dumps([content, fields, said, visit]).encode()).hexdigest()


def _supported(talk: Talk, definitions: Sequence[Definition], answered: Answered, cost: Cost) -> LlmResult:
    by_name = {one.name: one for one in answered.fields}
    found = [_extraction(talk, one, by_name[one.name]) for one in definitions if one.name in by_name]
    kept = tuple(one for one in found if one is not None)
    statements = [Statement(Part.WANTS, one.text, _quotes(talk, one.evidence)) for one in answered.summary]
    supported = [one for one in statements if one.quotes and is_supported(talk, one)]
    within: list[Statement] = []
    for one in supported:
        if sum(word_count(other.text) for other in within) + word_count(one.text) <= MOST_WORDS:
            within.append(one)
    summary = Summary(title_of(talk, kept, within), tuple(within))
    dropped = len(found) - len(kept) + len(statements) - len(supported)
    return LlmResult(kept, summary, dropped, cost)


def _extraction(talk: Talk, definition: Definition, answered: AnsweredField) -> Extraction | None:
    quotes = _quotes(talk, answered.evidence)
    evidence = [Utterance(talk.turns[one.index].speaker, one.text) for one in quotes]
    rests_on = (answered.words,) if answered.words else ()
    value = answered.value
    if definition.type is FieldType.CHOICE:
        value = next((one for one in definition.choices if one.casefold() == value.casefold()), value)
    if definition.type is FieldType.BOOLEAN:
        value = {"true": "Yes", "false": "No"}.get(value.casefold(), value)
    if definition.type is FieldType.LIST:
        return _list(talk, definition, answered, quotes)
    verdict = check(definition, value, evidence, visit=talk.visit, rests_on=rests_on)
    if not verdict.supported:
        return None
    return Extraction(
        definition.name,
        value,
        quotes,
        0.8,
        Method.LLM,
        f"{VERSION}.{PROMPT_VERSION}",
        proposed=verdict.proposed,
        rests_on=rests_on,
        operations=tuple(verdict.operations),
    )


def _list(talk: Talk, definition: Definition, answered: AnsweredField, quotes: tuple[Quote, ...]) -> Extraction | None:
    """Each item by itself: an invented one does not take the others with it."""
    evidence = [Utterance(talk.turns[one.index].speaker, one.text) for one in quotes]
    items = [item.strip() for item in answered.value.split(";") if item.strip()]
    kept = [item for item in items if check(definition, item, evidence, visit=talk.visit).supported]
    if not kept:
        return None
    version = f"{VERSION}.{PROMPT_VERSION}"
    return Extraction(definition.name, "; ".join(kept), quotes, 0.8, Method.LLM, version)


def _quotes(talk: Talk, evidence: Sequence[int]) -> tuple[Quote, ...]:
    known = sorted({index for index in evidence if 0 <= index < len(talk.turns)})
    return tuple(Quote(index, talk.turns[index].text) for index in known)
