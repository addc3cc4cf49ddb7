with recursive losers as (
  select id, record ->> 'MasterRecordId' as kept from accounts where record ->> 'MasterRecordId' is not null
), $(survivors.sql)
select d.id,
       d.record ->> 'Name' as name,
       (d.record ->> 'Amount')::numeric as amount,
       v.disposition,
       case when v.disposition <> 'OPEN' then (d.record ->> 'CloseDate') || 'T00:00:00Z' end as closed_at,
       d.record ->> 'CreatedDate' as created_at,
       jsonb_build_array(jsonb_build_object('externalId', d.record ->> 'OwnerId', 'email', u.record ->> 'Email',
         'name', u.record ->> 'Name')) as reps,
       a.id as account_id,
       a.record ->> 'Name' as account_name,
       case when d.record ->> 'IsDeleted' = 'true' then d.modified end as deleted_at
  from opportunities d
  left join users u on u.id = d.record ->> 'OwnerId'
  left join survivors s on s.id = d.record ->> 'AccountId'
  left join accounts a on a.id = coalesce(s.kept, d.record ->> 'AccountId')
                      and a.record ->> 'IsDeleted' is distinct from 'true'
 cross join lateral (select coalesce($(stages) ->> (d.record ->> 'StageName'),
                                     case when d.record ->> 'IsWon' = 'true' then 'WON'
                                          when d.record ->> 'IsClosed' = 'true' then 'LOST' else 'OPEN' end)) v(disposition)
 where cardinality($(visits)) > 0
