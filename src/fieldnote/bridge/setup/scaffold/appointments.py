"""The appointments of the proposed file: query and map. Pure but for the look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fieldnote.bridge.setup.scaffold.customers import account
from fieldnote.bridge.setup.scaffold.draft import Scaffold, deleted_line, stream_lines
from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.evidence.words import words
from fieldnote.bridge.setup.scaffold.lines import listed, sample, word
from fieldnote.bridge.setup.scaffold.paths import joined, ways
from fieldnote.bridge.setup.scaffold.query import Entity
from fieldnote.bridge.setup.scaffold.rep_paths import reps_of
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.survey import SurveyTable


def engagements(scaffold: Scaffold, visits: SurveyTable) -> Iterator[str]:
    """The appointments."""
    visit = scaffold.entity(visits)
    of_deletes = "an appointment whose row leaves this table is deleted in Siro"
    fields = _appointment(scaffold, visit)
    yield from stream_lines(scaffold, "engagements", "appointment", visit, fields, of_deletes)


def _appointment(scaffold: Scaffold, visit: Entity) -> Iterator[str]:
    yield from _times(scaffold, visit)
    title = visit.find("title")
    if title is not None:
        yield f"      subject: {visit.query.add(visit.expr(title), 'subject')}"
    yield from _kind(scaffold, visit)
    deal_ways = ways(visit, scaffold.roles.deals, middle=False)
    deal = (
        joined(visit, scaffold.roles.deals, "d", deal_ways) if deal_ways and scaffold.roles.deals is not None else None
    )
    _note_move(visit, deal)
    customer, account = _customer(scaffold, visit, deal)
    found = reps_of(visit, scaffold.roles.reps, deal, customer)
    for note in found.notes:
        yield f"      # {note}."
    if found.found:
        one = len(found.lines) == 1 and not found.lines[0].startswith("-")
        yield f"      engagementUsers: {found.lines[0]}" if one else "      engagementUsers:"
        yield from ([] if one else [f"        {line}" for line in found.lines])
        if not found.has_email:
            scaffold.questions.append(
                "The reps have no email address that was found. Siro knows its users by it: add "
                "`email` to engagementUsers."
            )
    else:
        scaffold.questions.append("Which column names the rep of an appointment? Without one, no recording finds it.")
        yield "      # engagementUsers: [{externalId: …, email: …, name: …}]"
    yield from account
    if deal is not None:
        yield (
            f"      opportunity: {{externalId: {visit.query.add(deal.at(deal.key), 'deal_id')}}}        # "
            f"{deal_ways[0].why}"
        )
    elif scaffold.roles.deals is not None:
        scaffold.questions.append(
            f"How does an appointment lead to its row of {scaffold.roles.deals.name}? No column was found for it."
        )
        yield "      # opportunity: {externalId: …}   which column names the deal?"
    yield from deleted_line(scaffold, visit)


def _note_move(visit: Entity, other: Entity | None) -> None:
    """A change of a joined record is one of the appointment, too."""
    moved, _ = other.moved() if other is not None else (None, "")
    visit.query.moves.extend([moved] if moved is not None else [])


# --- when ---------------------------------------------------------------------------------------------------


def _times(scaffold: Scaffold, visit: Entity) -> Iterator[str]:
    span = meanings.span_of(visit.table)
    if span is None:
        scaffold.questions.append("Which column holds the start of an appointment?")
        yield "      # startTime: …"
        return
    start = visit.at(span.start.name)
    paired = meanings.clock_of(visit.table, span.start)
    clock = None if shapes.is_time(span.start) else paired.name if paired is not None else _clock(visit, "start")
    if clock is not None:
        start = scaffold.spelling.day_and_clock(start, visit.at(clock))
    yield f"      startTime: {visit.query.add(start, 'starts_at')}{sample(span.start)}"
    if span.end is not None:
        why = f", {span.why}" if span.why else ""
        yield f"      endTime: {visit.query.add(visit.at(span.end.name), 'ends_at')}        # {span.end.name}{why}"
        return
    if clock is not None and (end := _clock(visit, "end")) is not None and end != clock:
        day = next(
            (c for c in visit.table.columns if shapes.is_day(c) and meanings.name_score(visit.table, c, "end") >= 3),
            span.start,
        )
        both = scaffold.spelling.day_and_clock(visit.at(day.name), visit.at(end))
        yield f"      endTime: {visit.query.add(both, 'ends_at')}        # {day.name} and {end}"
        return
    duration = meanings.best(visit.table, "duration")
    if duration is not None and clock is None:
        unit = _unit(
            duration.name, [float(str(value)) for value in duration.values if str(value).replace(".", "").isdigit()]
        )
        later = scaffold.spelling.later(start, visit.at(duration.name), unit)
        yield f"      endTime: {visit.query.add(later, 'ends_at')}        # {duration.name}, in {unit}s"
        return
    scaffold.questions.append(
        "When does an appointment end? No column was found for it: a recording is matched by the start alone."
    )
    yield "      # endTime: …"


def _clock(visit: Entity, which: str) -> str | None:
    """The column of a time of day that belongs to a day."""
    other = "end" if which == "start" else "start"
    found = [
        (meanings.name_score(visit.table, column, which) - meanings.name_score(visit.table, column, other), column.name)
        for column in visit.table.columns
        if (shapes.is_clock(column) and not meanings.name_score(visit.table, column, "duration") >= 5)
        or (not column.values and "time" in words(column.name) and column.family in {Family.TEXT, Family.UNTYPED})
    ]
    best = max(found, default=(0, ""))
    return best[1] if best[1] and (best[0] > 0 or (which == "start" and len(found) == 1)) else None


def _unit(name: str, values: list[float]) -> str:
    found = set(words(name))
    if found & {"hours", "hour", "hrs", "stunden", "std"}:
        return "hour"
    if found & {"seconds", "sec", "secs", "sekunden"}:
        return "second"
    if found & {"minutes", "minute", "min", "mins", "minuten"} or not values:
        return "minute"
    middle = sorted(values)[len(values) // 2]
    return "hour" if middle <= 8 else "second" if middle >= 900 else "minute"


# --- kinds ----------------------------------------------------------------------------------------------------

_CALLS: Final = {"call", "telefonat", "anruf", "phone", "llamada", "appel", "gesprek"}
_NO_VISITS: Final = {
    "task",
    "email",
    "todo",
    "to do",
    "aufgabe",
    "mail",
    "note",
    "sms",
    "fax",
    "letter",
    "deadline",
    "reminder",
}


def _kind(scaffold: Scaffold, visit: Entity) -> Iterator[str]:
    place = visit.find("kind")
    listed_words = visit.graph.prober.words(place.table, place.column) if place is not None else None
    yield "      engagementType:"
    unused = scaffold.known is not None and place is not None and place.column.name in scaffold.known.ignored
    if place is None or unused or (not listed_words and place.column.row_values):
        yield "        activityType: \"'APPOINTMENT'\""
        yield "        name: \"'visit'\""
        return
    name = visit.query.add(visit.expr(place), "kind")
    all_words = list(listed_words or ())
    others = [item for item in all_words if {part.lower() for part in words(item)} & _NO_VISITS and not _is_call(item)]
    if others and len(others) < len(all_words):
        condition = ", ".join(map(scaffold.spelling.text, others))
        visit.query.where.append(f"({visit.expr(place)} is null or {visit.expr(place)} not in ({condition}))")
        scaffold.questions.append(
            f"{listed(others)} of {place.column.name} were left out, as they are no appointments. Check this."
        )
    calls = [item for item in all_words if _is_call(item)]
    if calls:
        choices = ", ".join(f"{word(item)}: CALL" for item in calls)
        yield f"        activityType: {{from: {name}, choices: {{{choices}}}, default: APPOINTMENT}}"
    else:
        yield "        activityType: \"'APPOINTMENT'\""
    yield f"        name: {{from: {name}, default: visit}}        # {place.column.name}"
    kept = [item for item in all_words if item not in others]
    if len(kept) > 1:
        scaffold.questions.append(
            f"Which of these are sales visits: {listed(kept)}? All are sent. Only some: add `where "
            f"{visit.expr(place)} in (…)` to the query."
        )


def _is_call(item: str) -> bool:
    return bool({part.lower() for part in words(item)} & _CALLS)


# --- whom ---------------------------------------------------------------------------------------------------


def _customer(scaffold: Scaffold, visit: Entity, deal: Entity | None) -> tuple[Entity | None, list[str]]:
    target = scaffold.roles.customers
    if target is None:
        scaffold.questions.append("Which table holds the customers? None was recognized.")
        return None, ["      # account: {externalId: …, name: …}"]
    found = ways(visit, target)
    if deal is not None:
        found += ways(deal, target, middle=not found)
    if not found:
        scaffold.questions.append(
            f"How does an appointment lead to its row of {target.name}? No column was found for it."
        )
        return None, ["      # account: {externalId: …, name: …}   which columns name the customer?"]
    customer = joined(visit, target, "c", found)
    _note_move(visit, customer)
    return customer, list(
        account(scaffold, customer, ", then ".join(dict.fromkeys(way.why for way in found)), whole=True)
    )
