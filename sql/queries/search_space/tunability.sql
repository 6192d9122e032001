-- One row per benchmark and hyperparameter, by the newest analysis of any landscape there.
select b.name as benchmark, i.hyperparameter, i.position, i.main_share, i.tunability_shapley
from result.landscape_importance as i
join result.landscape_subject as s on s.analysis_run_id = i.analysis_run_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.search_space as sp on sp.search_space_id = s.search_space_id
where sp.name = $space and i.scope = 'ranks' and s.seed is null
qualify row_number() over (partition by s.benchmark_id, i.position order by i.analysis_run_id desc) = 1
order by b.name, i.position
