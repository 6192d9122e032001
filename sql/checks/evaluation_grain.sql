-- An evaluation occurs once: configuration, benchmark, fidelity, seed, fold, metric and split identify it.
select search_space_id, configuration_id, benchmark_id, fidelity, seed, fold, metric_id, split, count(*) as occurrences
from core.evaluation
group by search_space_id, configuration_id, benchmark_id, fidelity, seed, fold, metric_id, split
having count(*) > 1
