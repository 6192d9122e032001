-- One row per landscape whose embedding was made before some of its evaluations were loaded.
with newest as (
  select search_space_id, benchmark_id, metric_id, split, fidelity, max(analysis_run_id) as analysis_run_id
  from result.embedding_subject where seed is null
  group by all
)
select sp.name, b.name, m.name, n.split
from newest as n
join ops.analysis_run as a on a.analysis_run_id = n.analysis_run_id
join core.search_space as sp on sp.search_space_id = n.search_space_id
join core.benchmark as b on b.benchmark_id = n.benchmark_id
join core.metric as m on m.metric_id = n.metric_id
where exists (
  select 1 from core.evaluation as v join core.source as c on c.source_id = v.source_id
  where v.search_space_id = n.search_space_id and v.benchmark_id = n.benchmark_id and v.metric_id = n.metric_id
    and v.split = n.split and v.fidelity is not distinct from n.fidelity and c.ingested_at > a.ended_at
)
order by all
