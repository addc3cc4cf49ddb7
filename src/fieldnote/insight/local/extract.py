"""The local method: every definition's value, checked against its evidence, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fieldnote.insight.check import check
from fieldnote.insight.definitions import DEFAULTS, Definition
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.budget import find_budget
from fieldnote.insight.local.custom.finder import Finder
from fieldnote.insight.local.decision import find_decision_maker
from fieldnote.insight.local.embeddings import Embedder
from fieldnote.insight.local.objections import find_objections
from fieldnote.insight.local.timeline import find_timeline
from fieldnote.insight.local.turn_scores import TurnScores, turn_scores
from fieldnote.insight.talk.roles import Role
from fieldnote.insight.talk.turns import Talk, talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit

_OWN: Mapping[str, Callable[[Talk, TurnScores], Extraction | None]] = {
    "Budget": find_budget,
    "Timeline": find_timeline,
    "Decision Maker": find_decision_maker,
    "Objections": find_objections,
}


def extract(
    utterances: Sequence[Utterance],
    *,
    rep_name: str | None = None,
    started_at: datetime | None = None,
    definitions: Sequence[Definition] = DEFAULTS,
    visit: Visit | None = None,
    roles: Mapping[str, Role] | None = None,
    embedder: Embedder | None = None,
) -> list[Extraction]:
    """The values of the fields that were spoken of, in the order of the definitions.

    `visit` has all that is known of the appointment; without it, `rep_name` and `started_at` are. `roles` corrects
    the speakers' roles by label. `embedder` finds passages by meaning; without one they are found by words alone.
    """
    talk = talk_of(utterances, visit or Visit(started_at, rep_name=rep_name), roles)
    return extract_from(talk, definitions, embedder)


def extract_from(talk: Talk, definitions: Sequence[Definition], embedder: Embedder | None = None) -> list[Extraction]:
    """As `extract`, of a conversation whose roles are known."""
    scores = turn_scores(talk)
    finder = Finder(talk, embedder, scores)
    found = (_OWN[one.name](talk, scores) if one in DEFAULTS else finder.find(one) for one in definitions)
    return list(_supported(zip(definitions, found, strict=True), talk))


def _supported(found: Iterable[tuple[Definition, Extraction | None]], talk: Talk) -> Iterable[Extraction]:
    for definition, extraction in found:
        if extraction is None:
            continue
        evidence = [
            Utterance(talk.turns[quote.index].speaker, talk.turns[quote.index].text) for quote in extraction.quotes
        ]
        verdict = check(definition, extraction.value, evidence, visit=talk.visit, rests_on=extraction.rests_on)
        if verdict.supported:
            steps = tuple(dict.fromkeys([*extraction.operations, *verdict.operations]))
            yield replace(extraction, proposed=extraction.proposed or verdict.proposed, operations=steps)
