-- One row per benchmark, metric, setting and seed: the runs that are ranked together, or why they are not (a table of the session: `traces_block`).
create or replace temp table traces_block as
with expected as (
  select benchmark_id, metric_id, setting, count(distinct algorithm_id) as algorithm_count
  from traces_span group by benchmark_id, metric_id, setting
)
select
  s.benchmark_id, s.metric_id, s.setting, s.seed, count(*) as run_count,
  case
    when any_value(e.algorithm_count) < 2 then 'one algorithm only: nothing to rank'
    when count(*) > count(distinct s.algorithm_id) then 'several runs of one algorithm in the block: no pairing by seed'
    when count(*) < any_value(e.algorithm_count) then 'an algorithm has no run in the block'
  end as reason
from traces_span as s
join expected as e on e.benchmark_id = s.benchmark_id and e.metric_id = s.metric_id and e.setting = s.setting
group by s.benchmark_id, s.metric_id, s.setting, s.seed
