"""From what happened to what is shown: the report's lines, and whether each thing that must hold does."""

from __future__ import annotations

from collections.abc import Iterable

from fieldnote.demo.contractor import Visit
from fieldnote.demo.expected import agrees
from fieldnote.demo.loop import Story
from fieldnote.demo.report import Check, Matched, Report, Sent, Written
from fieldnote.printable import number_of

_HOW = {
    "CRM_DEEPLINK": "by deep link",
    "OPPORTUNITY_DEEPLINK": "by deep link",
    "FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING": "by rep, time and place",
    "FUZZY_MATCH_RECORDINGS_FOR_ENGAGEMENT": "by rep, time and place",
}


def report_on(story: Story) -> Report:
    """Everything that the demo shows."""
    notes = [(str(deal), body) for deal, key, body in story.now.notes if key is not None]
    return Report(
        home=str(story.stage.home),
        day=story.stage.memory.day,
        seed=story.stage.memory.seed,
        resumed=story.stage.resumed,
        crm=dict(story.contractor.counts),
        sent=tuple(Sent(s.stream, s.read, s.sent, s.unchanged) for s in story.pushed.streams),
        matched=tuple(_matched(story, visit) for visit in story.contractor.visits),
        written=tuple(_written(story)),
        note=next((body for deal, body in notes if deal == story.correction.deal_id), ""),
        notes=len(notes),
        calls=story.calls,
        webhooks=story.webhooks,
        checks=tuple(_checks(story)),
        seconds=story.seconds,
    )


def _matched(story: Story, visit: Visit) -> Matched:
    link = story.links.get(visit.recording_key)
    found = link.appointment if link else None
    return Matched(
        customer=visit.customer_name,
        rep=visit.rep_name,
        scenario=visit.scenario,
        appointment_id=found,
        how=_HOW.get(link.trigger or "", "") if link and found else "",
        why=link.reasons if link else ("not recorded",),
        right=link is not None and found == visit.appointment_id,
    )


def _written(story: Story) -> Iterable[Written]:
    customers = {visit.deal_id: visit.customer_name for visit in story.contractor.visits}
    for deal_id, column in sorted(story.expected.values):
        before, after = (state.deals[int(deal_id)].get(column) for state in (story.built, story.now))
        by_person = (deal_id, column) == (story.correction.deal_id, story.correction.column)
        yield Written(deal_id, customers.get(deal_id, ""), column, before, after, by_person)


def _checks(story: Story) -> Iterable[Check]:
    yield _everything_sent(story)
    yield _all_matched(story)
    yield _fields_hold(story)
    yield _nothing_else_touched(story)
    yield _notes_hold(story)
    yield _correction_is_kept(story)
    yield _again(story)


def _everything_sent(story: Story) -> Check:
    rows = {"engagements": story.contractor.counts["appointments"], "opportunities": story.contractor.counts["deals"]}
    settled = story.pushed.settled and story.push_again.settled
    detail = ", ".join(f"{story.held[name]} of {count} {name}" for name, count in rows.items())
    return Check("every appointment and deal is in the workspace", settled and story.held == rows, detail)


def _all_matched(story: Story) -> Check:
    visits = story.contractor.visits
    right = sum(_matched(story, visit).right for visit in visits)
    return Check(
        "every recording found its appointment, and the walk-in stayed unlinked",
        right == len(visits),
        f"{right} of {len(visits)}",
    )


def _fields_hold(story: Story) -> Check:
    corrected = (story.correction.deal_id, story.correction.column)
    wrong = [
        f"{deal_id}.{column}"
        for (deal_id, column), value in story.expected.values.items()
        if (deal_id, column) != corrected and not agrees(column, value, story.now.deals[int(deal_id)].get(column))
    ]
    detail = "not as said: " + ", ".join(wrong) if wrong else number_of(len(story.expected.values) - 1, "field")
    return Check("the CRM has the customers' answers", not wrong, detail)


def _nothing_else_touched(story: Story) -> Check:
    touched = [
        f"{deal_id}.{column}"
        for deal_id, before in story.built.deals.items()
        for column, value in story.now.deals[deal_id].items()
        if value != before.get(column) and (str(deal_id), column) not in story.expected.values
    ]
    detail = f"of {len(story.built.deals)} deals" if not touched else "changed: " + ", ".join(touched)
    return Check("nothing else in the CRM changed, and fields that nobody mentioned stayed empty", not touched, detail)


def _notes_hold(story: Story) -> Check:
    written = [str(deal) for deal, key, _ in story.now.notes if key is not None]
    people = [note for note in story.now.notes if note[1] is None]
    built = [note for note in story.built.notes if note[1] is None]
    right = sorted(written) == sorted(deal for deal, n in story.expected.notes.items() for _ in range(n))
    return Check(
        "one note for each conversation, and no person's note changed",
        right and people == built,
        number_of(len(written), "note"),
    )


def _correction_is_kept(story: Story) -> Check:
    correction = story.correction
    found = story.now.deals[int(correction.deal_id)].get(correction.column)
    return Check(
        "a person's correction stayed, although a later conversation gave another value",
        found == correction.words and story.pull_again.proposals > 0,
        f"deal {correction.deal_id}, {correction.column}; {story.pull_again.proposals} proposed instead",
    )


def _again(story: Story) -> Check:
    calls, writes = story.push_again.calls, story.pull_again.writes
    return Check(
        "a second run sent nothing and wrote nothing", not calls and not writes, f"{calls} calls, {writes} writes"
    )
