-- One row per benchmark, setting, algorithm and metric: what its runs reached at the end.
select r.benchmark, g.setting, r.algorithm, m.name as metric,
  case m.direction when 'max' then 'higher' else 'lower' end as better,
  median(g.final_incumbent) as median_final, avg(g.final_normalized_regret) as mean_regret,
  avg(g.final_rank) as mean_rank, count(*) as runs
from result.run_regret as g
join mart.run as r on r.run_id = g.run_id
join core.metric as m on m.metric_id = g.metric_id
where g.analysis_run_id = $run
group by r.benchmark, g.setting, r.algorithm, m.name, m.direction
order by r.benchmark, g.setting, m.name, mean_rank
