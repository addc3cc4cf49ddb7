"""Read recordings and pushed appointments for the matcher, and learn the connection's rates from them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert

from fieldnote.bridge.reps import Rep, overrides_of
from fieldnote.bridge.reps import match as match_rep
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import matching_rates
from fieldnote.matching import (
    ENOUGH,
    MODEL_VERSION,
    USUAL,
    Appointment,
    Conversation,
    Evaluation,
    Place,
    Rates,
    evaluate,
    learn,
)
from fieldnote.siro.models import User

log = logging.getLogger(__name__)

LEARNED_EVERY: Final = timedelta(days=1)
HISTORY: Final = timedelta(days=365)
MOST: Final = 8_000
"""Recordings that a history has at most, the latest ones."""


@dataclass(frozen=True, slots=True)
class History:
    """Recordings of a span of time and the appointments in it."""

    conversations: list[Conversation]
    appointments: list[Appointment]
    linked: dict[str, str | None]
    """The appointment of each linked recording; None if it is not among those given."""
    by_matcher: frozenset[str]
    """The linked recordings that Fieldnote linked by itself."""


async def read_history(
    bridge: Bridge, users: Sequence[User], overrides: Mapping[str, str], *, first: datetime, last: datetime
) -> History:
    """The latest `MOST` recordings of all reps in this span, and every appointment of it."""
    scope = {"connection": bridge.name, "first": first, "last": last, "most": MOST}
    async with bridge.engine.connect() as conn:
        made: Sequence[Any] = (await conn.execute(_MADE, scope)).all()
        planned: Sequence[Any] = (await conn.execute(_PLANNED, scope)).all()
    appointments = [item for row in planned if (item := _appointment(row.key, row.payload, users, overrides))]
    given = {item.id for item in appointments}
    return History(
        [_conversation(row) for row in made],
        appointments,
        {row.recording_id: row.engagement if row.engagement in given else None for row in made if row.engagement},
        frozenset(row.recording_id for row in made if row.by_matcher),
    )


async def current_rates(bridge: Bridge, users: Sequence[User], overrides: Mapping[str, str]) -> Rates:
    """The connection's rates, learned again each day; the usual ones while there are few recordings."""
    async with bridge.engine.connect() as conn:
        kept: Any = (await conn.execute(_RATES, {"connection": bridge.name, "version": MODEL_VERSION})).first()
    if kept is not None and kept.learned_at > datetime.now(UTC) - LEARNED_EVERY:
        return Rates.from_json(kept.rates) or USUAL
    now = datetime.now(UTC)
    history = await read_history(bridge, users, overrides, first=now - HISTORY, last=now)
    if len(history.conversations) < ENOUGH:
        return USUAL
    linked = {key: value for key, value in history.linked.items() if key not in history.by_matcher}
    rates = await asyncio.to_thread(learn, history.conversations, history.appointments, fixed=linked)
    await _keep(bridge, rates)
    log.info("rates_learned", extra={"connection": bridge.name, "recordings": rates.learned_from})
    return rates


async def evaluate_links(bridge: Bridge) -> Evaluation:
    """Measure the matcher on the recordings that were linked by others than Fieldnote."""
    now = datetime.now(UTC)
    users, overrides = await bridge.remote.users(), await overrides_of(bridge) or {}
    history = await read_history(bridge, users, overrides, first=now - HISTORY, last=now)
    truth = {key: value for key, value in history.linked.items() if value and key not in history.by_matcher}
    return await asyncio.to_thread(evaluate, history.conversations, history.appointments, truth)


async def _keep(bridge: Bridge, rates: Rates) -> None:
    values = {"version": MODEL_VERSION, "learned_from": rates.learned_from, "rates": rates.as_json()}
    statement = insert(matching_rates).values(connection=bridge.name, **values)
    changed = values | {"learned_at": func.now()}
    async with bridge.engine.begin() as conn:
        await conn.execute(statement.on_conflict_do_update(index_elements=["connection"], set_=changed))


def _conversation(row: Any) -> Conversation:
    place = None if row.latitude is None or row.longitude is None else Place(row.latitude, row.longitude)
    duration = None if row.duration_ms is None else timedelta(milliseconds=row.duration_ms)
    return Conversation(row.recording_id, row.user_id, row.started_at, duration, place, row.title)


def _appointment(
    key: str, payload: dict[str, Any], users: Sequence[User], overrides: Mapping[str, str]
) -> Appointment | None:
    """An appointment as it was pushed, its reps as Siro's users."""
    start = _moment(payload.get("startTime"))
    reps = [child for child in payload.get("engagementUsers") or () if not child.get("deletedAt")]
    found = (
        match_rep(Rep(child["externalId"], child.get("email"), child.get("name")), users, overrides) for child in reps
    )
    rep_ids = frozenset(item.user.id for item in found if item.user is not None)
    if start is None or not rep_ids:
        return None
    customer = payload.get("account") or payload.get("lead") or payload.get("contact") or {}
    return Appointment(
        id=key,
        rep_ids=rep_ids,
        starts_at=start,
        ends_at=_moment(payload.get("endTime")),
        place=_place(customer),
        title=payload.get("subject"),
        customer=_name(customer),
        cancelled=bool(payload.get("deletedAt")),
        kind=(payload.get("engagementType") or {}).get("activityType"),
        street=_street(customer),
        project=(payload.get("opportunity") or {}).get("name"),
    )


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) and value else None


def _name(customer: dict[str, Any]) -> str | None:
    parts = customer.get("name"), customer.get("firstName"), customer.get("lastName")
    return parts[0] or " ".join(part for part in parts[1:] if part) or None


def _street(customer: dict[str, Any]) -> str | None:
    return next((one["street"] for one in customer.get("addresses") or () if one.get("street")), None)


def _place(customer: dict[str, Any]) -> Place | None:
    for place in (customer, *(customer.get("addresses") or ())):
        if place.get("latitude") is not None and place.get("longitude") is not None:
            return Place(float(place["latitude"]), float(place["longitude"]))
    return None


_MADE = text("""
    select r.recording_id, r.user_id, r.started_at, r.duration_ms, r.latitude, r.longitude, c.title,
           (select min(l.record) from recording_links l
             where not r.detached
               and l.connection = r.connection and l.recording_id = r.recording_id and l.model = 'engagement')
               as engagement,
           coalesce(m.decided_by = 'fieldnote', false) as by_matcher
    from recordings r
    left join recording_contents c using (connection, recording_id)
    left join matches m using (connection, recording_id)
    where r.connection = :connection and r.user_id is not null and not r.deleted
      and r.started_at between :first and :last
    order by r.started_at desc, r.recording_id limit :most
""")

_PLANNED = text("""
    select key, payload from sent
    where connection = :connection and stream = 'engagements' and state = 'sent' and payload is not null
      and (payload ->> 'startTime')::timestamptz between :first and :last
""")

_RATES = text("select rates, learned_at from matching_rates where connection = :connection and version = :version")
