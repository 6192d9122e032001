-- One row per landscape on which no algorithm ran (at most 40): the algorithm with the smallest predicted regret, and the one that is best on the mean of the others.
select
  s.name as search_space, b.name as benchmark, m.name as metric, p.split,
  arg_min(a.name, p.predicted) as by_landscape, 10 ** min(p.predicted) - 0.001 as predicted_regret,
  arg_min(a.name, p.baseline) as by_mean, 10 ** min(p.baseline) - 0.001 as mean_regret
from result.landscape_prediction as p
join core.algorithm as a on a.algorithm_id = p.algorithm_id
join core.search_space as s on s.search_space_id = p.search_space_id
join core.benchmark as b on b.benchmark_id = p.benchmark_id
join core.metric as m on m.metric_id = p.metric_id
where p.analysis_run_id = $run
group by s.name, b.name, m.name, p.split
having count(p.observed) = 0
order by s.name, b.name, m.name, p.split
limit 40
