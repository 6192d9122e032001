-- One row per experiment and algorithm, sweep, or search space and benchmark: how much was loaded.
select x.name as subject, 'runs of ' || a.name as item, null as verdict, count(*)::double as value,
  null::double as lower, null::double as upper, null::double as p_value,
  to_json({noun: 'run', "of": a.name, "in": 'experiment'})::varchar as context
from core.run as r
join core.experiment as x on x.experiment_id = r.experiment_id
join core.algorithm as a on a.algorithm_id = r.algorithm_id
group by x.name, a.name
union all
select s.name, 'trials', null, count(*)::double, null, null, null,
  to_json({noun: 'trial', "of": null, "in": 'sweep'})::varchar
from core.trial as t
join core.sweep as s on s.sweep_id = t.sweep_id
where s.sweep_id not in (select sweep_id from core.run where sweep_id is not null)
group by s.name
union all
select p.name, 'evaluations of ' || b.name, null, count(*)::double, null, null, null,
  to_json({noun: 'evaluation', "of": b.name, "in": 'search space'})::varchar
from core.evaluation as e
join core.search_space as p on p.search_space_id = e.search_space_id
join core.benchmark as b on b.benchmark_id = e.benchmark_id
group by p.name, b.name
