-- One row per sentence on a metric, the most important first.
select kind, sentence, figure, is_claim
from result.sweep_statement where analysis_run_id = $run and metric_id = $metric order by position
