with recursive losers as (
  select id, record ->> 'mergedToId' as kept from customers where record ->> 'mergedToId' is not null
), $(survivors.sql), reps as (
  select s.appointment, jsonb_agg(jsonb_build_object('externalId', s.technician, 'email', t.record ->> 'email',
           'name', coalesce(t.record ->> 'name', s.name)) order by s.technician::bigint) as reps
    from (select record ->> 'appointmentId' as appointment, record ->> 'technicianId' as technician,
                 max(record ->> 'technicianName') as name
            from assignments where record ->> 'active' is distinct from 'false' group by 1, 2) s
    left join technicians t on t.id = s.technician
   group by 1
), contacts as (
  select c.record ->> 'customerId' as customer,
         jsonb_agg(c.record ->> 'value' order by c.id) filter (where c.record ->> 'type' in ('Phone', 'MobilePhone')) as phones,
         jsonb_agg(c.record ->> 'value' order by c.id) filter (where c.record ->> 'type' = 'Email') as mails
    from customer_contacts c where c.record ->> 'active' is distinct from 'false' group by 1
), merged as (
  select kept as customer, jsonb_agg(id order by id) as ids from survivors group by kept
)
select a.id,
       coalesce(a.record ->> 'arrivalWindowStart', a.record ->> 'start') as starts_at,
       coalesce(a.record ->> 'arrivalWindowEnd', a.record ->> 'end') as ends_at,
       concat_ws(' - ', y.record ->> 'name', c.record ->> 'name') as title,
       nullif(a.record ->> 'specialInstructions', '') as content,
       y.record ->> 'name' as kind,
       r.reps,
       c.id as account_id,
       c.record ->> 'name' as account_name,
       k.phones,
       k.mails,
       nullif(concat_ws(', ', nullif(l.record #>> '{address,street}', ''), nullif(l.record #>> '{address,unit}', '')), '')
         as street,
       l.record #>> '{address,city}' as city,
       l.record #>> '{address,state}' as state,
       l.record #>> '{address,zip}' as zip,
       case l.record #>> '{address,country}' when 'USA' then 'US' else l.record #>> '{address,country}' end as country,
       l.record #> '{address,latitude}' as latitude,
       l.record #> '{address,longitude}' as longitude,
       g.ids as merged_ids,
       j.id as deal_id,
       concat_ws(' ', '#' || (j.record ->> 'jobNumber'), y.record ->> 'name') as deal_name,
       a.record ->> 'createdOn' as created_at,
       a.record ->> 'modifiedOn' as updated_at,
       case when a.record ->> 'status' = 'Canceled' or a.record ->> 'active' = 'false' then a.record ->> 'modifiedOn' end
         as deleted_at
  from appointments a
  join jobs j on j.id = a.record ->> 'jobId'
  left join job_types y on y.id = j.record ->> 'jobTypeId'
  left join survivors s on s.id = j.record ->> 'customerId'
  left join customers c on c.id = coalesce(s.kept, j.record ->> 'customerId')
  left join contacts k on k.customer = c.id
  left join merged g on g.customer = c.id
  left join locations l on l.id = j.record ->> 'locationId'
  left join reps r on r.appointment = a.id
 where y.record ->> 'name' = any($(visits))
   and ($(business_units) = '{}' or j.record ->> 'businessUnitId' = any($(business_units)))
