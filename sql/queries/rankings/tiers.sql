-- One row per algorithm, the best tier first.
select tier, algorithm, estimate, standard_error, rank_lower, rank_upper, rank_lower_alone, rank_upper_alone,
  is_tied_with_best, win_rate, win_rate_lower, win_rate_upper, elo, elo_lower, elo_upper, improvability,
  improvability_lower, improvability_upper
from result.ranking_tier where analysis_run_id = $run order by tier, rank_upper, rank_lower, algorithm
