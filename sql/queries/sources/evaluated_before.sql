-- One row per benchmark and source that has brought evaluations of these search spaces on these benchmarks; the first.
select b.name, s.name
from core.evaluation as e
join core.benchmark as b using (benchmark_id)
join core.source as s using (source_id)
where list_contains($spaces, e.search_space_id) and list_contains($benchmarks, e.benchmark_id)
limit 1
