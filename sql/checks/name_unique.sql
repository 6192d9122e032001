-- A name stands for one benchmark, algorithm, metric, experiment or search space.
select 'benchmark' as kind, name from core.benchmark group by name having count(*) > 1
union all
select 'algorithm', name from core.algorithm group by name having count(*) > 1
union all
select 'metric', name from core.metric group by name having count(*) > 1
union all
select 'experiment', name from core.experiment group by name having count(*) > 1
union all
select 'search_space', name from core.search_space group by name having count(*) > 1
