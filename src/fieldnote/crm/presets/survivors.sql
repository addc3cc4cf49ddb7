merged_into(id, kept) as (
  select id, kept from losers
  union
  select i.id, l.kept from merged_into i join losers l on l.id = i.kept
), survivors as (
  select distinct on (i.id) i.id, i.kept from merged_into i
   where not exists (select from losers l where l.id = i.kept) order by i.id, i.kept
)
