-- One row per metric, split and fidelity of a search space whose importances were compared: its newest analysis run.
select m.name as metric, n.split, n.fidelity, max(n.analysis_run_id) as run
from result.landscape_agreement as n
join core.search_space as s on s.search_space_id = n.search_space_id
join core.metric as m on m.metric_id = n.metric_id
where s.name = $space and n.seed is null
group by m.name, n.split, n.fidelity
order by m.name, n.split, n.fidelity
