"""Certain links stay: weaker evidence never removes one.

A link that the matcher made was certain when it was made. Only these remove it: a person, a direct cause (a deep link,
a deleted appointment, a merge), or certainty about another appointment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.matching import Decision

if TYPE_CHECKING:
    from fieldnote.workspace.domain.matching.evidence import LinkableRecording

LATER: Final = "kept, although later evidence is weaker: "
_STEPS: Final = 100
"""Steps of a link's history. The first and the latest are kept."""
_NAMES: Final = text("""
select (select external_id from engagements where id = cast(:engagement as uuid)) as appointment,
       (select external_id from opportunities where id = cast(:opportunity as uuid)) as opportunity
""")


def holds(row: LinkableRecording) -> bool:
    """Whether a recording keeps its link although the matcher would no longer make it. Pure."""
    return row.source == "FUZZY" and bool(row.certain) and bool(row.is_alive)


def later_evidence(row: LinkableRecording, decision: Decision, names: Mapping[str, str]) -> str:
    """The reason that the matcher would not make the link now, in a sentence. Pure."""
    best = decision.best
    if best is None:
        return f"{LATER}no meeting, appointment or event of this rep fits the time and place now"
    name = names.get(best.appointment_id, "?")
    which = "this appointment" if best.appointment_id == row.linked_engagement else f"appointment {name}"
    words = "; ".join(best.evidence.words)
    return f"{LATER}{which} is likely at {best.score:.0%}" + (f" ({words})" if words else "")


async def story(conn: AsyncConnection, row: LinkableRecording, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The link's history with this decision behind it; as it was where only the score or its words changed."""
    history: list[dict[str, Any]] = list(row.history or ())
    named = {"engagement": values["resolved"]["engagement"], "opportunity": values["resolved"]["opportunity"]}
    found = (await conn.execute(_NAMES, named)).one()
    kept = next((one for one in values["reasons"] if one.startswith(LATER)), None)
    step = {
        "appointment": found.appointment,
        "opportunity": found.opportunity,
        "source": values["source"],
        "trigger": values["trigger"],
    }
    if history and _is_same(history[-1], step) and (kept is None or history[-1]["reasons"][-1:] == [kept]):
        return history
    step |= {"at": values["decided_at"].isoformat(timespec="seconds"), "score": values["score"]}
    step["reasons"] = list(values["reasons"]) if kept is None else [kept]
    return [*history[:1], *history[1:][-_STEPS + 2 :], step]


def _is_same(before: Mapping[str, Any], step: Mapping[str, Any]) -> bool:
    """Whether the link is as it was. By which side the matcher came does not count."""
    names = [name for name in step if name != "trigger"]
    both_matched = all(one["trigger"].startswith("FUZZY") for one in (before, step))
    same_trigger = both_matched or before["trigger"] == step["trigger"]
    return same_trigger and all(before.get(name) == step[name] for name in names)
