-- One row per meta-feature of the benchmark.
select name, coalesce(text_value, cast(numeric_value as varchar)) as value
from core.benchmark_feature
where benchmark_id = $benchmark
order by name
