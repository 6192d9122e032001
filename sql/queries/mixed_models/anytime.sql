-- One row per pair of algorithms and budget: the difference with a band that holds for all pairs and budgets.
select "first" || ' - ' || "second" as pair, "first", "second", budget, estimate, lower, upper, p_adjusted, better,
  benchmark_count, reason
from result.lmem_anytime where analysis_run_id = $run order by "first", "second", budget
