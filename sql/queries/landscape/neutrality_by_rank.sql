-- One row per fortieth of the configurations, the best first: their neutrality.
with part as (
  select neutral_count, degree, ntile(40) over (order by loss, configuration_id) as part
  from result.landscape_node where analysis_run_id = $run and degree > 0
)
select (part - 0.5) / 40 as place, sum(neutral_count) / sum(degree) as neutrality, count(*) as configurations
from part group by part order by part
