-- One row per pair of algorithms: what the methods say of it, side by side.
select "first", "second", lmem_p_adjusted, nemenyi_p, wilcoxon_p_adjusted, lmem_verdict, nemenyi_verdict,
  wilcoxon_verdict, bayes_verdict, is_agreed, sentence
from result.ranking_agreement where analysis_run_id = $run
