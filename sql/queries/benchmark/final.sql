-- One row per experiment, setting, algorithm and metric: what its runs on the benchmark reached at the end.
select e.name as experiment, r.setting, r.algorithm, m.name as metric, m.direction, count(*) as runs,
  median(g.final_incumbent) as median_final,
  case m.direction when 'max' then max(g.final_incumbent) else min(g.final_incumbent) end as best_final,
  avg(g.final_normalized_regret) as mean_regret, avg(g.final_rank) as mean_rank,
  count(g.final_incumbent) as runs_with_value
from result.run_regret as g
join mart.run as r on r.run_id = g.run_id
join core.experiment as e on e.experiment_id = r.experiment_id
join core.metric as m on m.metric_id = g.metric_id
where g.analysis_run_id = $run and r.benchmark_id = $benchmark
group by e.name, r.setting, r.algorithm, m.name, m.direction
order by e.name, r.setting, m.name, mean_rank
