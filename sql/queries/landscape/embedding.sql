-- One row per embedding of the landscape (at most one, the newest), and whether evaluations came after it.
select e.analysis_run_id, e.configuration_count, e.dimension, e.neighbours_kept, e.neighbours_kept_by_chance,
  e.share_explained,
  e.configuration_count <> s.configuration_count or exists (
    select 1 from core.evaluation as v join core.source as c on c.source_id = v.source_id
    where v.search_space_id = s.search_space_id and v.benchmark_id = s.benchmark_id and v.metric_id = s.metric_id
      and v.split = s.split and v.fidelity is not distinct from s.fidelity and c.ingested_at > a.ended_at
  ) as is_older
from result.landscape_subject as s
join result.embedding_subject as e
  on e.search_space_id = s.search_space_id and e.benchmark_id = s.benchmark_id and e.metric_id = s.metric_id
  and e.split = s.split and e.fidelity is not distinct from s.fidelity and e.seed is not distinct from s.seed
join ops.analysis_run as a on a.analysis_run_id = e.analysis_run_id
where s.analysis_run_id = $run
order by e.analysis_run_id desc limit 1
