with recursive people as (
  select id, record from owners union all
  select id, record from owners_archived a where not exists (select from owners o where o.id = a.id)
), stages as (
  select p.id as pipeline, s.stage ->> 'id' as id, s.stage #>> '{metadata,isClosed}' = 'true' as closed,
         (s.stage #>> '{metadata,probability}')::numeric = 1 as won
    from pipelines p cross join jsonb_array_elements(p.record -> 'stages') s(stage)
), losers as (
  select m.id, c.id as kept
    from contacts c cross join unnest(string_to_array(c.record #>> '{properties,hs_merged_object_ids}', ';')) m(id)
   where m.id <> c.id
), $(survivors.sql), known as (
  select d.id, d.record -> 'properties' as p, d.record ->> 'createdAt' as created_at,
         coalesce(m.kept, d.links #>> '{contacts,0}') as contact_id, s.closed, s.won,
         $(stages) ->> (d.record #>> '{properties,dealstage}') as chosen
    from deals d
    left join stages s on s.pipeline = d.record #>> '{properties,pipeline}'
                      and s.id = d.record #>> '{properties,dealstage}'
    left join survivors m on m.id = d.links #>> '{contacts,0}'
), judged as (
  select k.*, coalesce(k.chosen, case
           when coalesce(k.p ->> 'hs_is_closed_won' = 'true', k.closed and k.won, false) then 'WON'
           when coalesce(k.p ->> 'hs_is_closed' = 'true', k.closed, false) then 'LOST' else 'OPEN' end) as disposition
    from known k
)
select j.id,
       j.p ->> 'dealname' as name,
       nullif(j.p ->> 'amount', '')::numeric as amount,
       j.disposition,
       case when j.disposition <> 'OPEN' then nullif(j.p ->> 'closedate', '') end as closed_at,
       j.created_at,
       case when coalesce(j.p ->> 'hubspot_owner_id', '') <> '' then jsonb_build_array(jsonb_build_object(
         'externalId', j.p ->> 'hubspot_owner_id', 'email', o.record ->> 'email',
         'name', nullif(concat_ws(' ', o.record ->> 'firstName', o.record ->> 'lastName'), ''))) end as reps,
       c.id as contact_id,
       nullif(concat_ws(' ', c.record #>> '{properties,firstname}', c.record #>> '{properties,lastname}'), '')
         as contact_name,
       x.modified as deleted_at
  from judged j
  left join people o on o.id = j.p ->> 'hubspot_owner_id'
  left join contacts c on c.id = j.contact_id
  left join deals_archived x on x.id = j.id
 where cardinality($(visits)) > 0
