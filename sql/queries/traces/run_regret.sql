-- One row per run and metric: what it reached at the end of the common axis, with the reason where a number is missing.
with last as (
  select benchmark_id, metric_id, max(step) as step, max(budget) as budget
  from traces_grid group by benchmark_id, metric_id
),
area as (
  select
    run_id, metric_id,
    case when count(*) = count(normalized_regret) then sum(normalized_regret * weight) end as anytime,
    bool_or(loss is null and step = 1) as is_late
  from traces_point group by run_id, metric_id
)
select
  s.run_id, s.metric_id, s.setting, l.budget as final_budget, p.sign * p.loss as final_incumbent,
  p.regret as final_regret, p.normalized_regret as final_normalized_regret, a.anytime as anytime_normalized_regret,
  cast(p.block_rank as double) as final_rank,
  cast(count(*) over (partition by s.benchmark_id, s.metric_id, s.setting, s.seed) as integer) as block_size,
  nullif(concat_ws('; ',
    case
      when s.first_budget is null then 'no usable value'
      when l.budget is null then 'no common budget axis'
      when p.loss is null then 'stopped at budget ' || s.last_budget || ', before the end of the common axis'
      when a.is_late then 'first usable value after the start of the common axis: no anytime regret'
      when p.normalized_regret is null and p.regret is not null
        then 'all values equal the best known: no normalised regret'
      when p.regret is null then 'no best known value'
    end,
    case
      when p.loss is not null and p.rank_reason = 'a run of the block has no usable value'
        then 'another run of the block has no value at the end: no rank'
      when p.loss is not null then p.rank_reason
    end
  ), '') as reason
from traces_span as s
left join last as l on l.benchmark_id = s.benchmark_id and l.metric_id = s.metric_id
left join traces_point as p on p.run_id = s.run_id and p.metric_id = s.metric_id and p.step = l.step
left join area as a on a.run_id = s.run_id and a.metric_id = s.metric_id
order by s.metric_id, s.run_id
