-- One row per local optimum, the global ones and the largest basins first; the first 150.
with node as (
  select configuration_id, loss, percent_rank() over (order by loss) as place
  from result.landscape_node where analysis_run_id = $run
)
select
  o.configuration_id, o.loss, n.place as loss_place, o.member_count, o.basin_size, o.optimum_distance, o.is_global,
  o.page_rank, o.funnel_id,
  row_number() over (order by o.is_global desc, o.basin_size desc, o.configuration_id) as place
from result.landscape_optimum as o
join node as n on n.configuration_id = o.configuration_id
where o.analysis_run_id = $run
order by place
limit 150
