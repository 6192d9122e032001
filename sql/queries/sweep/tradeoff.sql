-- One row per pair of metrics.
select a.name as metric_a, b.name as metric_b, t.trial_count, t.spearman, t.lower, t.upper, t.front_count, t.reason
from result.sweep_tradeoff as t
join core.metric as a on a.metric_id = t.metric_a_id
join core.metric as b on b.metric_id = t.metric_b_id
where t.analysis_run_id = $run
order by t.metric_a_id, t.metric_b_id
