-- One row per step of the incumbent in each algorithm's run with the median final regret.
with placed as (
  select
    r.run_id, a.algorithm_id, a.name as algorithm, r.seed,
    row_number() over (partition by a.algorithm_id order by r.final_regret nulls last, r.run_id) as place,
    count(*) over (partition by a.algorithm_id) as run_count
  from result.landscape_run as r
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  where r.analysis_run_id = $run
)
select p.algorithm, p.seed, s.configuration_id
from placed as p
join result.landscape_run_step as s on s.run_id = p.run_id and s.analysis_run_id = $run
where p.place = (p.run_count + 1) // 2
order by p.algorithm_id, s.trial_number
