with recursive losers as (
  select id, record ->> 'MasterRecordId' as kept from accounts where record ->> 'MasterRecordId' is not null
  union all
  select id, record ->> 'MasterRecordId' from contacts where record ->> 'MasterRecordId' is not null
  union all
  select id, record ->> 'MasterRecordId' from leads where record ->> 'MasterRecordId' is not null
), $(survivors.sql), people as (
  select e.id as event, e.record ->> 'OwnerId' as person, 0 as place from events e
  union all
  select r.record ->> 'EventId', r.record ->> 'RelationId', 1 from event_relations r
   where r.record ->> 'RelationId' like '005%' and (r.record ->> 'IsDeleted') is distinct from 'true'
), reps as (
  select p.event, jsonb_agg(jsonb_build_object('externalId', p.person, 'email', u.record ->> 'Email',
                    'name', u.record ->> 'Name') order by p.place, p.person) as reps
    from (select event, person, min(place) as place from people where person like '005%' group by event, person) p
    left join users u on u.id = p.person
   group by p.event
), merged as (
  select kept, jsonb_agg(id order by id) as ids from survivors group by kept
)
select e.id,
       case when e.record ->> 'IsAllDayEvent' = 'true' then e.record ->> 'ActivityDate'
            else e.record ->> 'StartDateTime' end as starts_at,
       case when e.record ->> 'IsAllDayEvent' = 'true' then null else e.record ->> 'EndDateTime' end as ends_at,
       o.record ->> 'TimeZoneSidKey' as zone,
       e.record ->> 'Subject' as title,
       e.record ->> 'Description' as content,
       coalesce(e.record ->> 'Type', e.record ->> 'EventSubtype', 'Event') as kind,
       r.reps,
       a.id as account_id,
       a.record ->> 'Name' as account_name,
       a.record ->> 'Phone' as account_phone,
       a.record ->> 'BillingStreet' as street,
       a.record ->> 'BillingCity' as city,
       a.record ->> 'BillingState' as state,
       a.record ->> 'BillingPostalCode' as zip,
       a.record ->> 'BillingCountry' as country,
       a.record -> 'BillingLatitude' as latitude,
       a.record -> 'BillingLongitude' as longitude,
       g.ids as merged_ids,
       c.id as contact_id,
       c.record ->> 'Name' as contact_name,
       c.record ->> 'Email' as contact_email,
       h.ids as contact_merged_ids,
       l.id as lead_id,
       l.record ->> 'FirstName' as lead_first,
       l.record ->> 'LastName' as lead_last,
       l.record ->> 'Email' as lead_email,
       d.id as deal_id,
       d.record ->> 'Name' as deal_name,
       e.record ->> 'CreatedDate' as created_at,
       e.modified as updated_at,
       case when e.record ->> 'IsDeleted' = 'true' then e.modified end as deleted_at
  from events e
  left join reps r on r.event = e.id
  left join users o on o.id = e.record ->> 'OwnerId'
  left join opportunities d on d.id = e.record ->> 'WhatId' and d.record ->> 'IsDeleted' is distinct from 'true'
 cross join lateral (select coalesce(e.record ->> 'AccountId', d.record ->> 'AccountId',
                                     case when e.record ->> 'WhatId' like '001%' then e.record ->> 'WhatId' end)) n(account)
  left join survivors s on s.id = n.account
  left join accounts a on a.id = coalesce(s.kept, n.account) and a.record ->> 'IsDeleted' is distinct from 'true'
  left join merged g on g.kept = a.id
  left join survivors w on w.id = e.record ->> 'WhoId'
  left join contacts c on c.id = coalesce(w.kept, e.record ->> 'WhoId') and c.record ->> 'IsDeleted' is distinct from 'true'
  left join merged h on h.kept = c.id
  left join leads l on l.id = coalesce(w.kept, e.record ->> 'WhoId') and l.record ->> 'IsDeleted' is distinct from 'true'
 where e.record ->> 'IsChild' is distinct from 'true'
   and coalesce(e.record ->> 'Type', e.record ->> 'EventSubtype', '(none)') = any($(visits))
