with recursive people as (
  select id, record from owners union all
  select id, record from owners_archived a where not exists (select from owners o where o.id = a.id)
), losers as (
  select m.id, c.id as kept
    from contacts c cross join unnest(string_to_array(c.record #>> '{properties,hs_merged_object_ids}', ';')) m(id)
   where m.id <> c.id
), $(survivors.sql), visits as (
  select m.id, m.record -> 'properties' as p, m.record ->> 'createdAt' as created_at, m.modified,
         m.links #>> '{deals,0}' as deal_id, coalesce(s.kept, m.links #>> '{contacts,0}') as contact_id
    from meetings m left join survivors s on s.id = m.links #>> '{contacts,0}'
)
select v.id,
       coalesce(v.p ->> 'hs_meeting_start_time', v.p ->> 'hs_timestamp') as starts_at,
       v.p ->> 'hs_meeting_end_time' as ends_at,
       v.p ->> 'hs_meeting_title' as title,
       nullif(trim(regexp_replace(v.p ->> 'hs_meeting_body', '<[^>]*>', ' ', 'g')), '') as content,
       coalesce(nullif(v.p ->> 'hs_activity_type', ''), 'Meeting') as kind,
       (select jsonb_agg(jsonb_build_object('externalId', r.id, 'email', o.record ->> 'email',
                 'name', nullif(concat_ws(' ', o.record ->> 'firstName', o.record ->> 'lastName'), '')) order by r.first)
          from (select r.id, min(r.place) as first
                  from unnest(string_to_array(concat_ws(';', v.p ->> 'hubspot_owner_id', v.p ->> 'hs_attendee_owner_ids'),
                              ';')) with ordinality r(id, place) where r.id <> '' group by r.id) r
          left join people o on o.id = r.id) as reps,
       c.id as contact_id,
       nullif(concat_ws(' ', c.record #>> '{properties,firstname}', c.record #>> '{properties,lastname}'), '')
         as contact_name,
       c.record #>> '{properties,email}' as contact_email,
       c.record #>> '{properties,phone}' as contact_phone,
       c.record #>> '{properties,mobilephone}' as contact_mobile,
       c.record #>> '{properties,address}' as street,
       c.record #>> '{properties,city}' as city,
       c.record #>> '{properties,state}' as state,
       c.record #>> '{properties,zip}' as zip,
       c.record #>> '{properties,country}' as country,
       string_to_array(nullif(c.record #>> '{properties,hs_merged_object_ids}', ''), ';') as merged_ids,
       d.id as deal_id,
       d.record #>> '{properties,dealname}' as deal_name,
       v.created_at,
       v.modified as updated_at,
       coalesce(x.modified, case when v.p ->> 'hs_meeting_outcome' = 'CANCELED' then v.modified end) as deleted_at
  from visits v
  left join contacts c on c.id = v.contact_id
  left join deals d on d.id = v.deal_id and not exists (select from deals_archived a where a.id = d.id)
  left join meetings_archived x on x.id = v.id
 where coalesce(nullif(v.p ->> 'hs_activity_type', ''), '(none)') = any($(visits))
