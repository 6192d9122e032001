-- Every stored result of the trace analysis belongs to a recorded analysis run.
select analysis_run_id, 'run_regret' as table_name from result.run_regret
where analysis_run_id not in (select analysis_run_id from ops.analysis_run)
union all
select analysis_run_id, 'trace_point' from result.trace_point
where analysis_run_id not in (select analysis_run_id from ops.analysis_run)
union all
select analysis_run_id, 'trace_summary' from result.trace_summary
where analysis_run_id not in (select analysis_run_id from ops.analysis_run)
union all
select analysis_run_id, 'coverage' from result.coverage
where analysis_run_id not in (select analysis_run_id from ops.analysis_run)
