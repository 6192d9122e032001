-- One row per step of the incumbent, in the embedding, of each algorithm's run with the median final regret.
with placed as (
  select r.run_id, a.algorithm_id, a.name as algorithm, r.seed,
    row_number() over (partition by a.algorithm_id order by r.final_regret nulls last, r.run_id) as place,
    count(*) over (partition by a.algorithm_id) as run_count
  from result.landscape_run as r
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  where r.analysis_run_id = $run
)
select w.algorithm, w.seed, s.trial_number, p.x, p.y
from placed as w
join result.landscape_run_step as s on s.run_id = w.run_id and s.analysis_run_id = $run
join result.embedding_point as p on p.analysis_run_id = $embedding and p.configuration_id = s.configuration_id
where w.place = (w.run_count + 1) // 2
order by w.algorithm_id, s.trial_number
