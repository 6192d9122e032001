-- One row per knee of a front (at most one): its first trial, and the mean of every metric there.
select t.number as trial, count(*) as metric_count,
  string_agg(format('{} = {:.4g}', m.name, c.mean), ', ' order by m.metric_id) as metrics
from result.sweep_front as f
join core.trial as t using (trial_id)
join result.sweep_configuration as c on c.analysis_run_id = f.analysis_run_id and c.trial_id = f.trial_id
join core.metric as m on m.metric_id = c.metric_id
where f.analysis_run_id = $run and f.is_knee
group by t.number
order by t.number
