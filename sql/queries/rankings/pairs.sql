-- One row per test and pair of algorithms.
select test, "first", "second", estimate, p_value, p_adjusted, probability_first, probability_rope,
  probability_second, reason
from result.ranking_pair where analysis_run_id = $run
