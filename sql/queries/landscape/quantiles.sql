-- One row per probability: the quantile of the losses.
select probability, loss from result.landscape_quantile where analysis_run_id = $run order by probability
