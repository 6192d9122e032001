-- One row per experiment and algorithm whose runs are sweeps: its trials by their state.
select r.experiment, r.algorithm, count(distinct s.sweep_id) as sweep_count, count(*) as trial_count,
  count(*) filter (where t.status = 'failed') as failed_count,
  count(*) filter (where t.status = 'pruned') as pruned_count
from core.sweep as s
join core.run as c using (sweep_id)
join mart.run as r using (run_id)
join core.trial as t on t.sweep_id = s.sweep_id
group by all
order by all
