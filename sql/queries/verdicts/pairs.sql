-- One row per pair of algorithms of a ranking: Wilcoxon's test with Holm's correction.
select "first", "second", estimate, reason, p_adjusted
from result.ranking_pair where analysis_run_id = $run and test = 'wilcoxon_holm' order by "first", "second"
