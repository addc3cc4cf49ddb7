"""Link recordings with appointments: give the evidence to `fieldnote.matching`, and keep its answer.

A person's decision is kept, and a deep link decides by itself. All other links are decided for one rep and day at a
time, all recordings together, and again whenever either side changes. A certain link stays when later evidence is
weaker (`certainty`). Every change of a link is reported by a webhook, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import procrastinate
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import recording_links
from fieldnote.jobs import defer
from fieldnote.matching import Decision, Outcome
from fieldnote.siro.models import WebhookEventType
from fieldnote.workspace.domain.job_retries import RetryForever
from fieldnote.workspace.domain.matching.certainty import LATER, holds, later_evidence, story
from fieldnote.workspace.domain.matching.evidence import COLLEAGUES, LinkableRecording, read_known
from fieldnote.workspace.domain.webhooks.deliveries import announce
from fieldnote.workspace.tenancy import as_system, inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace
    from fieldnote.workspace.domain.crm.records import Touched

blueprint: Final = procrastinate.Blueprint()

RECORDS: Final = ("engagement", "opportunity", "account", "contact", "lead")
"""The kinds of record that a recording can belong to."""
REACH: Final = timedelta(hours=8)
"""How far from a new recording those lie that may be decided otherwise on its account."""

# Why a recording is linked as it is, in the contract's words.
APPOINTMENT_LINK: Final = "CRM_DEEPLINK"
OPPORTUNITY_LINK: Final = "OPPORTUNITY_DEEPLINK"
FUZZY: Final = "FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING"
FUZZY_AGAIN: Final = "FUZZY_MATCH_RECORDINGS_FOR_ENGAGEMENT"
"""The CRM's side changed, and the recordings around were looked at again."""
UNLINKED: Final = "USER_UNLINK"

# A link's meaning now: the deal and customer of the engagement, unless the deep link or a person named them.
_RESOLVED: Final = text("""
select wanted.nth, e.id::text as engagement, coalesce(wanted.opportunity, e.opportunity_id)::text as opportunity,
       coalesce(a.merged_to_id, a.id, e.account_id, o.account_id)::text as account,
       coalesce(c.merged_to_id, c.id, e.contact_id)::text as contact,
       coalesce(d.merged_to_id, d.id, e.lead_id)::text as lead
  from unnest(cast(:engagement as uuid[]), cast(:opportunity as uuid[]), cast(:account as uuid[]),
              cast(:contact as uuid[]), cast(:lead as uuid[]))
       with ordinality wanted (id, opportunity, account, contact, lead, nth)
  left join engagements e on e.id = wanted.id
  left join opportunities o on o.id = coalesce(wanted.opportunity, e.opportunity_id)
  left join accounts a on a.id = wanted.account
  left join contacts c on c.id = wanted.contact
  left join leads d on d.id = wanted.lead
 order by wanted.nth
""")
# The users and days whose recordings a change of these records may concern.
_AFFECTED: Final = text("""
with touched as (
    select id, external_id, starts_at, account_id, lead_id, contact_id from engagements
     where id = any(cast(:engagements as uuid[])) or account_id = any(cast(:accounts as uuid[]))
        or opportunity_id = any(cast(:opportunities as uuid[])) or contact_id = any(cast(:contacts as uuid[]))
        or lead_id = any(cast(:leads as uuid[]))
    union all
    select e.id, e.external_id, moved.was, e.account_id, e.lead_id, e.contact_id
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
    union all
    select r.user_id, r.created_at
      from touched t
      left join accounts a on a.id = t.account_id
      left join leads l on l.id = t.lead_id
      left join contacts c on c.id = t.contact_id
      join recordings r on r.created_at between t.starts_at - :after and t.starts_at + :before
       and abs(r.latitude - coalesce(a.latitude, l.latitude, c.latitude)) < :degrees
       and abs(r.longitude - coalesce(a.longitude, l.longitude, c.longitude)) < :degrees
    union all
    select r.user_id, r.created_at
      from touched t
      left join accounts a on a.id = t.account_id
      left join leads l on l.id = t.lead_id
      left join contacts c on c.id = t.contact_id
     cross join lateral regexp_split_to_table(
           lower(concat_ws(' ', a.fields ->> 'name', c.fields ->> 'name', l.fields ->> 'lastName',
                 coalesce(a.fields, l.fields, c.fields) #>> '{addresses,0,street}')), '[^[:alpha:]]+') word
      join recordings r on r.created_at between t.starts_at - :after and t.starts_at + :before
       and length(word) > 3 and strpos(lower(r.title), word) > 0
)
select distinct user_id::text, cast(created_at at time zone 'UTC' as date) as day from affected order by 1, 2
""")
_DAYS_OF_USER: Final = text("""
select distinct cast(created_at at time zone 'UTC' as date) as day from recordings where user_id = :user order by 1
""")
_LOCK_REP_OF: Final = text("""
select pg_advisory_xact_lock(hashtextextended('links of ' || user_id, 0)) from recordings where id = :id
""")
# Every query then finds its few rows by an index, however many others the tables have. The planner would choose a
# full scan from its estimates.
_LOCK_REP: Final = text("""
select pg_advisory_xact_lock(hashtextextended('links of ' || :user, 0)), set_config('enable_seqscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
""")
_RELEASE: Final = text("""
update recording_links l set certain = false from recordings r
 where r.id = l.recording_id and l.source = 'FUZZY'
   and (r.user_id = any(cast(:users as uuid[])) or r.id = cast(:recording as uuid))
""")
_MOVED: Final = text("update recordings set updated_at = clock_timestamp() where id = :id")
_KEPT: Final = ("source", "score", "reasons", "runners_up")
"""The fields that tell one decision from another, beside the records and the trigger."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A decision in the form that is kept."""

    engagement_id: str | None
    opportunity_id: str | None
    trigger: str
    source: str
    score: float | None
    reasons: list[str]
    runners_up: Sequence[Mapping[str, object]]
    account_id: str | None = None
    contact_id: str | None = None
    lead_id: str | None = None


@blueprint.task(name="workspace.link", pass_context=True, retry=RetryForever())
async def link(context: procrastinate.JobContext, organization_id: str, user_id: str, day: str) -> None:
    """Decide again about the recordings that a rep made on a day (UTC)."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        await link_day(conn, organization_id, user_id, date.fromisoformat(day), trigger=FUZZY_AGAIN)


async def hold_links(conn: AsyncConnection, recording_id: str) -> None:
    """Keep others from deciding about the recordings of its rep meanwhile.

    Take this lock before the lock of a recording's row: all who decide lock in this order.
    """
    await conn.execute(_LOCK_REP_OF, {"id": recording_id})


async def release_links(conn: AsyncConnection, *, users: Iterable[str] = (), recording: str | None = None) -> None:
    """Let weaker evidence decide again: a person changed whose recordings these are, or when one was made."""
    await conn.execute(_RELEASE, {"users": sorted(users), "recording": recording})


async def defer_links(conn: AsyncConnection, organization_id: str, touched: Touched) -> None:
    """Have the links decided again that a change may concern, once its transaction is committed."""
    days: set[tuple[str, date]] = set()
    if touched.records:
        records = COLLEAGUES | {
            "engagements": touched.engagements,
            "accounts": touched.accounts,
            "opportunities": touched.opportunities,
            "contacts": touched.contacts,
            "leads": touched.leads,
            "moved": list(touched.moved_from),
            "moved_from": list(touched.moved_from.values()),
        }
        days |= {(row.user_id, row.day) for row in await conn.execute(_AFFECTED, records)}
    for user_id in touched.users:
        days |= {(user_id, row.day) for row in await conn.execute(_DAYS_OF_USER, {"user": user_id})}
    await defer_days(conn, organization_id, days)


async def defer_days(conn: AsyncConnection, organization_id: str, days: Iterable[tuple[str, date]]) -> None:
    """Have the links of users' days (UTC) decided again, once the transaction is committed."""
    for user_id, day in sorted(days):  # one order for all, so that two never wait for each other's job
        await defer(
            conn,
            link,
            queueing_lock=f"link:{user_id}:{day}",
            organization_id=organization_id,
            user_id=user_id,
            day=day.isoformat(),
        )


async def link_day(
    conn: AsyncConnection, organization_id: str, user_id: str, day: date, *, trigger: str = FUZZY
) -> None:
    """Decide about the recordings that a rep made on a day (UTC), and keep the links."""
    start = datetime.combine(day, time(), UTC)
    await link_span(conn, organization_id, user_id, start, start + timedelta(days=1), trigger=trigger)


async def link_around(conn: AsyncConnection, organization_id: str, user_id: str, moments: Iterable[datetime]) -> None:
    """Decide about recordings that came or changed, by their starts, and about those around them.

    As the system, since a user may change a recording whose neighbors they do not see.
    """
    spans: list[tuple[datetime, datetime]] = []
    for at in sorted(moments):
        first = spans.pop()[0] if spans and at - REACH <= spans[-1][1] else at - REACH
        spans.append((first, at + REACH))
    async with as_system(conn):
        for start, until in spans:
            await link_span(conn, organization_id, user_id, start, until)


async def link_span(
    conn: AsyncConnection,
    organization_id: str,
    user_id: str,
    start: datetime,
    until: datetime,
    *,
    trigger: str = FUZZY,
) -> None:
    """Decide about the recordings that a rep began in a span of time, and keep the links.

    `trigger` is the reason, kept with each new decision.
    """
    await conn.execute(_LOCK_REP, {"user": user_id})
    known = await read_known(conn, user_id, start, until)
    wanted = [row for row in known.made if start <= row.created_at < until and not _stays(row)]
    links = [_link_of(row, known.decisions[row.id], known.names, trigger) for row in wanted]
    for row, decided, resolved in zip(wanted, links, await _resolved(conn, links), strict=True):
        await _keep(conn, organization_id, row, decided, resolved)


def _stays(row: LinkableRecording) -> bool:
    """A purged recording has no transcript any more, so its link is kept as it was decided with one."""
    return row.purged and row.chosen is None and bool(row.is_alive)


def _link_of(row: LinkableRecording, decision: Decision, names: dict[str, str], trigger: str) -> _Link:
    runners_up = [
        {"appointment": names.get(lost.appointment_id), "score": round(lost.score, 4), "why": lost.words}
        for lost in decision.runners_up
    ]
    if row.chosen is not None:
        return _chosen(row, row.chosen, runners_up)
    if row.named_engagement is not None:
        reasons = ["the recorder was opened from this appointment (deep link)"]
        return _Link(row.named_engagement, row.named_opportunity, APPOINTMENT_LINK, "DIRECT", 1.0, reasons, runners_up)
    if decision.outcome is Outcome.LINKED and decision.evidence is not None:
        reasons = list(decision.evidence.words)
        chosen = decision.appointment_id
        return _Link(chosen, row.named_opportunity, trigger, "FUZZY", decision.score, reasons, runners_up)
    reasons = _reasons_for_none(row, decision, names)
    if holds(row):
        kept = [*(one for one in row.reasons or () if not one.startswith(LATER)), later_evidence(row, decision, names)]
        return _Link(
            row.linked_engagement,
            row.named_opportunity,
            row.trigger or trigger,
            row.source or "FUZZY",
            row.score,
            kept,
            row.runners_up or (),
        )
    if row.named_opportunity is not None:
        reasons = ["the recorder was opened from this deal (deep link)", *reasons]
        return _Link(None, row.named_opportunity, OPPORTUNITY_LINK, "DIRECT", 1.0, reasons, runners_up)
    return _Link(None, None, trigger, "NOT_FOUND", decision.score or None, reasons, runners_up)


def _chosen(row: LinkableRecording, chosen: str, runners_up: Sequence[Mapping[str, object]]) -> _Link:
    """A person's word."""
    if chosen == UNLINKED:
        return _Link(None, None, UNLINKED, "NOT_FOUND", None, ["a person removed the link"], runners_up)
    return _Link(
        row.chosen_engagement,
        row.chosen_opportunity,
        chosen,
        "DIRECT",
        1.0,
        ["a person chose it"],
        runners_up,
        account_id=row.chosen_account,
        contact_id=row.chosen_contact,
        lead_id=row.chosen_lead,
    )


def _reasons_for_none(row: LinkableRecording, decision: Decision, names: dict[str, str]) -> list[str]:
    reasons = ["the appointment that its deep link names has not arrived"] if row.names_appointment else []
    if decision.outcome is Outcome.PROPOSED and decision.best is not None:
        likely = names.get(decision.best.appointment_id)
        words = decision.best.evidence.words
        return [*reasons, f"likely appointment {likely}, but not certain enough to link automatically", *words]
    return [*reasons, "no meeting, appointment or event of this rep fits the time and place"]


async def _resolved(conn: AsyncConnection, links: Sequence[_Link]) -> list[dict[str, object]]:
    """The records that each link means now."""
    if not links:
        return []
    wanted = {name: [getattr(link, f"{name}_id") for link in links] for name in RECORDS}
    rows = (await conn.execute(_RESOLVED, wanted)).mappings().all()
    return [{name: row[name] for name in RECORDS} for row in rows]


async def _keep(
    conn: AsyncConnection, organization_id: str, row: LinkableRecording, decided: _Link, resolved: dict[str, object]
) -> None:
    """Store a new decision. If the linked records change, the recording is updated and its webhook goes out."""
    records = {f"{name}_id": getattr(decided, f"{name}_id") for name in RECORDS}
    if resolved == row.resolved and _is_kept(row, decided, records):
        return
    values: dict[str, object] = records | {name: getattr(decided, name) for name in ("trigger", *_KEPT)}
    values |= {"resolved": resolved, "decided_at": datetime.now(UTC), "certain": True}
    values["history"] = await story(conn, row, values)
    statement = insert(recording_links).values(values | {"organization_id": organization_id, "recording_id": row.id})
    await conn.execute(statement.on_conflict_do_update(index_elements=["recording_id"], set_=values))
    was_linked = row.source in ("DIRECT", "FUZZY")
    if resolved != (row.resolved or dict.fromkeys(resolved)):
        await conn.execute(_MOVED, {"id": row.id})
        if was_linked or decided.source != "NOT_FOUND":
            await announce(conn, organization_id, row.id, WebhookEventType.RECORDING_LINKED)


def _is_kept(row: LinkableRecording, decided: _Link, records: dict[str, str | None]) -> bool:
    """Whether this was decided before, whichever side it was that we came from."""
    if not row.certain or any(getattr(row, f"linked_{name}") != records[f"{name}_id"] for name in RECORDS):
        return False
    same_trigger = row.trigger == decided.trigger or {row.trigger, decided.trigger} == {FUZZY, FUZZY_AGAIN}
    return same_trigger and all(getattr(row, name) == getattr(decided, name) for name in _KEPT)
