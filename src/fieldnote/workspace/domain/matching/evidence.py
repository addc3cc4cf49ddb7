"""Read a rep's recordings, and the appointments that they may belong to, for `fieldnote.matching`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.matching import Appointment, Conversation, Decision, Place, Rates, match, naming_words
from fieldnote.workspace.domain.matching.rates import read_rates
from fieldnote.workspace.rows import read_rows

SEEN_IN_LIST: Final = ("MEETING", "APPOINTMENT", "EVENT")
"""The kinds of engagement that happen in person, so that a recording can belong to one."""
MARGIN: Final = timedelta(hours=12)
"""Time on either side of a span, whose recordings and appointments can claim each other."""
COLLEAGUES: Final = {"before": timedelta(hours=4), "after": timedelta(hours=4), "degrees": 0.01}
"""How long after a colleague's appointment has begun, and before it does, a recording may be of it. A box of so many
degrees contains every place that the matcher calls the same, up to 75 degrees north or south."""

_RECORDINGS: Final = text("""
select r.id::text, r.user_id::text, r.created_at, r.duration_ms, r.latitude, r.longitude, r.title,
       r.appointment_external_id is not null as names_appointment, r.root_data_purged_at is not null as purged,
       (select string_agg(said ->> 'text', ' ') from jsonb_array_elements(s.utterances) said) as transcript,
       e.id::text as named_engagement, o.id::text as named_opportunity,
       l.engagement_id::text as linked_engagement, l.opportunity_id::text as linked_opportunity,
       l.account_id::text as linked_account, l.contact_id::text as linked_contact, l.lead_id::text as linked_lead,
       l.resolved, l.trigger, l.source, l.score, l.reasons, l.runners_up, l.certain, l.history,
       le.deleted_at is null and le.id is not null as is_alive, le.external_id as linked_key,
       c.trigger as chosen, c.engagement_id::text as chosen_engagement,
       c.opportunity_id::text as chosen_opportunity, c.account_id::text as chosen_account,
       c.contact_id::text as chosen_contact, c.lead_id::text as chosen_lead
  from recordings r
  left join recording_utterances s on s.recording_id = r.id
  left join lateral (
       select id from engagements where external_id = r.appointment_external_id order by created_at limit 1) e on true
  left join lateral (
       select id from opportunities where external_id = r.opportunity_external_id order by created_at limit 1) o on true
  left join recording_links l on l.recording_id = r.id
  left join engagements le on le.id = l.engagement_id
  left join recording_choices c on c.recording_id = r.id
 where r.user_id = any(cast(:users as uuid[])) and r.deleted_at is null
   and r.created_at >= :from and r.created_at < :until
 order by r.created_at, r.id
""")
_APPOINTMENT: Final = """
select e.id::text, e.external_id, e.starts_at, e.ends_at, e.fields ->> 'subject' as subject,
       e.deleted_at is not null as cancelled, e.activity_type as kind, o.fields ->> 'name' as project,
       coalesce(a.fields ->> 'name', c.fields ->> 'name',
                nullif(concat_ws(' ', l.fields ->> 'firstName', l.fields ->> 'lastName'), '')) as customer,
       coalesce(a.fields, l.fields, c.fields) #>> '{addresses,0,street}' as street,
       coalesce(a.latitude, l.latitude, c.latitude) as latitude,
       coalesce(a.longitude, l.longitude, c.longitude) as longitude,
       array(select distinct u.user_id::text from engagement_users p join crm_users u on u.id = p.crm_user_id
              where p.engagement_id = e.id and p.deleted_at is null and u.user_id is not null) as reps
  from engagements e
  left join accounts a on a.id = e.account_id
  left join leads l on l.id = e.lead_id
  left join contacts c on c.id = e.contact_id
  left join opportunities o on o.id = e.opportunity_id
"""
_OWN: Final = text(f"""{_APPOINTMENT}
 where e.activity_type = any(:kinds) and e.starts_at >= :from and e.starts_at < :until
   and exists (select from engagement_users p join crm_users u on u.id = p.crm_user_id
                where p.engagement_id = e.id and p.deleted_at is null and u.user_id = any(cast(:users as uuid[])))
""")
# Where somebody recorded, at that time, a colleague may have been expected.
_NEAR: Final = text(f"""{_APPOINTMENT}
 where e.activity_type = any(:kinds) and e.deleted_at is null and not (e.id = any(cast(:own as uuid[])))
   and e.id = any(array(
       select n.id
         from unnest(cast(:moments as timestamptz[]), cast(:latitudes as float8[]), cast(:longitudes as float8[]))
              here (at, latitude, longitude)
        cross join lateral (
              select id, account_id, lead_id, contact_id from engagements
               where starts_at between here.at - :before and here.at + :after offset 0) n
         left join accounts na on na.id = n.account_id
         left join leads nl on nl.id = n.lead_id
         left join contacts nc on nc.id = n.contact_id
        where abs(coalesce(na.latitude, nl.latitude, nc.latitude) - here.latitude) < :degrees
          and abs(coalesce(na.longitude, nl.longitude, nc.longitude) - here.longitude) < :degrees))
""")  # noqa: S608 - our own text
# A title that has a word of a customer's name or street may be of a colleague's appointment.
_NAMED: Final = text(f"""{_APPOINTMENT}
 where e.activity_type = any(:kinds) and e.deleted_at is null and not (e.id = any(cast(:own as uuid[])))
   and e.id = any(array(
       select n.id
         from unnest(cast(:moments as timestamptz[]), cast(:words as text[])) here (at, word)
        cross join lateral (
              select id, account_id, lead_id, contact_id from engagements
               where starts_at between here.at - :before and here.at + :after offset 0) n
         left join accounts na on na.id = n.account_id
         left join leads nl on nl.id = n.lead_id
         left join contacts nc on nc.id = n.contact_id
        where strpos(lower(concat_ws(' ', na.fields ->> 'name', nc.fields ->> 'name', nl.fields ->> 'lastName',
                     coalesce(na.fields, nl.fields, nc.fields) #>> '{{addresses,0,street}}')), here.word) > 0))
""")  # noqa: S608 - our own text


_HISTORY: Final = text("""
select r.id::text, r.user_id::text, r.created_at, r.duration_ms, r.latitude, r.longitude, r.title,
       null as transcript,
       e.id::text as named_engagement, c.trigger as chosen, c.engagement_id::text as chosen_engagement
  from recordings r
  left join lateral (
       select id from engagements where external_id = r.appointment_external_id order by created_at limit 1) e on true
  left join recording_choices c on c.recording_id = r.id
 where r.deleted_at is null
 order by r.created_at desc, r.id
 limit :most
""")
_ALL: Final = text(f"""{_APPOINTMENT}
 where e.activity_type = any(:kinds) and e.starts_at >= :from and e.starts_at < :until
""")


class LinkableRecording(NamedTuple):
    """A recording, its link as it is kept, and a person's choice."""

    id: str
    user_id: str
    created_at: datetime
    duration_ms: float
    latitude: float | None
    longitude: float | None
    title: str
    names_appointment: bool
    purged: bool
    transcript: str | None
    named_engagement: str | None
    named_opportunity: str | None
    linked_engagement: str | None
    linked_opportunity: str | None
    linked_account: str | None
    linked_contact: str | None
    linked_lead: str | None
    resolved: dict[str, str | None] | None
    trigger: str | None
    source: str | None
    score: float | None
    reasons: list[str] | None
    runners_up: list[dict[str, object]] | None
    certain: bool | None
    history: list[dict[str, Any]] | None
    is_alive: bool
    linked_key: str | None
    chosen: str | None
    chosen_engagement: str | None
    chosen_opportunity: str | None
    chosen_account: str | None
    chosen_contact: str | None
    chosen_lead: str | None


class AppointmentRow(NamedTuple):
    """An appointment with its customer's place and its reps."""

    id: str
    external_id: str
    starts_at: datetime
    ends_at: datetime | None
    subject: str | None
    cancelled: bool
    kind: str | None
    project: str | None
    customer: str | None
    street: str | None
    latitude: float | None
    longitude: float | None
    reps: list[str]


class HistoryRow(NamedTuple):
    """A recording of the organization's history, without its words."""

    id: str
    user_id: str
    created_at: datetime
    duration_ms: float
    latitude: float | None
    longitude: float | None
    title: str
    transcript: None
    named_engagement: str | None
    chosen: str | None
    chosen_engagement: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """The recordings of a span, and the matcher's decisions."""

    made: Sequence[LinkableRecording]
    """The rep's recordings in and around the span, the earliest first."""
    decisions: dict[str, Decision]
    """By recording."""
    names: dict[str, str]
    """The CRM's id of each appointment."""


async def read_known(conn: AsyncConnection, user_id: str, start: datetime, until: datetime) -> Known:
    """Read both sides of a span of a rep's time, and match them.

    A colleague's appointment that the rep may have recorded brings the colleague's own recordings along: an appointment
    that its own rep recorded is rarely anybody else's.
    """
    span = {"users": [user_id], "from": start - MARGIN, "until": until + MARGIN}
    wide = span | {"from": start - 2 * MARGIN, "until": until + 2 * MARGIN, "kinds": [*SEEN_IN_LIST]}
    made = await read_rows(conn, LinkableRecording, _RECORDINGS, span)
    planned = {row.id: row for row in await read_rows(conn, AppointmentRow, _OWN, wide)} if made else {}
    planned |= {row.id: row for row in await _of_colleagues(conn, made, [*planned])}
    others: list[LinkableRecording] = []
    if owners := sorted({rep for row in planned.values() for rep in row.reps} - {user_id}):
        others = await read_rows(conn, LinkableRecording, _RECORDINGS, span | {"users": owners})
        theirs = await read_rows(conn, AppointmentRow, _OWN, wide | {"users": owners}) if others else []
        planned |= {row.id: row for row in theirs}
    rates = await read_rates(conn)
    return Known(
        made,
        {decision.conversation_id: decision for decision in _match([*made, *others], planned.values(), rates)},
        {row.id: row.external_id for row in planned.values()},
    )


async def _of_colleagues(
    conn: AsyncConnection, made: Sequence[LinkableRecording], own: Sequence[str]
) -> list[AppointmentRow]:
    """Colleagues' appointments where and when the rep recorded, or that a title names."""
    about = COLLEAGUES | {"kinds": [*SEEN_IN_LIST], "own": list(own)}
    found: list[AppointmentRow] = []
    placed = [row for row in made if _place(row) is not None]
    if placed:
        places = {
            "moments": [row.created_at for row in placed],
            "latitudes": [row.latitude for row in placed],
            "longitudes": [row.longitude for row in placed],
        }
        found += await read_rows(conn, AppointmentRow, _NEAR, about | places)
    named = [(row.created_at, word) for row in made for word in naming_words(row.title)]
    if named:
        words = {"moments": [moment for moment, _ in named], "words": [word for _, word in named]}
        found += await read_rows(conn, AppointmentRow, _NAMED, about | words)
    return found


def _match(made: Sequence[LinkableRecording], planned: Iterable[AppointmentRow], rates: Rates) -> list[Decision]:
    return match(
        [conversation_of(row) for row in made],
        [appointment_of(row) for row in planned],
        fixed=decided_by_people(made),
        rates=rates,
    )


async def history_rows(conn: AsyncConnection, most: int) -> tuple[list[HistoryRow], list[AppointmentRow]]:
    """The organization's latest recordings, at most so many, and all appointments around them."""
    made = await read_rows(conn, HistoryRow, _HISTORY, {"most": most})
    if not made:
        return [], []
    span = {"from": made[-1].created_at - 2 * MARGIN, "until": made[0].created_at + 2 * MARGIN}
    return made, await read_rows(conn, AppointmentRow, _ALL, span | {"kinds": [*SEEN_IN_LIST]})


def decided_by_people(made: Iterable[LinkableRecording | HistoryRow]) -> dict[str, str | None]:
    """The appointment, or none, of each recording that a person or a deep link decided."""
    fixed = {row.id: row.named_engagement for row in made if row.named_engagement is not None}
    return fixed | {row.id: row.chosen_engagement for row in made if row.chosen is not None}


def conversation_of(row: LinkableRecording | HistoryRow) -> Conversation:
    return Conversation(
        id=row.id,
        rep_id=row.user_id,
        starts_at=row.created_at,
        duration=timedelta(milliseconds=row.duration_ms),
        place=_place(row),
        title=row.title,
        transcript=row.transcript,
    )


def appointment_of(row: AppointmentRow) -> Appointment:
    return Appointment(
        id=row.id,
        rep_ids=frozenset(row.reps),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        place=_place(row),
        title=row.subject,
        customer=row.customer,
        cancelled=row.cancelled,
        kind=row.kind,
        street=row.street,
        project=row.project,
    )


def _place(row: LinkableRecording | HistoryRow | AppointmentRow) -> Place | None:
    return None if row.latitude is None or row.longitude is None else Place(row.latitude, row.longitude)
