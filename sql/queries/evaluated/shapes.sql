-- One row per search space, metric and split: measures over its landscapes, by their newest analyses.
with number as (
  select p.name as search_space, j.split, m.name as metric, j.analysis_run_id
  from mart.newest_landscape as j
  join core.search_space as p on p.search_space_id = j.search_space_id
  join core.metric as m on m.metric_id = j.metric_id
  where j.seed is null
)
select n.search_space, n.metric, n.split, count(distinct n.analysis_run_id) as landscapes,
  median(v.value) filter (where v.name = 'assortativity_rank') as smoothness,
  min(v.value) filter (where v.name = 'assortativity_rank') as smoothness_least,
  max(v.value) filter (where v.name = 'assortativity_rank') as smoothness_most,
  median(v.value) filter (where v.name = 'neutrality') as neutrality,
  median(v.value) filter (where v.name = 'n_lo') as optima,
  max(v.value) filter (where v.name = 'n_lo') as optima_most,
  median(v.value) filter (where v.name = 'ndc_spearman') as ndc,
  median(v.value) filter (where v.name = 'fdc_spearman') as fdc,
  median(v.value) filter (where v.name = 'variance_ranks_main') as main_share
from number as n
join result.landscape_metric as v using (analysis_run_id)
group by n.search_space, n.metric, n.split
order by n.search_space, n.metric, n.split
