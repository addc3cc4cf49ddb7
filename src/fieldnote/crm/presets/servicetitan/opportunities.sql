with recursive losers as (
  select id, record ->> 'mergedToId' as kept from customers where record ->> 'mergedToId' is not null
), $(survivors.sql), offers as (
  select e.record ->> 'jobId' as job,
         bool_or(e.sold) as sold,
         bool_and(e.record #>> '{status,name}' = 'Dismissed') as dismissed,
         sum((e.record ->> 'subtotal')::numeric) filter (where e.sold) as sold_amount,
         coalesce(max((e.record ->> 'subtotal')::numeric)
                    filter (where e.record ->> 'isRecommended' = 'true' and e.record #>> '{status,name}' = 'Open'),
                  max((e.record ->> 'subtotal')::numeric) filter (where e.record #>> '{status,name}' = 'Open')) as open_amount,
         min(e.record ->> 'soldOn') filter (where e.sold) as sold_on
    from (select record, record #>> '{status,name}' = 'Sold' or record ->> 'soldOn' is not null as sold
            from estimates where record ->> 'active' is distinct from 'false') e
   group by 1
), first_reps as (
  select s.record ->> 'appointmentId' as appointment, jsonb_agg(distinct s.record ->> 'technicianId') as ids
    from assignments s where s.record ->> 'active' is distinct from 'false' group by 1
)
select j.id,
       concat_ws(' ', '#' || (j.record ->> 'jobNumber'), y.record ->> 'name') as name,
       coalesce(o.sold_amount, o.open_amount, (j.record ->> 'total')::numeric) as amount,
       v.disposition,
       case when v.disposition <> 'OPEN' then coalesce(o.sold_on, j.record ->> 'completedOn', j.record ->> 'modifiedOn') end
         as closed_at,
       j.record ->> 'createdOn' as created_at,
       (select jsonb_agg(jsonb_build_object('externalId', p.id, 'email', t.record ->> 'email', 'name', t.record ->> 'name')
                 order by p.id)
          from (select j.record ->> 'soldById' as id where j.record ->> 'soldById' is not null
                union all
                select jsonb_array_elements_text(f.ids) where j.record ->> 'soldById' is null) p
          left join technicians t on t.id = p.id) as reps,
       c.id as account_id,
       c.record ->> 'name' as account_name
  from jobs j
  left join job_types y on y.id = j.record ->> 'jobTypeId'
  left join survivors s on s.id = j.record ->> 'customerId'
  left join customers c on c.id = coalesce(s.kept, j.record ->> 'customerId')
  left join offers o on o.job = j.id
  left join first_reps f on f.appointment = j.record ->> 'firstAppointmentId'
  cross join lateral (select case when o.sold then 'WON' else
         coalesce($(stages) ->> replace(j.record ->> 'jobStatus', ' ', ''),
                  case when replace(j.record ->> 'jobStatus', ' ', '') = 'Canceled' or o.dismissed then 'LOST' else 'OPEN' end)
         end) v(disposition)
 where y.record ->> 'name' = any($(visits))
   and ($(business_units) = '{}' or j.record ->> 'businessUnitId' = any($(business_units)))
