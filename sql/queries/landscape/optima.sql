-- One row per local optimum, the largest basin first; the first 400.
select
  configuration_id, loss, member_count, basin_size, optimum_distance, is_global, page_rank, funnel_id,
  row_number() over (order by basin_size desc, configuration_id) as place
from result.landscape_optimum where analysis_run_id = $run
order by basin_size desc, configuration_id
limit 400
