-- One row per measure of the landscape, with the reason where it has no value.
select name, value, lower, upper, pair_count, reason from result.landscape_metric
where analysis_run_id = $run order by name
