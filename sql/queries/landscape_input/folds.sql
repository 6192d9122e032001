-- One row per landscape (exactly one): the number of folds it was measured on.
select count(distinct fold) from core.evaluation
where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split and fidelity is not distinct from $fidelity
