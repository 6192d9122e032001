-- One row per method and hyperparameter: the mean over data sets of its share of that method's importances, and on how many of them it is the most important (the first of several that are equally so counts).
select
  method, hyperparameter, position, avg(share) as share, avg(place) as place, count(share) as benchmark_count,
  count(*) filter (where place < 2) as first_count,
  any_value(reason) filter (where value is null) as reason
from result.landscape_method
where analysis_run_id = $run
group by method, hyperparameter, position
order by min(rowid)
