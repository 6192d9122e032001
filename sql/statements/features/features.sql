-- One row per benchmark and feature of a table that the warehouse does not have yet.
insert into core.benchmark_feature
select b.benchmark_id, n.feature, case when n.is_numeric then try_cast(n.text_value as double) end, n.text_value, $source
from hpowh_feature as n
join core.benchmark as b on b.name = n.benchmark
where not exists (
  select 1 from core.benchmark_feature as f where f.benchmark_id = b.benchmark_id and f.name = n.feature
)
