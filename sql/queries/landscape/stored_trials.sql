-- One row per algorithm and configuration: how often the algorithm evaluated it.
select a.name as algorithm, t.configuration_id, count(*) as evaluations
from result.landscape_run as r
join core.run as n on n.run_id = r.run_id
join core.algorithm as a on a.algorithm_id = r.algorithm_id
join core.trial as t on t.sweep_id = n.sweep_id
join result.landscape_node as o on o.analysis_run_id = r.analysis_run_id and o.configuration_id = t.configuration_id
where r.analysis_run_id = $run and t.status = 'finished'
group by a.algorithm_id, a.name, t.configuration_id
order by a.algorithm_id, t.configuration_id
