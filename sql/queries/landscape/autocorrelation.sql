-- One row per lag of the random walk.
select lag, loss_exact, rank_exact, rank_sampled, rank_sampled_error, reason
from result.landscape_autocorrelation where analysis_run_id = $run order by lag
