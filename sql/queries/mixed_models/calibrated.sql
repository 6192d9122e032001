-- One row per pair of algorithms.
select contrast, estimate, p_adjusted, p_calibrated
from result.lmem_calibration_pair where analysis_run_id = $run order by p_adjusted
