"""The statements of an erasure. Every table with words, names or places is among them: a test compares."""

from __future__ import annotations

from typing import Final

from sqlalchemy import TextClause, text

CRM_TABLES: Final = ("accounts", "contacts", "leads", "opportunities", "engagements")

NAMED_RECORDING: Final = text("select id::text from recordings where id::text = :named or key = :named")
PROTECTED: Final = text("select id::text from recordings where id = any(cast(:ids as uuid[])) and do_not_delete")
USER: Final = text("select id::text from users where email_key = :email")

# An account, those merged into it, its appointments and deals, and the people of these.
ACCOUNT: Final = text("""
with recursive merged as (
    select id from accounts where id::text = :named or external_id = :named
    union select a.id from accounts a join merged m on a.merged_to_id = m.id
), visit as (
    select id, opportunity_id from engagements
     where account_id in (select id from merged)
        or contact_id in (select id from contacts where account_id in (select id from merged))
), opportunity as (
    select id, contact_id from opportunities
     where account_id in (select id from merged) or id in (select opportunity_id from visit)
), engagement as (
    select id, lead_id, contact_id from engagements
     where id in (select id from visit) or opportunity_id in (select id from opportunity)
), contact as (
    select id from contacts where account_id in (select id from merged)
    union select contact_id from engagement union select contact_id from opportunity
)
select 'accounts' as kind, id::text from merged
union select 'contacts', id::text from contact where id is not null
union select 'opportunities', id::text from opportunity
union select 'engagements', id::text from engagement
union select 'leads', lead_id::text from engagement where lead_id is not null
""")
_IS_PERSON: Final = """
(r.id::text = :named or r.external_id = :named
 or exists (select from jsonb_path_query(r.fields, '$.emailAddresses[*]') as given (value)
             where lower(trim(given.value #>> '{}')) = :email)
 or exists (select from jsonb_path_query(r.fields, '$.phoneNumbers[*]') as given (value)
             where right(regexp_replace(given.value #>> '{}', '[^0-9]', '', 'g'), 10) = :phone))
"""
# A person's contacts, leads and accounts, and the appointments and deals that are theirs.
PERSON: Final = text(f"""
with contact as (
    select r.id from contacts r where {_IS_PERSON}
), lead as (
    select r.id from leads r where {_IS_PERSON}
), account as (
    select r.id from accounts r where {_IS_PERSON}
), visit as (
    select id, opportunity_id from engagements
     where contact_id in (select id from contact) or lead_id in (select id from lead)
        or account_id in (select id from account)
), opportunity as (
    select id from opportunities
     where contact_id in (select id from contact) or account_id in (select id from account)
        or id in (select opportunity_id from visit)
), engagement as (
    select id from engagements
     where id in (select id from visit) or opportunity_id in (select id from opportunity)
)
select 'accounts' as kind, id::text from account
union select 'contacts', id::text from contact
union select 'leads', id::text from lead
union select 'opportunities', id::text from opportunity
union select 'engagements', id::text from engagement
""")  # noqa: S608 - our own words; every value is bound

# Linked to one of the records, chosen for one, opened from one, or with the person's phone.
RECORDINGS_OF: Final = text("""
with wanted as (
    select cast(:accounts as text[]) || cast(:contacts as text[]) || cast(:leads as text[])
        || cast(:opportunities as text[]) || cast(:engagements as text[]) as ids
)
select l.recording_id::text from recording_links l, wanted
 where l.source <> 'NOT_FOUND'
   and (array[l.engagement_id, l.opportunity_id, l.account_id, l.contact_id, l.lead_id]::text[] && wanted.ids
     or array[l.resolved ->> 'engagement', l.resolved ->> 'opportunity', l.resolved ->> 'account',
              l.resolved ->> 'contact', l.resolved ->> 'lead'] && wanted.ids)
union
select c.recording_id::text from recording_choices c, wanted
 where array[c.engagement_id, c.opportunity_id, c.account_id, c.contact_id, c.lead_id]::text[] && wanted.ids
union
select r.id::text from recordings r join engagements e on e.external_id = r.appointment_external_id
 where e.id::text = any(cast(:engagements as text[]))
union
select r.id::text from recordings r join opportunities o on o.external_id = r.opportunity_external_id
 where o.id::text = any(cast(:opportunities as text[]))
union
select r.id::text from recordings r
 where right(regexp_replace(r.details ->> 'contactPhone', '[^0-9]', '', 'g'), 10) = :phone
""")


def _delete(table: str) -> TextClause:
    return text(f"delete from {table} where recording_id = any(cast(:ids as uuid[]))")  # noqa: S608 - our own table


ERASE_RECORDINGS: Final[dict[str, TextClause]] = {
    "recording_utterances": _delete("recording_utterances"),
    "extraction_values": text("""
        delete from extraction_values where extraction_id in (
            select id from extractions where recording_id = any(cast(:ids as uuid[])))
    """),
    "model_answers": _delete("model_answers"),
    "summaries": _delete("summaries"),
    "comment_threads": _delete("comment_threads"),
    "followups": _delete("followups"),
    "folder_items": _delete("folder_items"),
    "recording_outcomes": _delete("recording_outcomes"),
    "multimedia_events": text("""
        update multimedia_events set fields = '{}', failure = null, download_url = null
         where recording_id = any(cast(:ids as uuid[]))
    """),
    "webhook_messages": _delete("webhook_messages"),
    "mobile_events": text("""
        update mobile_events set event = '{}', external_opportunity_ids = null
         where recording_id = any(cast(:ids as uuid[]))
    """),
    "recording_links": text("""
        update recording_links set reasons = '["erased"]', runners_up = '[]', history = '[]'
         where recording_id = any(cast(:ids as uuid[]))
    """),
    "recordings": text("""
        update recordings
           set title = 'Erased recording', latitude = null, longitude = null, key = null, failure = null,
               speaker_roles = '{}',
               root_data_purged_at = coalesce(root_data_purged_at, clock_timestamp()), updated_at = clock_timestamp(),
               details = coalesce((select jsonb_object_agg(name, value) from jsonb_each(details) as kept (name, value)
                                    where name in ('isPrivate', 'conversationType', 'result', 'discoverable')), '{}')
         where id = any(cast(:ids as uuid[]))
    """),
}
"""By table. The shell of a recording stays: when it was, how long, whose, and that it was erased."""

ERASE_CRM: Final[dict[str, TextClause]] = {
    table: text(f"update {table} set fields = '{{}}'{more}, updated_at = clock_timestamp() "  # noqa: S608 - our own table
                "where id = any(cast(:ids as uuid[]))")
    for table, more in (
        ("accounts", ", latitude = null, longitude = null"),
        ("contacts", ", latitude = null, longitude = null"),
        ("leads", ", latitude = null, longitude = null"),
        ("opportunities", ""),
        ("engagements", ", type_name = null"),
    )
}  # fmt: skip
ERASE_CRM["briefs"] = text("""
    delete from briefs where fields ->> 'appointmentId' in (
        select external_id from engagements where id = any(cast(:ids as uuid[])))
""")
"""The CRM's id stays, so that what refers to a record still does."""

ERASE_USER: Final[dict[str, TextClause]] = {
    "comments": text("""
        update comments set text = 'Erased comment', audio = null, updated_at = clock_timestamp() where author_id = :id
    """),
    "recording_attention": text("delete from recording_attention where user_id = :id"),
    "folders": text("update folders set title = 'Erased folder', description = null where user_id = :id"),
    "comment_ratings": text("delete from comment_ratings where user_id = :id"),
    "followup_changes": text("update followup_changes set note = null where user_id = :id"),
    "crm_users": text("""
        update crm_users set email = null, name = null, email_key = '', name_key = '' where user_id = :id
    """),
    "users": text("""
        update users
           set email = 'erased-' || id || '@invalid', email_key = 'erased-' || id || '@invalid', name = 'Erased user',
               name_key = '', first_name = null, last_name = null, phone_number = null, external_id = null,
               contact_settings = null, disabled = true
         where id = :id
    """),
}
"""Of a user: their words and name; their recordings are the organization's."""

JOBS: Final = text("""
delete from procrastinate_jobs
 where args ->> 'organization_id' = :organization and args ->> 'recording_id' = any(cast(:ids as text[]))
   and status <> 'doing'
""")

NOT_PERSONAL: Final[dict[str, object]] = {
    "organizations": "names of companies",
    "integration_connections": "names of connections",
    "teams": "names of teams",
    "team_coaches": "ids",
    "oauth_apps": "names of programs",
    "tokens": "hashes and names of programs",
    "user_overrides": "ids",
    "engagement_users": "ids",
    "opportunity_users": "ids",
    "opportunity_contacts": "ids",
    "entity_definitions": "settings",
    "field_definitions": "settings",
    "model_usage": "counts",
    "conversation_types": "settings",
    "summary_prompts": "settings",
    "outcome_definitions": "settings",
    "scorecards": "settings",
    "scorecard_metrics": "settings",
    "extractions": "ids and states",
    "recording_choices": "ids",
    "audio_keys": "sealed keys",
    "matching_rates": "counts over many recordings",
    "webhook_endpoints": "addresses of programs",
    "webhook_deliveries": "ids and states",
    "audit_events": "ids, and who acted",
}
"""Tables that an erasure leaves as they are, with the reason."""
