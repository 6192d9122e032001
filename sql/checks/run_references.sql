-- Every run has its experiment, algorithm, benchmark and source, and its id once.
select r.run_id, r.experiment_id, r.algorithm_id, r.benchmark_id, r.source_id
from core.run as r
where r.experiment_id not in (select experiment_id from core.experiment)
  or r.algorithm_id not in (select algorithm_id from core.algorithm)
  or r.benchmark_id not in (select benchmark_id from core.benchmark)
  or r.source_id not in (select source_id from core.source)
  or r.run_id in (select run_id from core.run group by run_id having count(*) > 1)
