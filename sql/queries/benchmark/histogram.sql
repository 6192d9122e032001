-- One row per landscape of the benchmark and bin of its mean values that holds a configuration.
with node as (
  select metric_id, metric, search_space, split, fidelity, value
  from mart.landscape_node
  where benchmark_id = $benchmark and value is not null
),
span as (
  select metric_id, search_space, split, fidelity, min(value) as low, max(value) as high, median(value) as middle,
    count(*) as configuration_count, min(value) > 0 and max(value) > 100 * min(value) as is_log
  from node
  group by metric_id, search_space, split, fidelity
),
binned as (
  select n.metric, n.search_space, n.split, n.fidelity, s.low, s.high, s.middle, s.configuration_count, s.is_log,
    case
      when s.high = s.low then 0
      when s.is_log then least(49, floor(50 * ln(n.value / s.low) / ln(s.high / s.low)))
      else least(49, floor(50 * (n.value - s.low) / (s.high - s.low)))
    end as bin
  from node as n
  join span as s
    on s.metric_id = n.metric_id and s.search_space = n.search_space and s.split = n.split
    and s.fidelity is not distinct from n.fidelity
)
select metric, search_space, split, fidelity, is_log,
  case when is_log then low * power(high / low, bin / 50) else low + (high - low) * bin / 50 end as lower_edge,
  case when is_log then low * power(high / low, (bin + 1) / 50) else low + (high - low) * (bin + 1) / 50 end
    as upper_edge,
  count(*) as configurations, low as lowest, middle as median, high as highest, configuration_count
from binned
group by metric, search_space, split, fidelity, is_log, bin, low, high, middle, configuration_count
order by metric, search_space, split, fidelity, bin
