"""Help with linking: match recordings that Siro leaves unlinked with the appointments that were pushed.

Siro has its turn first. A recording is looked at half an hour after its end, and again, less and less often, for a
week, as appointments come late. Certain links are made through the API if the file allows it (`pull.linking`) and a
user token with the scope `write` exists. Likely links are proposed. A link that a person made, removed or rejected is
never undone, and nobody is asked again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from fieldnote.bridge.link_history import current_rates, read_history
from fieldnote.bridge.reps import overrides_of
from fieldnote.bridge.session import Bridge
from fieldnote.config import Linking
from fieldnote.db.bridge_tables import matches, sent
from fieldnote.errors import FieldnoteError
from fieldnote.matching import LINK_UNHEARD_AT, Decision, Outcome, match
from fieldnote.siro.errors import Forbidden, Invalid, MissingCredential, NotFound, Refused
from fieldnote.siro.models import User

log = logging.getLogger(__name__)

SIROS_TURN: Final = timedelta(minutes=30)
"""After a recording's end, before it is looked at here."""
LOOKED_AT_FOR: Final = timedelta(days=7)
_AROUND: Final = timedelta(hours=14)
"""Recordings and appointments this far around take part in the solution."""
_AT_ONCE: Final = 500
_SIGN_IN: Final = "run `fieldnote oauth setup --user EMAIL --scope write`"
_OTHERS: Final = 3


class MatchState(StrEnum):
    """The outcome of a match."""

    OPEN = "open"
    """It waits for a person."""
    LINKED = "linked"
    """Fieldnote linked it through the API."""
    REJECTED = "rejected"
    """A person rejected it."""
    NONE = "none"
    """No appointment fits yet."""
    SUPERSEDED = "superseded"
    """The recording was linked in another way."""


@dataclass(frozen=True, slots=True)
class Found:
    """The match of one recording."""

    id: int
    recording_id: str
    started_at: datetime
    engagement: str | None
    state: MatchState
    score: float
    """Probability, 0 to 1."""
    reasons: tuple[str, ...]
    others: tuple[dict[str, Any], ...]
    """The appointments that lost: `engagement`, `score`, `why`."""
    problem: str | None
    """Why it was not linked by itself, although it is certain."""


# --- the pass -------------------------------------------------------------------------------------------


async def help_linking(bridge: Bridge) -> list[str]:
    """Decide about the unlinked recordings that are due. Returns those that were linked."""
    policy = bridge.config.pull.linking if bridge.config.pull else Linking.OFF
    if policy is Linking.OFF:
        return []
    async with bridge.engine.connect() as conn:
        due = list((await conn.execute(_DUE, _due_values(bridge.name))).all())
    if not due:
        return []
    users = await bridge.remote.users()
    decisions = await _decide(bridge, due, users, await overrides_of(bridge) or {})
    return [decision.conversation_id for decision in decisions if await _carry_out(bridge, decision, policy)]


def _due_values(connection: str) -> dict[str, Any]:
    return {"connection": connection, "turn": SIROS_TURN, "days": LOOKED_AT_FOR, "limit": _AT_ONCE}


async def _decide(
    bridge: Bridge, due: Sequence[Any], users: Sequence[User], overrides: Mapping[str, str]
) -> list[Decision]:
    """Decide about the due recordings, together with all recordings and appointments around them."""
    wanted = {row.recording_id for row in due}
    first, last = min(row.started_at for row in due) - _AROUND, max(row.started_at for row in due) + _AROUND
    known = await read_history(bridge, users, overrides, first=first, last=last)
    rates = await current_rates(bridge, users, overrides)
    fixed = {key: value for key, value in known.linked.items() if key not in wanted}
    decisions = match(known.conversations, known.appointments, fixed=fixed, rates=rates, link_at=LINK_UNHEARD_AT)
    return [decision for decision in decisions if decision.conversation_id in wanted]


async def _carry_out(bridge: Bridge, decision: Decision, policy: Linking) -> bool:
    """Make a certain link, or keep a proposal. Returns whether it was linked."""
    best = decision.best
    async with bridge.engine.begin() as conn:
        was_linked = await conn.scalar(_WAS_LINKED, {"connection": bridge.name, "id": decision.conversation_id})
    problem: str | None = None
    if best is not None and decision.outcome is Outcome.LINKED and policy is Linking.LINK:
        if was_linked:
            problem = "it was linked before, and somebody removed the link"
        else:
            problem = await _link(bridge, decision.conversation_id, best.appointment_id)
            if problem is None:
                await _keep(bridge, decision, MatchState.LINKED, None)
                return True
    state = MatchState.NONE if best is None else MatchState.OPEN
    await _keep(bridge, decision, state, problem)
    return False


async def _link(bridge: Bridge, recording_id: str, key: str) -> str | None:
    """Link through the API; why not, where that cannot be."""
    async with bridge.engine.connect() as conn:
        mine = sent.c.connection == bridge.name, sent.c.stream == "engagements", sent.c.key == key
        siro_id = await conn.scalar(select(sent.c.siro_id).where(*mine))
    if siro_id is None:
        return "Siro's id of the appointment is not known"
    try:
        await bridge.remote.link(recording_id, siro_id)
    except MissingCredential:
        return "linking needs a user token (siro.client_id, client_secret, user_id): " + _SIGN_IN
    except Forbidden:
        return "linking needs a user token of scope write: " + _SIGN_IN
    except (Refused, Invalid, NotFound) as error:
        return error.message
    log.info("recording_linked", extra={"recording_id": recording_id, "engagement": key})
    return None


async def _keep(bridge: Bridge, decision: Decision, state: MatchState, problem: str | None) -> None:
    best = decision.best
    row = {
        "connection": bridge.name,
        "recording_id": decision.conversation_id,
        "engagement": best.appointment_id if best else None,
        "state": state.value,
        "score": round(best.score if best else decision.none_score, 4),
        "reasons": list(best.evidence.words) if best else [],
        "others": [
            {"engagement": lost.appointment_id, "score": round(lost.score, 4), "why": lost.words}
            for lost in decision.runners_up[:_OTHERS]
        ],
        "problem": problem,
        "looked_at": func.now(),
        "decided_at": func.now() if state is MatchState.LINKED else None,
        "decided_by": "fieldnote" if state is MatchState.LINKED else None,
    }
    statement = insert(matches).values(row)
    changed = {name: statement.excluded[name] for name in row if name not in {"connection", "recording_id"}}
    undecided = matches.c.state.not_in([MatchState.REJECTED.value, MatchState.LINKED.value])
    async with bridge.engine.begin() as conn:
        await conn.execute(
            statement.on_conflict_do_update(
                index_elements=["connection", "recording_id"], set_=changed, where=undecided
            )
        )


# --- decisions of people ------------------------------------------------------------------------------


async def found_links(bridge: Bridge, states: Iterable[MatchState] = (MatchState.OPEN,)) -> list[Found]:
    """The matches that were found, the latest recording first. Matches of recordings linked meanwhile are closed."""
    async with bridge.engine.begin() as conn:
        await conn.execute(_CLOSE_LINKED, {"connection": bridge.name})
        values = {"connection": bridge.name, "states": [state.value for state in states]}
        return [_found(row) for row in await conn.execute(_FOUND, values)]


async def approve_link(bridge: Bridge, number: int, *, actor: str) -> Found:
    """Link as proposed. Raises FieldnoteError where that is not possible (any more)."""
    found = await _open(bridge, number)
    if found.engagement is None:
        raise FieldnoteError(f"match {number} has no appointment")
    problem = await _link(bridge, found.recording_id, found.engagement)
    if problem is not None:
        raise FieldnoteError(f"recording {found.recording_id} was not linked: {problem}")
    await _decided(bridge, number, MatchState.LINKED, actor)
    return replace(found, state=MatchState.LINKED)


async def reject_link(bridge: Bridge, number: int, *, actor: str) -> Found:
    """Say no: the recording is left alone from then on."""
    found = await _open(bridge, number)
    await _decided(bridge, number, MatchState.REJECTED, actor)
    return replace(found, state=MatchState.REJECTED)


async def match_again(bridge: Bridge, recording_id: str) -> Found:
    """Look for the appointment of an unlinked recording once more, whatever was decided before. Calls Siro.

    Raises FieldnoteError if the recording is linked, or not known.
    """
    async with bridge.engine.connect() as conn:
        row = (await conn.execute(_UNLINKED, {"connection": bridge.name, "id": recording_id})).one_or_none()
    if row is None:
        raise FieldnoteError(
            f"recording {recording_id} is not waiting for a link",
            hint="Only a processed recording without a link can be matched.",
        )
    users = await bridge.remote.users()
    decisions = await _decide(bridge, [row], users, await overrides_of(bridge) or {})
    async with bridge.engine.begin() as conn:
        await conn.execute(_FORGET_MATCH, {"connection": bridge.name, "id": recording_id})
    policy = bridge.config.pull.linking if bridge.config.pull else Linking.OFF
    for decision in decisions:
        await _carry_out(bridge, decision, Linking.PROPOSE if policy is Linking.OFF else policy)
    states = [MatchState.OPEN, MatchState.LINKED, MatchState.NONE]
    for found in await found_links(bridge, states):
        if found.recording_id == recording_id:
            return found
    raise FieldnoteError(f"no appointment can be compared with recording {recording_id}", hint="Run `fieldnote push`.")


async def link_to(bridge: Bridge, recording_id: str, key: str, *, actor: str) -> None:
    """Link a recording to the appointment that a person chose. Raises FieldnoteError where that is not possible."""
    problem = await _link(bridge, recording_id, key)
    if problem is not None:
        raise FieldnoteError(f"recording {recording_id} was not linked: {problem}")
    values = {"connection": bridge.name, "id": recording_id, "key": key, "actor": actor}
    async with bridge.engine.begin() as conn:
        await conn.execute(_CHOSEN, values)


async def unlink(bridge: Bridge, recording_id: str, key: str, *, actor: str) -> None:
    """Take the link to an appointment away. The recording is not linked by itself again.

    Raises FieldnoteError where Siro refuses.
    """
    async with bridge.engine.connect() as conn:
        siro_id = await conn.scalar(_LINKED_ID, {"connection": bridge.name, "id": recording_id, "key": key})
    if siro_id is None:
        raise FieldnoteError(f"recording {recording_id} is not linked to appointment {key}", hint="Reload the page.")
    try:
        await bridge.remote.unlink(recording_id, siro_id)
    except (MissingCredential, Forbidden):
        hint = _SIGN_IN[:1].upper() + _SIGN_IN[1:] + "; or remove the link in Siro."
        raise FieldnoteError("removing a link needs a user token of scope write", hint=hint) from None
    async with bridge.engine.begin() as conn:
        await conn.execute(_REFUSE_LINK, {"connection": bridge.name, "id": recording_id, "key": key, "actor": actor})
    log.info("recording_unlinked", extra={"recording_id": recording_id, "engagement": key})


async def _open(bridge: Bridge, number: int) -> Found:
    for found in await found_links(bridge):
        if found.id == number:
            return found
    raise FieldnoteError(f"there is no open match {number}", hint="Run `fieldnote links list` to see the open ones.")


async def _decided(bridge: Bridge, number: int, state: MatchState, actor: str) -> None:
    values = {"state": state.value, "decided_at": func.now(), "decided_by": actor}
    async with bridge.engine.begin() as conn:
        await conn.execute(update(matches).where(matches.c.id == number).values(values))


def _found(row: Any) -> Found:
    return Found(
        row.id, row.recording_id, row.started_at, row.engagement, MatchState(row.state), row.score,
        tuple(row.reasons or ()), tuple(row.others or ()), row.problem,
    )  # fmt: skip


# --- SQL ------------------------------------------------------------------------------------------------

# The older the recording, the less often it is looked at.
_DUE = text("""
    select r.recording_id, r.user_id, r.started_at from recordings r
    left join matches m using (connection, recording_id)
    where r.connection = :connection and r.state = 'unlinked' and r.user_id is not null and r.forgotten_at is null
      and r.started_at > now() - cast(:days as interval)
      and r.started_at + make_interval(secs => coalesce(r.duration_ms, 0) / 1000.0) < now() - cast(:turn as interval)
      and (m.id is null or m.state in ('open', 'none')
           and m.looked_at < now() - greatest(interval '10 minutes', (m.looked_at - r.started_at) / 10))
    order by r.started_at limit :limit
""")

_UNLINKED = text("""
    select recording_id, user_id, started_at from recordings
    where connection = :connection and recording_id = :id and state = 'unlinked' and user_id is not null
      and forgotten_at is null
""")

_FORGET_MATCH = text("delete from matches where connection = :connection and recording_id = :id and state <> 'linked'")

_LINKED_ID = text("""
    select siro_id from recording_links
    where connection = :connection and recording_id = :id and model = 'engagement' and record = :key
""")

_DECIDE = """
    insert into matches (connection, recording_id, engagement, state, score, reasons, others, decided_at, decided_by)
    values (:connection, :id, :key, '{state}', {score}, '["{words}"]', '[]', now(), :actor)
    on conflict (connection, recording_id) do update
    set engagement = excluded.engagement, state = excluded.state, score = excluded.score, reasons = excluded.reasons,
        others = excluded.others, problem = null, decided_at = now(), decided_by = excluded.decided_by
"""

_CHOSEN = text(_DECIDE.format(state="linked", score=1, words="a person chose it"))

_REFUSE_LINK = text(_DECIDE.format(state="rejected", score=0, words="a person removed the link"))

_WAS_LINKED = text("select was_linked from recordings where connection = :connection and recording_id = :id")

_FOUND = text("""
    select m.*, r.started_at from matches m join recordings r using (connection, recording_id)
    where m.connection = :connection and m.state = any(cast(:states as text[])) order by r.started_at desc, m.id
""")

_CLOSE_LINKED = text("""
    update matches m set state = 'superseded', decided_at = now()
    from recordings r
    where r.connection = m.connection and r.recording_id = m.recording_id and m.connection = :connection
      and m.state in ('open', 'none') and r.state <> 'unlinked'
""")
