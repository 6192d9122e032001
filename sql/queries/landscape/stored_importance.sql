-- One row per hyperparameter that has a share of the variance of ranks.
select position, total_share from result.landscape_importance
where analysis_run_id = $run and scope = 'ranks' and total_share is not null
