-- One row per sentence on a metric, the most important first; what to try next is the third, so that no list is cut before.
select kind, sentence, figure, is_claim
from result.sweep_statement where analysis_run_id = $run and metric_id = $metric
order by if(kind = 'next', 2.5, position)
