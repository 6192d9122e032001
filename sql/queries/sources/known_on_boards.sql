-- One row per result of a leaderboard that another source has brought too: same experiment, algorithm, benchmark, seed.
select x.name, a.name, b.name, s.name
from core.run as n
join core.run as o on o.source_id <> n.source_id and o.experiment_id = n.experiment_id
  and o.algorithm_id = n.algorithm_id and o.benchmark_id = n.benchmark_id and o.seed is not distinct from n.seed
join core.experiment as x on x.experiment_id = n.experiment_id
join core.algorithm as a on a.algorithm_id = n.algorithm_id
join core.benchmark as b on b.benchmark_id = n.benchmark_id
join core.source as s on s.source_id = o.source_id
where n.source_id = $source limit 1
