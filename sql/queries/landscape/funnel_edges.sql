-- One row per local optimum that leads to a better one: its likeliest such edge; the first 400.
select e.from_id, e.to_id, e.probability
from result.landscape_lon_edge as e
join result.landscape_optimum as a on a.analysis_run_id = e.analysis_run_id and a.configuration_id = e.from_id
join result.landscape_optimum as b on b.analysis_run_id = e.analysis_run_id and b.configuration_id = e.to_id
where e.analysis_run_id = $run and e.perturbation = 2 and b.loss < a.loss
qualify row_number() over (partition by e.from_id order by e.probability desc, b.loss, e.to_id) = 1
order by e.from_id
limit 400
