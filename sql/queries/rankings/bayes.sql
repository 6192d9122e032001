-- One row per pair of algorithms: the posterior of the Bayesian signed-rank test.
select "first", "second", probability_first, probability_rope, probability_second
from result.ranking_pair where analysis_run_id = $run and test = 'bayes_signed_rank'
