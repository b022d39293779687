select a.attnum <= i.indnkeyatts,
       case when a.attlen > 0 then a.attlen else coalesce(own.stawidth, of_table.stawidth, 32) end::pg_catalog.float8,
       coalesce(own.stadistinct, of_table.stadistinct, 0)::pg_catalog.float8,
       case when a.attlen > 0 then (case a.attalign when 'd' then 8 when 'i' then 4 when 's' then 2 else 1 end) else 1 end,
       coalesce(own.stanullfrac, of_table.stanullfrac, 0)::pg_catalog.float8
from pg_catalog.pg_index as i
join pg_catalog.pg_attribute as a on a.attrelid = i.indexrelid and a.attnum > 0
left join lateral (
    select s.stawidth, s.stadistinct, s.stanullfrac
    from pg_catalog.pg_statistic as s
    where s.starelid = i.indexrelid and s.staattnum = a.attnum
    order by s.stainherit limit 1
) as own on true
left join lateral (
    select s.stawidth, s.stadistinct, s.stanullfrac
    from pg_catalog.pg_statistic as s
    where s.starelid = i.indrelid and s.staattnum = i.indkey[a.attnum - 1]
    order by s.stainherit limit 1
) as of_table on true
where i.indexrelid = $1::pg_catalog.oid
order by a.attnum
