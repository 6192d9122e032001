-- One row per run and metric of an experiment that was analysed: its normalised regret over the common budgets.
select a.name as algorithm, b.name as benchmark, m.name as metric, n.setting, r.seed,
  list(p.budget order by p.budget) as budgets, list(p.normalized_regret order by p.budget) as regrets
from result.trace_point as p
join core.run as r on r.run_id = p.run_id
join mart.run as n on n.run_id = p.run_id
join core.algorithm as a on a.algorithm_id = r.algorithm_id
join core.benchmark as b on b.benchmark_id = r.benchmark_id
join core.metric as m on m.metric_id = p.metric_id
where p.analysis_run_id = $run and p.normalized_regret is not null
group by a.algorithm_id, a.name, b.benchmark_id, b.name, m.metric_id, m.name, n.setting, r.seed, p.run_id
order by b.benchmark_id, m.metric_id, n.setting, r.seed, a.algorithm_id
