-- One row per benchmark, pair of algorithms and budget: whether the factor's effect is anomalous there.
select benchmark, "first", "second", factor, good_level, bad_level, budget, shift, shift_lower, shift_upper, win_shift,
  win_shift_lower, win_shift_upper, consensus_shift, z_shift, z_win_shift, p_adjusted, is_reversed, is_anomalous, scale,
  reason
from result.lmem_anomaly where analysis_run_id = $run
order by is_anomalous desc, is_reversed desc, p_adjusted nulls last
