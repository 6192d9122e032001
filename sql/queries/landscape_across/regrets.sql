-- One row per landscape and algorithm: the mean over its runs of the final regret as a share of the way from the best to the median loss; runs without a regret are left out. Of each landscape the newest analysis.
select
  s.search_space_id, s.benchmark_id, s.metric_id, s.split, s.fidelity, r.algorithm_id,
  avg(r.final_regret / (m.value - s.best_loss)) as regret, count(r.final_regret) as run_count
from mart.newest_landscape as n
join result.landscape_subject as s on s.analysis_run_id = n.analysis_run_id
join result.landscape_run as r on r.analysis_run_id = n.analysis_run_id
join result.landscape_metric as m on m.analysis_run_id = n.analysis_run_id and m.name = 'loss_median'
where n.seed is null and m.value > s.best_loss
group by all
having count(r.final_regret) > 0
order by all
