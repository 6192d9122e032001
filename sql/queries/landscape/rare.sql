-- One row per gap to the best loss, at places evenly spread on a log scale: the share of configurations within it.
with node as (
  select loss - min(loss) over () as gap from result.landscape_node where analysis_run_id = $run
),
placed as (
  select gap, row_number() over (order by gap) as place, count(*) over () as configurations from node
)
select gap, max(place) / max(configurations) as share, max(place) as configurations
from placed
where place in (select distinct round(power(configurations, step / 120)) from range(121) as s(step)) or gap = 0
group by gap order by gap
