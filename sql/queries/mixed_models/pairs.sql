-- One row per setting and pair of levels of the model that conclusions rest on, the clearest first.
select setting, sentence, "first", "second", estimate, lower, upper, ratio, ratio_lower, ratio_upper, p_value, p_adjusted,
  p_permutation, p_permutation_adjusted, permutation_count, e_value, probability, probability_lower, probability_upper,
  standardised, standardised_lower, standardised_upper, region, p_equivalence_adjusted, is_equivalent, reason
from result.lmem_pair where analysis_run_id = $run order by setting, p_adjusted nulls last, "first", "second"
