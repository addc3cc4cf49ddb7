"""Which recording belongs to which appointment: what is known goes to `fieldnote.matching`, its answer is kept.

A person's word stands, and a deep link decides by itself. All else is decided for one rep and day at a time, all
recordings together, and again whenever either side changes. Every change of a link is told by a webhook, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import procrastinate
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import recording_links
from fieldnote.jobs import defer
from fieldnote.matching import Appointment, Conversation, Decision, Outcome, Place, match
from fieldnote.siro.models import WebhookEventType
from fieldnote.workspace.patience import Patiently
from fieldnote.workspace.tenancy import inside
from fieldnote.workspace.webhooks import announce

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace
    from fieldnote.workspace.crm_records import Touched

blueprint: Final = procrastinate.Blueprint()

SEEN_IN_LIST: Final = ("MEETING", "APPOINTMENT", "EVENT")
"""The kinds of engagement that happen in person, so that a recording can belong to one."""
RECORDS: Final = ("engagement", "opportunity", "account", "contact", "lead")
"""What a recording can belong to."""
MARGIN: Final = timedelta(hours=12)
"""Neighbours on either side of a day, whose recordings and appointments can claim each other."""

# Why a recording is linked as it is, in the contract's words.
APPOINTMENT_LINK: Final = "CRM_DEEPLINK"
OPPORTUNITY_LINK: Final = "OPPORTUNITY_DEEPLINK"
FUZZY: Final = "FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING"
UNLINKED: Final = "USER_UNLINK"

_RECORDINGS: Final = text("""
select r.id::text, r.user_id::text, r.created_at, r.duration_ms, r.latitude, r.longitude, r.title,
       r.appointment_external_id is not null as names_appointment,
       e.id::text as named_engagement, o.id::text as named_opportunity,
       l.engagement_id::text as linked_engagement, l.opportunity_id::text as linked_opportunity,
       l.resolved, l.source, c.trigger as chosen, c.engagement_id::text as chosen_engagement,
       c.opportunity_id::text as chosen_opportunity, c.account_id::text as chosen_account,
       c.contact_id::text as chosen_contact, c.lead_id::text as chosen_lead
  from recordings r
  left join lateral (
       select id from engagements where external_id = r.appointment_external_id order by created_at limit 1) e on true
  left join lateral (
       select id from opportunities where external_id = r.opportunity_external_id order by created_at limit 1) o on true
  left join recording_links l on l.recording_id = r.id
  left join recording_choices c on c.recording_id = r.id
 where r.user_id = :user and r.deleted_at is null and r.created_at >= :from and r.created_at < :until
 order by r.created_at, r.id
""")
_APPOINTMENTS: Final = text("""
select e.id::text, e.external_id, e.starts_at, e.ends_at, e.fields ->> 'subject' as subject,
       e.deleted_at is not null as cancelled, coalesce(a.fields ->> 'name', c.fields ->> 'name') as customer,
       coalesce(a.latitude, l.latitude, c.latitude) as latitude,
       coalesce(a.longitude, l.longitude, c.longitude) as longitude,
       array(select u.user_id::text from engagement_users p join crm_users u on u.id = p.crm_user_id
              where p.engagement_id = e.id and p.deleted_at is null and u.user_id is not null) as reps
  from engagements e
  left join accounts a on a.id = e.account_id
  left join leads l on l.id = e.lead_id
  left join contacts c on c.id = e.contact_id
 where e.activity_type = any(:kinds) and e.starts_at >= :from and e.starts_at < :until
   and exists (select from engagement_users p join crm_users u on u.id = p.crm_user_id
                where p.engagement_id = e.id and p.deleted_at is null and u.user_id = :user)
""")
# What a link means now: the deal and customer of the engagement, unless the deep link or a person named them.
_RESOLVED: Final = text("""
select e.id::text as engagement, coalesce(wanted.opportunity, e.opportunity_id)::text as opportunity,
       coalesce(a.merged_to_id, a.id, e.account_id, o.account_id)::text as account,
       coalesce(c.merged_to_id, c.id, e.contact_id)::text as contact,
       coalesce(d.merged_to_id, d.id, e.lead_id)::text as lead
  from (select cast(:engagement as uuid) as id, cast(:opportunity as uuid) as opportunity) wanted
  left join engagements e using (id)
  left join opportunities o on o.id = coalesce(wanted.opportunity, e.opportunity_id)
  left join accounts a on a.id = cast(:account as uuid)
  left join contacts c on c.id = cast(:contact as uuid)
  left join leads d on d.id = cast(:lead as uuid)
""")
# Whose recordings of which days a change of these records may concern.
_AFFECTED: Final = text("""
with touched as (
    select id, external_id, starts_at from engagements
     where id = any(cast(:engagements as uuid[])) or account_id = any(cast(:accounts as uuid[]))
    union all
    select e.id, e.external_id, moved.was
      from unnest(cast(:moved as uuid[]), cast(:moved_from as timestamptz[])) moved (id, was)
      join engagements e on e.id = moved.id
), affected as (
    select r.user_id, r.created_at from recording_links l join recordings r on r.id = l.recording_id
     where l.engagement_id in (select id from touched)
    union all
    select r.user_id, r.created_at from recording_links l join recordings r on r.id = l.recording_id
     where l.opportunity_id = any(cast(:opportunities as uuid[]))
    union all
    select r.user_id, r.created_at from recording_choices c join recordings r on r.id = c.recording_id
     where c.account_id = any(cast(:accounts as uuid[]))
    union all
    select r.user_id, r.created_at from recordings r join touched t on t.external_id = r.appointment_external_id
    union all
    select r.user_id, r.created_at
      from recordings r join opportunities o on o.external_id = r.opportunity_external_id
     where o.id = any(cast(:opportunities as uuid[]))
    union all
    select r.user_id, r.created_at
      from touched t
      join engagement_users p on p.engagement_id = t.id
      join crm_users u on u.id = p.crm_user_id
      join recordings r on r.user_id = u.user_id
       and r.created_at between t.starts_at - interval '12 hours' and t.starts_at + interval '24 hours'
)
select distinct user_id::text, cast(created_at at time zone 'UTC' as date) as day from affected order by 1, 2
""")
_DAYS_OF_USER: Final = text("""
select distinct cast(created_at at time zone 'UTC' as date) as day from recordings where user_id = :user order by 1
""")
_LOCK_REP: Final = text("select pg_advisory_xact_lock(hashtextextended('links of ' || :user, 0))")
_MOVED: Final = text("update recordings set updated_at = clock_timestamp() where id = :id")


@dataclass(frozen=True, slots=True)
class _Link:
    """A decision in the form that is kept."""

    engagement_id: str | None
    opportunity_id: str | None
    trigger: str
    source: str
    score: float | None
    reasons: list[str]
    runners_up: list[dict[str, Any]]
    account_id: str | None = None
    contact_id: str | None = None
    lead_id: str | None = None


@blueprint.task(name="workspace.link", pass_context=True, retry=Patiently())
async def link(context: procrastinate.JobContext, organization_id: str, user_id: str, day: str) -> None:
    """Decide again about the recordings that a rep made on a day (UTC)."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id) as conn:
        await link_day(conn, organization_id, user_id, date.fromisoformat(day))


async def defer_links(conn: AsyncConnection, organization_id: str, touched: Touched) -> None:
    """Have the links decided again that a change may concern, once its transaction is committed."""
    days: set[tuple[str, date]] = set()
    if touched.engagements or touched.accounts or touched.opportunities:
        records = {
            "engagements": touched.engagements,
            "accounts": touched.accounts,
            "opportunities": touched.opportunities,
            "moved": list(touched.moved_from),
            "moved_from": list(touched.moved_from.values()),
        }
        days |= {(row.user_id, row.day) for row in await conn.execute(_AFFECTED, records)}
    for user_id in touched.users:
        days |= {(user_id, row.day) for row in await conn.execute(_DAYS_OF_USER, {"user": user_id})}
    for user_id, day in sorted(days):  # one order for all, so that two never wait for each other's job
        await defer(
            conn,
            link,
            queueing_lock=f"link:{user_id}:{day}",
            organization_id=organization_id,
            user_id=user_id,
            day=day.isoformat(),
        )


async def link_day(conn: AsyncConnection, organization_id: str, user_id: str, day: date) -> None:
    """Decide about the recordings that a rep made on a day (UTC), and keep what came of it."""
    await conn.execute(_LOCK_REP, {"user": user_id})
    start = datetime.combine(day, time(), UTC)
    span = {"user": user_id, "from": start - MARGIN, "until": start + timedelta(days=1) + MARGIN}
    made: Sequence[Any] = (await conn.execute(_RECORDINGS, span)).all()
    wide = span | {
        "from": start - 2 * MARGIN,
        "until": start + timedelta(days=1) + 2 * MARGIN,
        "kinds": [*SEEN_IN_LIST],
    }
    planned: Sequence[Any] = (await conn.execute(_APPOINTMENTS, wide)).all()
    decisions = {decision.conversation_id: decision for decision in _match(made, planned)}
    names = {row.id: row.external_id for row in planned}
    for row in made:
        if start <= row.created_at < start + timedelta(days=1):
            await _keep(conn, organization_id, row, _link_of(row, decisions[row.id], names))


def _match(made: Sequence[Any], planned: Sequence[Any]) -> list[Decision]:
    conversations = [
        Conversation(
            id=row.id,
            rep_id=row.user_id,
            starts_at=row.created_at,
            duration=timedelta(milliseconds=row.duration_ms),
            place=_place(row),
            title=row.title,
        )
        for row in made
    ]
    appointments = [
        Appointment(
            id=row.id,
            rep_ids=frozenset(row.reps),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            place=_place(row),
            title=row.subject,
            customer=row.customer,
            cancelled=row.cancelled,
        )
        for row in planned
    ]
    fixed = {row.id: row.named_engagement for row in made if row.named_engagement is not None}
    fixed |= {row.id: row.chosen_engagement for row in made if row.chosen is not None}
    return match(conversations, appointments, fixed=fixed)


def _place(row: Any) -> Place | None:
    return None if row.latitude is None or row.longitude is None else Place(row.latitude, row.longitude)


def _link_of(row: Any, decision: Decision, names: dict[str, str]) -> _Link:
    runners_up = [
        {"appointment": names.get(lost.appointment_id), "score": round(lost.score, 4), "why": lost.words}
        for lost in decision.runners_up
    ]
    if row.chosen is not None:
        return _chosen(row, runners_up)
    if row.named_engagement is not None:
        reasons = ["the recorder was opened from this appointment (deep link)"]
        return _Link(row.named_engagement, row.named_opportunity, APPOINTMENT_LINK, "DIRECT", 1.0, reasons, runners_up)
    if decision.outcome is Outcome.LINKED and decision.evidence is not None:
        reasons = list(decision.evidence.words)
        chosen = decision.appointment_id
        return _Link(chosen, row.named_opportunity, FUZZY, "FUZZY", decision.score, reasons, runners_up)
    reasons = _reasons_for_none(row, decision, names)
    if row.named_opportunity is not None:
        reasons = ["the recorder was opened from this deal (deep link)", *reasons]
        return _Link(None, row.named_opportunity, OPPORTUNITY_LINK, "DIRECT", 1.0, reasons, runners_up)
    return _Link(None, None, FUZZY, "NOT_FOUND", decision.score or None, reasons, runners_up)


def _chosen(row: Any, runners_up: list[dict[str, Any]]) -> _Link:
    """A person's word."""
    if row.chosen == UNLINKED:
        return _Link(None, None, UNLINKED, "NOT_FOUND", None, ["a person took the link away"], runners_up)
    return _Link(
        row.chosen_engagement,
        row.chosen_opportunity,
        row.chosen,
        "DIRECT",
        1.0,
        ["a person chose it"],
        runners_up,
        account_id=row.chosen_account,
        contact_id=row.chosen_contact,
        lead_id=row.chosen_lead,
    )


def _reasons_for_none(row: Any, decision: Decision, names: dict[str, str]) -> list[str]:
    reasons = ["the appointment that its deep link names has not arrived"] if row.names_appointment else []
    if decision.outcome is Outcome.PROPOSED and decision.best is not None:
        likely = names.get(decision.best.appointment_id)
        words = decision.best.evidence.words
        return [*reasons, f"likely appointment {likely}, but not certain enough to link by itself", *words]
    return [*reasons, "no appointment of this rep fits the time and place"]


async def _keep(conn: AsyncConnection, organization_id: str, row: Any, decided: _Link) -> None:
    """Store a decision. If what the link means is new, the recording moves, and its webhook goes out."""
    records = {name: getattr(decided, f"{name}_id") for name in RECORDS}
    resolved = dict((await conn.execute(_RESOLVED, records)).mappings().one())
    values = {f"{name}_id": record_id for name, record_id in records.items()} | {
        "trigger": decided.trigger,
        "source": decided.source,
        "score": decided.score,
        "reasons": decided.reasons,
        "runners_up": decided.runners_up,
        "resolved": resolved,
        "decided_at": datetime.now(UTC),
    }
    statement = insert(recording_links).values(values | {"organization_id": organization_id, "recording_id": row.id})
    await conn.execute(statement.on_conflict_do_update(index_elements=["recording_id"], set_=values))
    was_linked = row.source in ("DIRECT", "FUZZY")
    if resolved != (row.resolved or dict.fromkeys(resolved)):
        await conn.execute(_MOVED, {"id": row.id})
        if was_linked or decided.source != "NOT_FOUND":
            await announce(conn, organization_id, row.id, WebhookEventType.RECORDING_LINKED)
