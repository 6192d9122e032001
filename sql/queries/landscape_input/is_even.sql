-- One row per landscape: whether all seeds and folds gave values for the same configurations, as in `mart.landscape_unit`, which has rows where they did not and takes six times as long to say so; and how many values there are.
with seen as (
  select bit_xor(hash(configuration_id)) as configurations, count(*) as value_count
  from core.evaluation
  where value is not null and search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split and fidelity is not distinct from $fidelity
  group by seed, fold
)
select count(distinct configurations) < 2 as is_even, coalesce(sum(value_count), 0)::bigint as value_count from seen
