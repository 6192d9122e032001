-- One row per bin of the landscape's values that holds a configuration.
with node as (
  select $sign * loss as value from result.landscape_node where analysis_run_id = $run
),
span as (
  select min(value) as low, max(value) as high, min(value) > 0 and max(value) > 100 * min(value) as is_log from node
),
binned as (
  select low, high, is_log,
    case
      when high = low then 0
      when is_log then least(59, floor(60 * ln(value / low) / ln(high / low)))
      else least(59, floor(60 * (value - low) / (high - low)))
    end as bin
  from node cross join span
)
select is_log,
  case when is_log then low * power(high / low, bin / 60) else low + (high - low) * bin / 60 end as lower_edge,
  case when is_log then low * power(high / low, (bin + 1) / 60) else low + (high - low) * (bin + 1) / 60 end
    as upper_edge,
  count(*) as configurations
from binned group by low, high, is_log, bin order by bin
