-- One row per pair of algorithms: who leads at the last budget, from which budget on, in words.
select "first", "second", leader, from_budget, is_at_all_budgets, ahead_count_first, ahead_count_second, budget_count,
  p_any, sentence
from result.lmem_anytime_pair where analysis_run_id = $run order by p_any nulls last, "first", "second"
