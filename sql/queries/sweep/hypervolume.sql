-- One row per configuration that enlarged the front, and one for the last trial: the share of the box dominated since.
with grown as (
  select t.number, h.hypervolume, t.sweep_id
  from result.sweep_hypervolume as h join core.trial as t using (trial_id)
  where h.analysis_run_id = $run
)
select number, hypervolume from grown
union all
select max(t.number), (select max(hypervolume) from grown)
from core.trial as t
where t.sweep_id in (select sweep_id from grown)
having max(t.number) > (select max(number) from grown)
order by number
