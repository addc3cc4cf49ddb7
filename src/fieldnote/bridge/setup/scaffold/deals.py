"""The deals of the proposed file: query, map, and which stages mean won or lost. Pure but for the look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fieldnote.bridge.setup.scaffold.customers import account
from fieldnote.bridge.setup.scaffold.draft import Scaffold, deleted_line, stream_lines
from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.evidence.stage_words import LOST
from fieldnote.bridge.setup.scaffold.evidence.words import words
from fieldnote.bridge.setup.scaffold.lines import amount, listed, word
from fieldnote.bridge.setup.scaffold.paths import joined, ways
from fieldnote.bridge.setup.scaffold.query import Entity, Place
from fieldnote.bridge.setup.scaffold.stages import Stages, stages_of
from fieldnote.crm.sql.survey import SurveyTable

_PARTS: Final = dict.fromkeys(("micro", "micros"), " / 1000000.0") | dict.fromkeys(
    ("cent", "cents", "pence", "centimes"), " / 100.0"
)
"""The division that an amount in parts of its currency needs."""


def opportunities(scaffold: Scaffold, deals: SurveyTable) -> Iterator[str]:
    """The deals."""
    deal = scaffold.entity(deals)
    yield from stream_lines(scaffold, "opportunities", "deal", deal, _deal(scaffold, deal))


def _deal(scaffold: Scaffold, deal: Entity) -> Iterator[str]:
    title = deal.find("title") or deal.find("name")
    if title is not None:
        yield f"      name: {deal.query.add(deal.expr(title), 'name')}"
    worth = deal.find("amount")
    if worth is not None:
        # The decimal point keeps PostgreSQL and SQLite from cutting a fraction off.
        called = words(worth.column.name)
        parts = next((_PARTS[word] for word in called if word in _PARTS), "")
        name = deal.query.add(f"{deal.expr(worth)}{parts}", "amount")
        yield f"      amount: {amount(name, worth)}        # {worth.column.name}"
        _other_amounts(scaffold, deal, worth)
    stages = _with_known(scaffold, stages_of(deal))
    yield from _disposition(scaffold, deal, stages)
    yield from _closed(deal, stages)
    target = scaffold.roles.customers
    found = ways(deal, target) if target is not None else []
    if target is not None and found:
        customer = joined(deal, target, "c", found)
        moved, _ = customer.moved()
        deal.query.moves.extend([moved] if moved is not None else [])
        yield from account(scaffold, customer, found[0].why, whole=False)
    yield from deleted_line(scaffold, deal)


def _with_known(scaffold: Scaffold, stages: Stages | None) -> Stages | None:
    """With the stages that a known CRM comes with, although no deal may have them yet."""
    if stages is None or stages.whole or scaffold.known is None:
        return stages
    return replace(stages, results={**scaffold.known.stages, **stages.results})


def _other_amounts(scaffold: Scaffold, deal: Entity, worth: Place) -> None:
    ranked = [item for table in deal.tables for item in meanings.ranked(table, "amount")]
    taken = meanings.score(worth.table, worth.column, "amount")
    close = [column.name for points, column in ranked if column is not worth.column and taken - points < 2]
    if close:
        scaffold.questions.append(
            f"Is {worth.column.name} the value of a deal? {' and '.join(close)} would fit as well."
        )


def _disposition(scaffold: Scaffold, deal: Entity, stages: Stages | None) -> Iterator[str]:
    if stages is None:
        scaffold.questions.append("Which column says that a deal is won or lost? Without one, every deal is open.")
        yield "      disposition: \"'OPEN'\""
        return
    archived = _archived(deal, stages)
    if archived is not None:
        yield archived
        return
    if stages.whole:
        yield f"      disposition: {stages.name}        # {stages.why}"
        return
    why = f"; {stages.why}" if stages.why else ""
    open_words = [item for item in stages.words if item not in stages.results]
    if not stages.results:
        known = f" Its words: {listed(list(stages.words), 30)}." if stages.words else ""
        hidden = " Some look like secrets, and are not shown." if stages.unreadable else ""
        scaffold.questions.append(
            f"Which words of {stages.name} mean won or lost? Until you say so, every deal is open.{known}{hidden}"
        )
        yield (
            f"      # Which words mean won or lost? Then: "
            f"{{from: {stages.name}, choices: {{SOLD: WON, DEAD: LOST}}, default: OPEN}}.{known}{why}"
        )
        yield "      disposition: \"'OPEN'\""
        return
    missing = {"WON", "LOST"} - set(stages.results.values())
    if missing:
        scaffold.questions.append(
            f"Which words of the stage mean {' and '.join(sorted(missing)).lower()}? None of these "
            f"says so: {listed(open_words, 30)}."
        )
    choices = ", ".join(f"{word(item)}: {result}" for item, result in stages.results.items())
    yield (
        f"      # Check this table. Every other word is OPEN{': ' + listed(open_words, 30) if open_words else ''}{why}."
    )
    yield f"      disposition: {{from: {stages.name}, choices: {{{choices}}}, default: OPEN}}"


def _archived(deal: Entity, stages: Stages) -> str | None:
    """A deal that is lost by being archived, as a reason of the loss shows: only where no stage says lost."""
    expression = next(e for e, name in deal.query.columns if name == stages.name)
    if LOST in stages.results.values() or f"'{LOST}'" in expression or not (stages.results or stages.whole):
        return None
    reason = next(
        (c for c in deal.table.columns if {"lost", "loss", "verlust"} & set(words(c.name)) and not shapes.is_time(c)),
        None,
    )
    active = deal.find("active")
    if reason is None or active is None:
        return None
    won = ", ".join(map(deal.spelling.text, stages.results))
    case = (
        expression.removesuffix(" else 'OPEN' end") if stages.whole else f"case when {expression} in ({won}) then 'WON'"
    )
    lost = deal.spelling.no(deal.expr(active), active.column)
    name = deal.query.add(f"{case} when {lost} then 'LOST' else 'OPEN' end", "result")
    return (
        f"      disposition: {name}        # {stages.why or stages.name}; "
        f"a deal with {active.column.name} = false is lost, as {reason.name} shows"
    )


def _closed(deal: Entity, stages: Stages | None) -> Iterator[str]:
    """When it was won or lost. Of an open deal such a day is a plan, so it counts only once the deal is closed."""
    place = deal.find("closed")
    if place is None:
        return
    expression = deal.expr(place)
    stage = next((e for e, name in deal.query.columns if stages is not None and name == stages.name), None)
    if stages is not None and stage is not None and stages.results:
        ended = ", ".join(map(deal.spelling.text, stages.results))
        expression = f"case when {stage} in ({ended}) then {expression} end"
    elif stages is not None and stage is not None and stages.whole:
        expression = f"case when {stage} <> 'OPEN' then {expression} end"
    yield (
        f"      closedAt: {deal.query.add(expression, 'closed_at')}        # {place.column.name}, of "
        f"deals that are won or lost"
    )
