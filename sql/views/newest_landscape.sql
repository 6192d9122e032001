-- One row per analysed landscape (of one seed, or the mean over seeds: seed is NULL) with its newest analysis run.
select search_space_id, benchmark_id, metric_id, split, fidelity, seed, max(analysis_run_id) as analysis_run_id
from result.landscape_subject
group by search_space_id, benchmark_id, metric_id, split, fidelity, seed
