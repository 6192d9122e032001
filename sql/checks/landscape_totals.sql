-- Basins part the configurations among the optima, kinds of interaction part the squares, no escape has a probability above 1.
select s.analysis_run_id, 'basins do not add up to the configurations' as reason
from result.landscape_subject as s
join result.landscape_optimum as o on o.analysis_run_id = s.analysis_run_id
group by s.analysis_run_id, s.configuration_count
having sum(o.basin_size) <> s.configuration_count
union all
select analysis_run_id, 'kinds of interaction do not add up to 1'
from result.landscape_interaction
where abs(additive_share + magnitude_share + sign_share + reciprocal_share - 1) > 1e-6
union all
select analysis_run_id, 'escapes from an optimum add up to more than 1'
from result.landscape_lon_edge
group by analysis_run_id, perturbation, from_id
having sum(probability) > 1 + 1e-6
union all
select analysis_run_id, 'the best neighbour, plateau or basin of a configuration is none'
from result.landscape_node as n
where n.configuration_id = n.basin_id and not n.is_local_optimum
