-- One row per fidelity of a landscape: the sum of what its evaluations cost.
select fidelity, sum(cost) from core.evaluation
where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split and cost is not null
  and fidelity is not null
group by fidelity
